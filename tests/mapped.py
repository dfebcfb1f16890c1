# SPDX-License-Identifier: Apache-2.0
"""A shop whose CRM keeps evidence in fields of its own: a registered text, an approved mapping, walks through it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import select

from hub.bridge import Bridge
from hub.contract import Channel, Claim, ContactSnapshot, Page
from hub.flows import declarations, elsewhere, mappings, policies
from hub.law import policies as packaged
from hub.store.tables import (
    ClaimedOptIn,
    ClaimMapping,
    Connection,
    Controller,
    MessageRow,
    NoticeText,
    OptInBatch,
    SyncRun,
    Wording,
)
from hub.work.jobs import Jobs
from tests.making import ANNA, COMPANY, CONTRACT, TOPIC, Shop, person

TEXT = f"Ich willige ein, dass {COMPANY} mir per WhatsApp Werbung schickt. Widerruf jederzeit mit STOPP im Chat."
AGREED = "2026-11-01T10:00:00+00:00"
MAPPING = """
[consent]
property = "optin"
expression = "express_statement"
yes = ["ja"]
no = ["nein"]
[time]
property = "optin_at"
zone = "Europe/Berlin"
[wording]
property = "optin_text"
versions = {{ "2026-03" = "{wording}" }}
[channel]
property = "optin_channel"
values = {{ "WhatsApp" = "whatsapp", "E-Mail" = "email" }}
[point]
property = "optin_number"
[verification]
property = "confirmed_at"
kind = "confirmed_at"
[basis]
property = "basis"
names = {{ "Vertrag" = "CONTRACT" }}
"""


class MappedShop:
    """A shop with a mapping that Dana approved."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.declare()
        self.wording = self.register()
        self.row = self.map()

    def declare(self) -> None:
        """Whoever this CRM brings was told at collection, says a person."""
        at = self.shop.world.now()
        with self.shop.write() as session:
            for notice in session.exec(select(NoticeText)).all():
                declarations.told_elsewhere(
                    self.shop.world,
                    session,
                    self.shop.controller,
                    session.get_one(Connection, self.shop.crm.id),
                    notice,
                    since=at - timedelta(days=1),
                    until=None,
                    by="Dana Schutz",
                    evidence="form of 3 May",
                )

    def register(self, **changes: Any) -> Wording:
        wanted: dict[str, Any] = {
            "text": TEXT,
            "language": "de",
            "topics": [TOPIC],
            "channels": [Channel.WHATSAPP],
            "shown_from": datetime(2026, 3, 1, tzinfo=UTC),
            **changes,
        }
        with self.shop.write() as session:
            return elsewhere.register(self.shop.world, session, self.shop.controller, **wanted)

    def map(self, text: str = "", connection: Connection | None = None, by: str = "Dana Schutz") -> ClaimMapping:
        text = text or MAPPING.format(wording=self.wording.version)
        with self.shop.write() as session:
            here = session.get_one(Connection, (connection or self.shop.crm).id)
            known = self.shop.paper.properties
            return mappings.approve(self.shop.world, session, self.shop.controller, here, text, by, known)

    def walk(self, *pages: Sequence[ContactSnapshot], connection: Connection | None = None) -> SyncRun:
        """One whole sync, page by page, as the job does it."""
        self.shop.paper.pages = [Page(tuple(page), f"c{index}") for index, page in enumerate(pages)]
        with Bridge(connections=1) as bridge:
            run = Jobs(self.shop.world, bridge).sync((connection or self.shop.crm).id)
        assert run is not None
        assert not run.error
        return run

    def release(self) -> int:
        with Bridge(connections=1) as bridge:
            return Jobs(self.shop.world, bridge).release(self.shop.controller, self.shop.crm.id)

    def limit(self, opt_ins: int) -> None:
        """A policy that asks a person from so many opt-ins on."""
        strict = packaged.load("eu_strict").text
        changed = strict.replace("opt_ins = 1000", f"opt_ins = {opt_ins}").replace('"2026-12"', f'"limit-{opt_ins}"')
        self.activate(changed)

    def activate(self, text: str) -> None:
        with self.shop.write() as session:
            owner = session.get_one(Controller, self.shop.controller.id)
            row = policies.load(session, owner, text.encode(), "Dana Schutz", self.shop.world.now())
            policies.activate(session, owner, row, self.shop.world.now())
        self.shop.world.reload_policies()

    def reached(self, *records: str) -> list[str]:
        """Who of these records would get a campaign now."""
        self.shop.stage(*records)
        return [m.outgoing.to.value for m in self.shop.claim() if m.outgoing.purpose == "MARKETING"]

    def refusal(self) -> str:
        """Why the only campaign message was refused."""
        (row,) = [row for row in self.shop.rows(MessageRow) if row.campaign_id]
        return row.reason

    def waiting(self) -> list[OptInBatch]:
        return [row for row in self.shop.rows(OptInBatch) if row.state == "waiting"]

    def pending(self) -> list[ClaimedOptIn]:
        return self.shop.rows(ClaimedOptIn)


def opted_in(record: str = "1", typed: str = ANNA, *claims: Claim, **changes: str) -> ContactSnapshot:
    """A record with all of its proof, unless changed: an empty value takes a field away."""
    fields = {
        "optin": "ja",
        "optin_at": AGREED,
        "optin_text": "2026-03",
        "optin_channel": "WhatsApp",
        "optin_number": typed,
        "confirmed_at": "2026-11-01T10:02:00+00:00",
        **changes,
    }
    evidence = tuple((name, value) for name, value in fields.items() if value)
    return person(record, typed, CONTRACT, *claims, evidence=evidence)


def agreed_at() -> datetime:
    return datetime.fromisoformat(AGREED)
