# SPDX-License-Identifier: Apache-2.0
"""All messages to one person in a period, each with its proof: the answer to an authority that asks for them.

Every capsule tells texts, policy, template and provider file as they were at its own moment, whatever came later.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows import capsules, records, signing
from hub.flows.world import World
from hub.proof import folder as form
from hub.proof import printing
from hub.proof.chain import digest, told
from hub.proof.signature import sign
from hub.store.tables import Controller, MessageRow


def collect(
    world: World,
    controller: Controller,
    subject: str,
    days: tuple[date, date],
    language: str,
    *,
    reveal: bool = False,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> dict[str, bytes]:
    """The capsules and their index, by file name. `days` are the first and the last, in UTC.

    A message belongs to the period if it was alive in it: made, decided or reported on. Raises `BadInput`.
    """
    first, last = days
    if last < first:
        raise BadInput(f"{last} lies before {first}", field="to", remedy="Give the first and the last day.")
    since = datetime.combine(first, time.min, UTC)
    until = datetime.combine(last, time.min, UTC) + timedelta(days=1)
    with world.db.read() as session:
        contact_id, messages = _messages(world, session, controller, subject, since, until)
    found = {}
    for done, message in enumerate(messages):
        progress(done, len(messages))
        found[form.file_of(message)] = capsules.make(world, controller, capsules.MESSAGE, message, reveal=reveal)
    about = form.Period(
        controller=controller.model_dump(include={"id", "name", "country"}),
        contact=contact_id,
        since=told(since),
        until=told(until),
        made_at=told(world.now()),
        language=language,
    )
    return {**found, form.INDEX: form.index(about, found)}


def days(first: str, last: str) -> tuple[date, date]:
    """A period of whole days as somebody wrote it. Raises `BadInput`."""
    found = []
    for field, text in (("from", first), ("to", last)):
        try:
            found.append(date.fromisoformat(text))
        except ValueError:
            remedy = "Write both days as 2026-01-01."
            raise BadInput(f"{text!r} is no date", field=field, remedy=remedy) from None
    return found[0], found[1]


def packed(
    world: World, controller: Controller, subject: str, days: tuple[date, date], language: str, *, reveal: bool = False
) -> bytes:
    """The same as `collect`, as one ZIP file with an index to read, sealed."""
    files = collect(world, controller, subject, days, language, reveal=reveal)
    files["index.html"] = printing.overview(files[form.INDEX], language).encode()
    files[form.MANIFEST] = seal(world, controller, files)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return target.getvalue()


def seal(world: World, controller: Controller, files: dict[str, bytes]) -> bytes:
    """The signed list of a folder's files. The index among them says what the folder is about."""
    about = form.period(files[form.INDEX])
    names = {name: digest(raw) for name, raw in sorted(files.items())}
    with world.db.read() as session:
        key_id, private = signing.open_key(world, session, controller.id)
        public = next(key.public for key in signing.keys(session, controller.id) if key.id == key_id)
    return form.manifest(
        about,
        names,
        keys={key_id: base64.b64encode(public).decode()},
        key_id=key_id,
        signature=sign(private, form.signed_part(about, names, key_id)),
    )


def _messages(
    world: World, session: Session, controller: Controller, subject: str, since: datetime, until: datetime
) -> tuple[str, list[str]]:
    contact = records.find_contact(world, session, controller, subject)
    if contact is None:
        remedy = "Give a contact id, a CRM record id or a phone number."
        raise BadInput("is not known here", field="contact", remedy=remedy)
    mine = select(MessageRow.id).where(
        MessageRow.contact_id == contact.id,
        MessageRow.controller_id == controller.id,
        col(MessageRow.created_at) < until,
        col(MessageRow.changed_at) >= since,
    )
    return contact.id, list(session.exec(mine.order_by(col(MessageRow.created_at), col(MessageRow.id))))
