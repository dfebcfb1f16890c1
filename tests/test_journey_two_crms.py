# SPDX-License-Identifier: Apache-2.0
"""HubSpot and Salesforce on one hub: a withdrawal reaches both, downtime loses nothing, nothing goes in circles."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub.settings import Settings
from hub.testing.emulator import Fault
from hub.testing.journey import until
from hub.testing.population import Story
from tests.two_crms import SECONDS, TwoCrms, two_crms


@pytest.fixture
def both(backend: Settings) -> Iterator[TwoCrms]:
    with two_crms(backend) as there:
        yield there


def test_withdrawal_reaches_both_within_seconds_and_waits_for_the_one_that_is_down(both: TwoCrms) -> None:
    first, second = both.somebody(Story.OPTED_IN), both.somebody(Story.OPTED_IN)
    began = time.monotonic()
    both.says(first, "STOP")
    until(
        lambda: both.hubspot_shows(first) == "stopped" and both.salesforce_shows(first) == ["OptOut"], "both", SECONDS
    )
    assert time.monotonic() - began < SECONDS
    both.told()
    down = Fault("status", "/services/", 503)
    both.org.faults.append(down)
    both.says(second, "Bitte keine Werbung mehr")
    until(lambda: both.hubspot_shows(second) == "stopped", "HubSpot to know", SECONDS)
    until(lambda: any(call.status == 503 for call in both.org.log), "Salesforce to be asked")
    for _ in range(3):  # whatever the time that passes
        assert (both.pending(both.way.crm), both.pending(both.salesforce)) == (0, 1)
        assert both.salesforce_shows(second) == []
        both.way.clock.advance(timedelta(minutes=10))
        time.sleep(1.1)  # the schedule looks
    both.org.faults.remove(down)
    both.way.clock.advance(timedelta(minutes=10))
    until(lambda: both.pending(both.salesforce) == 0, "Salesforce to confirm")
    assert both.salesforce_shows(second) == ["OptOut"]


def test_crms_that_disagree_both_learn_the_stricter_truth(both: TwoCrms) -> None:
    """One says stop, the other consent, each way round. In the end both say stop, and neither person is written to."""
    by_hubspot, by_salesforce = both.somebody(Story.OPTED_IN), both.somebody(Story.OPTED_IN)
    both.way.hubspot.change(both.in_hubspot[by_hubspot.index], hub_whatsapp_opt_out="true")
    both.note_objection(by_salesforce)
    both.way.clock.advance(timedelta(minutes=30))
    both.sync()
    both.org.change("Contact", both.in_salesforce[by_hubspot.index], Legal_Basis__c="consent")
    yes = {"hs_legal_basis": "Freely given consent from contact"}
    both.way.hubspot.change(both.in_hubspot[by_salesforce.index], **yes)
    both.way.clock.advance(timedelta(minutes=30))
    both.sync()
    both.told()
    assert both.salesforce_shows(by_hubspot)[-1:] == ["OptOut"]
    assert both.hubspot_shows(by_salesforce) == "stopped"
    undisputed = both.somebody(Story.OPTED_IN)
    for one in (by_hubspot, by_salesforce, undisputed):
        assert both.ask(one)["status"] == 202
    until(lambda: "(accepted)" in "".join(both.tasks(undisputed)), "the undisputed one to be written to")
    both.told()
    assert [sent.to for sent in both.way.campaign_sends()] == [undisputed.number]


def test_what_the_hub_writes_never_comes_back_as_news(both: TwoCrms) -> None:
    goes, returns = both.somebody(Story.OPTED_IN), both.somebody(Story.OPTED_IN)
    both.says(goes, "STOP")
    both.says(returns, "STOP")
    until(lambda: both.salesforce_shows(returns) == ["OptOut"], "the stop")
    both.way.clock.advance(timedelta(seconds=2))
    both.says(returns, both.way.statement)
    until(lambda: both.salesforce_shows(returns) == ["OptOut", "OptIn"], "the consent")
    until(lambda: both.hubspot_shows(returns) == "opted_in", "the consent in HubSpot")
    both.way.settle("everything said")
    both.told()
    before = both.counts()
    for _ in range(3):
        both.way.clock.advance(timedelta(minutes=30))
        both.sync()
        both.told()
    assert both.counts() == before, "however often both are read"
    assert (both.hubspot_shows(goes), both.hubspot_shows(returns)) == ("stopped", "opted_in")
