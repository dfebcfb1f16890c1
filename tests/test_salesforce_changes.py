# SPDX-License-Identifier: Apache-2.0
"""What changes in Salesforce acts in the hub within seconds and without a poll, also after the hub was killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hub_salesforce.emulator import SalesforceEmulator, create
from pydantic import SecretStr
from sqlmodel import select

from hub.flows import accounts
from hub.flows import world as worlds
from hub.settings import Settings
from hub.store.tables import Connection, CrmRecord, StopRow
from hub.store.vault import generate
from hub.testing.emulator import serve
from hub.testing.journey import free_port, until
from tests.making import ANNA, BEN
from tests.test_crash import hub, process

CHANNEL = "/data/ChangeEvents"


class Live:
    """An org, and a hub in processes of its own that listens to it."""

    def __init__(self, emulator: SalesforceEmulator, url: str, settings: Settings) -> None:
        self.emulator, self.db, self.settings = emulator, emulator.db, settings
        self.world = worlds.build(settings)
        self.world.db.migrate()
        with self.world.db.write() as session:
            controller = accounts.make_controller(self.world, session, "Muster Handels GmbH", "DE")
            given: dict[str, Any] = {**emulator.settings(url), "change_events": CHANNEL}
            self.connection = accounts.connect(self.world, session, controller, "salesforce", given).id

    def contact(self, number: str) -> str:
        """A contact that may be stored; returns the Individual."""
        individual = str(self.db["Individual"].add({"LastName": "Muster"})["Id"])
        given = {"LastName": "Muster", "MobilePhone": number, "Legal_Basis__c": "contract", "IndividualId": individual}
        self.db["Contact"].add(given)
        return individual

    def withdraw(self, individual: str) -> None:
        """A colleague notes that the person wants no more of it."""
        noted = {"PartyId": individual, "PrivacyConsentStatus": "OptOut", "CaptureSource": "Call"}
        self.db["ContactPointTypeConsent"].add(noted | {"ContactPointType": "Phone"})

    def rows(self, table: type[Any]) -> int:
        with self.world.db.read() as session:
            return len(session.exec(select(table)).all())

    @property
    def row(self) -> Connection:
        with self.world.db.read() as session:
            return session.get_one(Connection, self.connection)

    def walks(self) -> int:
        """How often the hub has read what changed since the last time."""
        return sum("/sobjects/Contact/deleted" in call.path for call in self.emulator.log)

    def settled(self) -> bool:
        """Listening, and the sync that closes the gap before it is over."""
        due = self.row.next_sync_at
        return bool(self.emulator.pubsub.streams) and due is not None and due > self.world.now() + timedelta(minutes=2)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    port = free_port()
    keys = SecretStr(generate())
    settings = Settings(data_dir=tmp_path, keys=keys, public_url=f"http://127.0.0.1:{port}", port=port)
    emulator = create()
    with serve(emulator.app()) as url:
        made = Live(emulator, url, settings)
        yield made
        made.world.db.close()


def test_withdrawn_consent_stops_without_a_poll_and_a_kill_loses_none(live: Live) -> None:
    anna, ben = live.contact(ANNA), live.contact(BEN)
    with hub(live.settings) as running:
        until(lambda: live.rows(CrmRecord) == 2 and live.settled(), "the first sync")
        walks = live.walks()
        live.withdraw(anna)
        until(lambda: live.rows(StopRow) == 1, "Anna's stop", 15)
        assert live.walks() == walks, "nobody has read everything for it"
        until(lambda: live.row.change_cursor is not None, "the cursor")
        running[0].send_signal(signal.SIGKILL)
        running[0].wait()
        live.withdraw(ben)
        running[0] = process(live.settings, "up")
        until(lambda: live.rows(StopRow) == 2, "Ben's stop", 45)
        assert live.walks() == walks, "what happened meanwhile was told again"
    first, *_, last = live.emulator.pubsub.subscribed
    assert (first, bool(last)) == (b"", True), "the second one began behind a replay id"
