# SPDX-License-Identifier: Apache-2.0
"""Campaigns: what the preview says is what staging does, and nobody gets one twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from hub.contract import BadInput, Receipt, Unavailable
from hub.flows import campaigns, staging, steering
from hub.flows.states import CampaignState, State
from hub.store.tables import Campaign, DecisionRow, MessageRow
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CARLA, CONSENT, CONTRACT, SECOND, Shop, person, phone

pytest_plugins = ["tests.shops"]


def audience(shop: Shop) -> None:
    """Anna twice and Ben agreed, Ben stopped; Carla's number is not used; Dora never agreed; two are not held."""
    shop.agree(phone(ANNA))
    shop.agree(phone(BEN))
    shop.stop(phone(BEN))
    shop.claim()
    dora = "+4915112345674"
    shop.sync(
        person("1", ANNA, CONSENT),
        person("2", "0151 12345671", CONTRACT),
        person("3", BEN, CONSENT),
        person("4", dora, CONTRACT),
    )
    shop.paper.lists = {"all": [("1", "2"), ("3", "4", "5"), ("6",)]}


def start(shop: Shop, campaign: Campaign) -> None:
    with shop.write() as session:
        steering.start(shop.world, session, session.get_one(Campaign, campaign.id))


def cancel(shop: Shop, campaign: Campaign) -> int:
    with shop.write() as session:
        return steering.cancel(shop.world, session, session.get_one(Campaign, campaign.id), "Dana")


def current(shop: Shop, campaign: Campaign) -> Campaign:
    with shop.world.db.read() as session:
        return session.get_one(Campaign, campaign.id)


@pytest.mark.parametrize(
    ("changes", "field", "remedy"),
    [
        ({"purpose": "NEWSLETTER"}, "purpose", "MARKETING"),
        ({"topic": ""}, "topic", "consented to"),
        ({"topic": "*"}, "topic", "consented to"),
        ({"template": "unheard"}, "template", "angebot (de)"),
        ({"language": "en"}, "template", "angebot (de)"),
        ({"parameters": {}}, "parameters", "Wanted: 1"),
        ({"parameters": {"1": "firstname", "2": "city"}}, "parameters", "Wanted: 1"),
    ],
)
def test_draft_that_cannot_work_names_field_and_remedy(
    shop: Shop, changes: dict[str, Any], field: str, remedy: str
) -> None:
    with pytest.raises(BadInput) as problem:
        shop.draft(**changes)
    assert problem.value.field == field
    assert remedy in problem.value.remedy
    assert not shop.rows(Campaign)


def test_preview_says_what_staging_then_does_and_stores_nothing(shop: Shop, jobs: Jobs) -> None:
    audience(shop)
    campaign = shop.draft()
    decisions = len(shop.rows(DecisionRow))
    seen = jobs.preview(campaign)
    assert (seen.audience, seen.reachable, seen.same_person) == (6, 1, 1)
    assert seen.blocked == {
        "SUPPRESSED_OBJECTION_MARKETING": 1,
        "BASIS_INSUFFICIENT_FOR_MARKETING": 1,
        "SYNC_NO_BASIS": 2,  # not held: what storing them lacked
    }
    assert not shop.campaign_messages()
    assert len(shop.rows(DecisionRow)) == decisions
    start(shop, campaign)
    assert jobs.stage(campaign.id) == shop.sender.id
    with shop.world.db.read() as session:
        progress = campaigns.progress(session, session.get_one(Campaign, campaign.id))
    assert progress.states.get(State.QUEUED) == seen.reachable
    assert progress.refused == dict(seen.blocked)
    assert (progress.campaign.state, progress.campaign.audience_size) == (CampaignState.RUNNING, 6)


def test_refusal_at_staging_is_decided_proven_and_reported(shop: Shop, jobs: Jobs) -> None:
    audience(shop)
    campaign = shop.draft()
    start(shop, campaign)
    jobs.stage(campaign.id)
    refused = [row for row in shop.campaign_messages() if row.state == State.REFUSED]
    staged = {d.id: d.message_id for d in shop.rows(DecisionRow) if d.phase == "stage"}
    assert staged == {row.decision_id: row.id for row in refused}
    told = sorted(r[0] for r in shop.reports() if r[1] == "refused")
    assert told == ["3", "4", "5", "6"], "of the last two the hub holds nothing, and that is told as well"
    assert shop.proven()


