# SPDX-License-Identifier: Apache-2.0
"""The record of processing activities: read from what is configured, kept in versions, told apart, looked at again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from hub import letters
from hub.contract import BadInput, DataItem
from hub.flows import accounts, attention
from hub.flows.art30 import content, versions
from hub.flows.art30.content import ACTIVITIES
from hub.store.tables import ProcessingRecord
from tests.making import Shop

pytest_plugins = ["tests.shops"]
pytestmark = pytest.mark.parametrize("street", ["sqlite"], indirect=True)
SAID = {"contact": "Musterweg 1, 12345 Köln", "dpo": "Petra Privat, dsb@muster.example"}


def keep(shop: Shop, **said: str) -> ProcessingRecord:
    with shop.write() as session:
        return versions.keep(shop.world, session, shop.controller, "Dana", said)


def drift(shop: Shop) -> dict[str, tuple[str, str]]:
    with shop.world.db.read() as session:
        return {one.path: (one.before, one.after) for one in versions.drift(shop.world, session, shop.controller)}


def waits(shop: Shop) -> set[str]:
    with shop.world.db.read() as session:
        return {one.what for one in attention.waiting(shop.world, session, shop.controller)}


def test_record_says_what_is_configured(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    item = DataItem("phone number", "contact data", "address a message", "30 days")
    monkeypatch.setattr(shop.world.registry.connectors["pigeon"], "data", (item,))
    held: dict[str, Any] = keep(shop, **SAID).content
    assert held["controller"]["dpo"] == SAID["dpo"]
    told = {one["id"]: one for one in held["activities"]}
    assert set(told) == {one.id for one in ACTIVITIES}
    assert [basis["basis"] for basis in told["marketing"]["bases"]] == ["CONSENT"]
    assert told["marketing"]["purposes"] == ["MARKETING"]
    assert told["marketing"]["categories"] == ["contact data"]
    provider = next(one for one in held["recipients"] if one["kind"] == "provider")
    assert provider["data"][0]["kept"] == "30 days"
    assert [one["to"] for one in provider["transfers"]] == ["US"]
    assert held["storage"]["consent_years"] == 3
    assert "chain" in held["measures"]


def test_what_is_not_in_use_stands_nowhere(shop: Shop) -> None:
    shop.file(approve=False)
    with shop.world.db.read() as session:
        held = content.now(shop.world, session, shop.controller, content.Said())
    assert "marketing" not in {one["id"] for one in held["activities"]}


def test_change_of_the_configuration_is_seen_and_told_until_it_is_written(shop: Shop) -> None:
    first = keep(shop, **SAID)
    assert drift(shop) == {}
    with shop.write() as session, pytest.raises(BadInput, match="same"):
        versions.keep(shop.world, session, shop.controller, "Dana", {})
    with shop.write() as session:
        accounts.connect(shop.world, session, shop.controller, "paper", {}, title="Zweites CRM")
    changed = drift(shop)
    assert changed["recipients[Zweites CRM].title"] == ("", "Zweites CRM")
    assert "record_changed" in waits(shop)
    second = keep(shop)
    assert (second.version, second.content["controller"]["dpo"]) == (2, SAID["dpo"])
    assert "record_changed" not in waits(shop)
    assert first.sha256 != second.sha256
    assert len(shop.events("processing_record_made")) == 2
    assert shop.proven()


def test_review_is_due_until_somebody_looked_and_again_when_its_day_has_come(shop: Shop) -> None:
    row = keep(shop, **SAID)
    assert "record_review" in waits(shop)
    tomorrow = shop.world.now().date() + timedelta(days=1)
    with shop.write() as session, pytest.raises(BadInput, match="past"):
        versions.review(shop.world, session, shop.controller, row.version, "Dana", shop.world.now().date())
    with shop.write() as session:
        versions.review(shop.world, session, shop.controller, row.version, "Dana", tomorrow)
    assert "record_review" not in waits(shop)
    shop.clock.advance(timedelta(days=2))
    assert "record_review" in waits(shop)


@pytest.mark.parametrize("language", ["de", "en"])
def test_record_is_told_as_markdown_pdf_and_json(shop: Shop, language: str) -> None:
    held = versions.told_of(keep(shop, contact="Musterweg 1 | <b>Köln</b>", measures="Backups jede Nacht"))
    text = letters.markdown(held, language)
    assert {"de": "# Verzeichnis von Verarbeitungstätigkeiten", "en": "# Record of processing activities"}[
        language
    ] in text
    assert r"Musterweg 1 \| \<b\>Köln\</b\>" in text
    assert letters.record(held, language).startswith(b"%PDF-")
    assert orjson.loads(held)["content"]["format"] == content.FORMAT
