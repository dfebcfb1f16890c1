# SPDX-License-Identifier: Apache-2.0
"""The whole way, with nobody but this machine: emulated HubSpot and Meta, the real hub between them.

The demo shows it, the end-to-end tests check it. What people may lawfully receive comes from their stories
(`population`), what they did receive from the emulator's own log; the gate is asked for neither.
"""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from hub.contract import Purpose
from hub.flows import accounts, drafts, notice_texts, notices, optin, steering
from hub.flows import world as worlds
from hub.flows.drafts import Plan
from hub.flows.notice_texts import Particulars
from hub.flows.preview import Preview
from hub.flows.states import CampaignState, State
from hub.law.facts import NoticeKind
from hub.plugins import emulators
from hub.settings import Settings
from hub.store.tables import (
    Campaign,
    Connection,
    Inbox,
    MessageRow,
    OptInPage,
    ReportRow,
    SyncRun,
)
from hub.testing import processor_files
from hub.testing.clock import Clock, until
from hub.testing.emulator import serve
from hub.testing.population import Someone, Story, population
from hub.web.app import build
from hub.work.crew import Crew

COMPANY = "Muster Handels GmbH"
TOPIC = "Angebote"
TEMPLATE = "herbst_angebot"
BODY = "Hallo {{1}}, bei Muster Handels GmbH gibt es neue Herbstangebote. Keine Werbung mehr? Antworten Sie STOPP."
LONG_AGO, LAST_MONTH = timedelta(days=600), timedelta(days=30)
_TOLD = Particulars(
    COMPANY,
    contact="datenschutz@example.org",
    privacy_url="https://example.org/datenschutz",
    storage="Nachrichten 90 Tage, Einwilligungen bis drei Jahre nach ihrem Ende.",
    recipients=("emulierter Anbieter",),
    transfers=("US: A45-3",),
)
STOPS = ("STOP", "Stopp", "Bitte keine Werbung mehr", "stop", "Abmelden", "Please stop sending me messages")

