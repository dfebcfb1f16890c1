# SPDX-License-Identifier: Apache-2.0
"""Results, withdrawals and consents written into an org that works, and into one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hub_salesforce.campaigns import AHEAD, PREFIX, STATUSES, follows
from hub_salesforce.emulator.answers import bad

from hub import BadConfig, ClaimKind, Outcome, Outlook, Reach, ReportKind, Throttled, Unavailable
from hub.testing.emulator import Fault
from hub.testing.population import population
from plugins.salesforce.tests.sites import AT, Site, said, site

CONSENT, COLLECTIONS = "ContactPointTypeConsent", "composite/sobjects"


@pytest.fixture
def org() -> Iterator[Site]:
    with site() as one:
        yield one


def campaign(org: Site, count: int) -> tuple[str, list[str]]:
    """A campaign and its contacts."""
    made = org.emulator.load(population(count, 3))
    return made, [row["ContactId"] for row in org.db["CampaignMember"].rows.values() if row["CampaignId"] == made]


def member(org: Site, audience: str, record: str) -> dict[str, Any]:
    rows = org.db["CampaignMember"].rows.values()
    return next(row for row in rows if row["CampaignId"] == audience and record in (row["ContactId"], row["LeadId"]))


def tasks(org: Site) -> list[dict[str, Any]]:
    return list(org.db["Task"].rows.values())


def own_records(org: Site) -> list[dict[str, Any]]:
    return [row for row in org.db[CONSENT].rows.values() if row["CaptureSource"].startswith("Consent Hub ")]


# --- campaign members


def test_members_carry_what_became_of_their_message(org: Site) -> None:
    audience, records = campaign(org, 7)
    reports = [
        said("a", records[0], "accepted", audience=audience),
        said("b", records[1], "delivered", audience=audience),
        said("c", records[2], "read", audience=audience),
        said("d", records[3], "failed", audience=audience),
        said("e", records[4], "refused", ReportKind.REFUSED, audience=audience, reason="CONSENT_MISSING"),
        said("f", records[5], "refused", ReportKind.REFUSED, audience=audience, reason="SUPPRESSED_CLAIM_CRM"),
        said("g", records[6], "replied", ReportKind.REPLY, audience=audience),
    ]
    assert [outcome.error for outcome in org.report(*reports)] == [""] * 7
    assert [member(org, audience, one)["Status"].removeprefix(PREFIX) for one in records] == [
        "sent",
        "delivered",
        "read",
        "failed",
        "not sent, no legal basis",
        "not sent, opted out",
        "replied",
    ]
    assert member(org, audience, records[6])["HasResponded"] is True


def test_status_values_are_made_once_per_campaign(org: Site) -> None:
    audience, records = campaign(org, 2)
    for key, record in zip("ab", records, strict=True):
        org.report(said(key, record, audience=audience))
    labels = [row["Label"] for row in org.db["CampaignMemberStatus"].rows.values() if row["CampaignId"] == audience]
    assert labels == ["Sent", "Responded", *STATUSES]
    assert all(len(label) <= 40 for label in STATUSES)


def test_status_value_that_somebody_removed_is_made_again(org: Site) -> None:
    audience, (record,) = campaign(org, 1)
    org.report(said("a", record, audience=audience))
    statuses = org.db["CampaignMemberStatus"]
    statuses.delete(next(row for row in statuses.rows.values() if row["Label"] == f"{PREFIX}read"))
    (refused,) = org.report(said("b", record, "read", audience=audience))
    assert "INVALID_STATUS" in refused.error
    assert org.report(said("c", record, "read", audience=audience)) == [Outcome("c")]


def test_member_never_goes_back(org: Site) -> None:
    audience, (record,) = campaign(org, 1)
    org.report(said("a", record, "replied", ReportKind.REPLY, audience=audience))
    org.report(said("b", record, "delivered", audience=audience))
    assert member(org, audience, record)["Status"] == f"{PREFIX}replied"


def test_status_that_a_person_set_as_a_response_stays_until_the_person_opts_out(org: Site) -> None:
    audience, (record,) = campaign(org, 1)
    org.emulator.change("CampaignMember", member(org, audience, record)["Id"], Status="Responded")
    org.report(said("a", record, "read", audience=audience))
    assert member(org, audience, record)["Status"] == "Responded"
    org.report(said("b", record, "withdrawn", ReportKind.WITHDRAWAL, audience=audience))
    assert member(org, audience, record)["Status"] == f"{PREFIX}opted out"


def test_statuses_follow_in_one_direction() -> None:
    labels = [AHEAD[0], *(one for one in STATUSES if one not in AHEAD)]
    assert all(follows(b, a, False) for a, b in pairwise(labels))
    assert not any(follows(a, b, False) for a, b in pairwise(labels))


def test_lead_is_a_member_too(org: Site) -> None:
    audience, _ = campaign(org, 1)
    lead = org.lead()
    org.emulator.writes.create("CampaignMember", {"CampaignId": audience, "LeadId": lead})
    assert org.report(said("a", lead, audience=audience)) == [Outcome("a")]
    assert member(org, audience, lead)["Status"] == f"{PREFIX}sent"
    (task,) = tasks(org)
    assert (task["WhoId"], task["WhatId"]) == (lead, None)


def test_who_left_the_campaign_is_told_apart(org: Site) -> None:
    audience, (record,) = campaign(org, 1)
    stranger = org.contact()
    outcomes = org.report(said("a", stranger, audience=audience), said("b", record, audience=audience))
    assert [bool(outcome.error) for outcome in outcomes] == [True, False]
    assert not outcomes[0].retry


def test_member_says_why_and_leads_to_what_would_help(org: Site) -> None:
    audience, records = campaign(org, 3)
    link = "https://hub.example/console/why/1"
    no = {"reason": "CONSENT_EXPIRED", "why": "The consent has expired.", "link": link}
    org.report(
        said("a", records[0], "refused", ReportKind.REFUSED, audience=audience, **no),
        said("b", records[1], "accepted", audience=audience, why="The person consented."),
    )
    org.report(said("c", records[1], "replied", ReportKind.REPLY, audience=audience))
    shown = [
        (one["WhatsApp_Reason__c"], one["WhatsApp_Link__c"]) for one in (member(org, audience, r) for r in records)
    ]
    assert shown == [("The consent has expired.", link), ("The person consented.", None), (None, None)]


def test_member_without_the_fields_shows_the_status_alone() -> None:
    with site(custom=False) as org:
        audience, (record,) = campaign(org, 1)
        report = said(
            "a", record, Reach.BLOCKED, ReportKind.REACH, audience=audience, reason="CONSENT_EXPIRED", why="?"
        )
        assert org.report(report) == [Outcome("a")]
        assert member(org, audience, record)["Status"] == f"{PREFIX}blocked, no legal basis"
        assert org.calls("describe") == 2
        assert "URL field CampaignMember.WhatsApp_Link__c" in " ".join(org.ask(lambda crm: crm.prepare()))


# --- before anything is sent


@pytest.mark.parametrize(
    ("status", "reason", "label"),
    [
        (Reach.ELIGIBLE, "OK_CONSENT", "can be written to"),
        (Reach.WAITING, "WINDOW_QUIET_HOURS", "not yet"),
        (Reach.BLOCKED, "BASIS_INSUFFICIENT_FOR_MARKETING", "blocked, no legal basis"),
        (Reach.BLOCKED, "SYNC_NO_BASIS", "blocked, no legal basis"),
        (Reach.BLOCKED, "SUPPRESSED_OBJECTION_MARKETING", "blocked, opted out"),
        (Reach.OVER, "", "cancelled"),
    ],
)
def test_reach_is_a_status_of_the_member(org: Site, status: Reach, reason: str, label: str) -> None:
    audience, (record,) = campaign(org, 1)
    assert org.report(said("a", record, status, ReportKind.REACH, audience=audience, reason=reason)) == [Outcome("a")]
    assert member(org, audience, record)["Status"] == f"{PREFIX}{label}"
    assert tasks(org) == []


def test_reach_may_change_until_something_was_sent(org: Site) -> None:
    audience, (record,) = campaign(org, 1)
    for status in (Reach.BLOCKED, Reach.ELIGIBLE, Reach.BLOCKED, Reach.ELIGIBLE):
        org.report(said("a", record, status, ReportKind.REACH, audience=audience))
    assert member(org, audience, record)["Status"] == f"{PREFIX}can be written to"
    org.report(said("b", record, audience=audience))
    org.report(said("a", record, Reach.BLOCKED, ReportKind.REACH, audience=audience))
    assert member(org, audience, record)["Status"] == f"{PREFIX}sent"


def test_member_who_left_before_the_start_is_no_failure(org: Site) -> None:
    audience, _ = campaign(org, 1)
    gone = org.contact()
    assert org.report(said("a", gone, Reach.OVER, ReportKind.REACH, audience=audience)) == [Outcome("a")]
    (outcome,) = org.report(said("b", gone, Reach.BLOCKED, ReportKind.REACH, audience=audience))
    assert outcome.error


def outlook(audience: str, title: str = "5 of 7") -> Outlook:
    return Outlook(
        "k", "Spring", audience, AT, 7, 5, 0, 2, AT, title, f"{title}, why, until when", "https://hub.example"
    )


def test_outlook_is_shown_in_the_campaigns_field_and_replaced(org: Site) -> None:
    audience, _ = campaign(org, 1)
    for title in ("5 of 7", "6 of 7"):
        org.ask(lambda crm, title=title: crm.show(outlook(audience, title)))
    assert org.db["Campaign"].rows[audience]["WhatsApp_Outlook__c"] == "6 of 7, why, until when"
    assert tasks(org) == []


def test_outlook_without_a_field_is_one_task_of_the_campaign() -> None:
    with site(custom=False) as org:
        audience, _ = campaign(org, 1)
        for title in ("5 of 7", "6 of 7"):
            org.ask(lambda crm, title=title: crm.show(outlook(audience, title)))
        (task,) = tasks(org)
        assert (task["WhatId"], task["Subject"]) == (audience, "6 of 7")
        org.emulator.delete("Task", task["Id"], for_good=True)
        org.ask(lambda crm: crm.show(outlook(audience)))
        assert [one["Subject"] for one in tasks(org)] == ["5 of 7"]


def test_450_members_take_three_batches_and_one_is_locked(org: Site) -> None:
    audience, records = campaign(org, 450)
    org.settings["task_at"] = "never"
    org.emulator.writes.locked.add(member(org, audience, records[333])["Id"])
    outcomes = org.report(*(said(f"r{i}", record, audience=audience) for i, record in enumerate(records)))
    assert [(outcome.key, outcome.retry) for outcome in outcomes if outcome.error] == [("r333", True)]
    assert org.calls(COLLECTIONS) == 4  # the status values, then 200, 200 and 50
    org.emulator.writes.locked.clear()
    assert org.report(said("r333", records[333], audience=audience)) == [Outcome("r333")]


# --- tasks


def test_task_tells_of_the_message_on_the_person(org: Site) -> None:
    audience, (record,) = campaign(org, 1)
    org.report(said("a", record, audience=audience, campaign="Spring", text="Hello"))
    (task,) = tasks(org)
    assert (task["WhoId"], task["WhatId"], task["Status"]) == (record, audience, "Completed")
    assert (task["Subject"], task["Description"]) == ("WhatsApp message: Spring (accepted)", "Hello")


def test_one_message_is_one_task(org: Site) -> None:
    audience, (record,) = campaign(org, 1)
    for state in ("accepted", "sent", "delivered", "read"):
        org.report(said(state, record, state, audience=audience))
    assert len(tasks(org)) == 1


@pytest.mark.parametrize("title", ["", "offer/de"])
def test_message_of_no_campaign_says_on_the_person_why_it_was_not_sent(org: Site, title: str) -> None:
    """The hub gives what a flow asked for the template's name as title."""
    record = org.contact()
    refused = said("a", record, "refused", ReportKind.REFUSED, reason="CONSENT_MISSING", campaign=title)
    org.report(refused, said("b", record, "failed", campaign=title))
    named = f": {title}" if title else ""
    assert [task["Subject"] for task in tasks(org)] == [
        f"WhatsApp message not sent{named} (CONSENT_MISSING)",
        f"WhatsApp message{named} (failed)",
    ]


