# SPDX-License-Identifier: Apache-2.0
"""What an admin says a CRM's own fields mean, per connection: approved versions, of which the newest counts.

A new version reads the CRM anew from its start, so that every record is judged by it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orjson import loads
from pydantic import ValidationError
from sqlmodel import Session, col, delete, select, update

from hub.contract import BadConfig, BadInput, Property
from hub.flows.world import World
from hub.law.facts import ConsentState, Origin
from hub.law.mapping import Mapping, parse
from hub.store.ledger import Chain, digest
from hub.store.tables import (
    ClaimedOptIn,
    ClaimMapping,
    Connection,
    ConsentRow,
    Controller,
    LedgerRow,
    OptInBatch,
    Wording,
)

_HELP = "See `hub claims example`."


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping with the stored wordings that it names, by the CRM's own name for them."""

    id: str
    mapping: Mapping
    wordings: dict[str, Wording]


def read(text: str) -> Mapping:
    """A mapping from its file. Raises `BadInput` naming what cannot be understood."""
    try:
        return parse(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "mapping"
        raise BadInput(first["msg"].removeprefix("Value error, "), field=place, remedy=_HELP) from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(str(error), field="mapping", remedy=f"The file must be TOML in UTF-8. {_HELP}") from None


def check(session: Session, controller: Controller, mapping: Mapping, known: Sequence[Property]) -> Mapped:
    """The mapping with the wordings it names. Raises `BadInput` for a field, value or wording that does not exist.

    Without `known` properties the CRM cannot tell: a field that does not exist then simply never says anything.
    """
    by_name = {one.name: one for one in known}
    for name, part in mapping.parts.items():
        if known and part.property not in by_name:
            raise BadInput(
                f"the CRM has no property {part.property!r}",
                field=f"{name}.property",
                remedy="Name one as the CRM's settings show it (its internal name).",
            )
        options = by_name[part.property].options if known else ()
        strange = [value for value in mapping.meanings(name) if options and not set(value.split(";")) <= set(options)]
        if strange:
            raise BadInput(
                f"{part.property!r} has no value {strange[0]!r}", field=name, remedy=f"It has: {', '.join(options)}."
            )
    return Mapped("", mapping, _wordings(session, controller, mapping))


def _wordings(session: Session, controller: Controller, mapping: Mapping) -> dict[str, Wording]:
    if mapping.wording is None:
        return {}
    mine = session.exec(select(Wording).where(Wording.controller_id == controller.id)).all()
    by_name = {name: wording for wording in mine for name in (wording.id, str(wording.version))}
    for label, named in mapping.wording.versions.items():
        if named not in by_name:
            remedy = "Register the text that was shown with `hub claims wording`, then name its version."
            raise BadInput(f"there is no wording {named!r}", field=f"wording.versions.{label}", remedy=remedy)
    return {named: by_name[named] for named in mapping.wording.versions.values()}


def approve(
    world: World,
    session: Session,
    controller: Controller,
    connection: Connection,
    text: str,
    by: str,
    known: Sequence[Property],
) -> ClaimMapping:
    """A new version, which counts from now on. Raises `BadInput` (see `check`), also when nobody answers for it."""
    check(session, controller, read(text), known)
    return _append(world, session, controller, connection, text, by)


def remove(world: World, session: Session, controller: Controller, connection: Connection, by: str) -> ClaimMapping:
    """From now on nothing of this connection is mapped; an empty version says so. Raises `BadInput` if nothing is."""
    last = latest(session, connection.id)
    if last is None or not last.text:
        raise BadInput("has no mapping", field="connection", remedy="See `hub claims list`.")
    return _append(world, session, controller, connection, "", by)


def _append(
    world: World, session: Session, controller: Controller, connection: Connection, text: str, by: str
) -> ClaimMapping:
    if not by.strip():
        raise BadInput("is empty", field="by", remedy="Say who answers for this mapping.")
    now = world.now()
    chain = Chain(session, controller.id, now)  # its lock: versions are counted one after the other
    last = latest(session, connection.id)
    row = ClaimMapping(
        controller_id=controller.id,
        connection_id=connection.id,
        version=(last.version if last else 0) + 1,
        text=text,
        sha256=digest(text),
        approved_by=by.strip(),
        approved_at=now,
    )
    session.add(row)
    session.flush()
    facts = {
        "mapping": row.id,
        "connection": connection.id,
        "version": row.version,
        "sha256": row.sha256,
        "by": world.vault.reference(controller.id, by.strip()),  # the name stands in the version
    }
    chain.event("claims_mapped" if text else "claims_unmapped", now, facts)
    chain.write()
    _supersede(session, connection, now)
    connection.sync_cursor, connection.next_sync_at = None, now
    session.add(connection)
    session.flush()
    return row


def _supersede(session: Session, connection: Connection, now: datetime) -> None:
    """What was collected by the mapping before counts no more."""
    here = col(OptInBatch.connection_id) == connection.id
    ids = session.exec(select(OptInBatch.id).where(here, col(OptInBatch.state).in_(("collecting", "waiting")))).all()
    session.exec(delete(ClaimedOptIn).where(col(ClaimedOptIn.batch_id).in_(ids)))
    session.exec(update(OptInBatch).where(col(OptInBatch.id).in_(ids)).values(state="superseded", closed_at=now))


def latest(session: Session, connection_id: str) -> ClaimMapping | None:
    """The newest version, which may say that nothing is mapped."""
    mine = select(ClaimMapping).where(ClaimMapping.connection_id == connection_id)
    return session.exec(mine.order_by(col(ClaimMapping.version).desc())).first()


def versions(session: Session, controller: Controller) -> list[ClaimMapping]:
    """All versions of a controller's mappings, by connection and version."""
    mine = select(ClaimMapping).where(ClaimMapping.controller_id == controller.id)
    return list(session.exec(mine.order_by(col(ClaimMapping.connection_id), col(ClaimMapping.version))))


def current(session: Session, controller: Controller, connection_id: str) -> Mapped | None:
    """The mapping that counts. Raises `BadConfig` when it is not what was approved, or cannot be read any more."""
    row = latest(session, connection_id)
    if row is None or not row.text:
        return None
    try:
        if digest(row.text) != row.sha256:
            raise BadInput("it was changed", field="mapping", remedy="")
        mapping = read(row.text)
        return Mapped(row.id, mapping, _wordings(session, controller, mapping))
    except BadInput as error:
        why = f"its claim mapping, version {row.version}, cannot be used ({error.problem}): approve it anew"
        raise BadConfig(why) from None


def revoke(world: World, session: Session, controller: Controller, connection: Connection, by: str) -> int:
    """End every consent that mappings of this connection have written, because they were wrong. Returns how many."""
    chain = Chain(session, controller.id, world.now())
    mine = (
        select(ConsentRow, LedgerRow.record)
        .join(LedgerRow, col(LedgerRow.id) == ConsentRow.ledger_id)
        .where(
            ConsentRow.controller_id == controller.id,
            ConsentRow.origin == Origin.IMPORTED.value,
            ConsentRow.state == ConsentState.GIVEN.value,
        )
    )
    ended = [row for row, record in session.exec(mine) if loads(record)["source"]["connection"] == connection.id]
    reference = world.vault.reference(controller.id, by.strip())
    for row in ended:
        row.state = ConsentState.REVOKED
        session.add(row)
        facts = {"consents": [row.id], "channel": row.channel, "purpose": row.purpose, "by": reference}
        chain.event("consent_revoked", world.now(), facts, contact_id=row.contact_id, token=row.token)
    session.flush()
    chain.write()
    return len(ended)
