# SPDX-License-Identifier: Apache-2.0
"""The versions of a file on a provider, and the one in force. No valid file, no send: the gate asks here.

A change makes a draft, beside the version in force, which counts until another is approved in its place. Who approves
is told exactly what is missing. Suspending, ending and taking back an approval count at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, time
from typing import Any

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from hub.contract import BadInput, Provider
from hub.flows.processor import gaps
from hub.flows.processor.form import Check, Form, Hop, Status, build
from hub.flows.world import World
from hub.law.facts import RecordState
from hub.proof.chain import canonical, digest
from hub.store.ledger import Chain
from hub.store.tables import Connection, ProcessorRecord

_NAMES_PEOPLE = ("reviewer", "note", "controller_id", "file", "papers")  # what a decision's document leaves out


def newest(session: Session, connection_id: str) -> ProcessorRecord | None:
    """The last version, which may be a draft."""
    return session.exec(_of(connection_id).limit(1)).first()


def paper(session: Session, connection_id: str, sha256: str) -> dict[str, Any]:
    """What a file keeps of a document, in any version. Raises `BadInput`."""
    kept = {one["sha256"]: one for row in every(session, connection_id) for one in row.papers}
    if sha256 not in kept:
        raise BadInput("is not kept here", field="paper", remedy="See `hub processor show CONNECTION`.")
    return kept[sha256]


def in_force(session: Session, connection_id: str) -> ProcessorRecord | None:
    """The version that counts: the last one that is no draft. Without one, the draft, which sends nothing."""
    decided = _of(connection_id).where(col(ProcessorRecord.state) != RecordState.DRAFT)
    return session.exec(decided.limit(1)).first() or newest(session, connection_id)


def every(session: Session, connection_id: str) -> list[ProcessorRecord]:
    """All versions, the last one first."""
    return list(session.exec(_of(connection_id)))


def form_of(record: ProcessorRecord | None) -> Form:
    """What a version says; nothing where there is none."""
    return build(record.file) if record is not None else Form()


def draft(
    world: World,
    session: Session,
    connection: Connection,
    form: Form,
    by: str,
    papers: Iterable[dict[str, Any]] = (),
) -> ProcessorRecord:
    """A new version with this content, and with further papers. What is in force stays so. Raises `BadInput`.

    A point that was answered anew is signed by `by`, today, unless the file says otherwise.
    """
    name = _named(by)
    chain = Chain(session, connection.controller_id, world.now())
    before = newest(session, connection.id)
    signed = _signed(world, form, form_of(before), name)
    return _write(world, session, chain, connection, signed, RecordState.DRAFT, name, papers=papers)


def tick(
    world: World, session: Session, connection: Connection, points: Iterable[str], check: Check, by: str
) -> ProcessorRecord:
    """Answer points of the newest version alike. Raises `BadInput`."""
    if check.status in (Status.OK, Status.NA) and not check.evidence.strip():
        raise BadInput("is empty", field="evidence", remedy="Say where it can be seen: a clause, page or document.")
    form = form_of(newest(session, connection.id))
    answered = {**form.points, **dict.fromkeys(points, check)}
    changed = build({**form.plain, "points": {name: one.model_dump() for name, one in answered.items()}})
    return draft(world, session, connection, changed, by)


def approve(world: World, session: Session, connection: Connection, by: str) -> ProcessorRecord:
    """Let the newest version count from now on. Raises `BadInput` naming all that is missing."""
    name = _named(by)
    chain = Chain(session, connection.controller_id, world.now())
    before = newest(session, connection.id)
    if before is None:
        raise BadInput("there is no file yet", field="processor", remedy="See `hub processor form --help`.")
    form, today = form_of(before), world.now().date()
    lacking = gaps.missing(form, before.papers, today)
    if lacking:
        listed = "".join(f"\n  - {one}" for one in lacking)
        raise BadInput(f"{len(lacking)} things are missing:{listed}", field="processor", remedy="Add them, then again.")
    until = gaps.until(form, before.papers, today)
    return _write(world, session, chain, connection, form, RecordState.APPROVED, name, until=until)


def suspend(world: World, session: Session, connection: Connection, by: str, why: str) -> ProcessorRecord:
    """Send nothing through this provider from the next decision on. Raises `BadInput`."""
    return _move(world, session, connection, RecordState.SUSPENDED, by, why)


def reopen(world: World, session: Session, connection: Connection, by: str, why: str) -> ProcessorRecord:
    """Take an approval back: the file is looked at anew, and carries nothing meanwhile. Raises `BadInput`."""
    return _move(world, session, connection, RecordState.IN_REVIEW, by, why)


def end(world: World, session: Session, connection: Connection, by: str, why: str) -> ProcessorRecord:
    """The provider is not used any more. Raises `BadInput`."""
    return _move(world, session, connection, RecordState.ENDED, by, why)


def stop_transfer(
    world: World, session: Session, connection: Connection, tool: str, to: str, by: str, why: str
) -> ProcessorRecord:
    """The kill switch of this file: the tool carries nothing to that country any more. Raises `BadInput`.

    A fallback that stands in the file for the same hop goes on.
    """
    name = _named(by)
    chain = Chain(session, connection.controller_id, world.now())
    before = in_force(session, connection.id)
    form = form_of(before)
    hops = tuple(_stopped(hop) if (hop.tool, hop.to) == (tool, to) else hop for hop in form.transfers)
    if before is None or hops == form.transfers:
        known = ", ".join(f"{hop.to}:{hop.tool}" for hop in form.transfers if not hop.stopped) or "none"
        raise BadInput(f"{to}:{tool} is no transfer in force", field="transfer", remedy=f"There are: {known}.")
    changed = form.model_copy(update={"transfers": hops})
    until = before.valid_until.date() if before.valid_until else None
    state = RecordState(before.state)
    return _write(world, session, chain, connection, changed, state, name, of=before, until=until, why=why)


def _stopped(hop: Hop) -> Hop:
    return hop.model_copy(update={"stopped": True})


def told(record: ProcessorRecord) -> dict[str, Any]:
    """A version as decisions refer to it: all of it but the people who checked, and what they wrote."""
    points = {name: check.get("status", Status.OPEN) for name, check in record.file.get("points", {}).items()}
    papers = [{key: one[key] for key in ("kind", "name", "sha256")} for one in record.papers]
    return {**record.model_dump(exclude=set(_NAMES_PEOPLE)), "points": points, "papers": papers}


def _of(connection_id: str) -> SelectOfScalar[ProcessorRecord]:
    mine = select(ProcessorRecord).where(ProcessorRecord.connection_id == connection_id)
    return mine.order_by(col(ProcessorRecord.version).desc())


def _named(by: str) -> str:
    if not by.strip():
        raise BadInput("is empty", field="reviewer", remedy="Name the person who checked the documents.")
    return by.strip()


def _signed(world: World, form: Form, before: Form, by: str) -> Form:
    today = world.now().date()
    signed: dict[str, Check] = {}
    for name, check in form.points.items():
        was = before.check(name)
        same = (check.status, check.evidence, check.note) == (was.status, was.evidence, was.note)
        if same or check.status is Status.OPEN:
            signed[name] = was if same else check
            continue
        kept = (check.reviewer, check.checked_on) != (was.reviewer, was.checked_on)
        stamp = {"reviewer": (kept and check.reviewer) or by, "checked_on": (kept and check.checked_on) or today}
        signed[name] = check.model_copy(update=stamp)
    return form.model_copy(update={"points": signed})


def _move(
    world: World, session: Session, connection: Connection, state: RecordState, by: str, why: str
) -> ProcessorRecord:
    name = _named(by)
    if not why.strip():
        raise BadInput("is empty", field="why", remedy="Say why; it stands in the file.")
    chain = Chain(session, connection.controller_id, world.now())
    before = in_force(session, connection.id)
    if before is None or before.state == state:
        what = "there is no file yet" if before is None else f"is {state} already"
        raise BadInput(what, field="processor", remedy="See `hub processor show CONNECTION`.")
    until = before.valid_until.date() if before.valid_until else None
    return _write(world, session, chain, connection, form_of(before), state, name, of=before, until=until, why=why)


def _write(
    world: World,
    session: Session,
    chain: Chain,
    connection: Connection,
    form: Form,
    state: RecordState,
    by: str,
    *,
    of: ProcessorRecord | None = None,
    papers: Iterable[dict[str, Any]] = (),
    until: Any = None,
    why: str = "",
) -> ProcessorRecord:
    """`of`: whose papers it keeps, else the newest's."""
    before = of or newest(session, connection.id)
    kept = [*(before.papers if before else ()), *papers]
    last = session.exec(
        select(func.max(ProcessorRecord.version)).where(ProcessorRecord.connection_id == connection.id)
    ).one()
    until = until or form.valid_until
    record = ProcessorRecord(
        controller_id=connection.controller_id,
        connection_id=connection.id,
        version=(last or 0) + 1,
        state=state,
        reviewer=by,
        file=form.plain,
        papers=kept,
        profile=_profile(world, connection),
        sha256=digest(canonical({"file": form.plain, "papers": [one["sha256"] for one in kept]})),
        note=why.strip(),
        valid_until=_end(until) if until else None,
        dpa_signed_on=form.agreement.signed_on,
        subprocessors_approved=_approved(form),
        official_api=form.status("official-api") is Status.OK,
        purposes=list(form.purposes),
        transfers=[_transfer(hop) for hop in form.transfers],
        created_at=world.now(),
    )
    session.add(record)
    session.flush()
    facts = {"record": record.id, "connection": connection.id, "version": record.version, "state": record.state}
    whose = world.vault.reference(connection.controller_id, by)
    added = [one["sha256"] for one in papers]
    chain.event(f"processor_{state}", world.now(), {**facts, "sha256": record.sha256, "papers": added, "by": whose})
    chain.write()
    return record


def _approved(form: Form) -> bool:
    decided = all(one.approved_on is not None for one in form.subprocessors)
    return decided and form.status("subprocessors") is Status.OK


def _end(day: Any) -> datetime:
    return datetime.combine(day, time.max, UTC)


def _transfer(hop: Hop) -> dict[str, Any]:
    """As the law reads it."""
    plain: dict[str, Any] = {"to": hop.to, "tool": hop.tool, "valid_until": _end(hop.valid_until).isoformat()}
    if hop.tia and hop.tia_review_on:
        plain["tia_review_at"] = _end(hop.tia_review_on).isoformat()
    return {**plain, "recipient": hop.recipient, "stopped": hop.stopped}


def _profile(world: World, connection: Connection) -> dict[str, Any]:
    """What the plugin says of its vendor: kept with the file, since a later version of the plugin may say otherwise."""
    cls = world.registry.connectors.get(connection.connector)
    if cls is None or not issubclass(cls, Provider):
        return {}
    plain = asdict(cls.profile)
    for fact in plain["facts"]:
        fact["as_of"] = fact["as_of"].isoformat() if fact["as_of"] else ""
    return plain
