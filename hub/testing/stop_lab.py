# SPDX-License-Identifier: Apache-2.0
"""A campaign that runs while people stop it: emulated Meta in its own process, the real door, the real hub."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

import httpx
import orjson
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
    Purpose,
    Report,
)
from hub.flows import accounts, campaigns, courier, inbound, notices, optin, sync
from hub.flows.states import CampaignState, State
from hub.flows.world import World
from hub.law.facts import NoticeKind
from hub.plugins import emulators
from hub.store.tables import Campaign, ContactPoint, DecisionRow, LedgerRow, MessageRow, StopRow, SyncRun
from hub.testing.emulator import serve
from hub.testing.journey import free_port, until
from hub.testing.stop_probes import Probes
from hub.web.app import build
from hub.work.crew import Crew

COMPANY, TOPIC, TEMPLATE = "Muster Handels GmbH", "Angebote", "herbst_angebot"
BODY = "Muster Handels GmbH: neue Herbstangebote. Keine Werbung mehr? Antworten Sie STOPP."
WAITING = (State.QUEUED, State.HELD)
_SET = 200
_NEXT = 5  # in the queue: a race with the dispatcher


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


def _play(pipe: Pipe, throughput: int) -> None:
    """The child process: Meta."""
    meta: Any = emulators()["meta"].load()(seed=1, throughput=throughput, pair_rate=False)
    meta.add_template(TEMPLATE, "de", category="MARKETING", body=BODY, footer=COMPANY)
    with serve(meta.app()) as url:
        names = ("access_token", "app_secret", "verify_token", "waba_id", "phone_number_id", "display_number")
        pipe.send({"base_url": url, **{name: getattr(meta, name) for name in names}})
        meta.webhook_url = pipe.recv()
        pipe.recv()  # until the parent is done


@contextmanager
def _meta(throughput: int) -> Iterator[tuple[dict[str, str], Callable[[str], None]]]:
    """Emulated Meta in a process of its own: its settings, and how to tell it where webhooks go."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_play, args=(theirs, throughput), daemon=True)
    child.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the emulator did not start")
        yield ours.recv(), ours.send
    finally:
        child.terminate()
        child.join(timeout=5)


class StopLab:
    """One company, `people` who consented, one campaign at `rate` messages a second. Use `opened`."""

    def __init__(self, world: World, probes: Probes, meta: dict[str, str], people: int, rate: int) -> None:
        self.world, self.probes, self.meta, self.people = world, probes, meta, people
        world.registry.connectors["meta"] = probes.provider(world.registry.connectors["meta"])  # type: ignore[arg-type]
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
        self.numbers = {self.token(number(index)): number(index) for index in range(people)}

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
            self.campaign = campaigns.create(
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
            )
            campaigns.start(self.world, session, self.campaign)
        for start in range(0, self.people, campaigns.BATCH):
            records = [str(index) for index in range(start, min(start + campaigns.BATCH, self.people))]
            with self.world.db.write() as session:
                campaigns.stage_page(self.world, session, session.get_one(Campaign, self.campaign.id), records)
        with self.world.db.write() as session:
            session.get_one(Campaign, self.campaign.id).state = CampaignState.RUNNING

    # while it runs

    def somebody(self, dice: random.Random) -> str | None:
        """Whose message leaves within moments, or waits for longer, or has left. None once nothing waits."""
        with self.world.db.read() as session:
            waiting = session.exec(
                select(ContactPoint.token)
                .join(MessageRow, col(MessageRow.point_id) == col(ContactPoint.id))
                .where(MessageRow.campaign_id == self.campaign.id, col(MessageRow.state).in_(WAITING))
                .order_by(col(MessageRow.next_attempt_at), col(MessageRow.id))
            ).all()
        if not waiting:
            return None
        return self.numbers[dice.choice((waiting[:_NEXT], waiting, list(self.numbers))[dice.randrange(3)])]

    def token(self, who: str) -> str:
        return self.world.vault.token(self.owner.id, Point(PointKind.E164, who))

    def by_chat(self, who: str) -> None:
        """The person writes STOP; Meta delivers it to the door."""
        body = orjson.dumps({"number": who, "text": "STOP"})
        httpx.post(f"{self.meta['base_url']}/_emulator/do/say", content=body, trust_env=False).raise_for_status()

    def by_staff(self, who: str) -> None:
        with self.world.db.write() as session:
            courier.stop(self.world, session, self.owner, number=who, by="bench", reason="bench")

    def empty_for(self, who: str) -> bool:
        """Is nothing with advertising queued for this person?"""
        with self.world.db.read() as session:
            mine = (ContactPoint.token == self.token(who), MessageRow.purpose == Purpose.MARKETING)
            left = session.exec(
                select(MessageRow.id)
                .join(ContactPoint, col(ContactPoint.contact_id) == col(MessageRow.contact_id))
                .where(*mine, col(MessageRow.state).in_(WAITING))
            ).first()
        return left is None

    def open(self) -> int:
        with self.world.db.read() as session:
            still = col(MessageRow.state).in_([*WAITING, State.AUTHORISED])
            return int(session.exec(select(func.count()).select_from(MessageRow).where(still)).one())

    def allowed_after(self, who: str) -> int:
        """Sends of advertising to this person that the gate allowed after the stop, by their order in the ledger."""
        with self.world.db.read() as session:
            stop = session.exec(select(StopRow).where(StopRow.token == self.token(who))).first()
            if stop is None:
                raise RuntimeError("a stop was lost")
            seq = session.get_one(LedgerRow, stop.ledger_id).seq
            mine = (MessageRow.campaign_id == self.campaign.id, ContactPoint.token == stop.token)
            later = (DecisionRow.phase == "transmit", DecisionRow.verdict == "ALLOW", col(DecisionRow.seq) > seq)
            found = session.exec(
                select(func.count())
                .select_from(DecisionRow)
                .join(MessageRow, col(MessageRow.id) == col(DecisionRow.message_id))
                .join(ContactPoint, col(ContactPoint.id) == col(MessageRow.point_id))
                .where(*mine, *later)
            )
            return int(found.one())


@contextmanager
def opened(world: World, people: int, rate: int) -> Iterator[tuple[StopLab, Probes]]:
    """A lab with its campaign staged; the hub runs from here on and sends at once."""
    probes, port = Probes(), free_port()
    with ExitStack() as stack:
        meta, tell = stack.enter_context(_meta(throughput=10 * rate))
        lab = StopLab(world, probes, meta, people, rate)
        tell(f"http://127.0.0.1:{port}/in/{lab.provider.door}")
        lab.agree()
        stack.enter_context(probes.database())
        crew = stack.enter_context(Crew(world, schedules=False))
        stack.enter_context(serve(probes.door(build(world, crew.nudges.receive)), port=port))
        crew.jobs.templates(lab.provider.id)
        lab.stage()
        probes.listening = True
        crew.nudges.dispatch.send(lab.sender.id)
        yield lab, probes
        until(lambda: not lab.open(), "the campaign to end", 120)
