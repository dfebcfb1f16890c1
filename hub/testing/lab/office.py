# SPDX-License-Identifier: Apache-2.0
"""A company with many people and years of messages behind it, and how long each page of its console takes.

People come with their ledger. Messages are made by the database itself: a million take seconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import ColumnElement, Subquery, case, func, insert, literal, null, select, text
from sqlmodel import Session, SQLModel, col

from hub.bridge import Bridge
from hub.contract import MessageReceived, Point, PointKind, Purpose, ReportKind
from hub.flows import accounts, inbound, keys, optin, staff
from hub.flows.roles import Role
from hub.flows.states import CampaignState, State
from hub.flows.world import World
from hub.store.tables import (
    Campaign,
    Connection,
    ContactPoint,
    Controller,
    MessageRow,
    ReportRow,
    Sender,
    SyncRun,
)
from hub.testing import addresses, decisions
from hub.testing.emulator import serve
from hub.testing.journey import Tell
from hub.web.app import House, build
from hub.work.jobs import Jobs

CAMPAIGNS = 10  # each to everybody; the last one runs
_LOGIN, _PASSWORD = "bench@example.org", "a few words to measure with"
# of a hundred messages, up to which one each state goes
_ENDED = ((State.READ, 45), (State.DELIVERED, 80), (State.SENT, 85), (State.FAILED, 88), (State.REFUSED, 100))
_RUNNING = ((State.DELIVERED, 30), (State.ACCEPTED, 35), (State.QUEUED, 99), (State.UNKNOWN, 100))


def furnish(world: World, people: int, messages: int, tell: Tell) -> Controller:
    """Fill an empty, migrated database."""
    tell("people and messages", 0, 1 + CAMPAIGNS)
    lab = decisions.seed(world, people)
    owner = lab.controller
    with world.db.write() as session:
        more = {"role": Role.ADMIN, "by": "hub bench"}
        staff.add(world, session, owner, login=_LOGIN, name="Bench", password=_PASSWORD, **more)
        keys.make(world, session, owner, title="Bench", days=1, **more)
        sender, crm = _accounts(world, session, owner)
    for index in range(CAMPAIGNS):
        tell("people and messages", 1 + index, 1 + CAMPAIGNS)
        with world.db.write() as session:
            _campaign(world, session, owner, sender, crm, index, messages // CAMPAIGNS)
    lab.record(lab.points[:500])
    with world.db.write() as session:
        optin.create(world, session, owner, sender, title="Bench", language="de", topics=[decisions.TOPIC])
        session.add(SyncRun(connection_id=crm.id, started_at=world.now(), finished_at=world.now()))
        provider, point = session.get_one(Connection, sender.connection_id), Point(PointKind.E164, "+4915112345671")
        said = MessageReceived(sender.vendor_id, (point,), world.now(), "wamid.1", "text", "Das nervt langsam")
        inbound.apply(world, session, provider, [said])  # one with data to show, and something to review
    with world.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tidy:
        tidy.execute(text("ANALYZE" if world.db.sqlite else "VACUUM ANALYZE"))  # as a server does by itself in time
    tell("people and messages", 1 + CAMPAIGNS, 1 + CAMPAIGNS)
    return owner


def _accounts(world: World, session: Session, owner: Controller) -> tuple[Sender, Connection]:
    secrets = {"waba_id": "1", "access_token": "x", "app_secret": "y", "verify_token": "z" * 16}
    provider = accounts.connect(world, session, owner, "meta", secrets)
    sender = accounts.add_sender(session, provider, "106540352242922", "+49 30 1234567")
    crm = accounts.connect(world, session, owner, "csv", {"path": str(world.settings.data_dir / "none.csv")})
    return sender, crm


def _campaign(
    world: World, session: Session, owner: Controller, sender: Sender, crm: Connection, index: int, size: int
) -> None:
    """A campaign that ran some weeks ago, or runs now, with its messages and what the CRM was told."""
    running = index == CAMPAIGNS - 1
    at = world.now() - (timedelta(minutes=10) if running else timedelta(weeks=CAMPAIGNS - index))
    campaign = Campaign(
        controller_id=owner.id,
        connection_id=crm.id,
        sender_id=sender.id,
        title=f"Bench {index + 1}",
        audience="all",
        purpose=Purpose.MARKETING,
        template="offer",
        language="de",
        approved_category="MARKETING",
        state=CampaignState.RUNNING if running else CampaignState.DONE,
        audience_size=size,
        start_at=at,
        created_at=at,
    )
    session.add(campaign)
    session.flush()
    if not world.db.sqlite:  # what is copied fits together; checking each row costs more than writing it
        session.execute(text("SET LOCAL session_replication_role = replica"))
    dealt = _dealt(owner, size)
    state = _state(dealt, _RUNNING if running else _ENDED)
    sent = case((state == State.QUEUED, null()), else_=_like(MessageRow, "authorised_at", at))
    like = MessageRow(
        controller_id=owner.id,
        campaign_id=campaign.id,
        sender_id=sender.id,
        contact_id="",
        point_id="",
        purpose=Purpose.MARKETING,
        state="",
        created_at=at,
        changed_at=at,
    )
    own = literal(f"{index:02x}") + func.substr(dealt.c.contact_id, 3)
    refused = case((state == State.REFUSED, literal("CONSENT_UNPROVEN")), else_=literal(""))
    waits = case((state == State.QUEUED, _like(MessageRow, "next_attempt_at", at)), else_=null())
    varying = {"id": own, "contact_id": dealt.c.contact_id, "point_id": dealt.c.id, "state": state}
    varying |= {"reason": refused, "authorised_at": sent, "next_attempt_at": waits}
    _copies(session, like, dealt, varying)
    if index % 3 == 0:
        told = ReportRow(
            key="",
            connection_id=crm.id,
            record="",
            kind=ReportKind.STATUS,
            status="read",
            state="done",
            at=at,
            recorded_at=at,
            next_attempt_at=at,
        )
        _copies(session, told, dealt, {"key": own, "record": dealt.c.id})


def _dealt(owner: Controller, size: int) -> Subquery:
    """So many contact points, one of each person, with a place."""
    place = func.row_number().over(order_by=col(ContactPoint.id)).label("place")
    mine = (col(ContactPoint.controller_id) == owner.id, col(ContactPoint.token).not_like("%-old"))
    ordered = select(col(ContactPoint.id), col(ContactPoint.contact_id), place).where(*mine).subquery()
    return select(ordered).where(ordered.c.place <= size).subquery()


def _state(dealt: Subquery, shares: tuple[tuple[State, int], ...]) -> ColumnElement[str]:
    hundredth = dealt.c.place % 100
    return case(*((hundredth < upto, literal(str(state))) for state, upto in shares))


def _like(table: type[SQLModel], name: str, value: datetime) -> ColumnElement[Any]:
    return literal(value, table.__table__.columns[name].type)  # type: ignore[attr-defined]


def _copies(session: Session, like: SQLModel, dealt: Subquery, varying: dict[str, Any]) -> None:
    """A row for each of `dealt`: as `like`, but for what varies."""
    columns = type(like).__table__.columns  # type: ignore[attr-defined]
    values = [varying.get(one.name, literal(getattr(like, one.name), one.type)) for one in columns]
    session.execute(insert(type(like)).from_select([one.name for one in columns], select(*values).select_from(dealt)))


class Looking:
    """Somebody who opens pages."""

    def __init__(self, world: World, owner: Controller, app: House, base: str) -> None:
        self.world, self.owner, self.app = world, owner, app
        self.http = httpx.Client(base_url=base, timeout=120, trust_env=False)
        entered = self.http.post("/console/login", data={"login": _LOGIN, "password": _PASSWORD})
        if entered.headers.get("location") != "/console":
            raise RuntimeError("the login failed")

    def pages(self) -> list[str]:
        """Every page, but those that ask a CRM about everybody."""
        return [path for path in addresses.console(self.app) if path not in addresses.VENDORS]

    def took(self, path: str) -> float:
        """Milliseconds from the request to the whole answer. Raises `RuntimeError` for what is no page."""
        with self.world.db.read() as session:
            address = addresses.named(path, session, self.owner)
        began = time.perf_counter()
        answer = self.http.get(address)
        took = 1000 * (time.perf_counter() - began)
        if answer.status_code not in (200, 303):
            raise RuntimeError(f"{path} answers {answer.status_code}")
        return took


@contextmanager
def open_house(world: World, owner: Controller) -> Iterator[Looking]:
    """The console, served."""
    with Bridge(connections=1) as bridge:
        app = build(world, lambda ids: None, Jobs(world, bridge))
        with serve(app) as base:
            yield Looking(world, owner, app, base)