Tell = Callable[[str, int, int], None]  # what, done, of how many


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Journey:
    """One controller, one HubSpot portal, one WhatsApp number at `provider`. Use as a context manager.

    options: as the provider's emulator takes them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        contacts: int,
        seed: int,
        tell: Tell | None = None,
        provider: str = "meta",
        **options: Any,
    ) -> None:
        self.port = free_port()
        self.settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{self.port}", "port": self.port})
        self.clock = Clock()
        self.random = random.Random(seed)
        self.people = population(contacts, seed)
        self.tell = tell or (lambda *_: None)
        makers = emulators()
        self.hubspot: Any = makers["hubspot"].load()(seed=seed, clock=self.clock)
        self.through = provider
        self.meta: Any = makers[provider].load()(seed=seed, clock=self.clock, **options)  # whoever that is
        self.stopped: dict[str, str] = {}  # number -> wamid of the STOP injected while the campaign ran
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Journey:
        with contextlib.ExitStack() as stack:
            self.hubspot_url = stack.enter_context(serve(self.hubspot.app()))
            self.meta_url = stack.enter_context(serve(self.meta.app()))
            self.world = worlds.build(self.settings, clock=self.clock)
            stack.callback(self.world.db.close)
            self.world.db.migrate()
            self._hub = stack.enter_context(contextlib.ExitStack())
            self.crew = self._hub.enter_context(Crew(self.world))
            self._hub.enter_context(serve(build(self.world, self.crew.nudges.receive, self.crew.jobs), port=self.port))
            self._stack = stack.pop_all()
        return self

    def leave(self) -> None:
        """Stop the hub of this process; vendors and database stay, for another process to take over."""
        self._hub.close()

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    # set up, as an admin would

    def connect(self) -> None:
        """Both accounts, the processor file, templates, the opt-in page."""
        self._seed_vendors()
        with self.world.db.write() as session:
            owner = accounts.make_controller(self.world, session, COMPANY, "DE")
            self.controller = owner
            crm_settings = {
                "base_url": self.hubspot_url,
                "access_token": self.hubspot.access_token,
                "client_secret": self.hubspot.client_secret,
                "template_properties": ["firstname"],
            }
            self.crm = accounts.connect(self.world, session, owner, "hubspot", crm_settings)
            provider_settings = self.meta.settings(self.meta_url)
            self.provider = accounts.connect(self.world, session, owner, self.through, provider_settings)
            self.sender = accounts.add_sender(session, self.provider, self.meta.sender, self.meta.number)
            processor_files.approve(self.world, session, self.provider, by="Demo")
        self.hubspot.webhook_url = self._door(self.crm)
        self.meta.webhook_url = self._door(self.provider)
        self.crew.jobs.templates(self.provider.id)
        crm = accounts.open_connector(self.world, self.crm, self.crew.bridge.http)
        self.crew.bridge.run(crm.prepare)

    def _seed_vendors(self) -> None:
        self.audience = self.hubspot.load(self.people)
        reachable = 0
        for person in self.people:
            if not person.number:
                continue
            reachable += 1
            # a few have left WhatsApp, some hide that they read
            gone = person.may_receive_marketing and reachable % 61 == 0
            self.meta.add_user(person.number, has_whatsapp=not gone, reads=reachable % 5 != 0)
        self.meta.add_template(
            TEMPLATE,
            "de",
            category="MARKETING",
            body=BODY,
            footer=COMPANY,
            buttons=["Keine Werbung mehr"],
        )

    def _door(self, connection: Connection) -> str:
        return accounts.webhook_url(self.world, connection)

    # what people did before the campaign

    def history(self) -> None:
        """Opt-ins and withdrawals over the last two years, each a real signed webhook at its time."""
        self.clock.offset = -LONG_AGO
        self._open_page()
        self._say("opt-ins of long ago", self._of(Story.EXPIRED), self.statement)
        self.clock.offset = -LAST_MONTH
        recent = [p for p in self._people() if p.wrote_opt_in and p.story is not Story.EXPIRED]
        self._say("opt-ins of last month", recent, self.statement)
        self.clock.advance(timedelta(days=1))
        self._say("withdrawals", self._of(Story.WITHDRAWN, Story.OPTED_IN_AGAIN), None)
        self.clock.advance(timedelta(days=1))
        self._say("second thoughts", self._of(Story.OPTED_IN_AGAIN), self.statement)
        self.clock.offset = timedelta()

    def _open_page(self) -> None:
        with self.world.db.write() as session:
            for kind in (NoticeKind.ART_13, NoticeKind.ART_21_4):
                notices.create(self.world, session, self.controller, kind, "de", notice_texts.draft(kind, "de", _TOLD))
            page = optin.create(
                self.world, session, self.controller, self.sender, title="Angebote", language="de", topics=[TOPIC]
            )
            self.page: OptInPage = page
            self.statement = optin.invitation(session, page).statement

    def _people(self) -> list[Someone]:
        """One per number."""
        return list({p.number: p for p in self.people if p.number}.values())

    def _of(self, *stories: Story) -> list[Someone]:
        return [p for p in self._people() if p.story in stories]

    def _say(self, what: str, people: list[Someone], text: str | None) -> None:
        said = [self.meta.say(person.number, text or self.random.choice(STOPS)) for person in people]
        self.settle(what, said)

    def settle(self, what: str, said: Sequence[str] = ()) -> None:
        """Wait until every message said and every webhook was delivered and applied, and every confirmation sent."""

        def done() -> bool:
            heard = sum(wamid in self.meta.acks for wamid in said)
            self.tell(what, heard, len(said))
            with self.world.db.read() as session:
                inbox = session.exec(select(func.count()).where(Inbox.state == "pending")).one()
                queued = [State.QUEUED, State.AUTHORISED, State.ACCEPTED]
                confirmations = session.exec(
                    select(func.count()).where(col(MessageRow.state).in_(queued), col(MessageRow.campaign_id).is_(None))
                ).one()
            return heard == len(said) and not (inbox or confirmations or self.meta.webhooks.waiting)

        until(done, what, 120)

    # the campaign

    def sync(self) -> SyncRun:
        run = self.crew.jobs.sync(
            self.crm.id, lambda r: self.tell("contacts read from HubSpot", r.seen, len(self.people))
        )
        assert run is not None
        self.run = run
        return run

    def draft(self, plan: Plan = Plan(any_hour=True)) -> Campaign:
        with self.world.db.write() as session:
            self.campaign = drafts.create(
                self.world,
                session,
                self.controller,
                title="Herbstangebote",
                crm=self.crm,
                audience=self.audience,
                sender=self.sender,
                template=TEMPLATE,
                language="de",
                purpose=Purpose.MARKETING,
                topic=TOPIC,
                parameters={"1": "firstname|dort"},
                plan=plan,
            )
        return self.campaign

    def preview(self) -> Preview:
        return self.crew.jobs.preview(self.campaign)

    def start(self) -> None:
        with self.world.db.write() as session:
            steering.start(self.world, session, session.get_one(Campaign, self.campaign.id))

    def inject_stops(self, count: int) -> None:
        """People change their minds while the campaign runs."""
        willing = [p for p in self._people() if p.may_receive_marketing]
        chosen = self.random.sample(willing, min(count, len(willing)))
        for index, person in enumerate(chosen):
            until(partial(self._got_to, 0.8 * (index + 1) / (len(chosen) + 1)), "the campaign to get going")
            self.stopped[person.number] = self.meta.say(person.number, self.random.choice(STOPS))

    def _got_to(self, share: float) -> bool:
        with self.world.db.read() as session:
            where = MessageRow.campaign_id == self.campaign.id
            total = session.exec(select(func.count()).where(where)).one()
            open_ = session.exec(select(func.count()).where(where, MessageRow.state == State.QUEUED)).one()
            staged = session.get_one(Campaign, self.campaign.id).state != CampaignState.STAGING
        return bool(staged and total and (total - open_) / total >= share)

    def finish(self) -> None:
        """Wait until everything is sent, every status is in, and HubSpot knows."""

        def sent() -> bool:
            self.tell("messages sent", len(self.campaign_sends()), 0)
            with self.world.db.read() as session:
                return session.get_one(Campaign, self.campaign.id).state == CampaignState.DONE

        until(sent, "the campaign to end", 180)
        self.settle("statuses applied")

        def reported() -> bool:
            with self.world.db.read() as session:
                rows = session.exec(select(ReportRow.state, func.count()).group_by(ReportRow.state)).all()
            counts = dict(rows)
            self.tell("reports to HubSpot", counts.get("done", 0), sum(counts.values()))
            return not counts.get("pending")

        until(reported, "the reports to HubSpot", 120)

    def campaign_sends(self) -> list[Any]:
        """What Meta received of the campaign."""
        return [s for s in list(self.meta.received) if s.template == TEMPLATE]


@contextlib.contextmanager
def journey(settings: Settings, **options: Any) -> Iterator[Journey]:
    """A journey that is set up and synced, with a draft campaign."""
    with Journey(settings, **options) as way:
        way.connect()
        way.history()
        way.sync()
        way.draft()
        yield way
