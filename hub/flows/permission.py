# SPDX-License-Identifier: Apache-2.0
"""Consent given and taken back: the ledger event and its projection, always in one transaction.

A withdrawal needs no contact: it is kept under the contact point's HMAC alone and outlives every deletion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from hub.contract import Channel, Expression, Purpose
from hub.flows import happenings, purge
from hub.flows.facts import REASSIGNED
from hub.flows.happenings import Kind
from hub.flows.world import World
from hub.law.facts import ANY, ConsentState, Origin, StopKind, Verification
from hub.store.direct import fetch, insert_all, table
from hub.store.ledger import Chain
from hub.store.sets import among
from hub.store.tables import ConsentRow, Controller, StopRow, Wording, new_id

EVENT = {
    StopKind.OBJECTION_MARKETING: "objection",
    StopKind.CONSENT_WITHDRAWN: "consent_withdrawn",
    StopKind.STOP_ALL: "stop_all",
    StopKind.OBJECTION_21_1: "objection_21_1",
    StopKind.PLATFORM_PREFERENCE: "platform_preference",
    StopKind.BLOCKLIST_NATIONAL: "blocklist_national",
    StopKind.CLAIM_CRM: "opt_out_claimed",
    StopKind.UNSURE: "unclear_message",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """What a stop covers; `*` is everything."""

    channel: str = ANY
    purpose: str = ANY
    topic: str = ANY


MARKETING_ON_WHATSAPP = Reach(Channel.WHATSAPP, Purpose.MARKETING)
ALL_MARKETING = Reach(ANY, Purpose.MARKETING)
EVERYTHING = Reach()


@dataclass(frozen=True, slots=True)
class Said:
    """A stop as it was heard. It binds every token; `told_by` is the field of a CRM that claimed it."""

    tokens: Sequence[str]
    kind: StopKind
    event_time: datetime
    reach: Reach
    source: Mapping[str, Any]
    contact_id: str | None = None
    evidence: bytes | None = None
    told_by: str = ""


_STOP = table(StopRow).c
_HAVE = core_select(_STOP.token, _STOP.kind, _STOP.channel, _STOP.purpose, _STOP.topic, _STOP.event_time).where(
    _STOP.controller_id == bindparam("controller"), among(_STOP.token)
)


def stop(
    world: World,
    session: Session,
    chain: Chain,
    controller: Controller,
    tokens: Sequence[str],
    kind: StopKind,
    event_time: datetime,
    reach: Reach,
    source: Mapping[str, Any],
    *,
    contact_id: str | None = None,
    evidence: bytes | None = None,
    told_by: str = "",
) -> str:
    """Record a stop that binds every token, and end what waits in the queue and is bound by it.

    Returns the ledger id; empty when it was there already (a redelivery).
    """
    said = Said(tokens, kind, event_time, reach, source, contact_id, evidence, told_by)
    (ledger_id,) = stops(world, session, chain, controller, [said])
    return ledger_id


def stops(world: World, session: Session, chain: Chain, controller: Controller, said: Sequence[Said]) -> list[str]:
    """The same for many, each with an event of its own. Returns their ledger ids in order."""
    tokens = {token for one in said for token in one.tokens}
    have = {tuple(row) for row in fetch(session, _HAVE, controller=controller.id, keys=tokens)} if tokens else set()
    ids, rows = list[str](), list[dict[str, Any]]()
    for one in said:
        what = (one.kind, one.reach.channel, one.reach.purpose, one.reach.topic, one.event_time)
        fresh = [token for token in dict.fromkeys(one.tokens) if (token, *what) not in have]
        ids.append(_stopped(chain, one, fresh) if fresh else "")
        if fresh:
            _tell(world, session, controller, one, ids[-1])
        have.update((token, *what) for token in fresh)
        rows += [_row(controller, token, one, ids[-1]) for token in fresh]
    insert_all(session, StopRow, rows)
    if rows:
        purge.queued(world, session, chain, controller, [row["token"] for row in rows])
    return ids


def _stopped(chain: Chain, said: Said, tokens: Sequence[str]) -> str:
    facts = {
        "stop": said.kind,
        "channel": said.reach.channel,
        "purpose": said.reach.purpose,
        "topic": said.reach.topic,
        "tokens": tokens,
        "source": dict(said.source),
    }
    return chain.event(
        EVENT[said.kind],
        said.event_time,
        facts,
        contact_id=said.contact_id,
        token=tokens[0],
        evidence=said.evidence,
    )


def _tell(world: World, session: Session, controller: Controller, said: Said, ledger_id: str) -> None:
    """Programs that subscribed."""
    reach = happenings.Facts(channel=said.reach.channel, purpose=said.reach.purpose)
    told = happenings.Facts(person=said.contact_id, stop=said.kind.value, **reach, ledger=ledger_id)
    happenings.note(world, session, controller.id, Kind.STOP, said.event_time, told)


def _row(controller: Controller, token: str, said: Said, ledger_id: str) -> dict[str, Any]:
    return StopRow(
        controller_id=controller.id,
        token=token,
        kind=said.kind,
        channel=said.reach.channel,
        purpose=said.reach.purpose,
        topic=said.reach.topic,
        event_time=said.event_time,
        told_by=said.told_by,
        ledger_id=ledger_id,
    ).model_dump()


def carry_over(
    world: World, session: Session, chain: Chain, controller: Controller, old: Sequence[str], *new: str
) -> None:
    """A person's stops bind these contact points too, one event for each; consent stays behind."""
    rows = stops_of(session, controller, [*old, *new])
    have = {(row.token, *_same(row)) for row in rows}
    for row in rows:
        missing = [token for token in dict.fromkeys(new) if (token, *_same(row)) not in have]
        if row.token not in old or not missing:
            continue
        have.update((token, *_same(row)) for token in missing)
        facts = {
            "stop": row.kind,
            "channel": row.channel,
            "purpose": row.purpose,
            "topic": row.topic,
            "tokens": missing,
            "carried_from": row.ledger_id,
        }
        ledger_id = chain.event("stop_carried_over", row.event_time, facts, token=missing[0])
        session.add_all(copied(row, token, ledger_id) for token in missing)
    session.flush()
    purge.queued(world, session, chain, controller, list(new))


