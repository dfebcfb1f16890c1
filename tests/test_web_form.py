# SPDX-License-Identifier: Apache-2.0
"""The web form as a browser sends it: what counts as sent, what is said back, and what nobody learns from it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from hub.flows import optin
from hub.store.tables import Contact, OptInPage, OptInRequest
from hub.testing.emulator import serve
from hub.web.app import build
from tests.forms import YES, Form
from tests.making import ANNA, BEN, CARLA, TOPIC, Shop, everything_stored, phone

pytest_plugins = ["tests.shops"]


@pytest.fixture
def form(shop: Shop) -> Form:
    return Form(shop)


@pytest.fixture
def page(shop: Shop, form: Form) -> Iterator[str]:
    with serve(build(shop.world, lambda ids: None)) as url:
        yield f"{url}/o/{form.page.id}"


def hidden(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', httpx.get(page).text)
    assert found
    return found[1]


def send(page: str, number: str = ANNA, **changes: str) -> httpx.Response:
    fields = {"form": hidden(page), "number": number, "agree": "yes", **changes}
    return httpx.post(page, data={name: value for name, value in fields.items() if value != "-"})


def test_form_shows_the_wording_and_a_box_that_is_not_ticked(page: str, form: Form) -> None:
    answer = httpx.get(page)
    shown = html.unescape(answer.text)
    assert f"{YES}." in shown
    assert "checked" not in shown
    assert re.search(r'<label class="field" for="number">', shown)
    assert re.search(r'<input id="agree" name="agree" type="checkbox" value="yes" required>', shown)
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-robots-tag"].startswith("noindex")


def test_style_is_named_by_its_hash_and_nothing_else_may_run(page: str) -> None:
    policy = httpx.get(page).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "'sha256-" in policy


def test_page_without_a_template_has_no_form_and_takes_none(shop: Shop, page: str) -> None:
    plain = page.replace(page.rsplit("/", 1)[1], shop.page.id)
    assert "<form" not in httpx.get(plain).text
    assert httpx.post(plain, data={"number": ANNA, "agree": "yes"}).status_code == 404
    assert httpx.get(f"{plain}/sent").status_code == 404


def test_sent_form_asks_the_number_and_says_where_to_look(shop: Shop, form: Form, page: str) -> None:
    answer = send(page)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/o/{form.page.id}/sent")
    assert "WhatsApp" in httpx.get(f"{page}/sent").text
    assert shop.only(OptInRequest).token == shop.token(phone(ANNA))
    form.says(f"JA {form.code()}")
    assert len(shop.consents(phone(ANNA))) == 1


def test_looking_at_pages_changes_nothing(shop: Shop, page: str) -> None:
    before = everything_stored(shop.world)
    for path in (page, f"{page}/sent", f"{page}?number={ANNA}&agree=yes"):
        httpx.get(path)
        httpx.head(path)
    assert everything_stored(shop.world) == before


def test_answer_is_the_same_for_known_stopped_and_unknown_numbers(shop: Shop, form: Form, page: str) -> None:
    shop.agree(phone(BEN))
    shop.stop(phone(CARLA))
    sent = [send(page, number) for number in (ANNA, BEN, CARLA, ANNA)]
    answers = {(answer.status_code, answer.text, answer.headers["location"]) for answer in sent}
    assert len(answers) == 1
    assert len(form.questions()) <= 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agree": "-"}, "Häkchen"),
        ({"agree": "no"}, "Häkchen"),
        ({"number": "call me"}, "Ländervorwahl"),
        ({"number": "-"}, "Ländervorwahl"),
        ({"form": "-"}, "noch einmal"),
        ({"form": "AAAA"}, "noch einmal"),
    ],
)
def test_form_that_cannot_count_sends_nothing_and_says_why(
    shop: Shop, page: str, changes: dict[str, str], said: str
) -> None:
    answer = send(page, **{"number": ANNA, **changes})
    assert answer.status_code == 400
    assert said in answer.text
    assert 'role="alert"' in answer.text
    assert "Fehler" in re.findall("<title>(.*)</title>", answer.text)[0]
    assert "checked" not in answer.text
    assert not shop.rows(OptInRequest)
    assert not shop.rows(Contact)


def test_form_of_another_page_does_not_count(shop: Shop, page: str) -> None:
    other = Form(shop)
    assert send(page, form=hidden(page.replace(page.rsplit("/", 1)[1], other.page.id))).status_code == 400
    assert not shop.rows(OptInRequest)


def test_form_whose_text_was_changed_meanwhile_is_shown_again_with_the_new_one(
    shop: Shop, form: Form, page: str
) -> None:
    old = hidden(page)
    with shop.write() as session:
        current = session.get_one(OptInPage, form.page.id)
        optin.reword(shop.world, session, shop.controller, current, [TOPIC, "Termine"])
    answer = send(page, form=old)
    assert answer.status_code == 400
    assert "Termine" in answer.text
    assert not shop.rows(OptInRequest)
    assert send(page).status_code == 303
    assert shop.only(OptInRequest).wording_id != form.page.wording_id


def test_form_that_was_open_all_day_is_shown_again(shop: Shop, page: str) -> None:
    old = hidden(page)
    shop.clock.advance(timedelta(hours=13))
    assert send(page, form=old).status_code == 400


def test_too_many_forms_from_one_address_are_told_to_wait(shop: Shop, page: str) -> None:
    codes = [send(page, f"+4915112345{index:03d}").status_code for index in range(11)]
    assert codes == [303] * 10 + [429]
    assert len(shop.rows(OptInRequest)) == 10


def test_what_was_typed_is_shown_as_text(page: str) -> None:
    shown = send(page, '"><script>alert(1)</script>').text
    assert "<script" not in shown


def test_form_too_long_to_be_one_is_none(page: str) -> None:
    assert httpx.post(page, content=b"number=" + b"1" * 100_000).status_code == 400


def test_closed_page_takes_no_form(shop: Shop, form: Form, page: str) -> None:
    ticket = hidden(page)
    with shop.write() as session:
        row = session.get_one(OptInPage, form.page.id)
        row.closed_at = shop.world.now()
        session.add(row)
    assert send_raw(page, ticket).status_code == 410
    assert httpx.get(f"{page}/sent").status_code == 404
    assert not shop.rows(OptInRequest)


def send_raw(page: str, ticket: str) -> httpx.Response:
    return httpx.post(page, data={"form": ticket, "number": ANNA, "agree": "yes"})