def test_refusals_of_a_campaign_make_no_tasks(org: Site) -> None:
    audience, (record,) = campaign(org, 1)
    refused = {"status": "refused", "kind": ReportKind.REFUSED, "reason": "CONSENT_MISSING"}
    org.report(said("a", record, audience=audience, campaign="Spring", **refused))
    assert tasks(org) == []


def test_task_with_a_key_field_is_never_made_twice(org: Site) -> None:
    org.settings["task_key_field"] = "Hub_Key__c"
    record = org.contact()
    for _ in range(2):
        assert org.report(said("a", record)) == [Outcome("a")]
    assert len(tasks(org)) == 1


def test_task_after_a_lost_answer_is_not_made_again(org: Site) -> None:
    record = org.contact()
    org.emulator.faults.append(Fault("lost_answer", f"POST .*{COLLECTIONS}"))
    (outcome,) = org.report(said("a", record))
    assert ("may be missing" in outcome.error, outcome.retry, len(tasks(org))) == (True, False, 1)


def test_record_that_is_none_of_salesforce_is_refused_without_a_call(org: Site) -> None:
    outcomes = org.report(said("a", "42"), said("b", "001M00000000000AAA"), said("c", "003M00000000000AAB"))
    assert all(outcome.error and not outcome.retry for outcome in outcomes)
    assert org.emulator.log == []


