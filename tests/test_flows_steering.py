# SPDX-License-Identifier: Apache-2.0
"""Pause, resume, cancel, approve, and a start that was missed: who may, what it does, and what stands in the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlmodel import select

from hub.bridge import Bridge
from hub.contract import BadInput, Receipt
from hub.flows import staging, standstill, steering
from hub.flows.drafts import Plan
from hub.flows.states import CampaignState, State
from hub.store.journal import KEPT, LEFT_OUT
from hub.store.tables import Campaign, LedgerRow
from hub.work.crew import Crew
from hub.work.jobs import Jobs
from hub.work.schedule import Schedule
from tests.backups import backup
from tests.making import ANNA, BEN, CARLA, CONSENT, SECOND, Shop, person, phone
from tests.test_restore import bring_back

pytest_plugins = ["tests.shops"]

HOUR = timedelta(hours=1)


def do(shop: Shop, what: Callable[..., Any], campaign: Campaign, *given: Any, **named: Any) -> Any:
    with shop.write() as session:
        return what(shop.world, session, session.get_one(Campaign, campaign.id), *given, **named)


def current(shop: Shop, campaign: Campaign) -> Campaign:
    with shop.world.db.read() as session:
        return session.get_one(Campaign, campaign.id)


def running(shop: Shop, *numbers: str) -> Campaign:
    campaign = shop.reach(*numbers)
    with shop.write() as session:
        staging.end(shop.world, session, campaign.id)
    return current(shop, campaign)


def limited(shop: Shop, people: int) -> None:
    shop.world.settings = shop.world.settings.model_copy(update={"approval_above": people})


# pause and resume


def test_paused_campaign_touches_no_message_and_goes_on_where_it_was(shop: Shop) -> None:
    campaign = running(shop, ANNA, BEN, CARLA)
    (gone,) = shop.claim(1)
    before = {row.id: row for row in shop.campaign_messages()}
    do(shop, steering.pause, campaign, "Dana")
    assert not shop.claim()
    shop.settle({gone.outgoing.id: Receipt("pigeon.1")})
    shop.clock.advance(HOUR)
    assert not shop.claim()
    waiting = [row for row in shop.campaign_messages() if row.id != gone.outgoing.id]
    assert all(row == before[row.id] for row in waiting)
    do(shop, steering.resume, campaign, "Dana")
    assert len(shop.claim()) == 2
    assert current(shop, campaign).state == CampaignState.RUNNING


def test_campaign_paused_while_staging_stages_nobody_more_and_then_all(shop: Shop, jobs: Jobs) -> None:
    campaign = shop.reach(ANNA)
    shop.agree(phone(BEN))
    shop.sync(person("2", BEN, CONSENT))
    shop.paper.lists = {"all": [("1",), ("2",)]}
    do(shop, steering.pause, campaign, "Dana")
    assert jobs.stage(campaign.id) is None
    with shop.write() as session:
        assert staging.stage_page(shop.world, session, campaign, ["2"]) == 0
        staging.end(shop.world, session, campaign.id)
    assert current(shop, campaign).state == CampaignState.PAUSED, "the end of staging does not undo a pause"
    do(shop, steering.resume, campaign, "Dana")
    jobs.stage(campaign.id)
    assert len(shop.claim()) == 2


def test_every_act_stands_in_the_ledger_and_names_nobody_in_clear(shop: Shop) -> None:
    campaign = running(shop, ANNA)
    for act in (steering.pause, steering.resume, steering.cancel):
        do(shop, act, campaign, "Dana Schutz")
    whose = shop.world.vault.reference(shop.controller.id, "Dana Schutz")
    for act in ("paused", "resumed", "cancelled"):
        (event,) = shop.events(f"campaign_{act}")
        told = orjson.loads(event.record)
        assert (told["campaign"], told["by"]) == (campaign.id, whose)
    assert not [row for row in shop.rows(LedgerRow) if "Dana" in row.record]
    assert [(act["what"], act["by"]) for act in current(shop, campaign).acts] == [
        ("started", ""),
        ("paused", "Dana Schutz"),
        ("resumed", "Dana Schutz"),
        ("cancelled", "Dana Schutz"),
    ]
    assert shop.proven()


def test_every_act_is_placed_in_the_journal() -> None:
    assert {act.value for act in steering.Act} <= KEPT | LEFT_OUT
    assert {"campaign_paused", "campaign_cancelled"} <= KEPT


@pytest.mark.parametrize("act", [steering.pause, steering.resume, steering.approve, steering.cancel])
def test_act_without_a_name_or_at_the_wrong_time_changes_nothing(shop: Shop, act: Callable[..., Any]) -> None:
    campaign = running(shop, ANNA)
    with pytest.raises(BadInput, match="Say who"):
        do(shop, act, campaign, " ")
    do(shop, steering.cancel, campaign, "Dana")
    events = len(shop.rows(LedgerRow))
    with pytest.raises(BadInput, match="is cancelled"):
        do(shop, act, campaign, "Dana")
    assert current(shop, campaign).state == CampaignState.CANCELLED
    assert len(shop.rows(LedgerRow)) == events


def test_resume_does_not_get_around_a_restore(shop: Shop) -> None:
    campaign = running(shop, ANNA)
    do(shop, steering.pause, campaign, "Dana")
    with backup(shop) as saved:
        shop.agree(phone(BEN))
        saved.restore(shop)
        bring_back(shop)
        with pytest.raises(BadInput, match="restore release"):
            do(shop, steering.resume, campaign, "Dana")
        with shop.write() as session:
            (found,) = standstill.paused(session, shop.controller.id)
            standstill.release(shop.world, session, found, "Dana")
        assert current(shop, campaign).state == CampaignState.PAUSED, "somebody had paused it before"
        assert not shop.claim()
        with pytest.raises(BadInput, match="hub campaign resume"), shop.write() as session:
            standstill.release(shop.world, session, session.get_one(Campaign, campaign.id), "Dana")
        do(shop, steering.resume, campaign, "Dana")
        assert len(shop.claim()) == 1


@pytest.mark.parametrize("act", [steering.pause, steering.cancel])
def test_act_that_a_backup_had_forgotten_binds_again(shop: Shop, act: Callable[..., Any]) -> None:
    campaign = running(shop, ANNA)
    with backup(shop) as saved:
        do(shop, act, campaign, "Dana")
        saved.restore(shop)
        assert current(shop, campaign).state == CampaignState.RUNNING
        bring_back(shop)
        found = current(shop, campaign)
        if act is steering.cancel:
            assert found.state == CampaignState.CANCELLED
            return
        with shop.write() as session:
            standstill.release(shop.world, session, session.get_one(Campaign, campaign.id), "Dana")
        found = current(shop, campaign)
        assert (found.state, found.paused_why) == (CampaignState.PAUSED, "person")


# approval


def test_large_campaign_stages_nobody_before_a_second_person_approved(shop: Shop, jobs: Jobs) -> None:
    limited(shop, 2)
    campaign = shop.draft(by="Dana")
    do(shop, steering.start, campaign, by="Dana", size=3)
    assert current(shop, campaign).state == CampaignState.WAITING
    assert jobs.stage(campaign.id) is None
    with pytest.raises(BadInput, match="second person"):
        do(shop, steering.approve, campaign, "dana ")
    do(shop, steering.approve, campaign, "Emil")
    assert (current(shop, campaign).state, current(shop, campaign).approved_by) == (CampaignState.STAGING, "Emil")
    (event,) = shop.events("campaign_approved")
    assert orjson.loads(event.record)["by"] == shop.world.vault.reference(shop.controller.id, "Emil")


def test_small_campaign_needs_nobody_else(shop: Shop) -> None:
    limited(shop, 3)
    campaign = shop.draft(by="Dana")
    do(shop, steering.start, campaign, by="Dana", size=3)
    assert current(shop, campaign).state == CampaignState.STAGING


def test_campaign_that_grew_waits_for_a_second_person(shop: Shop, jobs: Jobs) -> None:
    shop.reach(ANNA, BEN, CARLA)
    limited(shop, 2)
    shop.paper.lists = {"all": [("1", "2"), ("3",)]}
    campaign = shop.draft(title="Winter", by="Dana")
    do(shop, steering.start, campaign, by="Dana", size=2)
    assert jobs.stage(campaign.id) is None
    assert current(shop, campaign).state == CampaignState.WAITING
    do(shop, steering.approve, campaign, "Emil")
    jobs.stage(campaign.id)
    staged = [row for row in shop.campaign_messages() if row.campaign_id == campaign.id]
    assert (len(staged), current(shop, campaign).audience_size) == (3, 3)


def test_campaign_of_nobody_known_cannot_be_approved(shop: Shop) -> None:
    with pytest.raises(BadInput, match="--by"):
        do(shop, steering.approve, shop.draft(), "Emil")


# a start that was missed


def sweep(shop: Shop) -> list[str]:
    """What the schedule would stage now."""
    nudged: list[str] = []
    with Crew(shop.world, works=False, schedules=False) as crew:
        schedule = Schedule(shop.world, crew.nudges)
        with shop.world.db.read() as session:
            found = session.exec(select(Campaign).where(Campaign.state == CampaignState.STAGING)).all()
        nudged += schedule._on_time(found)
    return nudged


def test_start_missed_by_too_much_waits_for_a_person(shop: Shop) -> None:
    campaign = shop.draft()
    do(shop, steering.start, campaign, shop.world.now() + HOUR)
    shop.clock.advance(2 * HOUR - SECOND)
    assert sweep(shop) == [campaign.id], "an hour is made up for without asking"
    shop.clock.advance(2 * SECOND)
    assert sweep(shop) == []
    found = current(shop, campaign)
    assert (found.state, found.paused_why) == (CampaignState.PAUSED, "late")
    (event,) = shop.events("campaign_paused")
    assert orjson.loads(event.record)["why"] == "late"
    do(shop, steering.resume, campaign, "Dana")
    assert sweep(shop) == [campaign.id]
    assert shop.proven()


def test_campaign_says_itself_how_late_it_may_start(shop: Shop) -> None:
    campaign = shop.draft(plan=Plan(late_minutes=0))
    do(shop, steering.start, campaign)
    shop.clock.advance(SECOND)
    assert sweep(shop) == []


def test_campaign_that_has_begun_goes_on_after_any_pause(shop: Shop, jobs: Jobs) -> None:
    campaign = shop.draft(audience="gone")
    do(shop, steering.start, campaign)
    with pytest.raises(KeyError):
        jobs.stage(campaign.id)
    shop.clock.advance(24 * HOUR)
    assert sweep(shop) == [campaign.id]


# two at once


def at_once(*acts: Callable[[], Any]) -> list[Exception]:
    """All of them in threads of their own, beginning together. Returns what they raised."""
    gate, failed = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            act()
        except BadInput as problem:
            failed.append(problem)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_two_people_and_three_schedules_send_one_message_to_each_person(shop: Shop) -> None:
    numbers = [ANNA, BEN, CARLA]
    for typed in numbers:
        shop.agree(phone(typed))
    shop.sync(*(person(str(index), typed, CONSENT) for index, typed in enumerate(numbers)))
    shop.paper.lists = {"all": [("0",), ("1",), ("2",), ("0", "1", "2")]}
    campaign = shop.draft()
    failed = at_once(*[lambda: do(shop, steering.start, campaign, by="Dana")] * 2)
    assert len(failed) == 1, "the second is told that it runs"
    with Bridge(connections=4) as bridge:
        workers = [Jobs(shop.world, bridge) for _ in range(3)]
        at_once(*[lambda one=one: one.stage(campaign.id) for one in workers])
        at_once(*[lambda one=one: one.stage(campaign.id) for one in workers])
        at_once(*[lambda one=one: one.dispatcher.drain(shop.sender.id) for one in workers])
    assert sorted(shop.loft.numbers) == sorted(numbers)
    assert len(shop.campaign_messages()) == 3
    assert len(shop.events("campaign_started")) == 1


def test_page_staged_by_two_at_once_is_staged_once(shop: Shop) -> None:
    """Even without the lease: the chain puts them in order."""
    campaign = shop.reach(ANNA)
    shop.agree(phone(BEN))
    shop.sync(person("2", BEN, CONSENT))

    def stage() -> None:
        with shop.write() as session:
            staging.stage_page(shop.world, session, session.get_one(Campaign, campaign.id), ["1", "2"])

    assert not at_once(stage, stage, stage)
    assert len(shop.campaign_messages()) == 2


def test_pause_and_resume_while_sending_loses_and_doubles_nothing(shop: Shop) -> None:
    numbers = [f"+4915112{index:06d}" for index in range(345600, 345640)]
    campaign = running(shop, *numbers)
    with Bridge(connections=4) as bridge:
        jobs = Jobs(shop.world, bridge)
        for _ in range(20):
            thread = threading.Thread(target=jobs.dispatcher.drain, args=(shop.sender.id,))
            thread.start()
            do(shop, steering.pause, campaign, "Dana")
            thread.join()
            carried = len(shop.loft.sent)
            jobs.dispatcher.drain(shop.sender.id)
            assert len(shop.loft.sent) == carried, "nothing leaves while it is paused"
            do(shop, steering.resume, campaign, "Dana")
        jobs.dispatcher.drain(shop.sender.id)
    assert sorted(shop.loft.numbers) == sorted(numbers)
    assert {row.state for row in shop.campaign_messages()} == {State.ACCEPTED}
