# SPDX-License-Identifier: Apache-2.0
"""What a named person states about the people of a CRM: who gave their data, and that they were told elsewhere.

Each is a ledger event: a statement of a person, never of a machine. Who made it stands beside the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from hub.contract import BadInput
from hub.flows import notices
from hub.flows.world import World
from hub.law.facts import NoticeKind, Source
from hub.store.ledger import Chain
from hub.store.tables import Connection, ContactPoint, Controller, CrmRecord, NoticeDeclared, NoticeServed, NoticeText


def told_elsewhere(
    world: World,
    session: Session,
    controller: Controller,
    connection: Connection,
    notice: NoticeText,
    *,
    since: datetime,
    until: datetime | None,
    by: str,
    evidence: str,
) -> NoticeDeclared:
    """Everybody whom this CRM brings from `since` on was told at collection, by this notice. Raises `BadInput`."""
    _signed(by, evidence)
    now = world.now()
    if since > now or (until is not None and until <= since):
        raise BadInput("is not a past time", field="since", remedy="Name when it began, and an end after that.")
    chain = Chain(session, controller.id, now)
    what = {
        "connection": connection.id,
        "notice": notice.id,
        "notice_kind": notice.kind,
        "since": since,
        "until": until,
        "by": _keyed(world, controller, by),
        "evidence": _keyed(world, controller, evidence),
    }
    ledger_id = chain.event("notice_declared", now, what)
    made = NoticeDeclared(
        controller_id=controller.id,
        connection_id=connection.id,
        kind=notice.kind,
        notice_id=notice.id,
        since=since,
        until=until,
        by=by.strip(),
        evidence=evidence.strip(),
        ledger_id=ledger_id,
    )
    session.add(made)
    session.flush()
    brought = select(CrmRecord.contact_id).where(CrmRecord.connection_id == connection.id)
    notices.release(session, brought, now)
    chain.write()
    return made


def revoke(world: World, session: Session, controller: Controller, declared_id: str, *, by: str, why: str) -> None:
    """The statement was wrong: it holds for nobody any more. Raises `BadInput`."""
    _signed(by, why)
    chain = Chain(session, controller.id, world.now())
    declared = session.get(NoticeDeclared, declared_id)
    if declared is None or declared.controller_id != controller.id or declared.revoked_at is not None:
        raise BadInput("there is none", field="declaration", remedy="See `hub notice due`.")
    what = {"revokes": declared.ledger_id, "by": _keyed(world, controller, by), "why": _keyed(world, controller, why)}
    chain.event("notice_declaration_revoked", world.now(), what)
    declared.revoked_at, declared.revoked_by = world.now(), by.strip()
    session.add(declared)
    session.flush()
    chain.write()


def came_from(
    world: World, session: Session, controller: Controller, connection: Connection, source: Source, *, by: str
) -> int:
    """Who gave the data of this CRM's people. For those here already the time of Art. 14 GDPR began when they came.

    Returns how many these are.
    """
    _signed(by, "-")
    policy = world.policy_for(controller.id)
    if policy is None:
        raise BadInput("cannot be read", field="policy", remedy="Name an existing policy in the settings.")
    chain = Chain(session, controller.id, world.now())
    what = {"connection": connection.id, "people_from": source, "by": _keyed(world, controller, by)}
    chain.event("source_declared", world.now(), what)
    connection.source, connection.source_by = source, by.strip()
    session.add(connection)
    session.flush()
    mine = col(CrmRecord.connection_id) == connection.id
    if source is not Source.OTHER:
        session.execute(update(CrmRecord).where(mine).values(art14_due_at=None))
    seen = session.exec(select(CrmRecord.first_seen_at).where(mine).distinct()).all() if source is Source.OTHER else ()
    for at in seen:  # one per page that a sync read
        due = at + timedelta(days=policy.clock.art_14_days)
        session.execute(update(CrmRecord).where(mine, col(CrmRecord.first_seen_at) == at).values(art14_due_at=due))
    chain.write()
    return session.exec(select(func.count()).select_from(CrmRecord).where(mine)).one() if seen else 0


@dataclass(frozen=True, slots=True)
class Due:
    """How far a CRM's people were told where their data come from (Art. 14 GDPR)."""

    connection: Connection
    people: int
    waiting: int
    overdue: int
    next_due: datetime | None
    records: tuple[str, ...]  # overdue ones, the oldest first


def due(world: World, session: Session, controller: Controller, most: int) -> list[Due]:
    """By connection; at most `most` overdue records of each."""
    crms = session.exec(
        select(Connection).where(Connection.controller_id == controller.id, Connection.source == Source.OTHER)
    ).all()
    return [_due(session, connection, world.now(), most) for connection in crms]


def _due(session: Session, connection: Connection, now: datetime, most: int) -> Due:
    mine = CrmRecord.connection_id == connection.id
    told = (
        select(NoticeServed.token)
        .join(ContactPoint, col(ContactPoint.token) == col(NoticeServed.token))
        .where(ContactPoint.contact_id == CrmRecord.contact_id, NoticeServed.kind == NoticeKind.ART_14)
    )
    waiting: list[Any] = [mine, ~told.exists()]
    for one in declared(session, connection.controller_id):
        if one.connection_id == connection.id and one.kind == NoticeKind.ART_14:
            at = col(CrmRecord.first_seen_at)
            covered = (at >= one.since) & (at < one.until) if one.until else at >= one.since
            waiting.append(~covered)
    count = select(func.count()).select_from(CrmRecord)
    over = [*waiting, col(CrmRecord.art14_due_at) < now]
    late = select(CrmRecord.record).where(*over).order_by(col(CrmRecord.art14_due_at), col(CrmRecord.record))
    return Due(
        connection=connection,
        people=session.exec(count.where(mine)).one(),
        waiting=session.exec(count.where(*waiting)).one(),
        overdue=session.exec(count.where(*over)).one(),
        next_due=session.exec(select(func.min(CrmRecord.art14_due_at)).where(*waiting)).one(),
        records=tuple(session.exec(late.limit(most))),
    )


def declared(session: Session, controller_id: str) -> Sequence[NoticeDeclared]:
    """What stands, the oldest first."""
    mine = (NoticeDeclared.controller_id == controller_id, col(NoticeDeclared.revoked_at).is_(None))
    return session.exec(select(NoticeDeclared).where(*mine).order_by(col(NoticeDeclared.id))).all()


def _keyed(world: World, controller: Controller, words: str) -> str:
    """Names stay out of the ledger; who knows them can show that they were the ones."""
    return world.vault.reference(controller.id, words.strip())


def _signed(by: str, evidence: str) -> None:
    if not (by.strip() and evidence.strip()):
        raise BadInput("is empty", field="by or evidence", remedy="Say who states it, and where the proof lies.")