# --- withdrawals and consents


def test_withdrawal_is_a_new_record_beside_the_old(org: Site) -> None:
    org.ask(lambda crm: crm.prepare())
    individual = org.individual()
    record = org.contact(IndividualId=individual)
    old = org.consent(individual, "OptIn", CaptureDate=AT - timedelta(days=9))
    assert org.report(said("w", record, "withdrawn", ReportKind.WITHDRAWAL)) == [Outcome("w")]
    (written,) = own_records(org)
    assert (written["PrivacyConsentStatus"], written["ContactPointType"]) == ("OptOut", "Phone")
    assert written["EffectiveFrom"] == written["CaptureDate"] == AT
    channel, purpose = (org.db[name].rows for name in ("EngagementChannelType", "DataUsePurpose"))
    assert (written["EngagementChannelTypeId"], written["DataUsePurposeId"]) == (*channel, *purpose)
    assert org.db[CONSENT].rows[old]["PrivacyConsentStatus"] == "OptIn"
    contact = org.db["Contact"].rows[record]
    assert (contact["DoNotCall"], contact["HasOptedOutOfEmail"], contact["WhatsApp_Stop__c"]) == (False, False, None)


def test_withdrawal_is_written_once_however_often_it_is_reported(org: Site) -> None:
    record = org.contact(IndividualId=org.individual())
    for _ in range(3):
        assert org.report(said("w", record, "withdrawn", ReportKind.WITHDRAWAL)) == [Outcome("w")]
    assert len(own_records(org)) == 1


