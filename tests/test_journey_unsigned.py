# SPDX-License-Identifier: Apache-2.0
"""Through the real door and sender with providers whose webhooks carry no confirmed signature: consent, a campaign,
statuses and a stop, while strangers who know the door are kept out by the connection's guard."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hub_cm import Cm
from hub_cm.emulator import create as cm
from hub_infobip import Infobip
from hub_infobip.emulator import create as infobip

from hub.bridge import Bridge
from hub.flows import accounts, optin
from hub.flows.guard import set_header, set_networks
from hub.flows.states import State
from hub.store.tables import Connection, Inbox, MessageRow
from hub.testing.emulator import serve
from hub.web.app import build
from hub.work.jobs import Jobs
from tests.carriers import BODY, OFFER
from tests.making import ANNA, BEN, CONSENT, TOPIC, Shop, person, phone

pytest_plugins = ["tests.shops"]

VENDORS: list[tuple[Any, Any]] = [(Infobip, infobip), (Cm, cm)]
HEADER, SECRET = "x-hub-secret", "a-secret-of-16-or-more"


class House:
    """The shop with another provider, its hub served and its vendor emulated."""

    def __init__(self, shop: Shop, plugin: Any, emulator: Any, jobs: Jobs) -> None:
        self.shop, self.emulator, self.jobs, self.plugin = shop, emulator, jobs, plugin
        emulator.add_template(OFFER.name, OFFER.language, body=BODY)
        shop.world.registry.connectors[plugin.name] = plugin

    def connect(self, vendor: str, hub: str) -> None:
        shop, settings = self.shop, self.emulator.settings(vendor)
        shop.world.settings = shop.world.settings.model_copy(update={"public_url": hub})
        with shop.write() as session:
            shop.provider = accounts.connect(shop.world, session, shop.controller, self.plugin.name, settings)
            shop.sender = accounts.add_sender(session, shop.provider, self.emulator.sender, self.emulator.number)
            page = optin.create(
                shop.world, session, shop.controller, shop.sender, title=TOPIC, language="de", topics=[TOPIC]
            )
            shop.statement = optin.invitation(session, page).statement
            set_networks(shop.world, session, shop.provider, ["127.0.0.1"])
        shop.file(approve=True)
        self.emulator.webhook_url = accounts.webhook_url(shop.world, shop.provider)
        assert self.jobs.templates(shop.provider.id) == 1

    def apply(self, done: Callable[[], bool]) -> None:
        """Apply what comes in until it is done."""
        deadline = time.monotonic() + 10
        while not done():
            assert time.monotonic() < deadline, [(row.state, row.reason) for row in self.shop.rows(MessageRow)]
            self.jobs.receive([row.id for row in self.shop.rows(Inbox) if row.state == "pending"])
            time.sleep(0.02)

    def say(self, number: str, text: str) -> None:
        """A person writes, and the hub has heard."""
        wrote = self.emulator.say(number, text)
        self.apply(lambda: wrote in self.emulator.acks and not self.waits())
        self.shop.clock.advance(timedelta(seconds=2))

    def waits(self) -> bool:
        return any(row.state == "pending" for row in self.shop.rows(Inbox))

    def send(self) -> None:
        """Everything that is due, and what waits for what went before."""
        while self.jobs.dispatcher.drain(self.shop.sender.id):
            self.shop.clock.advance(timedelta(seconds=2))

    def states(self) -> set[str]:
        return {row.state for row in self.shop.campaign_messages()}

    def offers(self) -> list[str]:
        return [sent.to for sent in self.emulator.received if sent.template == OFFER.name]


@pytest.fixture(params=VENDORS, ids=["infobip", "cm"])
def house(request: pytest.FixtureRequest, shop: Shop) -> Iterator[House]:
    plugin, create = request.param
    emulator = create(seed=7, clock=shop.clock)
    with ExitStack() as stack:
        vendor = stack.enter_context(serve(emulator.app()))
        hub = stack.enter_context(serve(build(shop.world, lambda ids: None)))
        jobs = Jobs(shop.world, stack.enter_context(Bridge(connections=2)))
        made = House(shop, plugin, emulator, jobs)
        made.connect(vendor, hub)
        yield made


def test_campaign_reaches_who_agreed_and_nobody_who_stopped(house: House) -> None:
    shop = house.shop
    for number in (ANNA, BEN):
        house.say(number, shop.statement)
        assert shop.consents(phone(number))
    shop.sync(*(person(record, number, CONSENT) for record, number in (("1", ANNA), ("2", BEN))))
    house.say(BEN, "STOP")
    assert shop.stops(phone(BEN))
    shop.stage("1", "2")
    house.send()
    assert house.offers() == [ANNA]
    house.apply(lambda: house.states() == {State.READ, State.REFUSED})
    assert shop.proven()


def test_stop_after_the_offer_ends_the_next_one(house: House) -> None:
    shop = house.shop
    house.say(ANNA, shop.statement)
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    house.send()
    house.say(ANNA, "Bitte keine Werbung mehr")
    shop.stage("1", title="Winter")
    house.send()
    assert house.offers() == [ANNA]


def test_stranger_who_knows_door_and_secret_is_stopped_by_the_guard(house: House) -> None:
    """The plugin would accept it: what it checks is in the request. The guard asks for one thing more."""
    shop = house.shop
    url, headers = house.emulator.webhook_url, {}
    if house.plugin is Cm:
        url += f"?token={house.emulator.webhook_secret}"
    else:
        basic = base64.b64encode(f"hub:{house.emulator.webhook_secret}".encode()).decode()
        headers["authorization"] = f"Basic {basic}"
    assert httpx.post(url, content=b'{"made": "up"}', headers=headers).status_code == 200
    with shop.write() as session:
        mine = session.get_one(Connection, shop.provider.id)
        set_header(shop.world, session, mine, HEADER, SECRET)
        accounts.rotate_door(session, mine)  # a door the web process has not remembered yet
        new = accounts.webhook_url(shop.world, mine)
    url = url.replace(house.emulator.webhook_url, new)
    before = len(shop.rows(Inbox))
    assert httpx.post(url, content=b'{"made": "up again"}', headers=headers).status_code == 401
    assert len(shop.rows(Inbox)) == before
    good = {**headers, HEADER: SECRET}
    assert httpx.post(url, content=b'{"made": "up again"}', headers=good).status_code == 200
