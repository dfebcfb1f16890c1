# SPDX-License-Identifier: Apache-2.0
"""A template that the platform moved is suspended, and people are told until they have read the list again."""

from __future__ import annotations

import pytest

from hub.contract import PlatformCategory, SenderChanged, Template, TemplateChanged, TemplateState
from hub.flows import accounts, drift
from hub.flows.states import State
from hub.store.tables import TemplateRow
from tests.carriers import OFFER
from tests.making import ANNA, VENDOR_ID, Shop

pytest_plugins = ["tests.shops"]

NAME = f"{OFFER.name}/{OFFER.language}"


def changed(shop: Shop, **what: object) -> None:
    shop.hear(TemplateChanged(OFFER.name, OFFER.language, shop.world.now(), **what))  # type: ignore[arg-type]


def news(shop: Shop) -> list[str]:
    with shop.world.db.read() as session:
        return drift.news(session, shop.provider.id)


def reread(shop: Shop, template: Template = OFFER) -> None:
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, shop.provider, [template])


def test_template_in_another_category_is_refused_and_told(shop: Shop) -> None:
    shop.reach(ANNA)
    changed(shop, category=PlatformCategory.UTILITY)
    assert not shop.claim()
    assert [(row.state, row.reason) for row in shop.campaign_messages()] == [(State.REFUSED, "PLATFORM_CATEGORY_DRIFT")]
    (line,) = news(shop)
    assert line.startswith(f"{NAME}: ")
    assert line.endswith("UTILITY, was MARKETING")


@pytest.mark.parametrize("back", [TemplateState.APPROVED, None])
def test_template_with_other_words_is_refused_until_it_is_read_again(shop: Shop, back: TemplateState | None) -> None:
    shop.reach(ANNA)
    changed(shop, words=True)
    if back:
        changed(shop, state=back)  # reviewed, and still not the words that were judged
    assert not shop.claim()
    reasons = [row.reason for row in shop.campaign_messages()]
    assert reasons == ["PLATFORM_TEMPLATE_INVALID"]
    assert "words were changed" in news(shop)[0]


def test_template_with_other_words_may_be_sent_once_they_were_read(shop: Shop) -> None:
    shop.reach(ANNA)
    changed(shop, words=True)
    reread(shop)
    assert len(shop.claim()) == 1
    assert news(shop) == []


def test_news_add_up_and_name_no_more_than_fits(shop: Shop) -> None:
    for _ in range(20):
        changed(shop, state=TemplateState.PAUSED)
        changed(shop, state=TemplateState.APPROVED)
    (row,) = shop.rows(TemplateRow)
    assert len(row.moved) == 300
    assert row.moved.endswith("APPROVED, was PAUSED")


def test_what_is_announced_or_rated_is_told_without_suspending(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.hear(SenderChanged("", "becomes UTILITY on 2026-12-01", shop.world.now(), template=NAME))
    assert news(shop)[0].endswith("becomes UTILITY on 2026-12-01")
    assert len(shop.claim()) == 1


def test_news_of_what_is_known_or_of_nobody_change_nothing(shop: Shop) -> None:
    changed(shop, state=TemplateState.APPROVED, category=PlatformCategory.MARKETING)
    shop.hear(SenderChanged("", "quality is RED", shop.world.now(), template="another/de"))
    shop.hear(TemplateChanged("another", "de", shop.world.now(), words=True))
    shop.hear(SenderChanged(VENDOR_ID, "display name: APPROVED", shop.world.now()))
    assert news(shop) == []


def test_news_can_be_asked_for_certain_templates_only(shop: Shop) -> None:
    changed(shop, words=True)
    with shop.world.db.read() as session:
        assert len(drift.news(session, shop.provider.id, {NAME})) == 1
        assert drift.news(session, shop.provider.id, {"another/de"}) == []


def test_reading_again_says_what_became_different(shop: Shop) -> None:
    with shop.world.db.read() as session:
        before = drift.Seen.now(session, shop.provider.id)
    other = Template("neu", "de", PlatformCategory.UTILITY, TemplateState.APPROVED, "Hallo")
    moved = Template(OFFER.name, OFFER.language, PlatformCategory.UTILITY, TemplateState.PAUSED, "Anders")
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, shop.provider, [moved, other])
    with shop.world.db.read() as session:
        after = drift.Seen.now(session, shop.provider.id)
    assert list(before.until(after)) == [
        f"{NAME}: UTILITY, was MARKETING",
        f"{NAME}: PAUSED, was APPROVED",
        f"{NAME}: its words were changed",
        "neu/de: new",
    ]
    assert list(after.until(before))[-1] == "neu/de: gone"