def stops_of(session: Session, controller: Controller, tokens: Sequence[str]) -> Sequence[StopRow]:
    """What binds whoever has these contact points now: not the stops of a number's former holder."""
    mine = select(StopRow).where(StopRow.controller_id == controller.id, col(StopRow.token).in_(tokens))
    return session.exec(mine.where(StopRow.kind != REASSIGNED, StopRow.left_by == "").order_by(col(StopRow.id))).all()


def copied(stop: StopRow, token: str, ledger_id: str) -> StopRow:
    """The same stop under another token."""
    return StopRow(**stop.model_dump(exclude={"id", "token", "left_by", "ledger_id"}), token=token, ledger_id=ledger_id)


def _same(stop: StopRow) -> tuple[object, ...]:
    return stop.kind, stop.brand, stop.channel, stop.purpose, stop.topic, stop.event_time


def unverify(
    session: Session, controller: Controller, tokens: Sequence[str], until: datetime | None = None
) -> list[str]:
    """Consents given on these points (until then) no longer count until they are given anew. Returns their ids."""
    mine = select(ConsentRow).where(ConsentRow.controller_id == controller.id, col(ConsentRow.token).in_(tokens))
    if until is not None:
        mine = mine.where(col(ConsentRow.event_time) <= until)
    rows = session.exec(mine).all()
    return doubt(session, [row for row in rows if row.verification != Verification.NONE])


