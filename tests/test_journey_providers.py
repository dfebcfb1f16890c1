# SPDX-License-Identifier: Apache-2.0
"""The same journey through every provider: a campaign, its statuses to the end, a question, a stop that ends it.

Only the vendor differs: its routes, its signatures and its webhooks. People, door, gate and sender are the same.
"""

from __future__ import annotations

import time
from collections import Counter

import pytest
from sqlmodel import select

from hub.contract import Can, Provider
from hub.flows.states import State
from hub.plugins import emulators, load
from hub.settings import Settings
from hub.store.tables import MessageRow
from hub.testing.journey import Journey
from hub.testing.outcome import outcome

pytestmark = pytest.mark.timeout(180)

CONNECTORS = load().connectors  # a broken plugin is the business of test_plugins
PROVIDERS = sorted(name for name in emulators() if issubclass(CONNECTORS.get(name, object), Provider))
# what runs a deployment knows nothing of vendors: two of them on servers are enough, one that echoes our id as Meta
# does, and one whose webhooks come in another shape
WAYS = [*(("embedded", name) for name in PROVIDERS), ("scaled", "meta"), ("scaled", "infobip")]


def _stops(name: str) -> bool:
    """Does the vendor tell of stops made in WhatsApp?"""
    return Can.NATIVE_OPT_OUT in CONNECTORS[name].can  # type: ignore[attr-defined]


def ready(way: Journey) -> None:
    way.connect()
    way.history()
    way.sync()


def campaign(way: Journey) -> list[str]:
    """Another campaign, to its end; who was written to."""
    before = len(way.campaign_sends())
    way.draft()
    way.start()
    way.finish()
    return [sent.to for sent in way.campaign_sends()[before:]]


def states(way: Journey) -> Counter[str]:
    with way.world.db.read() as session:
        mine = select(MessageRow.state).where(MessageRow.campaign_id == way.campaign.id)
        return Counter(session.exec(mine))


def expected(way: Journey, reached: list[str], can: frozenset[Can]) -> Counter[str]:
    """The end of each message, from what is true of the people and what the vendor can tell."""
    ends: Counter[str] = Counter()
    for number in reached:
        user = way.meta.user(number)
        read = "read" in user.statuses and Can.STATUS_READ in can
        ends[State.FAILED if not user.has_whatsapp else State.READ if read else State.DELIVERED] += 1
    return ends


@pytest.mark.parametrize(("backend", "provider"), WAYS, indirect=["backend"])
def test_provider_carries_a_campaign_its_statuses_and_a_stop(backend: Settings, provider: str) -> None:
    began = time.monotonic()
    with Journey(backend, contacts=140, seed=6, provider=provider) as way:
        ready(way)
        assert not way.campaign_sends()
        way.meta.webhooks.double, way.meta.webhooks.jitter = 0.2, 0.05  # from here on they come twice and out of order
        reached = campaign(way)
        assert reached
        can = CONNECTORS[provider].can  # type: ignore[attr-defined]
        told = states(way)
        ends = expected(way, reached, can)
        assert {state: told[state] for state in ends} == ends, "every message came to its end"
        result = outcome(way, time.monotonic() - began)
        assert (result.counts["wrongly_sent"], result.counts["wrongly_refused"], result.doubled) == (0, 0, 0)

        curious, tired, *_ = (number for number in reached if way.meta.user(number).has_whatsapp)
        said = [way.meta.say(curious, "Wann haben Sie geöffnet?"), way.meta.say(tired, "STOP")]
        way.settle("a question and a stop", said)
        again = campaign(way)
        assert curious in again
        assert tired not in again
        assert outcome(way, time.monotonic() - began).verification.ok


@pytest.mark.parametrize(("backend", "provider"), [way for way in WAYS if _stops(way[1])], indirect=["backend"])
def test_providers_own_stop_ends_advertising(backend: Settings, provider: str) -> None:
    with Journey(backend, contacts=60, seed=7, provider=provider) as way:
        ready(way)
        person = next(one.number for one in way.people if one.number and one.may_receive_marketing)
        way.meta.prefer(person, "stop")
        way.settle("a stop made in WhatsApp")
        reached = campaign(way)
        assert reached
        assert person not in reached
