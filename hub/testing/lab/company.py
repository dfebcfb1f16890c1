# SPDX-License-Identifier: Apache-2.0
"""A company whose people consented by the opt-in message and stand in a CSV file, and one campaign to all of them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from hub.contract import MessageReceived, Point, PointKind, Provider, Purpose
from hub.flows import accounts, drafts, inbound, notices, optin, steering
from hub.flows.states import State
from hub.flows.world import World
from hub.law.facts import NoticeKind
from hub.store.tables import Campaign, MessageRow
from hub.testing import processor_files
from hub.testing.journey import Tell
from hub.work.jobs import Jobs

COMPANY, TOPIC, TEMPLATE = "Muster Handels GmbH", "Angebote", "herbst_angebot"
BODY = "Muster Handels GmbH: neue Herbstangebote. Keine Werbung mehr? Antworten Sie STOPP."
WAITING = (State.QUEUED, State.HELD)
REGISTER = "people.csv"
_SET = 200
_QUIET = frozenset({"phone_number_id", "display_number"})  # of the sender, not of its connection

Watched = Callable[[type[Provider[Any]]], type[Provider[Any]]]


def number(index: int) -> str:
    """A German mobile number, valid in form."""
    return f"+49151{index:08d}"


def register(path: Path, people: int, moved: int = 0) -> int:
    """A CRM's file, in which everybody is said to have consented: a claim, no proof. `moved` of them live abroad."""
    step = max(people // moved, 1) if moved else 0
    abroad = frozenset(range(0, people, step)) if step else frozenset[int]()
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(("id", "phone", "country", "legal_basis"))
        rows.writerows((index, number(index), "AT" if index in abroad else "DE", "consent") for index in range(people))
    return len(abroad)


class Lab:
    """One company, `people` in its CRM, one campaign at `rate` messages a second."""

    def __init__(
        self, world: World, meta: dict[str, str], people: int, rate: int, watched: Watched | None = None
    ) -> None:
        """`meta` are the vendor's settings. `watched` makes a provider that is looked at out of the real one."""
        self.world, self.meta, self.people = world, meta, people
        if watched is not None:
            world.registry.connectors["meta"] = watched(world.registry.connectors["meta"])  # type: ignore[arg-type]
        path = world.settings.data_dir.absolute() / REGISTER
        register(path, people)
        with world.db.write() as session:
            self.owner = accounts.make_controller(world, session, COMPANY, "DE")
            settings = {name: value for name, value in meta.items() if name not in _QUIET}
            self.provider = accounts.connect(world, session, self.owner, "meta", settings)
            self.crm = accounts.connect(world, session, self.owner, "csv", {"path": str(path)})
            vendor_id, digits = meta["phone_number_id"], meta["display_number"]
            self.sender = accounts.add_sender(session, self.provider, vendor_id, f"+{digits}")
            self.sender.rate = rate
            processor_files.approve(world, session, self.provider, by="bench")
            for kind in (NoticeKind.ART_13, NoticeKind.ART_21_4):
                notices.create(world, session, self.owner, kind, "de", f"{COMPANY}: was Sie wissen müssen.")
            page = optin.create(world, session, self.owner, self.sender, title=TOPIC, language="de", topics=[TOPIC])
            self.statement = optin.invitation(session, page).statement

    def agree(self, consenting: int | None = None, tell: Tell | None = None) -> None:
        """The first `consenting` people, or everybody, write the opt-in message, just now.

        This is the real way of a consent, with its proof.
        """
        at = self.world.now().replace(microsecond=0)  # as vendors tell times
        most = self.people if consenting is None else consenting
        for start in range(0, most, _SET):
            said = [self._said(number(index), at) for index in range(start, min(start + _SET, most))]
            with self.world.db.write() as session:
                inbound.apply(self.world, session, self.provider, said)
            if tell is not None:
                tell("people consenting", start + len(said), most)

    def _said(self, who: str, at: datetime) -> MessageReceived:
        point = Point(PointKind.E164, who)
        return MessageReceived(self.meta["phone_number_id"], (point,), at, f"wamid.{who}", "text", self.statement)

    def stage(self, jobs: Jobs) -> None:
        """The campaign, with a message for everybody who may have it."""
        self.prepare()
        jobs.stage(self.campaign.id)

    def prepare(self) -> None:
        """The campaign, started and not staged yet."""
        self.campaign = self.draft("bench", "all")
        with self.world.db.write() as session:
            steering.start(self.world, session, session.get_one(Campaign, self.campaign.id))

    def draft(self, title: str, audience: str) -> Campaign:
        """A campaign to an audience of the CRM, at any hour: it is measured, and things break, at night too."""
        with self.world.db.write() as session:
            return drafts.create(
                self.world,
                session,
                self.owner,
                title=title,
                crm=self.crm,
                audience=audience,
                sender=self.sender,
                template=TEMPLATE,
                language="de",
                purpose=Purpose.MARKETING,
                topic=TOPIC,
                parameters={},
                plan=drafts.Plan(any_hour=True),
            )

    def token(self, who: str) -> str:
        return self.world.vault.token(self.owner.id, Point(PointKind.E164, who))

    def open(self) -> int:
        """Messages that have not been sent yet."""
        with self.world.db.read() as session:
            still = col(MessageRow.state).in_([*WAITING, State.AUTHORISED])
            return int(session.exec(select(func.count()).select_from(MessageRow).where(still)).one())
