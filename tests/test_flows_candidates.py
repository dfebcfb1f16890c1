# SPDX-License-Identifier: Apache-2.0
"""Which fields of a CRM are proposed for a mapping: by kind, and by German and English names."""

from __future__ import annotations

import pytest

from hub.contract import Property, PropertyKind
from hub.flows.candidates import PARTS, meaning, propose

FLAG, CHOICE, MOMENT = PropertyKind.FLAG, PropertyKind.CHOICE, PropertyKind.MOMENT
TEXT, PHONE = PropertyKind.TEXT, PropertyKind.PHONE


def field(name: str, kind: PropertyKind = PropertyKind.UNKNOWN, label: str = "", *options: str) -> Property:
    return Property(name, options, label, kind)


@pytest.mark.parametrize(
    ("part", "name", "kind", "label"),
    [
        ("consent", "wa_einwilligung", CHOICE, ""),
        ("consent", "custom_17", FLAG, "WhatsApp-Zustimmung erteilt"),
        ("consent", "MarketingOptIn__c", FLAG, ""),
        ("consent", "Newsletter abonniert", PropertyKind.UNKNOWN, ""),
        ("time", "Einwilligungsdatum", PropertyKind.UNKNOWN, ""),
        ("time", "optin_at", TEXT, ""),
        ("time", "wa_consent", MOMENT, ""),
        ("wording", "Einwilligungstext", TEXT, ""),
        ("wording", "optin_form", CHOICE, ""),
        ("channel", "Kanal der Einwilligung", CHOICE, ""),
        ("purpose", "consent_purpose", CHOICE, ""),
        ("purpose", "custom_9", TEXT, "Zweck der Einwilligung"),
        ("point", "optin_number", PHONE, ""),
        ("point", "Einwilligung Mobilnummer", TEXT, ""),
        ("verification", "WhatsApp bestätigt am", MOMENT, ""),
        ("verification", "newsletter_doi_time", PropertyKind.UNKNOWN, ""),
        ("basis", "Rechtsgrundlage", TEXT, ""),
        ("basis", "hs_legal_basis", CHOICE, ""),
    ],
)
def test_field_is_proposed_for_its_part_alone(part: str, name: str, kind: PropertyKind, label: str) -> None:
    assert [one for one in PARTS if propose(one, [field(name, kind, label)])] == [part]


@pytest.mark.parametrize(
    "name",
    ["email", "firstname", "lastmodifieddate", "whatsapp_opt_out", "newsletter_abgemeldet", "hs_email_optout", "Datum"],
)
def test_field_that_says_nothing_or_a_no_is_not_proposed(name: str) -> None:
    for kind in PropertyKind:
        assert [part for part in PARTS if propose(part, [field(name, kind)])] == []


def test_whatsapp_comes_before_any_consent_and_that_before_a_newsletter() -> None:
    fields = [field("newsletter", FLAG), field("consent", FLAG), field("whatsapp_optin", TEXT)]
    assert [one.name for one in propose("consent", fields)] == ["whatsapp_optin", "consent", "newsletter"]
    told = field("consent_status", CHOICE, "", "OptIn", "OptOut")
    assert propose("consent", [field("consent_kind", CHOICE, "", "web", "shop"), told])[0] is told


@pytest.mark.parametrize(
    ("value", "means"),
    [
        ("true", "yes"),
        ("Ja", "yes"),
        ("OptIn", "yes"),
        ("opted_in", "yes"),
        ("erteilt", "yes"),
        ("nein", "no"),
        ("OptOut", "no"),
        ("Widerrufen", "no"),
        ("false", ""),
        ("", ""),
        ("vielleicht", ""),
        ("NotSeen", ""),
    ],
)
def test_value_means_what_it_says_and_an_empty_tick_is_no_refusal(value: str, means: str) -> None:
    assert meaning(value) == means
