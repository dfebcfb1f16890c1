# SPDX-License-Identifier: Apache-2.0
"""A canary drawn by lot, the rules it must pass, and the rules under which a whole campaign stands."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from hub.contract import (
    BadInput,
    PlatformCategory,
    Receipt,
    Rejected,
    SenderChanged,
    Status,
    StatusChanged,
    TemplateChanged,
    TemplateState,
    Uncertain,
)
from hub.flows import staging, steering, watch, waves
from hub.flows.campaigns import finish
from hub.flows.drafts import Plan
from hub.flows.settling import Result
from hub.flows.states import CampaignState, State
from hub.flows.variants import lot
from hub.flows.watch import Counts, Rules
from hub.store.tables import Campaign, MessageRow
from hub.work.jobs import Jobs
from tests.carriers import OFFER
from tests.making import CONSENT, SECOND, VENDOR_ID, Shop, number, person, phone

pytest_plugins = ["tests.shops"]

MINUTE = timedelta(minutes=1)
RULES = Rules(errors=10.0, opt_outs=5.0, quality=True, sample=10)
PEOPLE = [number(12_345_600 + index) for index in range(20)]


def staged(shop: Shop, jobs: Jobs, plan: Plan) -> Campaign:
    """Twenty people who consented, and one who did not, staged by the job."""
    for typed in PEOPLE:
        shop.agree(phone(typed))
    known = [*PEOPLE, number(99_999_999)]
    shop.sync(*(person(f"{index:02}", typed, CONSENT) for index, typed in enumerate(known)))
    shop.paper.lists = {"all": [tuple(f"{index:02}" for index in range(len(known)))]}
    campaign = shop.draft(plan=plan)
    with shop.write() as session:
        steering.start(shop.world, session, session.get_one(Campaign, campaign.id))
    jobs.stage(campaign.id)
    return current(shop, campaign)


def current(shop: Shop, campaign: Campaign) -> Campaign:
    with shop.world.db.read() as session:
        return session.get_one(Campaign, campaign.id)


def send(shop: Shop, *results: Result) -> list[str]:
    """Everything due leaves; the first ones end as told, the others are accepted."""
    ids = [message.outgoing.id for message in shop.claim()]
    ends = dict(zip(ids, results, strict=False))
    shop.settle({one: ends.get(one, Receipt(f"pigeon.{one}")) for one in ids})
    shop.clock.advance(2 * SECOND)
    return ids


def stop(shop: Shop, message_id: str) -> None:
    to = next(m for m in shop.rows(MessageRow) if m.id == message_id).contact_id
    typed = next(typed for typed in PEOPLE if shop.contact_of(phone(typed)).id == to)
    shop.stop(phone(typed))


def canary(rules: Rules = RULES) -> Plan:
    return Plan(any_hour=True, canary=5, canary_wait=30 * MINUTE, rules=rules)


# canary


def test_first_ones_go_and_the_others_have_no_time(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, canary())
    first = send(shop)
    assert len(first) == 5
    rest = [row for row in shop.campaign_messages() if row.wave == waves.REST and row.state == State.QUEUED]
    assert len(rest) == 15
    assert {row.next_attempt_at for row in rest} == {None}
    assert jobs.tend(campaign.id) is None
    shop.clock.advance(29 * MINUTE)
    assert jobs.tend(campaign.id) is None, "half an hour from the last of them"
    assert not shop.claim()
    shop.clock.advance(2 * MINUTE)
    assert jobs.tend(campaign.id) == shop.sender.id
    assert len(send(shop)) == 15
    assert jobs.tend(campaign.id) is None
    assert {row.state for row in shop.campaign_messages()} == {State.ACCEPTED, State.REFUSED}


def test_first_ones_are_drawn_by_lot_and_not_by_the_list(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, canary())
    rows = [row for row in shop.campaign_messages() if row.state == State.QUEUED]
    by_lot = sorted(rows, key=lambda row: lot(campaign.id, row.contact_id, "canary"))
    assert {row.id for row in by_lot[:5]} == {row.id for row in rows if row.wave == waves.FIRST}


def test_canary_that_fails_keeps_the_rest_and_says_why(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, canary())
    send(shop, Rejected("no", code="131000"), Uncertain("timeout"))
    shop.clock.advance(31 * MINUTE)
    assert jobs.tend(campaign.id) is None
    found = current(shop, campaign)
    assert (found.state, found.paused_why) == (CampaignState.PAUSED, "errors")
    assert found.paused_note == "2 of 5 failed (40.0 %, at most 10 %)"
    (event,) = shop.events("campaign_paused")
    assert orjson.loads(event.record)["note"] == found.paused_note
    assert not shop.claim()
    with shop.write() as session:
        steering.resume(shop.world, session, found, "Dana")
    assert jobs.tend(campaign.id) == shop.sender.id, "a person has looked, and lets the others go"
    assert len(send(shop)) == 15


def test_canary_whose_people_leave_keeps_the_rest(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, canary())
    stop(shop, send(shop)[0])
    shop.clock.advance(31 * MINUTE)
    jobs.tend(campaign.id)
    assert current(shop, campaign).paused_note == "1 of 5 opted out (20.0 %, at most 5 %)"


def test_canary_of_which_nobody_got_anything_tells_nothing(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, canary())
    shop.set_template(state=TemplateState.PAUSED)
    assert not shop.claim()
    jobs.tend(campaign.id)
    found = current(shop, campaign)
    assert (found.state, found.paused_why) == (CampaignState.PAUSED, "canary")


def test_canary_as_large_as_the_audience_is_everybody(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, Plan(any_hour=True, canary=100, rules=RULES))
    assert len(send(shop)) == 20
    with shop.write() as session:
        assert finish(shop.world, session, session.get_one(Campaign, campaign.id))


def test_paused_canary_waits_and_a_person_does_not_release_it_by_resuming(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, canary())
    send(shop)
    with shop.write() as session:
        steering.pause(shop.world, session, campaign, "Dana")
    shop.clock.advance(31 * MINUTE)
    assert jobs.tend(campaign.id) is None
    with shop.write() as session:
        steering.resume(shop.world, session, campaign, "Dana")
    assert not shop.claim()
    assert jobs.tend(campaign.id) == shop.sender.id


def test_release_that_died_halfway_is_finished(shop: Shop, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = staged(shop, jobs, canary())
    send(shop)
    monkeypatch.setattr(waves, "PAGE", 4)
    with shop.write() as session:
        row = session.get_one(Campaign, campaign.id)
        waves.let_go(shop.world, session, row)
        assert waves.release_page(shop.world, session, row)
    assert len(shop.claim()) == 4
    assert jobs.tend(campaign.id) == shop.sender.id
    assert len(shop.claim()) == 11


def test_canary_without_a_rule_is_refused(shop: Shop) -> None:
    with pytest.raises(BadInput, match="rule"):
        shop.draft(plan=Plan(canary=5))


# rules for all


def test_errors_above_the_rule_pause_once_enough_have_left(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, Plan(any_hour=True, rules=RULES))
    ids = [message.outgoing.id for message in shop.claim(9)]
    shop.settle({one: Rejected("no", code="131000") for one in ids})
    jobs.tend(campaign.id)
    assert current(shop, campaign).state == CampaignState.RUNNING, "nine say nothing"
    (one,) = shop.claim(1)
    shop.settle({one.outgoing.id: Receipt("pigeon.1")})
    jobs.tend(campaign.id)
    found = current(shop, campaign)
    assert (found.state, found.paused_note) == (CampaignState.PAUSED, "9 of 10 failed (90.0 %, at most 10 %)")
    assert not shop.claim()
    with shop.write() as session:
        steering.resume(shop.world, session, found, "Dana")
    shop.clock.advance(SECOND)
    jobs.tend(campaign.id)
    assert current(shop, campaign).state == CampaignState.RUNNING, "what was seen does not count again"
    send(shop, *[Rejected("no", code="131000")] * 10)
    jobs.tend(campaign.id)
    assert current(shop, campaign).paused_note == "10 of 10 failed (100.0 %, at most 10 %)"


def test_only_withdrawals_after_the_message_count(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, Plan(any_hour=True, rules=RULES))
    shop.stop(phone(PEOPLE[0]))  # had not got it yet, and does not any more
    send(shop)
    sent = [row.id for row in shop.campaign_messages() if row.state == State.ACCEPTED]
    with shop.world.db.read() as session:
        assert watch.count(session, campaign) == Counts(19, 0, 0)
    shop.hear(shop.said("weiß nicht, vielleicht stopp?", phone(PEOPLE[1])))  # unclear is no withdrawal
    stop(shop, sent[3])
    with shop.world.db.read() as session:
        assert watch.count(session, campaign).stopped == 1
        assert watch.opt_outs(session, campaign) == {"angebot/de": 1}


@pytest.mark.parametrize(
    "event",
    [
        lambda now: TemplateChanged(OFFER.name, OFFER.language, now, state=TemplateState.PAUSED),
        lambda now: TemplateChanged(OFFER.name, OFFER.language, now, category=PlatformCategory.UTILITY),
        lambda now: SenderChanged(VENDOR_ID, "number: FLAGGED", now, worse=True),
        lambda now: SenderChanged("", "account: DISABLE", now, can_send=False),
        lambda now: SenderChanged("", "quality is RED", now, worse=True, template="angebot/de"),
    ],
)
def test_platform_that_rates_down_pauses_in_the_same_transaction(shop: Shop, jobs: Jobs, event: object) -> None:
    campaign = staged(shop, jobs, Plan(any_hour=True, rules=RULES))
    shop.hear(event(shop.world.now()))  # type: ignore[operator]
    found = current(shop, campaign)
    assert (found.state, found.paused_why) == (CampaignState.PAUSED, "quality")
    assert not shop.claim()
    assert len([row for row in shop.campaign_messages() if row.state == State.QUEUED]) == 20, "nobody is refused for it"
    assert shop.proven()


@pytest.mark.parametrize(
    "event",
    [
        lambda now: TemplateChanged("another", "de", now, state=TemplateState.PAUSED),
        lambda now: TemplateChanged(OFFER.name, OFFER.language, now, category=PlatformCategory.MARKETING),
        lambda now: SenderChanged("4711", "number: FLAGGED", now, worse=True),
        lambda now: SenderChanged("", "quality is RED", now, worse=True, template="another/de"),
        lambda now: SenderChanged(VENDOR_ID, "display name: APPROVED", now),
    ],
)
def test_what_concerns_others_pauses_nothing(shop: Shop, jobs: Jobs, event: object) -> None:
    campaign = staged(shop, jobs, Plan(any_hour=True, rules=RULES))
    shop.hear(event(shop.world.now()))  # type: ignore[operator]
    assert current(shop, campaign).state == CampaignState.RUNNING


def test_failure_told_later_counts(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, Plan(any_hour=True, rules=RULES))
    for one in send(shop)[:3]:
        shop.hear(StatusChanged(Status.FAILED, shop.world.now(), message_id=one, error=Rejected("no", code="131026")))
    jobs.tend(campaign.id)
    assert current(shop, campaign).paused_note == "3 of 20 failed (15.0 %, at most 10 %)"


@pytest.mark.parametrize("rules", [Rules(errors=-1), Rules(opt_outs=101), Rules(sample=0)])
def test_rule_that_is_none_is_refused(shop: Shop, rules: Rules) -> None:
    with pytest.raises(BadInput):
        shop.draft(plan=Plan(rules=rules))
    assert not shop.rows(Campaign)


def test_page_staged_after_a_pause_by_rule_waits(shop: Shop, jobs: Jobs) -> None:
    campaign = staged(shop, jobs, Plan(any_hour=True, rules=RULES))
    shop.hear(SenderChanged("", "account: DISABLE", shop.world.now(), can_send=False))
    with shop.write() as session:
        assert staging.stage_page(shop.world, session, session.get_one(Campaign, campaign.id), ["00"]) == 0