def doubt(session: Session, rows: Sequence[ConsentRow]) -> list[str]:
    """Nobody can say any more whose consents these are. The caller writes the event that names them."""
    for row in rows:
        row.verification = Verification.NONE
        session.add(row)
    return [row.id for row in rows]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a consent rests on."""

    origin: Origin
    expression: Expression
    verification: Verification


def give(
    session: Session,
    chain: Chain,
    controller: Controller,
    contact_id: str,
    token: str,
    wording: Wording,
    event_time: datetime,
    source: Mapping[str, Any],
    evidence: bytes,
    origin: Origin = Origin.INBOUND_FIRST,
) -> str:
    """Record express consent by the person's own message. Returns the ledger id.

    The projection keeps the newest per scope; an older message that arrives late changes nothing in it.
    """
    given = _Given(contact_id, token, wording, wording.channels, event_time, source, evidence)
    proof = Proof(origin, Expression.EXPRESS_STATEMENT, Verification.SAME_POINT)
    return _write(session, chain, controller, "consent_given", given, proof)


def take_over(
    session: Session,
    chain: Chain,
    controller: Controller,
    contact_id: str,
    token: str,
    wording: Wording,
    channel: str,
    event_time: datetime,
    proof: Proof,
    source: Mapping[str, Any],
    evidence: bytes,
) -> str:
    """Record a consent that a CRM proved, for one channel of its wording. It lifts no stop. Returns the ledger id."""
    given = _Given(contact_id, token, wording, [channel], event_time, source, evidence)
    return _write(session, chain, controller, "consent_imported", given, proof)


@dataclass(frozen=True, slots=True)
class _Given:
    contact_id: str
    token: str
    wording: Wording
    channels: Sequence[str]
    event_time: datetime
    source: Mapping[str, Any]
    evidence: bytes


def _write(session: Session, chain: Chain, controller: Controller, kind: str, given: _Given, proof: Proof) -> str:
    wording = given.wording
    scopes = [(new_id(), *scope) for scope in product(given.channels, wording.purposes, wording.topics)]
    facts = {
        "consents": scopes,  # the ids that decisions name; the projection forgets the old ones
        "supersedes": _superseded(session, controller, given.token, wording, given.event_time),
        "state": ConsentState.GIVEN,
        "wording": wording.id,
        "language": wording.language,
        "controllers": wording.controllers,
        "channels": given.channels,
        "purposes": wording.purposes,
        "topics": wording.topics,
        "origin": proof.origin,
        "expression": proof.expression,
        "verification": proof.verification,
        "source": dict(given.source),
    }
    ledger_id = chain.event(
        kind, given.event_time, facts, contact_id=given.contact_id, token=given.token, evidence=given.evidence
    )
    for consent_id, channel, purpose, topic in scopes:
        row = ConsentRow(
            id=consent_id,
            controller_id=controller.id,
            contact_id=given.contact_id,
            token=given.token,
            state=ConsentState.GIVEN,
            channel=channel,
            purpose=purpose,
            topic=topic,
            expression=proof.expression,
            verification=proof.verification,
            origin=proof.origin,
            wording_id=wording.id,
            event_time=given.event_time,
            ledger_id=ledger_id,
        )
        _keep_newest(session, row)
    return ledger_id


def _superseded(
    session: Session, controller: Controller, token: str, wording: Wording, event_time: datetime
) -> list[str]:
    """Ledger ids of earlier consents of this contact point about some of the same."""
    before = select(ConsentRow.ledger_id).where(
        ConsentRow.controller_id == controller.id,
        ConsentRow.token == token,
        col(ConsentRow.channel).in_(wording.channels),
        col(ConsentRow.purpose).in_(wording.purposes),
        col(ConsentRow.topic).in_(wording.topics),
        col(ConsentRow.event_time) < event_time,
    )
    return sorted(set(session.exec(before)))


def _keep_newest(session: Session, new: ConsentRow) -> None:
    """An imported one stands beside the person's own, which alone lifts a stop."""
    imported = col(ConsentRow.origin) == Origin.IMPORTED
    old = session.exec(
        select(ConsentRow).where(
            ConsentRow.controller_id == new.controller_id,
            ConsentRow.token == new.token,
            ConsentRow.channel == new.channel,
            ConsentRow.purpose == new.purpose,
            ConsentRow.topic == new.topic,
            imported if new.origin == Origin.IMPORTED else ~imported,
        )
    ).first()
    if old is not None and old.state != ConsentState.REVOKED and old.event_time >= new.event_time:
        return
    if old is not None:
        session.delete(old)
        session.flush()
    session.add(new)
    session.flush()
