# SPDX-License-Identifier: Apache-2.0
"""Salesforce starts messages in its three ways, and shows what became of them: Salesforce, hub and Meta together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from hub.contract import Purpose
from hub.flows import drafts
from hub.flows.drafts import Plan
from hub.settings import Settings
from hub.testing.journey import TEMPLATE, TOPIC, until
from hub.testing.population import Story
from tests.two_crms import TOKEN, TwoCrms, two_crms

ARRIVED = {f"WhatsApp: {state}" for state in ("sent", "delivered", "read", "failed")}


@pytest.fixture
def both(backend: Settings) -> Iterator[TwoCrms]:
    with two_crms(backend) as there:
        yield there


def sent(both: TwoCrms) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.to, one.parameters) for one in both.way.campaign_sends()]


def test_flow_sends_by_the_document_that_the_hub_gave(both: TwoCrms) -> None:
    willing, flagged = both.somebody(Story.OPTED_IN), both.somebody(Story.FLAG_ONLY)
    for one in (willing, flagged, willing, flagged):  # a flow that is run again asks the same
        assert both.ask(one) == {
            "status": 202,
            "fault": False,
            "outputs": {"accepted": True, "id": f"run-{one.index}", "error": ""},
        }
    until(lambda: bool(both.tasks(willing)) and bool(both.tasks(flagged)), "Salesforce to know")
    both.told()
    assert sent(both) == [(willing.number, (willing.first,))]
    assert both.tasks(willing) == [f"WhatsApp message: {TEMPLATE}/de (accepted)"]
    assert both.tasks(flagged) == [f"WhatsApp message not sent: {TEMPLATE}/de (CONSENT_UNPROVEN)"]
    both.org.services.credential = {"X-Hub-Token": "of somebody else"}
    assert both.ask(both.somebody(Story.OPTED_IN))["fault"]
    assert len(sent(both)) == 1


def test_outbound_message_that_comes_twice_sends_once(both: TwoCrms) -> None:
    willing, flagged = both.somebody(Story.OPTED_IN), both.somebody(Story.FLAG_ONLY)
    records = [both.in_salesforce[one.index] for one in (willing, flagged)]
    asked = {"token": TOKEN, "template": f"{TEMPLATE}/de", "purpose": "MARKETING", "topic": TOPIC}
    both.org.outgoing.url = f"{both.door}?{urlencode(asked | {'set.1': 'FirstName'})}"
    both.org.webhooks.double = 1.0
    assert len(both.do("notify", kind="Contact", records=records, fields=["FirstName"])) == 2
    until(lambda: both.org.webhooks.delivered == 2, "both copies to be acknowledged")
    until(lambda: bool(both.tasks(willing)) and bool(both.tasks(flagged)), "Salesforce to know")
    both.told()
    assert sent(both) == [(willing.number, (willing.first,))]
    assert both.tasks(willing) == [f"WhatsApp message: {TEMPLATE}/de (accepted)"]
    assert both.tasks(flagged) == [f"WhatsApp message not sent: {TEMPLATE}/de (CONSENT_UNPROVEN)"]


def test_campaign_reaches_whom_it_may_and_each_member_shows_what_became_of_it(both: TwoCrms) -> None:
    way = both.way
    with way.world.db.write() as session:
        way.campaign = drafts.create(
            way.world,
            session,
            way.controller,
            title="Herbstangebote",
            crm=both.salesforce,
            audience=both.campaign,
            sender=way.sender,
            template=TEMPLATE,
            language="de",
            purpose=Purpose.MARKETING,
            topic=TOPIC,
            parameters={"1": "FirstName|dort"},
            plan=Plan(any_hour=True),
        )
    way.start()
    way.finish()
    people = {one.number: one for one in way.people if one.number}
    may = {number for number, one in people.items() if one.may_receive_marketing}
    assert Counter(number for number, _ in sent(both)) == Counter(may)
    assert all(filled == (people[number].first,) for number, filled in sent(both))
    shown = members(both)
    for one in way.people:
        label = shown[both.in_salesforce[one.index]]
        assert (label in ARRIVED) is (one.number in may), (one.story, label)
    refused = {shown[both.in_salesforce[one.index]] for one in way.people if one.story is Story.FLAG_ONLY}
    assert refused == {"WhatsApp: not sent, no legal basis"}
    one = both.somebody(Story.OPTED_IN)
    both.says(one, "STOP")
    until(lambda: both.salesforce_shows(one)[-1:] == ["OptOut"], "the stop to reach Salesforce")


def members(both: TwoCrms) -> dict[str, str]:
    return {row["ContactId"]: row["Status"] for row in list(both.org.db["CampaignMember"].rows.values())}
