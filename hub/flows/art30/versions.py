# SPDX-License-Identifier: Apache-2.0
"""Versions of the record, what changed between two of them or since the last, and when somebody looks at it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from pydantic import ValidationError
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows.art30 import content
from hub.flows.art30.content import Said
from hub.flows.world import World
from hub.proof.chain import canonical, digest
from hub.store.ledger import Chain
from hub.store.tables import Controller, ProcessingRecord

_NAMES = ("id", "title", "name", "recipient", "basis")  # by which the parts of a list are told apart


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that differs; an empty value is not there."""

    path: str
    before: str
    after: str


def every(session: Session, controller: Controller) -> Sequence[ProcessingRecord]:
    """All versions, the last one first."""
    mine = select(ProcessingRecord).where(ProcessingRecord.controller_id == controller.id)
    return session.exec(mine.order_by(col(ProcessingRecord.version).desc())).all()


def newest(session: Session, controller: Controller) -> ProcessingRecord | None:
    mine = select(ProcessingRecord).where(ProcessingRecord.controller_id == controller.id)
    return session.exec(mine.order_by(col(ProcessingRecord.version).desc()).limit(1)).first()


def find(session: Session, controller: Controller, version: int) -> ProcessingRecord:
    """Raises `BadInput`."""
    mine = (ProcessingRecord.controller_id == controller.id, ProcessingRecord.version == version)
    row = session.exec(select(ProcessingRecord).where(*mine)).first()
    if row is None:
        raise BadInput("is not known here", field="version", remedy="See `hub record list`.")
    return row


def said(row: ProcessingRecord | None) -> Said:
    """What people had added to a version."""
    held = row.content["controller"] if row else {}
    return Said(**{name: value for name, value in held.items() if name in Said.model_fields})


def told(given: dict[str, str], before: Said) -> Said:
    """What people say now; what they leave out stays as it was. Raises `BadInput`."""
    try:
        return Said.model_validate({**before.model_dump(), **given})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadInput(first["msg"], field=str(first["loc"][0]), remedy="Write it shorter.") from None


def drift(world: World, session: Session, controller: Controller, words: Said | None = None) -> list[Difference]:
    """What the configuration, or what people say, has changed since the newest version."""
    last = newest(session, controller)
    now = content.now(world, session, controller, words or said(last))
    return differences(last.content if last else {}, now)


def keep(world: World, session: Session, controller: Controller, by: str, given: dict[str, str]) -> ProcessingRecord:
    """Write the record as things stand, as a new version. Raises `BadInput` where nothing has changed."""
    chain = Chain(session, controller.id, world.now())
    last = newest(session, controller)
    held = content.now(world, session, controller, told(given, said(last)))
    sha256 = digest(canonical(held))
    if last is not None and last.sha256 == sha256:
        raise BadInput("says the same already", field="record", remedy=f"Version {last.version} stands.")
    row = ProcessingRecord(
        controller_id=controller.id,
        version=last.version + 1 if last else 1,
        sha256=sha256,
        content=held,
        made_by=by,
        made_at=world.now(),
    )
    session.add(row)
    session.flush()
    facts = {"record": row.id, "version": row.version, "sha256": sha256, "by": by}
    chain.event("processing_record_made", world.now(), facts)
    chain.write()
    return row


def told_of(row: ProcessingRecord) -> bytes:
    """A version as JSON, for whoever asks (Art. 30(4) GDPR)."""
    about = row.model_dump(include={"version", "sha256", "content", "made_at", "reviewed_at", "review_on"})
    return orjson.dumps(about, option=orjson.OPT_INDENT_2)


def review(
    world: World, session: Session, controller: Controller, version: int, by: str, again: date
) -> ProcessingRecord:
    """Somebody has looked at a version, and says when to look again. Raises `BadInput`."""
    chain = Chain(session, controller.id, world.now())
    row = find(session, controller, version)
    if again <= world.now().date():
        raise BadInput("is past", field="review_on", remedy="Name a day to come.")
    row.reviewed_by, row.reviewed_at, row.review_on = by, world.now(), again
    session.add(row)
    session.flush()
    facts = {"record": row.id, "version": row.version, "by": by, "review_on": again.isoformat()}
    chain.event("processing_record_reviewed", world.now(), facts)
    chain.write()
    return row


def overdue(world: World, row: ProcessingRecord | None) -> bool:
    """Has nobody looked at it in time, or at all?"""
    return row is None or row.review_on is None or row.review_on < world.now().date()


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """Every value that two contents hold differently, by its path."""
    old, new = (dict(_walk(one, "")) for one in (before, after))
    paths = dict.fromkeys((*new, *old))
    return [Difference(p, old.get(p, ""), new.get(p, "")) for p in paths if old.get(p, "") != new.get(p, "")]


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for name, part in value.items():
                yield from _walk(part, f"{path}.{name}" if path else name)
        case [dict(), *_]:
            seen: Counter[str] = Counter()
            for part in value:
                name = next((str(part[name]) for name in _NAMES if part.get(name)), "")
                seen[name] += 1
                yield from _walk(part, f"{path}[{name}]" if seen[name] == 1 else f"{path}[{name} {seen[name]}]")
        case list():
            yield path, ", ".join(map(str, value))
        case _:
            yield path, "" if value is None else str(value)