def test_staging_that_begins_anew_adds_nobody_twice(shop: Shop, jobs: Jobs) -> None:
    audience(shop)
    campaign = shop.draft()
    start(shop, campaign)
    with shop.write() as session:  # a first try came this far and died
        staging.stage_page(shop.world, session, session.get_one(Campaign, campaign.id), ("1", "2"))
    jobs.stage(campaign.id)
    people = [row.contact_id for row in shop.campaign_messages()]
    assert len(people) == len(set(people)) == 3
    assert (current(shop, campaign).audience_size, current(shop, campaign).unresolved) == (6, 2)
    assert jobs.stage(campaign.id) is None


def test_two_records_of_one_person_get_one_message(shop: Shop, jobs: Jobs) -> None:
    audience(shop)
    campaign = shop.draft()
    start(shop, campaign)
    jobs.stage(campaign.id)
    jobs.dispatcher.drain(shop.sender.id)
    assert shop.loft.numbers == [ANNA]


def test_campaign_starts_once_and_not_before_its_time(shop: Shop) -> None:
    campaign = shop.draft()
    start(shop, campaign)
    with pytest.raises(BadInput) as problem:
        start(shop, campaign)
    assert problem.value.field == "campaign"


def test_staging_waits_when_the_crm_does_not_answer(shop: Shop, jobs: Jobs) -> None:
    campaign = shop.draft(audience="gone")
    start(shop, campaign)
    with pytest.raises(KeyError):
        jobs.stage(campaign.id)
    assert current(shop, campaign).state == CampaignState.STAGING
    shop.paper.lists = {"gone": []}
    assert jobs.stage(campaign.id) == shop.sender.id


def test_finished_campaign_has_nothing_open(shop: Shop) -> None:
    campaign = shop.reach(ANNA)
    with shop.write() as session:
        assert not campaigns.finish(shop.world, session, session.get_one(Campaign, campaign.id))
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: Receipt("wamid.1")})
    with shop.write() as session:
        assert campaigns.finish(shop.world, session, session.get_one(Campaign, campaign.id))
    assert current(shop, campaign).state == CampaignState.DONE


# cancelled


def test_cancelled_campaign_sends_nothing_that_had_not_left(shop: Shop) -> None:
    campaign = shop.reach(ANNA, BEN, CARLA)
    (gone,) = shop.claim(1)
    assert cancel(shop, campaign) == 2
    assert not shop.claim()
    shop.settle({gone.outgoing.id: Receipt("wamid.1")})
    assert sorted(row.state for row in shop.campaign_messages()) == [State.ACCEPTED, State.REFUSED, State.REFUSED]
    assert current(shop, campaign).state == CampaignState.CANCELLED


def test_message_that_comes_back_after_the_cancellation_is_not_sent_again(shop: Shop) -> None:
    campaign = shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    cancel(shop, campaign)
    shop.settle({sent: Unavailable("busy")})
    shop.clock.advance(3600 * SECOND)
    assert not shop.claim()
    assert (shop.message(sent).state, shop.message(sent).reason) == (State.REFUSED, "POLICY_NOT_APPROVED")


def test_page_staged_after_the_cancellation_queues_nobody(shop: Shop) -> None:
    campaign = shop.reach(ANNA)
    shop.agree(phone(BEN))
    shop.sync(person("2", BEN, CONSENT))
    cancel(shop, campaign)
    with shop.write() as session:
        staging.stage_page(shop.world, session, session.get_one(Campaign, campaign.id), ("2",))
    (anna,) = shop.campaign_messages()
    assert anna.state == State.REFUSED


def test_cancellation_does_not_take_back_a_claim_made_meanwhile(shop: Shop) -> None:
    campaign = shop.reach(ANNA)
    with shop.write() as session:
        (claimed,) = shop.claim_in(session)
        canceller = threading.Thread(target=cancel, args=(shop, campaign))
        canceller.start()
        canceller.join(timeout=0.3)
        assert canceller.is_alive(), "it waits for the claim"
    canceller.join()
    assert shop.message(claimed.outgoing.id).state == State.AUTHORISED
    assert current(shop, campaign).state == CampaignState.CANCELLED
    assert shop.only(MessageRow).owner == "me"
