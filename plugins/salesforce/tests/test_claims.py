# SPDX-License-Identifier: Apache-2.0
"""What records and consent records say, as claims and as evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hub_salesforce import Config, permissions
from hub_salesforce.people import claims
from hub_salesforce.rows import flat, moment, quoted, table

from hub import Channel, Claim, ClaimKind, ContactSnapshot
from plugins.salesforce.tests.sites import AT, Site, site

NOW = datetime.now(UTC)
STATUS = "ContactPointTypeConsent.PrivacyConsentStatus"


@pytest.fixture
def org() -> Iterator[Site]:
    with site() as one:
        yield one


def read(org: Site, status: str, kind: str = "ContactPointTypeConsent", **fields: Any) -> list[Claim]:
    """The claims of a contact with one consent record."""
    individual = org.individual()
    contact = org.contact(IndividualId=individual)
    org.consent(individual, status, kind, **fields)
    return list(org.people()[contact].claims)


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        ("OptIn", {}, ClaimKind.CONSENT),
        ("OptOut", {}, ClaimKind.OPT_OUT),
        ("Seen", {}, ClaimKind.UNKNOWN),
        ("NotSeen", {}, ClaimKind.UNKNOWN),
        ("", {}, ClaimKind.UNKNOWN),
        ("OptIn", {"EffectiveFrom": NOW + timedelta(days=1)}, ClaimKind.UNKNOWN),
        ("OptIn", {"EffectiveTo": NOW - timedelta(days=1)}, ClaimKind.UNKNOWN),
        ("OptIn", {"EffectiveTo": NOW + timedelta(days=1)}, ClaimKind.CONSENT),
        ("OptOut", {"EffectiveTo": NOW - timedelta(days=1)}, ClaimKind.UNKNOWN),
        ("OptOut", {"EffectiveFrom": NOW + timedelta(days=1)}, ClaimKind.OPT_OUT),
    ],
)
def test_consent_record_is_a_claim(org: Site, status: str, fields: dict[str, Any], expected: ClaimKind) -> None:
    (claim,) = read(org, status, **fields)
    assert claim.kind is expected


@pytest.mark.parametrize("kind", ["ContactPointTypeConsent", "ContactPointConsent", "CommSubscriptionConsent"])
def test_objection_on_any_object_stops_with_its_own_date(org: Site, kind: str) -> None:
    dated = {"ConsentCapturedDateTime": AT} if kind == "CommSubscriptionConsent" else {"CaptureDate": AT}
    (claim,) = read(org, "OptOut", kind, **dated)
    assert (claim.kind, claim.claimed_at) == (ClaimKind.OPT_OUT, AT)
    assert claim.source_field == f"{kind}.PrivacyConsentStatus 2026-11-21"


def test_second_objection_is_another_claim_than_the_first(org: Site) -> None:
    individual = org.individual()
    contact = org.contact(IndividualId=individual)
    org.consent(individual, "OptOut", CaptureDate=AT - timedelta(days=400))
    org.consent(individual, "OptIn", CaptureDate=AT - timedelta(days=200))
    org.consent(individual, "OptOut", CaptureDate=AT)
    found = [claim for claim in org.people()[contact].claims if claim.kind is ClaimKind.OPT_OUT]
    assert [claim.claimed_at for claim in found] == [AT - timedelta(days=400), AT]
    assert len({claim.source_field for claim in found}) == 2


def test_whatsapp_is_named_by_its_engagement_channel_only(org: Site) -> None:
    whatsapp = org.named("EngagementChannelType", "whatsapp", ContactPointType="Phone")
    sms = org.named("EngagementChannelType", "SMS", ContactPointType="Phone")
    phone = {"ContactPointType": "Phone"}
    assert read(org, "OptIn", EngagementChannelTypeId=whatsapp, **phone)[0].channel is Channel.WHATSAPP
    assert read(org, "OptIn", EngagementChannelTypeId=sms, **phone)[0].channel is None
    assert read(org, "OptIn", **phone)[0].channel is None
    assert read(org, "OptIn", ContactPointType="Email")[0].channel is Channel.EMAIL


def test_email_consent_that_was_confirmed_is_verified_for_email_only(org: Site) -> None:
    (claim,) = read(org, "OptIn", ContactPointType="Email", DoubleConsentCaptureDate=AT)
    assert (claim.kind, claim.channel) == (ClaimKind.CONSENT_OTHER_POINT, Channel.EMAIL)


def test_consent_for_a_contact_point_that_is_no_number_is_unknown(org: Site) -> None:
    number = org.db["ContactPointPhone"].add({"TelephoneNumber": "+4915112345671"})["Id"]
    (of_number,) = read(org, "OptIn", "ContactPointConsent", ContactPointId=number)
    (of_email,) = read(org, "OptIn", "ContactPointConsent", ContactPointId="0Q9M00000000000AAA")
    assert (of_number.kind, of_email.kind) == (ClaimKind.CONSENT, ClaimKind.UNKNOWN)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Billing", ClaimKind.CONTRACT),
        ("contract", ClaimKind.CONTRACT),
        ("consent", ClaimKind.CONSENT),
        ("our own", ClaimKind.LEGITIMATE_INTEREST),
        ("legit", ClaimKind.UNKNOWN),
    ],
)
def test_legal_basis_of_the_purpose_decides_the_kind(org: Site, name: str, expected: ClaimKind) -> None:
    org.settings["legal_bases"] = (
        "billing=contract",
        "contract=contract",
        "consent=consent",
        "Our own=legitimate_interest",
    )
    basis = org.named("DataUseLegalBasis", name)
    purpose = org.named("DataUsePurpose", "Offers", LegalBasisId=basis)
    (claim,) = read(org, "OptIn", DataUsePurposeId=purpose)
    assert claim.kind is expected


def test_flags_of_the_individual_are_claims(org: Site) -> None:
    individual = org.individual(HasOptedOutSolicit=True, HasOptedOutProcessing=True, ShouldForget=True)
    contact = org.contact(IndividualId=individual)
    found = {claim.source_field: claim.kind for claim in org.people()[contact].claims}
    assert found == {
        "Legal_Basis__c": ClaimKind.UNKNOWN,
        "Individual.HasOptedOutSolicit": ClaimKind.OPT_OUT,
        "Individual.HasOptedOutProcessing": ClaimKind.RESTRICTION,
        "Individual.ShouldForget": ClaimKind.ERASURE,
    }


@pytest.mark.parametrize("limited", [False, True])
def test_opt_outs_of_other_channels_are_limited_only_when_an_admin_says_so(org: Site, limited: bool) -> None:
    org.settings["opt_outs_limited"] = limited
    contact = org.contact(DoNotCall=True, HasOptedOutOfEmail=True)
    found = [claim for claim in org.people()[contact].claims if claim.kind is ClaimKind.OPT_OUT]
    assert [(claim.channel, claim.limited) for claim in found] == [(Channel.PHONE, limited), (Channel.EMAIL, limited)]


@pytest.mark.parametrize("kind", ["Phone", "Social", "Web"])
def test_objection_that_may_mean_whatsapp_is_never_limited(org: Site, kind: str) -> None:
    org.settings["opt_outs_limited"] = True
    (claim,) = read(org, "OptOut", ContactPointType=kind)
    assert (claim.channel, claim.limited) == (None, False)


def test_anything_in_the_stop_field_stops_but_our_own_mark(org: Site) -> None:
    org.memory["mark"] = "Consent Hub 12ab34cd"
    colleague = org.contact(WhatsApp_Stop__c="called on Monday")
    ours = org.contact(WhatsApp_Stop__c="Consent Hub 12ab34cd: 2026-11-21T10:00:00.000Z")
    other_hub = org.contact(WhatsApp_Stop__c="Consent Hub ffffffff: 2026-11-21T10:00:00.000Z")
    people = org.people()
    stopped = {record for record, one in people.items() if ClaimKind.OPT_OUT in {c.kind for c in one.claims}}
    assert stopped == {colleague, other_hub}
    assert ours in people


def test_our_own_consent_record_never_comes_back_as_a_claim(org: Site) -> None:
    org.memory["mark"] = "Consent Hub 12ab34cd"
    individual = org.individual()
    contact = org.contact(IndividualId=individual)
    org.consent(individual, "OptOut", CaptureSource="Consent Hub 12ab34cd: WhatsApp STOP (ff)")
    org.consent(individual, "OptIn", CaptureSource="Consent Hub 12ab34cd: WhatsApp consent (ff)", CaptureDate=AT)
    found: ContactSnapshot = org.people(asked=(STATUS,))[contact]
    assert [claim.kind for claim in found.claims] == [ClaimKind.UNKNOWN]
    assert found.evidence == ()


ASKED = (
    STATUS,
    "ContactPointTypeConsent.CaptureDate",
    "EngagementChannelType.Name",
    "DataUseLegalBasis.Name",
    "ContactPointPhone.TelephoneNumber",
    "LeadSource",
)


def test_evidence_is_that_of_one_record(org: Site) -> None:
    whatsapp = org.named("EngagementChannelType", "WhatsApp")
    purpose = org.named("DataUsePurpose", "Offers", LegalBasisId=org.named("DataUseLegalBasis", "consent"))
    individual = org.individual()
    contact = org.contact(IndividualId=individual, LeadSource="Web")
    org.consent(individual, "OptIn", EngagementChannelTypeId=whatsapp, CaptureDate=AT)
    org.consent(individual, "OptIn", DataUsePurposeId=purpose, CaptureDate=AT + timedelta(days=1))
    org.consent(individual, "OptIn", ContactPointType="Email", CaptureDate=AT + timedelta(days=2))
    assert dict(org.people(asked=ASKED)[contact].evidence) == {
        STATUS: "OptIn",
        "ContactPointTypeConsent.CaptureDate": "2026-11-21T10:00:00.000+0000",
        "EngagementChannelType.Name": "WhatsApp",
        "LeadSource": "Web",
    }


def test_evidence_of_the_same_time_is_the_objection(org: Site) -> None:
    individual = org.individual()
    contact = org.contact(IndividualId=individual)
    org.consent(individual, "OptOut", CaptureDate=AT)
    org.consent(individual, "OptIn", CaptureDate=AT)
    assert dict(org.people(asked=(STATUS,))[contact].evidence) == {STATUS: "OptOut"}


def test_number_of_a_contact_point_is_evidence(org: Site) -> None:
    number = org.db["ContactPointPhone"].add({"TelephoneNumber": "+4915112345671"})["Id"]
    individual = org.individual()
    contact = org.contact(IndividualId=individual)
    org.consent(individual, "OptIn", "ContactPointConsent", ContactPointId=number, CaptureDate=AT)
    asked = ("ContactPointConsent.PrivacyConsentStatus", "ContactPointPhone.TelephoneNumber")
    assert dict(org.people(asked=asked)[contact].evidence) == {asked[0]: "OptIn", asked[1]: "+4915112345671"}


def test_without_privacy_objects_consent_is_read_from_fields_and_check_says_so() -> None:
    with site(privacy=False) as org:
        contact = org.contact(Legal_Basis__c="contract;consent", DoNotCall=True)
        kinds = [claim.kind for claim in org.people()[contact].claims]
        assert kinds == [ClaimKind.CONTRACT, ClaimKind.CONSENT, ClaimKind.OPT_OUT]
        health = org.ask(lambda crm: crm.check())
        assert health.ok
        assert "Data Protection and Privacy is off" in health.detail


def test_check_says_what_an_admin_must_do() -> None:
    with site(privacy=False, custom=False) as org:
        health = org.ask(lambda crm: crm.check())
        assert (health.ok, "WhatsApp_Stop__c" in health.detail) == (False, True)
    with site() as org:
        org.settings["stop_field"] = "DoNotCall"
        health = org.ask(lambda crm: crm.check())
        assert (health.ok, "checkbox" in health.detail) == (False, True)


def test_prepare_makes_channel_and_purpose_once() -> None:
    with site(custom=False) as org:
        first = org.ask(lambda crm: crm.prepare())
        assert first[:2] == ["created EngagementChannelType WhatsApp", "created DataUsePurpose WhatsApp marketing"]
        assert ["WhatsApp_Stop__c" in one for one in first[2:]] == [True, True, False, False, False]
        assert all(one.startswith("make a ") and one.endswith(" in Setup: the hub cannot") for one in first[2:])
        assert org.ask(lambda crm: crm.prepare()) == first[2:]


@pytest.mark.parametrize("value", ["true", "1", "yes", "unreadable"])
def test_flag_that_cannot_be_read_is_a_stop(value: str) -> None:
    config = Config(base_url="https://x.example", client_id="x", client_secret="x")  # type: ignore[arg-type]
    found = list(claims({"DoNotCall": value}, [], config, "", NOW))
    assert [claim.kind for claim in found] == [ClaimKind.UNKNOWN, ClaimKind.OPT_OUT]


def test_mark_is_made_once_and_only_when_something_is_written(org: Site) -> None:
    assert permissions.mark(org.memory) == ""
    made = permissions.mark(org.memory, make=True)
    assert permissions.mark(org.memory) == made == org.memory["mark"]


def test_rows_of_json_and_csv_are_the_same() -> None:
    record = {
        "attributes": {"type": "Contact"},
        "Id": "1",
        "DoNotCall": True,
        "Phone": None,
        "Individual": {"Flag": False},
    }
    text = 'Id,DoNotCall,Phone,Individual.Flag\n"1","true","","false"\n'
    assert [flat(record)] == table(text)
    assert table("<html>\n") is None


@pytest.mark.parametrize(
    "written", ["2026-11-21T10:00:00.000+0000", "2026-11-21T10:00:00Z", "2026-11-21T11:00:00+01:00"]
)
def test_moment_in_any_of_their_ways(written: str) -> None:
    assert moment(written) == AT


def test_quoted_text_cannot_end_itself() -> None:
    assert quoted("a' OR Name != '\\") == r"'a\' OR Name != \'\\'"
