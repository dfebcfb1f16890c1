# SPDX-License-Identifier: Apache-2.0
"""Making a campaign in the console: what may be chosen, how the message would read, and that nothing typed is lost."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.contract import PlatformCategory, Receipt, Template, TemplateState
from hub.flows import accounts
from hub.flows.roles import Role
from hub.flows.states import CampaignState
from hub.store.tables import AuditRow, Campaign
from hub.web.console.reading import table
from tests.carriers import OFFER
from tests.making import ANNA, CONSENT, TOPIC, Shop, person, phone
from tests.test_web_console import Browser, House

pytest_plugins = ["tests.shops", "tests.test_web_console"]

NAME = f"{OFFER.name}/{OFFER.language}"


def typed(shop: Shop, browser: Browser, **changes: str) -> dict[str, str]:
    wanted = {
        "ticket": browser.ticket(),
        "crm": shop.crm.id,
        "template": NAME,
        "title": "Herbst <b>",
        "audience": "all",
        "purpose": "MARKETING",
        "topic": TOPIC,
        "p.1": "firstname",
        "f.1": "liebe Kundin",
        "any_hour": "yes",
    }
    return wanted | changes


def chosen(shop: Shop, *more: str) -> str:
    return "&".join([f"/console/campaigns/new?crm={shop.crm.id}&template={NAME}", *more])


def test_campaign_is_made_as_it_was_typed(house: House) -> None:
    shop = house.shop
    shop.paper.lists = {"all": [("1",)]}
    browser = house.visitor(Role.MARKETER)
    form = browser.get(chosen(shop)).text
    assert '<option value="all">' in form
    more = {"canary": "50", "canary_wait": "30", "max_errors": "2,5", "local_time": "10:00", "late": "15"}
    more |= {"start_at": "2030-07-01T09:00"}
    answer = browser.post("/console/campaigns/new", **typed(shop, browser, **more))
    made = shop.only(Campaign)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/campaigns/{made.id}/preview")
    assert (made.state, made.title, made.created_by) == (CampaignState.DRAFT, "Herbst <b>", "marketer")
    assert made.parameters == [["1", "firstname", "liebe Kundin"]]
    assert (made.canary, made.canary_wait_s, made.local_time, made.late_minutes) == (50, 1800, "10:00", 15)
    assert made.rules["errors"] == 2.5
    assert made.any_hour
    assert made.start_at == datetime(2030, 7, 1, 9, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    (row,) = shop.rows(AuditRow)
    assert (row.what, row.about) == ("campaign.draft", made.id)


def test_planned_start_holds_when_somebody_starts_it(house: House) -> None:
    shop = house.shop
    browser = house.visitor(Role.MARKETER)
    browser.post("/console/campaigns/new", **typed(shop, browser, start_at="2030-07-01T09:00"))
    made = shop.only(Campaign)
    browser.post(f"/console/campaigns/{made.id}/start", ticket=browser.ticket())
    assert shop.only(Campaign).start_at == datetime(2030, 7, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("topic", "", "topic"),
        ("canary", "many", "canary"),
        ("local_time", "late", "local_time"),
        ("max_errors", "101", "max_errors"),
        ("audience", "", "audience"),
        ("purpose", "FUN", "purpose"),
        ("sender", "none of ours", "sender"),
    ],
)
def test_mistake_is_shown_at_the_form_and_nothing_typed_is_lost(
    house: House, field: str, value: str, wrong: str
) -> None:
    browser = house.visitor(Role.MARKETER)
    house.shop.paper.lists = {"all": [("1",)]}
    answer = browser.post("/console/campaigns/new", **typed(house.shop, browser, **{field: value}))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert re.search(rf'name="{wrong}"[^>]*aria-invalid="true"', answer.text)
    assert "liebe Kundin" in answer.text
    assert "Herbst &lt;b&gt;" in answer.text
    assert house.shop.rows(Campaign) == []
    assert house.shop.rows(AuditRow) == []


def test_parameter_without_value_and_fallback_is_not_made(house: House) -> None:
    browser = house.visitor(Role.MARKETER)
    answer = browser.post("/console/campaigns/new", **typed(house.shop, browser, **{"p.1": "", "f.1": " "}))
    assert answer.status_code == 422
    assert house.shop.rows(Campaign) == []


def test_sample_reads_as_the_message_would_and_runs_nothing(house: House) -> None:
    browser = house.visitor(Role.MARKETER)
    seen = browser.get(chosen(house.shop, "p.1=firstname")).text
    assert "Hallo ‹firstname›, bei Muster" in seen
    query = f"?template={NAME}&p.1=firstname&f.1=%3Cscript%3Ealert(1)"
    fragment = browser.get(f"/console/campaigns/new/sample{query}").text
    assert "Hallo &lt;script&gt;alert(1), bei Muster" in fragment
    assert "<script>alert" not in fragment


def test_templates_are_compared_by_weight(house: House) -> None:
    shop = house.shop
    other = Template("angebot_kurz", "de", PlatformCategory.MARKETING, TemplateState.APPROVED, "{{1}}. STOPP?", ("1",))
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, shop.provider, [OFFER, other])
    browser = house.visitor(Role.MARKETER)
    form = browser.get(chosen(shop, "beside1=angebot_kurz/de")).text
    assert 'name="weight1"' in form
    wanted = typed(shop, browser, beside1="angebot_kurz/de", weight0="3", weight1="1")
    assert browser.post("/console/campaigns/new", **wanted).status_code == 303
    assert [(one["template"], one["weight"]) for one in shop.only(Campaign).variants] == [
        (OFFER.name, 3),
        ("angebot_kurz", 1),
    ]


def test_only_marketers_and_admins_make_campaigns_and_only_of_their_company(house: House) -> None:
    shop = house.shop
    reader = house.visitor(Role.READER)
    assert reader.get(chosen(shop)).status_code == 403
    assert reader.post("/console/campaigns/new", **typed(shop, reader)).status_code == 403
    assert "/console/campaigns/new" not in reader.get("/console/campaigns").text
    other = Shop(shop.world, "Andere GmbH", ("reed", "dove"))
    theirs = house.visitor(Role.ADMIN, other, "x@example.org")
    assert shop.crm.id not in theirs.get(chosen(shop)).text
    assert theirs.post("/console/campaigns/new", **typed(shop, theirs)).status_code == 422
    assert shop.rows(Campaign) == []


def test_form_speaks_both_languages(house: House) -> None:
    browser = house.visitor(Role.MARKETER)
    for language, word in (("de", "Neue Kampagne"), ("en", "New campaign")):
        browser.post(f"/console/language/{language}")
        assert word in browser.get(chosen(house.shop)).text
        assert word in browser.get("/console/campaigns").text


def test_preview_tells_finish_time(house: House) -> None:
    shop = house.shop
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    shop.paper.lists = {"all": [("1",)]}
    made = shop.draft().id
    browser = house.visitor(Role.MARKETER)
    browser.post("/console/language/en")
    assert "Last message" in browser.get(f"/console/campaigns/{made}/preview").text


def test_results_are_told_by_template_and_wave_and_taken_away(house: House) -> None:
    shop = house.shop
    made = shop.reach(ANNA)
    shop.settle({message.outgoing.id: Receipt("pigeon.1") for message in shop.claim()})
    browser = house.visitor(Role.READER)
    page = browser.get(f"/console/campaigns/{made.id}").text
    assert f'<th scope="row">{NAME}</th>' in page
    answer = browser.get(f"/console/campaigns/{made.id}/results.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    (line,) = csv.DictReader(answer.content.decode("utf-8-sig").splitlines())
    assert (line["kind"], line["name"], line["messages"], line["sent"]) == ("template", NAME, "1", "1")
    other = Shop(shop.world, "Andere GmbH", ("reed", "dove"))
    theirs = house.visitor(Role.ADMIN, other, "x@example.org")
    assert theirs.get(f"/console/campaigns/{made.id}/results.csv").status_code == 404


def test_formula_in_a_name_is_text_in_the_file() -> None:
    leaflet = table("x", ["name"], [["=1+1"], ["-2"], [3]])
    assert leaflet.body.decode("utf-8-sig").split() == ["name", "'=1+1", "'-2", "3"]
