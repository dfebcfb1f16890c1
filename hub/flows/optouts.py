# SPDX-License-Identifier: Apache-2.0
"""An opt-out that a CRM claims acts at once, stored or not, and never waits in a quarantine.

It is dated when the person acted if the CRM knows that, else when we first saw it. A flag that merely stays set is no
new objection; the word of another CRM, or of another field, is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from hub.contract import Claim, ClaimKind, Purpose
from hub.flows import permission, reports
from hub.flows.admission import Record
from hub.flows.permission import Said
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.law.stops import code_of, reach
from hub.store.direct import fetch, table
from hub.store.ledger import Chain
from hub.store.sets import among
from hub.store.tables import Connection, ContactPoint, Controller, StopRow

_NO = ClaimKind.OPT_OUT
_STOP = table(StopRow).c
_KNOWN = core_select(_STOP.token, _STOP.told_by).where(
    _STOP.controller_id == bindparam("controller"), _STOP.kind == StopKind.CLAIM_CRM.value, among(_STOP.token)
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A stop that is new, and which record told us of it."""

    token: str
    ledger_id: str
    at: datetime
    record: str


def note(
    world: World,
    session: Session,
    chain: Chain,
    controller: Controller,
    connection: Connection,
    records: Sequence[Record],
    stored: Mapping[str, Any],
) -> list[Heard]:
    """Record what is new among the opt-outs of some records. `stored`: what the hub holds of them, by record."""
    noes = [(record, claim) for record in records for claim in record.snapshot.claims if claim.kind is _NO]
    if not noes:
        return []
    asked = {token for record, _ in noes for token in record.tokens}
    rows = fetch(session, _KNOWN, controller=controller.id, keys=asked)
    told, now = {(row.token, row.told_by) for row in rows}, world.now()
    said, of = list[Said](), list[Record]()
    for record, claim in noes:
        told_by, before = f"{connection.id}:{claim.source_field}", stored.get(record.snapshot.record)
        if _key(_plain(claim)) in _noes(before) if before else (record.token, told_by) in told:
            continue
        told.add((record.token, told_by))
        to = permission.Reach(reach(claim.channel, claim.limited), Purpose.MARKETING)
        at, source = min(claim.claimed_at or now, now), {"connection": connection.id, "field": claim.source_field}
        said.append(Said(_tokens(record), StopKind.CLAIM_CRM, at, to, source, told_by=told_by))
        of.append(record)
    ids = permission.stops(world, session, chain, controller, said)
    return [
        Heard(record.token, ledger_id, one.event_time, record.snapshot.record)
        for record, one, ledger_id in zip(of, said, ids, strict=True)
        if ledger_id
    ]


def _noes(before: Any) -> set[tuple[str, str, bool]]:
    return {_key(claim) for claim in before.claims if claim["kind"] == _NO}


def _tokens(record: Record) -> list[str]:
    """Under every key of the ring, unless the number is no longer the person's."""
    return list(dict.fromkeys([record.token, *(record.tokens if record.token in record.tokens else [])]))


def tell(session: Session, connection: Connection, heard: Sequence[Heard], now: datetime) -> None:
    """To every CRM that knows one of these people, but the record that told us."""
    if not heard:
        return
    owners: dict[str, list[str]] = {}
    rows = session.exec(
        select(ContactPoint.token, ContactPoint.contact_id).where(
            among(col(ContactPoint.token), [h.token for h in heard])
        )
    )
    for token, contact_id in rows:
        owners.setdefault(token, []).append(contact_id)
    for one in heard:
        for contact_id in owners.get(one.token, ()):
            reports.tell_withdrawal(
                session,
                contact_id,
                f"stop:{one.ledger_id}",
                code_of(StopKind.CLAIM_CRM),
                one.at,
                now,
                told_us=(connection.id, one.record),
            )


def _plain(claim: Claim) -> dict[str, Any]:
    return {"source_field": claim.source_field, "channel": claim.channel, "limited": claim.limited}


def _key(claim: dict[str, Any]) -> tuple[str, str, bool]:
    return claim["source_field"], claim.get("channel") or "", bool(claim.get("limited"))
