# SPDX-License-Identifier: Apache-2.0
"""Consent records after ISO/IEC TS 27560, and capsules on paper."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from hub.contract import PreferenceChanged
from hub.flows import capsules, permission
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.proof.printing import page, receipt
from hub.store.ledger import Chain
from tests.making import ANNA, CONSENT, TOPIC, VENDOR_ID, Shop, person, phone

# mandatory in the TS or for the GDPR, as the community guide lists them (legal reference 3.2)
MANDATORY = {
    "schema_version",
    "record_id",
    "subject_id",
    "notice_id",
    "language",
    "purposes",
    "legal_basis",
    "personal_data",
    "controllers",
    "collection_method",
    "jurisdiction",
    "recipients",
    "withdrawal_method",
    "events",
}


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def capsule(shop: Shop) -> bytes:
    event = shop.events("consent_given")[0]
    return capsules.make(shop.world, shop.controller, "consent", event.id)


def record(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(capsule(shop))["consents"][0]
    return found


def test_record_fills_what_the_standard_asks(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    found = record(shop)
    assert {name for name in MANDATORY if not found[name]} == set()
    assert found["purposes"] == [{"purpose": "MARKETING", "type": "dpv:DirectMarketing", "topics": [TOPIC]}]
    assert found["legal_basis"] == "eu-gdpr:A6-1-a"
    assert found["recipients"] == ["Pigeon Ltd", "WhatsApp Ireland Ltd."]
    assert found["contact_point"]["key_id"] + "." + found["contact_point"]["hmac"] == shop.token(phone(ANNA))
    assert found["evidence"][0]["sha256"]


def test_record_maps_every_prefix_it_uses(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    found = record(shop)
    used = set(re.findall(r'"(dpv|eu-gdpr|pd|dct):', orjson.dumps(found).decode()))
    assert used <= found["@context"].keys()


def test_switch_in_the_app_withdraws_the_record(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.hear(PreferenceChanged(VENDOR_ID, (phone(ANNA),), shop.world.now(), stopped=True))
    assert record(shop)["state"] == "dpv:ConsentWithdrawn"


def test_unclear_words_leave_the_record_unknown(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with shop.write() as session:
        chain, now = Chain(session, shop.controller.id, shop.world.now()), shop.world.now()
        tokens, reach = [shop.token(phone(ANNA))], permission.MARKETING_ON_WHATSAPP
        permission.stop(
            shop.world, session, chain, shop.controller, tokens, StopKind.UNSURE, now, reach, {"rule": "made up"}
        )
        chain.write()
    assert [event["event_type"] for event in record(shop)["events"]] == ["consent_given", "unclear_message"]
    assert record(shop)["state"] == "dpv:ConsentUnknown"


def test_stop_before_a_consent_is_no_part_of_its_record(shop: Shop) -> None:
    shop.stop(phone(ANNA))
    shop.agree(phone(ANNA))
    assert [event["event_type"] for event in record(shop)["events"]] == ["consent_given"]


@pytest.mark.parametrize(("language", "word"), [("de", "Entscheidungen"), ("en", "Decisions")])
def test_page_holds_what_the_capsule_holds(shop: Shop, language: str, word: str) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    shop.claim()
    raw = capsule(shop)
    held, shown = orjson.loads(raw), page(raw, language)
    assert word in shown
    for row in held["decisions"] + held["events"]:
        assert row["record"]["id"] in shown
    assert held["wordings"][0]["text"] in shown
    assert held["documents"][0]["sha256"] in shown
    assert not re.search(r'(src|href)="|url\(|<script', shown), "nothing is loaded from elsewhere"


def test_page_shows_markup_in_a_text_as_text(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    held = orjson.loads(capsule(shop))
    held["wordings"][0]["text"] = "<script>alert(1)</script>"
    assert "<script>" not in page(orjson.dumps(held), "en")


def test_receipt_tells_the_person_text_time_and_way_out(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shown = receipt(capsule(shop), "de")
    wording = orjson.loads(capsule(shop))["wordings"][0]
    assert wording["text"] in shown
    assert "STOPP" in shown
    assert "von der Person widerrufen" in shown
    assert "Code {code}" not in shown
