# SPDX-License-Identifier: Apache-2.0
"""The load lab: emulated Meta in a process of its own, and a company whose people consented to its advertising."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func
from sqlmodel import Session, col, select

from hub.contract import (
    Claim,
    ClaimKind,
    ContactSnapshot,
    Crm,
    Event,
    Health,
    Inbound,
    MessageReceived,
    Outcome,
    Page,
    Point,
    PointKind,
    Provider,
    Purpose,
    Report,
)
from hub.flows import accounts, drafts, inbound, notices, optin, staging, steering, sync
from hub.flows.states import CampaignState, State
from hub.flows.world import World
from hub.law.facts import NoticeKind
from hub.plugins import emulators
from hub.store.tables import Campaign, MessageRow, SyncRun
from hub.testing.emulator import Fault, serve

COMPANY, TOPIC, TEMPLATE = "Muster Handels GmbH", "Angebote", "herbst_angebot"
BODY = "Muster Handels GmbH: neue Herbstangebote. Keine Werbung mehr? Antworten Sie STOPP."
WAITING = (State.QUEUED, State.HELD)
_SET = 200


def number(index: int) -> str:
    """A German mobile number, valid in form."""
    return f"+49151{index:08d}"


class _Nothing(BaseModel):
    pass


class _Register(Crm[_Nothing]):
    """A CRM that only listens."""

    name, title, Config = "register", "Register", _Nothing

    def authenticate(self, request: Inbound) -> None: ...

    async def receive(self, request: Inbound) -> list[Event]:
        return []

    async def check(self) -> Health:
        return Health(True, "")

    async def contacts(self, since: str | None) -> Any:  # pragma: no cover
        yield Page((), None)

    async def audiences(self) -> list[Any]:
        return []

    async def members(self, audience: str) -> Any:  # pragma: no cover
        yield Page((), None)

    async def report(self, reports: Sequence[Report]) -> list[Outcome]:
        return [Outcome(report.key) for report in reports]


def _play(pipe: Pipe, options: dict[str, Any], latency: float) -> None:
    """The child process: Meta."""
    meta: Any = emulators()["meta"].load()(seed=1, **options)
    meta.add_template(TEMPLATE, "de", category="MARKETING", body=BODY, footer=COMPANY)
    if latency:
        meta.faults.append(Fault("latency", match="POST .*/messages", seconds=latency))
    with serve(meta.app()) as url:
        names = ("access_token", "app_secret", "verify_token", "waba_id", "phone_number_id", "display_number")
        pipe.send({"base_url": url, **{name: getattr(meta, name) for name in names}})
        meta.webhook_url = pipe.recv()
        pipe.recv()  # until the parent is done


@contextmanager
def emulated(latency: float = 0.0, **options: Any) -> Iterator[tuple[dict[str, str], Callable[[str], None]]]:
    """Emulated Meta in a process of its own: its settings, and how to tell it where webhooks go.

    latency: seconds before every answer. options: as `MetaEmulator` takes them.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_play, args=(theirs, options, latency), daemon=True)
    child.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the emulator did not start")
        yield ours.recv(), ours.send
    finally:
        child.terminate()
        child.join(timeout=5)


class Lab:
    """One company, `people` who consented, one campaign at `rate` messages a second."""

    def __init__(
        self,
        world: World,
        meta: dict[str, str],
        people: int,
        rate: int,
        watched: Callable[[type[Provider[Any]]], type[Provider[Any]]] | None = None,
    ) -> None:
        """`watched` makes a provider that is looked at out of the real one."""
        self.world, self.meta, self.people = world, meta, people
        if watched is not None:
            world.registry.connectors["meta"] = watched(world.registry.connectors["meta"])  # type: ignore[arg-type]
        world.registry.connectors[_Register.name] = _Register
        with world.db.write() as session:
            self.owner = accounts.make_controller(world, session, COMPANY, "DE")
            settings = {k: v for k, v in meta.items() if k not in ("phone_number_id", "display_number")}
            self.provider = accounts.connect(world, session, self.owner, "meta", settings)
            self.crm = accounts.connect(world, session, self.owner, _Register.name, {})
            self.sender = accounts.add_sender(
                session, self.provider, meta["phone_number_id"], f"+{meta['display_number']}"
            )
            self.sender.rate = rate
            self._file(session)
            for kind in (NoticeKind.ART_13, NoticeKind.ART_21_4):
                notices.create(world, session, self.owner, kind, "de", f"{COMPANY}: was Sie wissen müssen.")
            page = optin.create(world, session, self.owner, self.sender, title=TOPIC, language="de", topics=[TOPIC])
            self.statement = optin.invitation(session, page).statement

    def _file(self, session: Session) -> None:
        later = self.world.now() + timedelta(days=300)
        accounts.file_processor(
            self.world,
            session,
            self.provider,
            reviewer="bench",
            dpa_signed_on=self.world.now().date(),
            valid_until=later,
            transfers=[{"to": "US", "tool": "A45-3", "valid_until": later.isoformat()}],
            subprocessors_approved=True,
            approve=True,
        )

    def agree(self) -> None:
        """Everybody consents by the opt-in message, just now, and is in the CRM."""
        at = self.world.now().replace(microsecond=0)  # as vendors tell times
        for start in range(0, self.people, _SET):
            indexes = range(start, min(start + _SET, self.people))
            said = [self._said(number(index), at) for index in indexes]
            known = tuple(
                ContactSnapshot(str(index), number(index), claims=(Claim(ClaimKind.CONSENT, "newsletter"),))
                for index in indexes
            )
            with self.world.db.write() as session:
                inbound.apply(self.world, session, self.provider, said)
            with self.world.db.write() as session:
                run = SyncRun(connection_id=self.crm.id, started_at=self.world.now())
                session.add(run)
                session.flush()
                sync.apply_page(self.world, session, self.owner, self.crm, run, Page(known, None))

    def _said(self, who: str, at: Any) -> MessageReceived:
        point = Point(PointKind.E164, who)
        return MessageReceived(self.meta["phone_number_id"], (point,), at, f"wamid.{who}", "text", self.statement)

    def stage(self) -> None:
        with self.world.db.write() as session:
            self.campaign = drafts.create(
                self.world,
                session,
                self.owner,
                title="bench",
                crm=self.crm,
                audience="all",
                sender=self.sender,
                template=TEMPLATE,
                language="de",
                purpose=Purpose.MARKETING,
                topic=TOPIC,
                parameters={},
                plan=drafts.Plan(any_hour=True),  # it is measured at night too
            )
            steering.start(self.world, session, self.campaign)
        for start in range(0, self.people, staging.BATCH):
            records = [str(index) for index in range(start, min(start + staging.BATCH, self.people))]
            with self.world.db.write() as session:
                staging.stage_page(self.world, session, session.get_one(Campaign, self.campaign.id), records)
        with self.world.db.write() as session:
            session.get_one(Campaign, self.campaign.id).state = CampaignState.RUNNING

    def token(self, who: str) -> str:
        return self.world.vault.token(self.owner.id, Point(PointKind.E164, who))

    def open(self) -> int:
        with self.world.db.read() as session:
            still = col(MessageRow.state).in_([*WAITING, State.AUTHORISED])
            return int(session.exec(select(func.count()).select_from(MessageRow).where(still)).one())