def test_withdrawal_after_a_lost_answer_is_repeated_and_there_once(org: Site) -> None:
    org.settings["task_at"] = "never"
    record = org.contact(IndividualId=org.individual())
    org.emulator.faults.append(Fault("lost_answer", f"POST .*{COLLECTIONS}", times=1))
    withdrawal = said("w", record, "withdrawn", ReportKind.WITHDRAWAL)
    with pytest.raises(Unavailable):  # nothing was surely written: the whole comes again
        org.report(withdrawal)
    assert org.report(withdrawal) == [Outcome("w")]
    assert len(own_records(org)) == 1


def test_what_we_wrote_is_no_claim_when_it_is_read_again(org: Site) -> None:
    org.ask(lambda crm: crm.prepare())
    with_individual, without = org.contact(IndividualId=org.individual()), org.contact()
    for record in (with_individual, without):
        org.report(said(f"w{record}", record, "withdrawn", ReportKind.WITHDRAWAL))
        org.report(said(f"c{record}", record, "given", ReportKind.CONSENT, at=AT + timedelta(days=1)))
    people = org.people()
    for record in (with_individual, without):
        assert [claim.kind for claim in people[record].claims] == [ClaimKind.UNKNOWN]


def test_consent_names_channel_and_purpose_or_is_not_written(org: Site) -> None:
    record = org.contact(IndividualId=org.individual())
    (outcome,) = org.report(said("c", record, "given", ReportKind.CONSENT))
    assert ("prepare the connection" in outcome.error, outcome.retry, own_records(org)) == (True, True, [])
    org.ask(lambda crm: crm.prepare())
    assert org.report(said("c", record, "given", ReportKind.CONSENT)) == [Outcome("c")]
    (written,) = own_records(org)
    assert written["PrivacyConsentStatus"] == "OptIn"
    assert written["EngagementChannelTypeId"]
    assert written["DataUsePurposeId"]


