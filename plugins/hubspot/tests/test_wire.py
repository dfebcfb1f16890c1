# SPDX-License-Identifier: Apache-2.0
"""HubSpot's JSON to our words and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hub_hubspot import Config
from hub_hubspot.incoming import events
from hub_hubspot.outgoing import builds_on, communication, note, noted, on_timeline, stamp, update
from hub_hubspot.wire import moment, property_of, read_properties, snapshot
from hub_hubspot.words import OURS

from hub import (
    Channel,
    ClaimKind,
    ContactChanged,
    ContactsMerged,
    ContactSnapshot,
    PrivacyDeletion,
    PropertyKind,
    Report,
    ReportKind,
    Unknown,
)

CONFIG = Config.model_validate({"access_token": "made-up"})
AT = datetime.fromtimestamp(1_795_308_707.029, UTC)
FIXTURES = Path(__file__).parent / "fixtures"


def contact(**properties: str | None) -> ContactSnapshot:
    record: dict[str, Any] = {"id": "1", "properties": properties, "updatedAt": "2026-11-21T10:00:00.000Z"}
    found = snapshot(record, CONFIG)
    assert found is not None
    return found


def kinds(**properties: str | None) -> list[ClaimKind]:
    return [claim.kind for claim in contact(**properties).claims]


def said(kind: ReportKind, status: str, minutes: int = 0, **more: str) -> Report:
    return Report(f"k{minutes}", "1", kind, status, AT + timedelta(minutes=minutes), **more)


def test_contact_takes_the_first_phone_that_is_filled() -> None:
    assert contact(mobilephone="0151 1", phone="030 2").phone == "0151 1"
    assert contact(mobilephone=" ", phone="030 2").phone == "030 2"
    assert contact(mobilephone=None).phone == ""


@pytest.mark.parametrize(
    ("typed", "country"),
    [("Germany", "DE"), ("deutschland", "DE"), ("DE", "DE"), (" Österreich ", "AT"), ("Suisse", "CH"), ("Narnia", "")],
)
def test_contact_country_is_known_or_empty(typed: str, country: str) -> None:
    assert contact(country=typed).country == country


def test_contact_shows_configured_properties_only() -> None:
    shown = contact(firstname="Ada", lastname="L", email="a@example.org", hs_legal_basis="Not applicable")
    assert shown.properties == (("firstname", "Ada"),)
    assert "email" not in read_properties(CONFIG)
    assert "Ada" not in repr(shown)


def test_contact_without_an_id_is_none() -> None:
    assert snapshot({"properties": {}}, CONFIG) is None


def test_claims_of_several_options_are_several() -> None:
    options = "Performance of a contract;Freely given consent from contact;Something new"
    assert kinds(hs_legal_basis=options) == [ClaimKind.CONTRACT, ClaimKind.CONSENT, ClaimKind.UNKNOWN]


@pytest.mark.parametrize("value", ["true", "TRUE", "yes", "stop", "1", "2026-01-01"])
def test_claims_with_any_opt_out_value_hold_an_opt_out(value: str) -> None:
    assert ClaimKind.OPT_OUT in kinds(hub_whatsapp_opt_out=value)


@pytest.mark.parametrize("value", ["false", "", "no", None])
def test_claims_without_opt_out_hold_none(value: str | None) -> None:
    assert ClaimKind.OPT_OUT not in kinds(hub_whatsapp_opt_out=value)


@pytest.mark.parametrize("value", ["2026-10-01T08:00:00Z", "1790841600000"])
def test_claims_of_an_email_double_opt_in_name_the_email_channel(value: str) -> None:
    claim = contact(hub_email_double_opt_in_at=value).claims[1]
    assert (claim.kind, claim.channel) == (ClaimKind.CONSENT_OTHER_POINT, Channel.EMAIL)
    assert claim.claimed_at == datetime(2026, 10, 1, 8, tzinfo=UTC)


def test_moment_of_nonsense_is_none() -> None:
    assert [moment(value) for value in ("soon", None, "9" * 30, [], 10**30)] == [None] * 5


def test_events_of_each_fixture_are_in_our_words() -> None:
    read = {path.stem: events(path.read_bytes(), AT, "143553137") for path in FIXTURES.glob("*.json")}
    assert read.pop("workflow_action_run") == [Unknown("a body that is no list of events", AT)]
    later = AT + timedelta(milliseconds=1)
    assert read == {
        "contact_property_changed": [ContactChanged("1801", AT)],
        "contact_created_batched": [ContactChanged("1802", AT), ContactChanged("1803", later)],
        "contact_privacy_deleted": [PrivacyDeletion("1804", AT), ContactChanged("1804", AT)],
        "contact_merged": [ContactsMerged("1805", ("1806", "1807"), AT)],
        "object_changed_generic": [ContactChanged("1808", AT)],
        "company_changed_not_ours": [Unknown("company.propertyChange", AT)],
    }


def test_events_of_another_account_never_act() -> None:
    body = (FIXTURES / "contact_privacy_deleted.json").read_bytes()
    assert events(body, AT, "7") == [Unknown("an event of another HubSpot account", AT)]


def test_update_takes_the_last_report_whatever_its_time() -> None:
    last = said(ReportKind.STATUS, "delivered", 1, campaign="spring", basis="CONSENT")
    written = update([said(ReportKind.REFUSED, "refused", 2, reason="CONSENT_UNPROVEN"), last])
    assert written["hub_whatsapp_status"] == "delivered"
    assert written["hub_whatsapp_reason"] == ""
    assert (written["hub_whatsapp_campaign"], written["hub_whatsapp_basis"]) == ("spring", "CONSENT")
    assert "hub_whatsapp_opt_in" not in written


def test_update_never_undoes_a_withdrawal() -> None:
    reports = [said(ReportKind.STATUS, "delivered", 2), said(ReportKind.WITHDRAWAL, "withdrawn", 1)]
    assert update(reports)["hub_whatsapp_opt_in"] == "stopped"


def test_update_by_a_reply_keeps_the_campaign() -> None:
    reports = [said(ReportKind.STATUS, "read", 1, campaign="spring"), said(ReportKind.REPLY, "replied", 2)]
    assert update(reports)["hub_whatsapp_campaign"] == "spring"


def test_timeline_shows_a_message_once() -> None:
    states = ["accepted", "sent", "delivered", "read", "failed", "unknown"]
    assert [on_timeline(said(ReportKind.STATUS, state), "accepted") for state in states].count(True) == 1
    assert not on_timeline(said(ReportKind.REFUSED, "accepted"), "accepted")
    assert on_timeline(said(ReportKind.REPLY, ""), "accepted")


def test_timeline_entry_without_a_text_is_neutral() -> None:
    entry = communication(said(ReportKind.STATUS, "accepted", campaign="spring"))
    assert entry["properties"]["hs_communication_body"] == "WhatsApp template message: spring"
    assert entry["properties"]["hs_timestamp"] == "2026-11-22T00:51:47.029Z"
    assert communication(said(ReportKind.REPLY, "", text="Hello"))["properties"]["hs_communication_body"] == "Hello"


# --- what the hub writes, and never reads


def test_echo_of_our_own_writing_is_no_event() -> None:
    item = {"subscriptionType": "contact.propertyChange", "portalId": 1, "objectId": 7, "occurredAt": 1}
    assert events(orjson.dumps([item | {"propertyName": "hub_whatsapp_status"}]), AT, "") == []
    assert len(events(orjson.dumps([item | {"propertyName": "hub_whatsapp_opt_out"}]), AT, "")) == 1


def test_property_the_hub_writes_is_never_asked_for_nor_shown() -> None:
    asked = [*sorted(OURS), "consent_form"]
    assert not OURS & set(read_properties(CONFIG, asked))
    record: dict[str, Any] = {"id": "1", "properties": dict.fromkeys(asked, "opted_in")}
    found = snapshot(record, CONFIG, asked)
    assert found is not None
    assert found.evidence == (("consent_form", "opted_in"),)
    assert [claim.kind for claim in found.claims] == [ClaimKind.UNKNOWN]


def test_property_people_stop_messages_with_is_never_written() -> None:
    every = [said(kind, "x", n, reason="r", basis="b", campaign="c", evidence="e") for n, kind in enumerate(ReportKind)]
    assert set(update(every)) <= OURS
    assert CONFIG.opt_out_property not in OURS


# --- a campaign that has not begun


def test_reach_says_whether_why_and_what_would_help() -> None:
    link = "https://hub.example/console/why/1"
    blocked = said(ReportKind.REACH, "blocked", campaign="Herbst", reason="CONSENT_EXPIRED", why="Too old.", link=link)
    assert update([blocked]) == {
        "hub_whatsapp_reach": "blocked",
        "hub_whatsapp_reach_at": stamp(AT),
        "hub_whatsapp_reach_campaign": "Herbst",
        "hub_whatsapp_reach_reason": "CONSENT_EXPIRED",
        "hub_whatsapp_reach_why": "Too old.",
        "hub_whatsapp_reach_link": link,
    }
    assert set(update([said(ReportKind.REACH, "over", campaign="Herbst")]).values()) == {""}


def test_reach_is_over_once_its_campaign_has_sent_or_refused() -> None:
    """And not when another campaign has: that one is still to come."""
    refused = said(ReportKind.REFUSED, "refused", campaign="Herbst", audience="7", reason="R")
    for report in (refused, said(ReportKind.STATUS, "accepted", campaign="Herbst", audience="7")):
        assert builds_on(report)
        assert update([report], {"hub_whatsapp_reach_campaign": "Herbst"})["hub_whatsapp_reach"] == ""
        assert "hub_whatsapp_reach" not in update([report], {"hub_whatsapp_reach_campaign": "Winter"})
    assert not builds_on(said(ReportKind.STATUS, "delivered", campaign="Herbst", audience="7"))


# --- a permission, whatever the order in which it is told


def shown(state: str, at: datetime) -> dict[str, str]:
    """What HubSpot shows already."""
    return {"hub_whatsapp_opt_in": state, "hub_whatsapp_opt_in_at": stamp(at)}


def permission(*reports: Report, **there: str) -> str:
    return update(reports, there).get("hub_whatsapp_opt_in", "")


def test_permission_is_the_latest_in_any_order() -> None:
    yes, no = said(ReportKind.CONSENT, "given", 1), said(ReportKind.WITHDRAWAL, "stopped", 2)
    again = said(ReportKind.CONSENT, "given", 3)
    assert [permission(*pair) for pair in ((yes, no), (no, yes))] == ["stopped", "stopped"]
    assert [permission(*three) for three in ((yes, no, again), (again, no, yes))] == ["opted_in", "opted_in"]


def test_permission_of_the_same_time_is_a_stop() -> None:
    yes, no = said(ReportKind.CONSENT, "given", 1), said(ReportKind.WITHDRAWAL, "stopped", 1)
    assert permission(yes, no) == permission(no, yes) == "stopped"
    assert permission(yes, **shown("stopped", yes.at)) == ""


def test_permission_shown_already_is_replaced_by_a_later_one_only() -> None:
    yes, no = said(ReportKind.CONSENT, "given", 5), said(ReportKind.WITHDRAWAL, "stopped", 5)
    before, after = AT + timedelta(minutes=4), AT + timedelta(minutes=6)
    assert permission(yes, **shown("stopped", before)) == "opted_in"
    assert permission(yes, **shown("stopped", after)) == ""
    assert permission(no, **shown("opted_in", after)) == ""
    assert update([yes], shown("stopped", after)) == {}


def test_permission_comes_with_its_time_and_proof_and_leaves_the_last_status() -> None:
    written = update([said(ReportKind.CONSENT, "given", 1, evidence="E-1", basis="CONSENT")])
    assert written == {
        "hub_whatsapp_opt_in": "opted_in",
        "hub_whatsapp_opt_in_at": stamp(AT + timedelta(minutes=1)),
        "hub_whatsapp_evidence": "E-1",
        "hub_whatsapp_reason": "",
    }


def test_reason_of_a_later_refusal_outlives_a_consent() -> None:
    refused = said(ReportKind.REFUSED, "refused", 2, reason="FREQUENCY")
    assert update([said(ReportKind.CONSENT, "given", 1), refused])["hub_whatsapp_reason"] == "FREQUENCY"


@pytest.mark.parametrize(
    ("kind", "status", "asked", "expected"),
    [
        (ReportKind.STATUS, "failed", False, True),
        (ReportKind.STATUS, "accepted", True, False),
        (ReportKind.REFUSED, "refused", False, False),
        (ReportKind.REFUSED, "refused", True, True),
    ],
)
def test_note_tells_of_what_did_not_arrive(kind: ReportKind, status: str, asked: bool, expected: bool) -> None:
    report = said(kind, status, reason="NOT_ON_WHATSAPP", campaign="spring")
    assert noted(report, asked) is expected
    assert note(report)["properties"]["hs_note_body"].endswith(": spring (NOT_ON_WHATSAPP)")


@pytest.mark.parametrize(
    ("listed", "kind", "options"),
    [
        ({"type": "bool", "fieldType": "booleancheckbox", "options": []}, PropertyKind.FLAG, ("true", "false")),
        ({"type": "enumeration", "options": [{"value": "a"}, {"value": ""}, 7]}, PropertyKind.CHOICE, ("a",)),
        ({"type": "date", "options": None}, PropertyKind.MOMENT, ()),
        ({"type": "datetime"}, PropertyKind.MOMENT, ()),
        ({"type": "phone_number"}, PropertyKind.PHONE, ()),
        ({"type": "object_coordinates", "label": None}, PropertyKind.UNKNOWN, ()),
    ],
)
def test_property_tells_its_kind_and_its_closed_list(
    listed: dict[str, object], kind: PropertyKind, options: tuple[str, ...]
) -> None:
    found = property_of({"name": "x", "label": "Something", **listed})
    assert (found.name, found.kind, found.options) == ("x", kind, options)
    assert found.label == ("" if "label" in listed else "Something")
