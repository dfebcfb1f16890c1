# SPDX-License-Identifier: Apache-2.0
"""Consent records after ISO/IEC TS 27560, and capsules on paper."""

from __future__ import annotations

import re
import sys
import tomllib
import zlib
from datetime import timedelta
from html import unescape
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
import pytest
import typst
from sqlmodel import select

from hub.contract import BadInput, PreferenceChanged
from hub.flows import capsules, permission, traces
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.law.reasons import reason
from hub.law.trace import CHECKS, meaning, name_of
from hub.paper import pdf
from hub.proof import printing
from hub.proof.chain import digest
from hub.proof.printing import page, receipt, sheet
from hub.store.ledger import Chain
from hub.store.tables import DecisionRow
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
    "storage_locations",
    "retention",
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
    assert found["recipients"] == ["Pigeon Ltd", "WhatsApp Ireland Limited"]
    assert found["contact_point"]["key_id"] + "." + found["contact_point"]["hmac"] == shop.token(phone(ANNA))
    assert found["evidence"][0]["sha256"]


def test_record_maps_every_prefix_it_uses(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    found = record(shop)
    used = set(re.findall(r'"(dpv|eu-gdpr|pd|dct):', orjson.dumps(found).decode()))
    assert used <= found["@context"].keys()


def test_record_says_who_has_the_data_where_and_how_long(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    found = record(shop)
    assert found["recipients"] == ["Pigeon Ltd", "WhatsApp Ireland Limited", "Paper CRM"]
    assert (found["storage_locations"], found["processing_locations"]) == (["DE"], ["DE"])
    assert found["transfers"][0]["tool"] == "A45-3"
    assert found["processor_record"].endswith(":v2")
    assert found["retention"]["calendar_years"] == 3
    assert found["events"][0]["validity_duration"] == found["validity_duration"] == "P365D"


def test_record_keeps_the_file_on_the_provider_of_its_own_time(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.clock.advance(timedelta(days=1))
    shop.file(approve=True)
    assert record(shop)["processor_record"].endswith(":v2")


def test_record_names_a_notice_that_was_served(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    first, second = record(shop)["rights_notice"]
    assert (first["kind"], first["notice_id"]) == ("art_13", shop.page.notice_id)
    assert (second["kind"], second["notice_id"]) == ("art_21_4", shop.page.hint_id)
    assert [first["event_id"], second["event_id"]] == [event.id for event in shop.events("notice_served")]


def test_every_field_of_the_record_has_its_source_in_the_docs(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    told = (Path(__file__).parent.parent / "docs" / "evidence.md").read_text("utf-8").split("## Consent records")[1]
    present, absent = told.split("Not there, and why")
    assert {name for name in record(shop) if f"`{name}`" not in present} - {"@type"} == set()
    for name in ("authority_party", "privacy_rights", "impact_assessment", "processing_method", "brand"):
        assert f"`{name}`" in absent
        assert name not in record(shop)


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


# PDF


def printed(raw: bytes, language: str = "de") -> bytes:
    source, files = sheet(raw, language)
    return pdf(source, files=files)


def words_of(raw: bytes, language: str = "de") -> str:
    """Every text that stands on the pages of the PDF, in its order; typst writes them as HTML as well."""
    source, files = sheet(raw, language)
    html: bytes = typst.compile({**files, "main.typ": source.encode()}, format="html", ignore_system_fonts=True)
    plain = re.sub(r"<(style|head).*?</\1>", "", html.decode(), flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", "", plain)).replace("\u200b", "")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("de", ("Erlaubt", "Entscheidungen", "unmittelbar vor dem Senden", "der Inhaber genau dieses Kontaktpunkts")),
        ("en", ("Allowed", "Decisions", "right before sending", "the holder of this very contact point")),
    ],
)
def test_pdf_of_an_allowed_send_tells_the_whole_story(shop: Shop, language: str, told: tuple[str, ...]) -> None:
    shop.reach(ANNA)
    raw = capsules.make(shop.world, shop.controller, "message", shop.claim_one().outgoing.id)
    held, text = orjson.loads(raw), words_of(raw, language)
    decision, wording = held["decisions"][0]["record"], held["wordings"][0]
    for word in (*told, wording["text"], wording["id"], "§ 7(2) no. 2 UWG", decision["policy"], decision["id"]):
        assert word in text
    for word in ("eu-gdpr:A6-1-a", "consent.verified", "Pigeon Ltd", "A45-3", "neue Angebote", "hub verify"):
        assert word in text
    for root in held["roots"]:
        assert root["statement"]["root"] in text
        assert root["signature"] in text
    assert digest(raw) in text
    assert ANNA not in text


def test_pdf_of_a_refusal_names_the_reason_and_the_remedy(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.stop(phone(ANNA))
    shop.claim()
    (row,) = [row for row in shop.campaign_messages() if row.state == "refused"]
    text = words_of(capsules.make(shop.world, shop.controller, "message", row.id))
    found = reason("SUPPRESSED_OBJECTION_MARKETING")
    for word in ("Abgelehnt", found.meaning_de, found.remedy_de, found.source, "Widerspruch gegen Werbung"):
        assert word in text


HOSTILE = (
    '#panic("x") #read("/etc/passwd") $sum_1$ *b* _e_ @l <l> = H // c \\ #{1+1} ]] }} `r` "q" \u202eesrever\u0000 😀 中'
)


def test_pdf_shows_markup_in_a_text_as_text(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    held = orjson.loads(capsule(shop))
    held["wordings"][0]["text"] = HOSTILE
    held["controller"]["name"] = HOSTILE
    text = words_of(orjson.dumps(held))
    shown = HOSTILE.replace("\u202e", "[U+202E]").replace("\x00", "[U+0000]").replace("😀", "[U+1F600]")
    shown = shown.replace("中", "[U+4E2D]")
    assert text.count(shown) == 2
    assert printed(orjson.dumps(held)).startswith(b"%PDF-")


def test_pdf_can_show_or_spell_every_sign_there_is(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    held = orjson.loads(capsule(shop))
    signs = {chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000}
    shown = {sign for sign in signs if printing._sign(sign) == sign}
    assert {*"äößçığşłżéñ€§„“–…"} <= shown
    assert not shown & {"\u202e", "\u200b", "\u2066", "\ufeff"}
    held["wordings"][0]["text"] = " ".join(sorted(shown)) + " " + "x" * 3000
    assert printed(orjson.dumps(held)).startswith(b"%PDF-")


def test_pdf_is_archivable_carries_its_capsule_and_comes_out_the_same_again(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    raw = capsule(shop)
    made = printed(raw)
    assert b"<pdfaid:part>3</pdfaid:part>" in made
    assert b"capsule.json" in made
    streams = [inflated(part) for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)]
    assert raw in streams
    assert printed(raw) == made


def inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def test_pdf_without_typst_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(BadInput, match=r"pip install consent-hub\[pdf\]"):
        pdf("= A")


def test_every_check_is_told_in_both_languages() -> None:
    names = {name_of(check) for check in CHECKS}
    for language in ("en", "de"):
        assert {name for name in names if meaning(name, language) in ("", name)} == set()
    german = tomllib.loads((files("hub.law") / "checks.toml").read_text("utf-8"))["checks"]
    assert german.keys() == names


def test_decision_of_today_is_traced_and_one_judged_otherwise_is_not(shop: Shop) -> None:
    shop.reach(ANNA)
    message = shop.claim_one().outgoing.id
    (traced,) = orjson.loads(capsules.make(shop.world, shop.controller, "message", message))["traces"]
    assert ["consent.verified", []] in [[step["check"], step["objections"]] for step in traced["steps"]]
    with shop.world.db.read() as session:
        row = session.exec(select(DecisionRow).where(DecisionRow.message_id == message)).one()
        session.expunge(row)
        record = orjson.loads(row.record)
        row.record = orjson.dumps({**record, "reasons": ["OK_CONTRACT"]}).decode()
        assert traces.of(session, [row])[0]["steps"] == []
    assert record["engine_version"] == version("consent-hub")