@pytest.mark.parametrize("privacy", [True, False])
def test_withdrawal_without_an_individual_fills_the_stop_field(privacy: bool) -> None:
    with site(privacy=privacy) as org:
        contact, lead = org.contact(), org.lead()
        kind = ReportKind.WITHDRAWAL
        outcomes = org.report(said("a", contact, "withdrawn", kind), said("b", lead, "withdrawn", kind))
        assert [outcome.error for outcome in outcomes] == ["", ""]
        for name, record in (("Contact", contact), ("Lead", lead)):
            assert org.db[name].rows[record]["WhatsApp_Stop__c"].startswith("Consent Hub ")


def test_person_account_is_stopped_through_its_account(org: Site) -> None:
    _, contact = org.emulator.person_account("Muster")
    assert org.report(said("w", contact, "withdrawn", ReportKind.WITHDRAWAL)) == [Outcome("w")]
    assert org.db["Contact"].rows[contact]["WhatsApp_Stop__c"].startswith("Consent Hub ")
    change = next(call for call in org.emulator.log if call.method == "PATCH")
    assert b'"Account"' in change.body
    assert b"WhatsApp_Stop__pc" in change.body


def test_consent_clears_our_own_stop_and_nobody_elses(org: Site) -> None:
    ours, theirs = org.contact(), org.contact(WhatsApp_Stop__c="called on Monday")
    org.report(said("w", ours, "withdrawn", ReportKind.WITHDRAWAL))
    org.report(said("a", ours, "given", ReportKind.CONSENT), said("b", theirs, "given", ReportKind.CONSENT))
    assert org.db["Contact"].rows[ours]["WhatsApp_Stop__c"] is None
    assert org.db["Contact"].rows[theirs]["WhatsApp_Stop__c"] == "called on Monday"


def test_withdrawal_with_nowhere_to_go_stays_pending_and_says_what_to_do() -> None:
    with site(custom=False) as org:
        (outcome,) = org.report(said("w", org.contact(), "withdrawn", ReportKind.WITHDRAWAL))
        assert ("WhatsApp_Stop__c" in outcome.error, outcome.retry) == (True, True)


def test_withdrawals_are_written_though_the_reading_budget_is_used(org: Site) -> None:
    org.settings["daily_share"] = 0.001
    record = org.contact()
    assert org.report(said("w", record, "withdrawn", ReportKind.WITHDRAWAL)) == [Outcome("w")]


# --- trouble


def test_trouble_at_once_raises(org: Site) -> None:
    audience, (record,) = campaign(org, 1)
    org.emulator.daily = 0
    with pytest.raises(Throttled):
        org.report(said("a", record, audience=audience))


def test_trouble_half_way_says_which_to_repeat(org: Site) -> None:
    audience, records = campaign(org, 3)
    org.emulator.faults.append(Fault("status", "POST .*/composite/sobjects$", 503))
    withdrawal = said("w", records[0], "withdrawn", ReportKind.WITHDRAWAL)
    org.emulator.change("Contact", records[0], IndividualId=None)
    outcomes = org.report(withdrawal, *(said(f"r{i}", one, audience=audience) for i, one in enumerate(records)))
    assert all(outcome.error and outcome.retry for outcome in outcomes)
    assert org.db["Contact"].rows[records[0]]["WhatsApp_Stop__c"].startswith("Consent Hub ")


def test_field_that_does_not_exist_needs_a_human(org: Site) -> None:
    org.settings["task_key_field"] = "Missing__c"
    with pytest.raises(BadConfig, match="INVALID_FIELD"):
        org.report(said("a", org.contact()))


def test_malformed_record_reaches_the_others(org: Site) -> None:
    records = [org.contact() for _ in range(9)]
    real = org.emulator.rest._well_formed

    def picky(one: Any) -> None:
        real(one)
        if one.get("WhoId") == records[4]:
            raise bad("JSON_PARSER_ERROR", "made up: one record refuses the whole collection")

    org.emulator.rest._well_formed = picky  # type: ignore[method-assign]
    outcomes = org.report(*(said(f"r{i}", record) for i, record in enumerate(records)))
    assert [outcome.key for outcome in outcomes if outcome.error] == ["r4"]
    assert len(tasks(org)) == 8


def test_errors_name_no_person(org: Site) -> None:
    record = org.contact(LastName="Geheim")
    org.emulator.writes.locked.add(record)
    (outcome,) = org.report(said("a", record))
    assert outcome.retry
    assert record not in outcome.error
    assert "Geheim" not in outcome.error
