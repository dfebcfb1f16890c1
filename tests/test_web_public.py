# SPDX-License-Identifier: Apache-2.0
"""The opt-in page: all a person must see before they agree, and nothing that could be slipped in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hub.flows import notices, optin
from hub.flows.optin import Invitation
from hub.law.facts import NoticeKind
from hub.store.tables import OptInPage
from hub.testing.emulator import serve
from hub.web.app import build
from tests.making import COMPANY, TOPIC, Shop

pytest_plugins = ["tests.shops"]

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


@pytest.fixture
def base(shop: Shop) -> Iterator[str]:
    with serve(build(shop.world, lambda ids: None)) as url:
        yield url


def page(shop: Shop, **changes: Any) -> Invitation:
    wanted = {"title": "Angebote", "language": "de", "topics": [TOPIC], **changes}
    with shop.write() as session:
        made = optin.create(shop.world, session, shop.controller, shop.sender, **wanted)
        return optin.invitation(session, made)


@pytest.mark.parametrize(
    ("language", "button", "before"),
    [("de", "Weiter in den Chat", "Vorher schreiben wir"), ("en", "Continue to the chat", "before")],
)
def test_page_shows_wording_statement_link_and_qr_in_its_language(
    shop: Shop, base: str, language: str, button: str, before: str
) -> None:
    invited = page(shop, language=language)
    answer = httpx.get(f"{base}/o/{invited.page.id}")
    assert answer.status_code == 200
    shown = html.unescape(answer.text)
    assert f'<html lang="{language}">' in shown
    for wanted in (invited.wording.text, invited.statement, button, before, COMPANY, invited.wording.id):
        assert wanted in shown
    assert f'href="{invited.link}"' in shown
    assert re.search(r'<img class="qr" src="data:image/svg\+xml', answer.text)


def test_page_forbids_scripts_frames_and_foreign_sources(shop: Shop, base: str) -> None:
    for path in (f"/o/{shop.page.id}", "/o/unheard"):
        headers = httpx.get(base + path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert "script-src" not in policy
        for name in ("base-uri", "form-action", "frame-ancestors"):
            assert policy[name] == "'none'"
        assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers


def test_page_loads_nothing_from_elsewhere(shop: Shop, base: str) -> None:
    shown = httpx.get(f"{base}/o/{shop.page.id}").text
    assert "<script" not in shown
    addresses = re.findall(r'(?:src|href)="([^"]+)"', shown)
    assert all(address.startswith(("data:", "https://wa.me/", "/n/")) for address in addresses)
    assert len(addresses) == 3


def test_closed_page_is_gone_and_offers_no_chat(shop: Shop, base: str) -> None:
    with shop.write() as session:
        row = session.get_one(OptInPage, shop.page.id)
        row.closed_at = shop.world.now()
        session.add(row)
    answer = httpx.get(f"{base}/o/{shop.page.id}")
    assert answer.status_code == 410
    assert "wa.me" not in answer.text
    assert shop.page.token not in answer.text


@pytest.mark.parametrize("name", ["unheard", "../../etc/passwd", "%00", "a" * 3000])
def test_unknown_page_is_not_found(base: str, name: str) -> None:
    assert httpx.get(f"{base}/o/{name}").status_code == 404


def test_hostile_title_and_topic_are_shown_as_text(shop: Shop, base: str) -> None:
    invited = page(shop, title=HOSTILE, topics=[HOSTILE])
    shown = httpx.get(f"{base}/o/{invited.page.id}").text
    assert "<script" not in shown
    assert HOSTILE in html.unescape(shown)
    assert html.escape("<script>alert(1)</script>") in shown


@pytest.mark.parametrize(("language", "heading"), [("de", "Datenschutzinformation"), ("en", "Privacy notice")])
def test_notice_can_be_read_under_its_own_address_and_on_the_page(
    shop: Shop, base: str, language: str, heading: str
) -> None:
    with shop.write() as session:
        body = f"{COMPANY}\n\n{HOSTILE}"
        made = notices.create(shop.world, session, shop.controller, NoticeKind.ART_13, language, body)
        hint = notices.create(shop.world, session, shop.controller, NoticeKind.ART_21_4, language, f"{COMPANY}: nein?")
    answer = httpx.get(base + notices.path(made.id))
    assert answer.status_code == 200
    shown = html.unescape(answer.text)
    for wanted in (f'<html lang="{language}">', heading, body, made.id):
        assert wanted in shown
    assert "<script" not in answer.text
    opt_in = httpx.get(f"{base}/o/{page(shop, language=language).page.id}").text
    assert f'href="{notices.path(made.id)}"' in opt_in
    assert html.escape(hint.text) in opt_in


@pytest.mark.parametrize("address", ["unheard", "0" * 64, "%25" * 6, "a" * 15])
def test_notice_nobody_wrote_is_not_found(shop: Shop, base: str, address: str) -> None:
    assert httpx.get(f"{base}/n/{address}").status_code == 404
