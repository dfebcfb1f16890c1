# SPDX-License-Identifier: Apache-2.0
"""Whoever types something wrong is told in their own language, by every room that a form of the console leads to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import hub
from hub.contract import BadInput
from hub.flows.roles import Role
from hub.web.console import mistakes
from tests.test_web_console import House

pytest_plugins = ["tests.shops", "tests.test_web_console"]
HUB = Path(hub.__file__).parent
FLOWS = [
    *("addresses", "drafts", "guard", "parity", "points", "review", "routing", "staff", "steering", "subscriptions"),
    *("switching", "watch", "watching", "processor/papers", "processor/versions", "first", "notice_drafts", "notices"),
    *("notice_texts", "wordings", "optin", "accounts", "records", "choices"),
]
REACHED = [*(HUB / "flows" / f"{name}.py" for name in FLOWS), *sorted((HUB / "web" / "console").glob("*.py"))]


def _text(node: ast.expr) -> str | None:
    """A sentence as it stands in the code, with `{}` for what is filled in; None for what is made elsewhere."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def sentences(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "BadInput":
            for part in (node.args[0], *(word.value for word in node.keywords if word.arg == "remedy")):
                if text := _text(part):
                    yield text


def test_every_sentence_that_a_form_leads_to_has_its_german() -> None:
    found = {one for path in REACHED for one in sentences(path)}
    assert len(found) > 80
    assert sorted(one for one in found if not mistakes.german(one.replace("{}", "x"))) == []


def test_what_was_filled_in_stands_in_the_german_too() -> None:
    typed = BadInput("'B {0}' is no purpose", field="purpose", remedy="Use one of: A, B.")
    assert str(mistakes.said(typed, "de")) == "Zweck: 'B {0}' ist kein Zweck. Nehmen Sie eines von: A, B."
    assert str(mistakes.said(typed, "en")) == "purpose: 'B {0}' is no purpose. Use one of: A, B."
    strange = BadInput("looks blue", field="purpose", remedy="Choose one.")
    assert mistakes.said(strange, "de") == ("purpose", "looks blue", "Choose one.", "en"), "half German helps nobody"


@pytest.mark.parametrize("street", ["sqlite"], indirect=True)
def test_form_and_page_tell_it_in_the_visitors_language(house: House) -> None:
    browser = house.visitor(Role.ADMIN)
    ticket = browser.ticket()
    typed = {"ticket": ticket, "address": "http://bi.example.org", "kinds": "sync.finished"}
    wanted = {
        "de": ("Adresse: beginnt nicht mit https://", "Kampagne", "ist im Zustand done", "nichts mehr abzubrechen"),
        "en": ("address: does not begin with https://", "campaign", "is done", "nothing left to cancel"),
    }
    campaign = house.shop.stage()
    with house.shop.write() as session:
        session.add(row := session.merge(campaign))
        row.state = "done"
    for language, (at_form, *on_page) in wanted.items():
        browser.post(f"/console/language/{language}")
        assert at_form in browser.post("/console/events", **typed).text
        page = browser.post(f"/console/campaigns/{campaign.id}/cancel", ticket=ticket)
        assert page.status_code == 422
        assert all(words in page.text for words in on_page), page.text
