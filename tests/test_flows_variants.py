# SPDX-License-Identifier: Apache-2.0
"""Templates side by side: who gets which, what the gate is asked about each, and what a stop answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hub.contract import BadInput, PlatformCategory, Receipt, Template, TemplateContent, TemplateState
from hub.flows import accounts, campaigns, variants
from hub.flows.drafts import Beside, Plan
from hub.flows.states import State
from hub.flows.variants import Variant
from hub.store.tables import Campaign, DecisionRow, TemplateRow
from tests.carriers import OFFER
from tests.making import CONSENT, Shop, number, person, phone

pytest_plugins = ["tests.shops"]

BODY = "Muster Handels GmbH: {{name}}, Herbst in {{city}}. Antworten Sie 2 für keine Werbung mehr, STOPP geht auch."
OTHER = Template("herbst", "de", PlatformCategory.MARKETING, TemplateState.APPROVED, BODY, ("name", "city"))
FILLED = {"1": "firstname|dort", "name": "firstname|Sie", "city": "city|Ihrer Stadt"}
PEOPLE = [number(12_345_600 + index) for index in range(40)]
SPLIT = Plan(any_hour=True, beside=(Beside(OTHER.name, OTHER.language),))


@pytest.fixture(autouse=True)
def two_templates(shop: Shop) -> None:
    listed(shop, OFFER, OTHER)


def listed(shop: Shop, *templates: Template) -> None:
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, shop.provider, list(templates))


def staged(shop: Shop, plan: Plan = SPLIT) -> Campaign:
    for typed in PEOPLE:
        shop.agree(phone(typed))
    shop.sync(*(person(str(index), typed, CONSENT) for index, typed in enumerate(PEOPLE)))
    return shop.stage(*map(str, range(len(PEOPLE))), plan=plan, parameters=FILLED)


def test_each_message_carries_its_own_template_with_its_own_parameters(shop: Shop) -> None:
    campaign = staged(shop)
    rows = {row.id: row for row in shop.campaign_messages()}
    seen: Counter[str] = Counter()
    for message in shop.claim(100):
        content, row = message.outgoing.content, rows[message.outgoing.id]
        assert isinstance(content, TemplateContent)
        drawn = variants.drawn(campaign, row.contact_id)
        assert (content.name, content.language) == (drawn.template, drawn.language) == (row.template, row.language)
        names = tuple(name for name, _ in content.parameters)
        assert names == (OFFER.parameters if content.name == OFFER.name else OTHER.parameters)
        seen[content.name] += 1
    assert seen.total() == len(PEOPLE)
    assert min(seen[OFFER.name], seen[OTHER.name]) > 5


def test_gate_is_asked_about_the_template_that_leaves(shop: Shop) -> None:
    staged(shop)
    listed(shop, OFFER, replace(OTHER, state=TemplateState.PAUSED))
    sent = shop.claim(100)
    assert {message.outgoing.content.name for message in sent} == {OFFER.name}  # type: ignore[union-attr]
    refused = [row for row in shop.campaign_messages() if row.state == State.REFUSED]
    assert {(row.template, row.reason) for row in refused} == {(OTHER.name, "PLATFORM_TEMPLATE_INVALID")}
    assert len(sent) + len(refused) == len(PEOPLE)
    records = {row.id: orjson.loads(row.record) for row in shop.rows(DecisionRow)}
    for row in shop.campaign_messages():
        assert records[row.decision_id]["template"] == f"{row.template}/de"


def test_answer_that_only_one_variant_offered_is_a_stop(shop: Shop) -> None:
    campaign = staged(shop)
    shop.settle({m.outgoing.id: Receipt(f"pigeon.{m.outgoing.id}") for m in shop.claim(100)})
    rows = {shop.contact_of(phone(typed)).id: typed for typed in PEOPLE}
    of = {row.template: rows[row.contact_id] for row in shop.campaign_messages()}
    for typed in of.values():
        shop.stop(phone(typed), text="2")
    assert shop.stops(phone(of[OTHER.name]))
    assert not shop.stops(phone(of[OFFER.name])), "two is a number everywhere else"
    with shop.world.db.read() as session:
        found = campaigns.progress(session, session.get_one(Campaign, campaign.id))
    assert {name: counted.total() for name, counted in found.variants.items()} == Counter(
        f"{row.template}/de" for row in shop.campaign_messages()
    )


def test_lot_is_stable_and_follows_the_weights(shop: Shop) -> None:
    campaign = shop.draft(plan=replace(SPLIT, weight=3), parameters=FILLED)
    first = [variants.drawn(campaign, str(index)).name for index in range(10_000)]
    assert [variants.drawn(campaign, str(index)).name for index in range(10_000)] == first
    assert Counter(first)["angebot/de"] == pytest.approx(7_500, abs=200)
    other = shop.draft(plan=replace(SPLIT, weight=3), parameters=FILLED)
    assert [variants.drawn(other, str(index)).name for index in range(100)] != first[:100], "each campaign draws anew"


def test_campaign_without_variants_is_one(shop: Shop) -> None:
    campaign = shop.draft()
    (only,) = variants.of(campaign)
    assert only == Variant("angebot", "de", "MARKETING", (("1", "firstname", "dort"),))
    assert variants.drawn(campaign, "anybody") == only


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"plan": Plan(beside=(Beside("unheard", "de"),))}, "there is no unheard"),
        ({"plan": Plan(beside=(Beside("angebot", "de"),))}, "twice"),
        ({"plan": Plan(beside=(Beside("herbst", "de", 0),))}, "weight"),
        ({"plan": Plan(beside=tuple(Beside(f"t{n}", "de") for n in range(4)))}, "Up to 4"),
        ({"plan": SPLIT, "parameters": {"1": "firstname"}}, "name, city does not fit"),
        ({"plan": SPLIT, "parameters": {**FILLED, "3": "x"}}, "3 does not fit"),
    ],
)
def test_split_that_cannot_work_names_what_is_wrong(shop: Shop, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        shop.draft(**{"parameters": FILLED, **changes})
    assert not shop.rows(Campaign)
    assert len(shop.rows(TemplateRow)) == 2
