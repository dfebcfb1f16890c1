# SPDX-License-Identifier: Apache-2.0
"""What the CRM shows of a campaign before anything is sent, and what it says of each record afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.contract import BadInput, Outcome, Outlook, Purpose, Reach, Receipt, ReportKind, Throttled
from hub.flows import drafts, handover, reach, steering
from hub.law.reasons import reason
from hub.store.tables import Campaign, ReportRow
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CARLA, CONSENT, CONTRACT, Shop, person, phone, raising

pytest_plugins = ["tests.shops"]

NO_BASIS = "BASIS_INSUFFICIENT_FOR_MARKETING"  # of somebody who is a customer and agreed to nothing
OBJECTED = "SUPPRESSED_OBJECTION_MARKETING"
ABSENT = "99"  # in the list, and nothing is held of whoever it is


def drafted(shop: Shop, **changes: Any) -> Campaign:
    """Anna agreed, Ben did not, Carla agreed and stopped; a fourth record the hub holds nothing about."""
    shop.agree(phone(ANNA))
    shop.agree(phone(CARLA))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONTRACT), person("3", CARLA, CONSENT))
    shop.stop(phone(CARLA))
    shop.paper.lists["all"] = [("1", "2"), ("3", ABSENT, "1")]
    return shop.draft(**changes)


def tell(shop: Shop, jobs: Jobs, campaign: Campaign) -> list[tuple[str, str, str]]:
    """(record, status, reason) of what the CRM is told now about whom the campaign would reach."""
    before = len(shop.paper.told)
    jobs.reach(campaign.id)
    jobs.report(shop.crm.id)
    told = [one for one in shop.paper.told[before:] if one.kind is ReportKind.REACH]
    return sorted((one.record, one.status, one.reason) for one in told)


def test_crm_shows_each_member_and_the_audience_before_anything_is_sent(shop: Shop, jobs: Jobs) -> None:
    campaign = drafted(shop)
    assert tell(shop, jobs, campaign) == [
        ("1", Reach.ELIGIBLE, "OK_CONSENT"),
        ("2", Reach.BLOCKED, NO_BASIS),
        ("3", Reach.BLOCKED, OBJECTED),
        (ABSENT, Reach.BLOCKED, "SYNC_NO_BASIS"),
    ]
    of = {one.record: one for one in shop.paper.told if one.kind is ReportKind.REACH}
    assert of["2"].why == reason(NO_BASIS).meaning_de, "the company is German"
    assert of["1"].link == ""
    assert len({one.link for one in of.values()}) == 4, "each has its own"
    for record in ("2", "3", ABSENT):
        assert of[record].link.startswith(f"{shop.world.settings.public_url}/console/why/")
    outlook = shop.paper.shown[campaign.id]
    assert (outlook.records, outlook.eligible, outlook.blocked, outlook.waiting) == (5, 1, 3, 0)
    assert outlook.finish is not None
    assert outlook.title == "WhatsApp „Herbst“: 1 von 5 Datensätzen erreichbar"
    assert reason(NO_BASIS).remedy_de in outlook.text
    assert shop.campaign_messages() == []


def test_asked_again_only_what_changed_is_told_and_rows_are_replaced(shop: Shop, jobs: Jobs) -> None:
    campaign = drafted(shop)
    tell(shop, jobs, campaign)
    rows = len(shop.rows(ReportRow))
    assert tell(shop, jobs, campaign) == []
    shop.stop(phone(ANNA))
    assert tell(shop, jobs, campaign) == [("1", Reach.BLOCKED, OBJECTED)]
    assert shop.paper.shown[campaign.id].eligible == 0
    assert len([row for row in shop.rows(ReportRow) if row.kind == ReportKind.REACH]) == 4
    assert len(shop.rows(ReportRow)) == rows + 1, "the stop itself"
    with shop.write() as session:
        reach.ask(shop.world, session, session.get_one(Campaign, campaign.id))
    assert len(tell(shop, jobs, campaign)) == 4, "who asks is told everything anew"


def test_record_that_left_the_list_is_told_so(shop: Shop, jobs: Jobs) -> None:
    campaign = drafted(shop)
    tell(shop, jobs, campaign)
    shop.paper.lists["all"] = [("1",)]
    assert tell(shop, jobs, campaign) == [("2", Reach.OVER, ""), ("3", Reach.OVER, "")]
    assert tell(shop, jobs, campaign) == []
    shop.paper.lists["all"] = [("1", "2")]
    assert tell(shop, jobs, campaign) == [("2", Reach.BLOCKED, NO_BASIS)]


def test_answer_that_changes_while_the_crm_is_told_is_told_again(shop: Shop, jobs: Jobs) -> None:
    campaign = drafted(shop)
    jobs.report(shop.crm.id)
    jobs.reach(campaign.id)
    with shop.world.db.read() as session:
        batch = handover.due(shop.world, session, shop.crm.id)
    shop.stop(phone(ANNA))
    jobs.reach(campaign.id)
    with shop.write() as session:
        handover.settle(shop.world, session, [Outcome(one.key) for one in batch], batch)
    assert tell(shop, jobs, campaign) == [("1", Reach.BLOCKED, OBJECTED)]


def test_nothing_is_kept_of_whoever_the_hub_holds_nothing_about(shop: Shop, jobs: Jobs) -> None:
    campaign = drafted(shop)
    tell(shop, jobs, campaign)
    assert ABSENT not in {row.record for row in shop.rows(ReportRow)}
    assert [row.reason for row in shop.rows(ReportRow) if not row.record] == ["SYNC_NO_BASIS"]


def test_drafts_are_told_by_themselves_and_again_after_a_while(shop: Shop, jobs: Jobs) -> None:
    campaign = drafted(shop)

    def due() -> list[str]:
        with shop.world.db.read() as session:
            return reach.due(shop.world, session)

    assert due() == [campaign.id]
    jobs.reach(campaign.id)
    assert due() == []
    shop.clock.advance(timedelta(minutes=shop.world.settings.reach_minutes))
    assert due() == [campaign.id]
    shop.clock.advance(reach.FRESH)
    jobs.reach(campaign.id)
    shop.clock.advance(timedelta(days=1))
    assert due() == [], "a draft that nobody touches rests"


def test_afterwards_every_record_says_why(shop: Shop, jobs: Jobs) -> None:
    campaign = drafted(shop)
    tell(shop, jobs, campaign)
    with shop.write() as session:
        steering.start(shop.world, session, campaign)
    jobs.stage(campaign.id)
    shop.settle({one.outgoing.id: Receipt(f"pigeon.{one.outgoing.id}") for one in shop.claim()})
    shop.paper.told.clear()
    jobs.report(shop.crm.id)
    told = {one.record: one for one in shop.paper.told if one.campaign}
    assert {record: (one.kind, one.status) for record, one in told.items()} == {
        "1": (ReportKind.STATUS, "accepted"),
        "2": (ReportKind.REFUSED, "refused"),
        "3": (ReportKind.REFUSED, "refused"),
        ABSENT: (ReportKind.REFUSED, "refused"),
    }
    codes = {"1": "OK_CONSENT", "2": NO_BASIS, "3": OBJECTED, ABSENT: "SYNC_NO_BASIS"}
    assert {record: one.why for record, one in told.items()} == {
        record: reason(code).meaning_de for record, code in codes.items()
    }
    assert {record for record, one in told.items() if one.link} == {"2", "3", ABSENT}
    assert tell(shop, jobs, campaign) == [], "it has begun"
    with shop.write() as session, pytest.raises(BadInput, match="has begun"):
        reach.ask(shop.world, session, session.get_one(Campaign, campaign.id))


@pytest.mark.parametrize("begun", [False, True])
def test_cancelled_campaign_is_no_promise_any_more(shop: Shop, jobs: Jobs, begun: bool) -> None:
    campaign = drafted(shop)
    tell(shop, jobs, campaign)
    with shop.write() as session:
        if begun:
            steering.start(shop.world, session, campaign)
    if begun:
        jobs.stage(campaign.id)
        jobs.report(shop.crm.id)
    shop.paper.told.clear()
    with shop.write() as session:
        steering.cancel(shop.world, session, campaign, "Dana")
    for _ in range(2):
        jobs.reach(campaign.id)
    jobs.report(shop.crm.id)
    told = {(one.record, one.kind, one.status) for one in shop.paper.told}
    if begun:
        assert told == {("1", ReportKind.REFUSED, "cancelled")}
    else:
        assert told == {(record, ReportKind.REACH, Reach.OVER) for record in ("1", "2", "3", ABSENT)}
    assert all("abgebrochen" in one.why and not one.link for one in shop.paper.told)
    assert "abgebrochen" in shop.paper.shown[campaign.id].title


def test_crm_that_does_not_show_the_outlook_is_asked_again_for_that_alone(shop: Shop, jobs: Jobs) -> None:
    campaign = drafted(shop)
    shop.paper.showing = raising(Throttled("slow", after=7.0))
    assert len(tell(shop, jobs, campaign)) == 4
    assert shop.paper.shown == {}
    turned = shop.paper.lists.pop("all")  # reading the list again would fail
    shop.paper.showing = lambda outlook: None
    shop.clock.advance(reach.AGAIN)
    with shop.world.db.read() as session:
        assert reach.due(shop.world, session) == [campaign.id]
    assert tell(shop, jobs, campaign) == []
    assert isinstance(shop.paper.shown[campaign.id], Outlook)
    shop.paper.lists["all"] = turned


def test_what_a_campaign_would_do_never_delays_what_happened(shop: Shop, jobs: Jobs) -> None:
    campaign = drafted(shop)
    jobs.reach(campaign.id)
    shop.reach(ANNA)
    jobs.report(shop.crm.id)
    kinds = [one.kind for one in shop.paper.told]
    first = kinds.index(ReportKind.REACH)
    assert ReportKind.WITHDRAWAL in kinds[:first]
    assert set(kinds[first:]) == {ReportKind.REACH}


def test_invoice_reaches_whom_advertising_does_not(shop: Shop, jobs: Jobs) -> None:
    """The answer is that of this campaign: a stop of advertising blocks no other purpose."""
    advertising = drafted(shop)
    other = shop.draft(title="Rechnung", purpose=Purpose.UTILITY, topic="", plan=drafts.Plan(any_hour=True))
    answers = [{record: why for record, _, why in tell(shop, jobs, one)} for one in (advertising, other)]
    assert answers[0]["3"] == OBJECTED != answers[1]["3"]
