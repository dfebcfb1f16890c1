# SPDX-License-Identifier: Apache-2.0
"""Preferences and receipts in a browser: looking changes nothing, a click takes back, and nothing leaks."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from hub.flows import contacts, links
from hub.store.tables import RightsRequest, StopRow
from hub.testing.emulator import serve
from hub.web.app import build
from tests.making import ANNA, COMPANY, TOPIC, Shop, everything_stored, phone

pytest_plugins = ["tests.shops"]


@pytest.fixture
def base(shop: Shop) -> Iterator[str]:
    shop.agree(phone(ANNA))
    with serve(build(shop.world, lambda ids: None)) as url:
        yield url


def page(shop: Shop, base: str, kind: str = "p") -> str:
    (given,) = shop.events("consent_given")
    with shop.world.db.read() as session:
        point = contacts.find_point(shop.world, session, shop.controller, phone(ANNA))
        assert point
        made = links.make(shop.world, kind, point, given.id if kind == "r" else "")
    return f"{base}/{'/'.join(made.rsplit('/', 2)[1:])}"


def click(url: str, wish: str, **changes: str) -> httpx.Response:
    found = re.search(r'name="form" value="([^"]+)"', httpx.get(url).text)
    assert found
    return httpx.post(url, data={"form": found[1], "wish": wish, **changes})


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("de", ("Ihre Einstellungen", "Keine Werbung mehr", "erlaubt")),
        ("en", ("Your preferences", "No more", "allowed")),
    ],
)
def test_page_shows_what_is_held_in_both_languages(
    shop: Shop, base: str, language: str, wanted: tuple[str, ...]
) -> None:
    answer = httpx.get(f"{page(shop, base)}?lang={language}")
    shown = html.unescape(answer.text)
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in shown
    for words in (*wanted, COMPANY, TOPIC, shop.page.wording_id):
        assert words in shown
    assert ANNA not in shown
    assert ANNA[-3:] in shown


def test_every_field_of_the_page_has_a_label_and_headings_come_in_order(shop: Shop, base: str) -> None:
    shown = httpx.get(page(shop, base)).text
    boxes = re.findall(r'<input id="([^"]+)"', shown)
    assert boxes
    assert all(re.search(f'<label class="(tick|field)" for="{box}">', shown) for box in boxes)
    assert [int(level) for level in re.findall(r"<h(\d)", shown)][:2] == [1, 2]
    assert len(re.findall("<h1", shown)) == 1


def test_looking_withdraws_nothing(shop: Shop, base: str) -> None:
    url = page(shop, base)
    before = everything_stored(shop.world)
    for path in (url, f"{url}?wish=marketing&done=changed", f"{url}?lang=en", page(shop, base, "r")):
        assert httpx.get(path).status_code == 200
        assert httpx.head(path).status_code == 200
    assert everything_stored(shop.world) == before


@pytest.mark.parametrize(
    ("wish", "kind"),
    [("marketing", "objection_marketing"), ("everything", "stop_all"), ("topics", "consent_withdrawn")],
)
def test_click_takes_back_at_once_and_says_so(shop: Shop, base: str, wish: str, kind: str) -> None:
    url = page(shop, base)
    answer = click(url, wish)
    assert answer.status_code == 303
    assert [stop.kind for stop in shop.stops(phone(ANNA))] == [kind]
    then = httpx.get(f"{base}{answer.headers['location']}").text
    assert "Gespeichert" in then
    assert "keine Werbung" in then


def test_topic_that_stays_ticked_stays(shop: Shop, base: str) -> None:
    assert "done=unchanged" in click(page(shop, base), "topics", keep=TOPIC).headers["location"]
    assert not shop.rows(StopRow)


@pytest.mark.parametrize("changes", [{"form": ""}, {"form": "x"}, {"wish": "more"}, {"wish": ""}])
def test_form_that_is_not_ours_changes_nothing(shop: Shop, base: str, changes: dict[str, str]) -> None:
    fields = {"wish": "marketing", **changes}
    answer = click(page(shop, base), fields.pop("wish"), **fields)
    assert "done=unchanged" in answer.headers["location"]
    assert not shop.rows(StopRow)


def test_language_stays_after_a_click(shop: Shop, base: str) -> None:
    answer = click(f"{page(shop, base)}?lang=en", "marketing")
    assert "Saved" in httpx.get(f"{base}{answer.headers['location']}").text


@pytest.mark.parametrize("path", ["/p/x", "/r/x", "/r/x.json", "/p/" + "A" * 2000, "/p/%00"])
def test_link_that_opens_nothing_says_how_to_stop_in_both_languages(base: str, path: str) -> None:
    answer = httpx.get(base + path)
    assert answer.status_code == 404
    assert "STOPP" in answer.text
    assert "write STOP" in answer.text


def test_expired_link_takes_no_click(shop: Shop, base: str) -> None:
    url = page(shop, base)
    shop.clock.advance(timedelta(days=31))
    assert httpx.post(url, data={"wish": "marketing"}).status_code == 404


def test_receipt_shows_the_text_and_downloads_as_a_record(shop: Shop, base: str) -> None:
    url = page(shop, base, "r")
    (given,) = shop.events("consent_given")
    shown = html.unescape(httpx.get(f"{url}?lang=en").text)
    for wanted in (
        COMPANY,
        TOPIC,
        "WhatsApp Ireland Limited",
        given.id,
        shop.page.wording_id,
        "Art. 6(1)(a) GDPR",
        "STOP",
    ):
        assert wanted in shown
    answer = httpx.get(f"{url}.json")
    record = json.loads(answer.content)
    assert answer.headers["content-disposition"] == f'attachment; filename="consent-{given.id}.json"'
    assert (record["record_id"], record["state"]) == (given.id, "dpv:ConsentGiven")
    assert record["notice"]["text"] in shown
    assert ANNA not in answer.text


def test_receipt_leads_to_the_preferences(shop: Shop, base: str) -> None:
    found = re.search(r'href="(/p/[^"]+)"', httpx.get(page(shop, base, "r")).text)
    assert found
    assert httpx.get(base + found[1]).status_code == 200


def test_pages_are_kept_by_nobody_and_load_nothing(shop: Shop, base: str) -> None:
    for url in (page(shop, base), page(shop, base, "r"), page(shop, base, "r") + ".json", f"{base}/p/x"):
        answer = httpx.get(url)
        headers = answer.headers
        assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "set-cookie" not in headers
        assert "<script" not in answer.text
        if url.endswith(".json"):
            continue
        assert not re.findall(r'(?:src|href|action)="(?!/[pro]/)', answer.text)


def test_person_asks_for_access_behind_their_link_once(shop: Shop, base: str) -> None:
    url = page(shop, base)
    asked = click(url, "", right="access", words="Was haben Sie?")
    assert asked.headers["location"].endswith("done=asked")
    again = click(url, "", right="access")
    assert again.headers["location"].endswith("done=unchanged")
    assert click(url, "", right="withdrawal").headers["location"].endswith("done=unchanged")
    forged = httpx.post(url, data={"form": "x", "right": "erasure"})
    assert forged.headers["location"].endswith("done=unchanged")
    row = shop.only(RightsRequest)
    assert (row.kind, row.way, row.state) == ("access", "page", "open")
    assert "Was haben Sie?" not in everything_stored(shop.world)
