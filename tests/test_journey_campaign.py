# SPDX-License-Identifier: Apache-2.0
"""What the preview foretells is what then happens at the emulated provider: by rate, over a quiet night, in waves."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import func, select

from hub.flows import steering
from hub.flows.drafts import Plan
from hub.flows.states import CampaignState, State
from hub.flows.watch import Rules
from hub.law.hours import strikes
from hub.settings import Settings
from hub.store.tables import Campaign, MessageRow, Sender
from hub.testing.clock import until
from hub.testing.journey import Journey

pytestmark = pytest.mark.timeout(180)

RATE = 3  # messages per second; few, so that a busy machine is not what is measured
BERLIN = "Europe/Berlin"
SECOND = timedelta(seconds=1)


def synced(way: Journey) -> None:
    way.connect()
    with way.world.db.write() as session:
        session.get_one(Sender, way.sender.id).rate = RATE
    way.history()
    way.sync()


def waiting(way: Journey, state: State) -> int:
    with way.world.db.read() as session:
        mine = (MessageRow.campaign_id == way.campaign.id, MessageRow.state == state)
        return session.exec(select(func.count()).where(*mine)).one()


def state(way: Journey) -> Campaign:
    with way.world.db.read() as session:
        return session.get_one(Campaign, way.campaign.id)


def test_finish_is_foretold_within_five_per_cent(backend: Settings) -> None:
    # the emulated CRM shares this machine, and what is told to it meanwhile would be measured too
    alone = backend.model_copy(update={"reach_minutes": 0})
    with Journey(alone, contacts=120, seed=3) as way:
        synced(way)
        way.draft()
        foretold = way.preview().forecast
        way.start()
        way.finish()
        times = sorted(sent.at for sent in way.campaign_sends())
    assert foretold.first is not None
    assert foretold.finish is not None
    took = (times[-1] - times[0]).total_seconds() + 1 / RATE
    assert took > 12
    assert (foretold.finish - foretold.first).total_seconds() == pytest.approx(took, rel=0.05)


def test_campaign_that_runs_into_a_quiet_sunday_ends_on_monday_as_foretold(backend: Settings) -> None:
    with Journey(backend, contacts=120, seed=4) as way:
        synced(way)
        evening = strikes(time(20), BERLIN, way.clock.now())
        while evening.astimezone(ZoneInfo(BERLIN)).weekday() != 5:
            evening = strikes(time(20), BERLIN, evening + SECOND)
        way.draft(Plan())
        way.clock.advance(evening - 8 * SECOND - way.clock.now())
        foretold = way.preview().forecast
        way.start()
        until(lambda: state(way).state == CampaignState.RUNNING and not waiting(way, State.QUEUED), "the evening")
        late, before = waiting(way, State.HELD), len(way.campaign_sends())
        assert late
        assert before
        monday = strikes(time(8), BERLIN, evening + timedelta(days=1))
        way.clock.advance(monday - way.clock.now())
        way.finish()
        times = sorted(sent.at for sent in way.campaign_sends())
    assert times[before - 1] < evening + 2 * SECOND, "what was authorised before eight may still leave"
    assert times[before] >= monday
    assert foretold.finish is not None
    assert monday < foretold.finish
    begin = evening - 8 * SECOND
    assert (foretold.finish - begin) / (times[-1] - begin) == pytest.approx(1, rel=0.05)
    assert abs(foretold.finish - times[-1]) < 8 * SECOND


def test_canary_goes_its_way_and_the_schedule_lets_the_rest_go(backend: Settings) -> None:
    with Journey(backend, contacts=120, seed=5) as way:
        synced(way)
        wait = timedelta(minutes=30)
        way.draft(Plan(any_hour=True, canary=10, canary_wait=wait, rules=Rules(errors=50.0, opt_outs=50.0)))
        foretold = way.preview()
        way.start()
        until(
            lambda: len(way.campaign_sends()) == 10, "the canary to arrive"
        )  # what is on its way must not be overtaken
        way.settle("statuses of the canary")
        assert waiting(way, State.QUEUED) == foretold.reachable - 10
        assert state(way).state == CampaignState.RUNNING
        way.clock.advance(wait)
        way.finish()
        times = sorted(sent.at for sent in way.campaign_sends())
    assert foretold.forecast.finish is not None
    assert foretold.forecast.first is not None
    took = times[-1] - times[0]
    assert (foretold.forecast.finish - foretold.forecast.first) / took == pytest.approx(1, rel=0.05)


def test_start_missed_while_the_hub_was_down_waits_for_a_person(backend: Settings) -> None:
    with Journey(backend, contacts=40, seed=6) as way:
        synced(way)
        way.draft()
        begin = way.clock.now() + timedelta(hours=1)
        with way.world.db.write() as session:
            steering.start(way.world, session, session.get_one(Campaign, way.campaign.id), begin)
        way.clock.advance(timedelta(hours=5))
        until(lambda: state(way).state == CampaignState.PAUSED, "the schedule to see it")
        assert state(way).paused_why == "late"
        assert not way.campaign_sends()
        with way.world.db.write() as session:
            steering.resume(way.world, session, session.get_one(Campaign, way.campaign.id), "Dana")
        way.finish()
        assert way.campaign_sends()
