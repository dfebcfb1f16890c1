# SPDX-License-Identifier: Apache-2.0
"""The template lint measured on labelled texts: how much it misses, and how often it is wrong.

`dev` texts were at hand when the word lists were written. `held` ones were written afterwards, on purpose without the
stock words of advertising, and nothing was changed after looking at them: the lists find none of those. The lint
catches the usual wording; a person must read every template before it is approved.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.flows.world import World
from hub.law import content
from tests.making import ANNA, Shop

TEXTS = [
    json.loads(line) for line in (Path(__file__).parent / "cases" / "templates.jsonl").read_text("utf-8").splitlines()
]


def wrong(split: str, label: str) -> tuple[int, int]:
    """How many texts of this label were read otherwise, and of how many."""
    asked = [row["text"] for row in TEXTS if (row["split"], row["label"]) == (split, label)]
    return sum(content.promotional(text) is not (label == "advertising") for text in asked), len(asked)


@pytest.mark.parametrize(
    ("split", "label", "measured"),
    [
        ("dev", "advertising", (0, 70)),
        ("dev", "service", (2, 69)),  # a voucher that was credited: reword it
        ("held", "advertising", (16, 16)),
        ("held", "service", (0, 20)),
    ],
)
def test_advertising_is_read_as_often_as_measured(split: str, label: str, measured: tuple[int, int]) -> None:
    assert wrong(split, label) == measured


@pytest.mark.parametrize(("split", "missed", "of"), [("dev", 0, 16), ("held", 4, 4)])
def test_special_categories_are_read_as_often_as_measured(split: str, missed: int, of: int) -> None:
    asked = [row["text"] for row in TEXTS if row["split"] == split and row["sensitive"]]
    assert (sum(not content.sensitive(text) for text in asked), len(asked)) == (missed, of)
    assert not [row["text"] for row in TEXTS if content.sensitive(row["text"]) and not row["sensitive"]]


def test_texts_are_enough_and_of_both_languages() -> None:
    assert len({row["text"] for row in TEXTS}) == len(TEXTS) >= 120
    for language in ("de", "en"):
        assert sum(row["language"] == language for row in TEXTS) >= 60


def test_button_may_reveal_a_special_category() -> None:
    assert content.sensitive("Ihre Bestellung ist da.", ("Zur Apotheke",))
    assert not content.sensitive("Ihre Bestellung ist da.", ("Zum Laden",))


def test_template_that_reveals_health_needs_explicit_consent(world: World) -> None:
    shop = Shop(world)
    shop.set_template(text="Hallo {{1}}, bei Muster Handels GmbH gibt es Neues für Diabetiker. Abmelden mit STOPP.")
    shop.reach(ANNA)
    assert not shop.claim()
    assert shop.campaign_messages()[0].reason == "SPECIAL_CATEGORY_NO_BASIS"
