# SPDX-License-Identifier: Apache-2.0
"""A made-up company with many people and a ledger behind them, to measure how fast the gate decides."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from hub.contract import Channel, ClaimKind, Expression, PlatformCategory, Purpose, TemplateState
from hub.flows import facts, gate
from hub.flows.world import World
from hub.law.facts import (
    Case,
    ConsentState,
    Message,
    NoticeKind,
    Person,
    Phase,
    RecordState,
    Route,
    StopKind,
    TemplateFacts,
    Transfer,
    Verification,
)
from hub.store.ledger import GENESIS, Chain
from hub.store.tables import (
    ChainHead,
    Connection,
    ConsentRow,
    Contact,
    ContactPoint,
    Controller,
    CrmRecord,
    NoticeServed,
    NoticeText,
    StopRow,
    Wording,
    new_id,
)

COMPANY, TOPIC = "Muster Handels GmbH", "Angebote"
BATCH = 500
_CLAIMS: list[list[dict[str, Any]]] = [
    [{"kind": kind, "source_field": "basis", "channel": None, "purpose": None, "claimed_at": None, "evidence": {}}]
    for kind in (ClaimKind.CONSENT, ClaimKind.CONTRACT, ClaimKind.LEGITIMATE_INTEREST)
]
_TEMPLATE = TemplateFacts(
    "t/de", TemplateState.APPROVED, PlatformCategory.MARKETING, PlatformCategory.MARKETING, True, True, False
)
_SHOWN = (NoticeKind.ART_13, NoticeKind.ART_21_4)
MESSAGE = Message(Purpose.MARKETING, topic=TOPIC, template=_TEMPLATE)


@dataclass(frozen=True, slots=True)
class Lab:
    """The company and the contact points that would be written to."""

    world: World
    controller: Controller
    points: list[str]

    def route(self) -> Route:
        later = self.world.now() + timedelta(days=300)
        transfers = (Transfer("US", "A45-3", later),)
        return Route("s", COMPANY, True, False, "r:v1", RecordState.APPROVED, True, later, True, transfers)

    def cases(self, session: Session, points: list[str], route: Route) -> list[Case]:
        """The facts of a batch, loaded as a campaign loads them."""
        people = facts.people(session, self.controller, points, self.world.now())
        return [self._case(person, route) for person in people.values()]

    def _case(self, person: Person, route: Route) -> Case:
        return gate.put(self.world, self.controller, Phase.TRANSMIT, person, MESSAGE, route)

    def judge(self, points: list[str]) -> int:
        """Facts loaded and decided, batch by batch. Returns how many were."""
        done, route = 0, self.route()
        for start in range(0, len(points), BATCH):
            with self.world.db.read() as session:
                for case in self.cases(session, points[start : start + BATCH], route):
                    gate.judge(case)
                    done += 1
        return done

    def record(self, points: list[str]) -> int:
        """The same, and every decision written to the chain. Returns how many were."""
        done, route = 0, self.route()
        for start in range(0, len(points), BATCH):
            with self.world.db.write() as session:
                chain = Chain(session, self.controller.id, self.world.now())
                for case in self.cases(session, points[start : start + BATCH], route):
                    gate.record(chain, case, gate.judge(case), {"campaign": "c"}, new_id())
                    done += 1
                chain.write()
        return done


def seed(world: World, people: int, seed: int = 1) -> Lab:
    """Fill an empty, migrated database: seven in ten consented, one in eight of all said no, some have two numbers."""
    dice, now = random.Random(seed), world.now()
    with world.db.write() as session:
        controller = Controller(name=COMPANY, country="DE", created_at=now)
        session.add(controller)
        session.flush()
        session.add(ChainHead(controller_id=controller.id, seq=0, hash=GENESIS))
        crm = Connection(controller_id=controller.id, connector="csv", title="bench", config=b"", created_at=now)
        wording = _wording(controller, now - timedelta(days=400))
        session.add_all([crm, wording, *_notices(controller, now)])
        session.flush()
    points: list[str] = []
    for start in range(0, people, 5000):
        with world.db.write() as session:
            chain = Chain(session, controller.id, now)
            tables: dict[type[Any], list[dict[str, Any]]] = {
                table: [] for table in (Contact, ContactPoint, CrmRecord, ConsentRow, StopRow, NoticeServed)
            }
            for index in range(start, min(start + 5000, people)):
                points.append(_someone(tables, chain, dice, index, controller, crm, wording, now))
            for table, rows in tables.items():
                if rows:
                    session.execute(insert(table), rows)
            chain.write()
    return Lab(world, controller, points)


def _wording(controller: Controller, at: datetime) -> Wording:
    return Wording(
        id="0" * 64,
        controller_id=controller.id,
        version=1,
        language="de",
        text="",
        statement="",
        controllers=[COMPANY],
        channels=[Channel.WHATSAPP],
        purposes=[Purpose.MARKETING],
        topics=[TOPIC],
        withdrawal_hint=True,
        created_at=at,
    )


def _someone(
    tables: dict[type[Any], list[dict[str, Any]]],
    chain: Chain,
    dice: random.Random,
    index: int,
    controller: Controller,
    crm: Connection,
    wording: Wording,
    now: datetime,
) -> str:
    """One person with what the CRM and the ledger say about them. Returns the id of their contact point."""
    contact, point, token = new_id(), new_id(), f"token-{index}"
    tables[Contact].append({"id": contact, "controller_id": controller.id, "country": "DE", "created_at": now})
    tables[ContactPoint].append(_point(point, controller, contact, token))
    if dice.random() < 0.1:
        tables[ContactPoint].append(_point(new_id(), controller, contact, f"{token}-old"))
    record = {"connection_id": crm.id, "record": str(index), "contact_id": contact, "point_id": point}
    tables[CrmRecord].append({**record, "fingerprint": "", "claims": dice.choice(_CLAIMS), **_seen(now)})
    said = {"controller_id": controller.id, "token": token, "brand": "*", "channel": "whatsapp"}
    if dice.random() < 0.7:
        at = now - timedelta(days=dice.randrange(20, 500))
        event = chain.event("consent_given", at, {"wording": wording.id}, contact_id=contact, token=token)
        tables[ConsentRow].append(
            {**said, **_consent(wording), "contact_id": contact, "event_time": at, "ledger_id": event}
        )
        told = {"controller_id": controller.id, "token": token, "at": at, "ledger_id": event}
        tables[NoticeServed] += ({**told, "kind": kind, "notice_id": kind} for kind in _SHOWN)
    if dice.random() < 0.125:
        at = now - timedelta(days=dice.randrange(1, 20))
        event = chain.event("objection", at, {}, contact_id=contact, token=token)
        kind = {"kind": StopKind.OBJECTION_MARKETING, "purpose": "*", "topic": "*"}
        tables[StopRow].append({**said, **kind, "event_time": at, "ledger_id": event})
    return point


def _seen(at: datetime) -> dict[str, datetime]:
    return {"first_seen_at": at, "seen_at": at}


def _notices(controller: Controller, at: datetime) -> list[NoticeText]:
    """What the page showed to everybody who consented."""
    like: dict[str, Any] = {"controller_id": controller.id, "version": 1, "language": "de", "text": ""}
    return [NoticeText(id=kind, kind=kind, created_at=at, **like) for kind in _SHOWN]


def _point(point: str, controller: Controller, contact: str, token: str) -> dict[str, Any]:
    owner = {"controller_id": controller.id, "contact_id": contact}
    return {"id": point, **owner, "kind": "e164", "token": token, "value": b"", "country": "DE"}


def _consent(wording: Wording) -> dict[str, Any]:
    return {
        "state": ConsentState.GIVEN,
        "purpose": Purpose.MARKETING,
        "topic": TOPIC,
        "expression": Expression.EXPRESS_STATEMENT,
        "verification": Verification.SAME_POINT,
        "wording_id": wording.id,
    }
