# SPDX-License-Identifier: Apache-2.0
"""`hub review` as a person uses it: what waits, how old it is, what to look at, and what a verdict does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.cli.session import out
from hub.flows.world import build
from hub.law.advice import advice, spoken
from hub.law.facts import StopKind
from hub.law.withdrawal import Ask
from hub.settings import Settings
from hub.store.tables import Review
from hub.testing.clock import Clock
from tests.making import ANNA, BEN, SECOND, Shop, phone


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop in the very database that the command opens."""
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(out, "width", 300)
    world = build(Settings(), clock=Clock())
    world.db.migrate()
    yield Shop(world)
    world.db.close()


def hub(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_list_shows_age_language_and_advice_and_words_only_when_asked(shop: Shop) -> None:
    long_ago = shop.world.now().replace(microsecond=0) - 3 * 86_400 * SECOND
    shop.hear(shop.said("Das nervt langsam wirklich", phone(ANNA), at=long_ago))
    shop.hear(shop.said("", phone(BEN), kind="audio"))
    listed = hub("review", "list").stdout
    assert "nervt" not in listed
    first, second = (line for line in listed.splitlines() if "unclear" in line)
    assert ("3 d" in first, " de " in first, "in doubt, stop" in first) == (True, True, True)
    assert ("< 1 h" in second, "voice message" in second) == (True, True)
    assert "Das nervt langsam wirklich" in hub("review", "list", "--words").stdout
    assert "Sprachnachricht" in hub("review", "list", "--language", "de").stdout


@pytest.mark.parametrize(
    ("verdict", "left"),
    [
        ("stop", [StopKind.OBJECTION_MARKETING, StopKind.UNSURE]),
        ("stop_all", [StopKind.STOP_ALL, StopKind.UNSURE]),
        ("no_stop", []),
    ],
)
def test_verdict_binds_or_lifts_and_takes_the_message_off_the_list(shop: Shop, verdict: str, left: list[str]) -> None:
    shop.stop(phone(ANNA), text="nervt")
    row = shop.only(Review)
    assert hub("review", "decide", row.id, verdict, "--by", "Dana Schutz").exit_code == 0
    assert sorted(stop.kind for stop in shop.stops(phone(ANNA))) == sorted(left)
    assert row.id not in hub("review", "list").stdout
    assert shop.proven()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Das nervt langsam wirklich", "de"),
        ("please stop sending me messages", "en"),
        ("vous vous êtes trompé de numéro", "fr"),
        ("non sono interessata", "it"),
        ("¿cómo me doy de baja?", "es"),
        ("verkeerd nummer", "nl"),
        ("nie jestem zainteresowana", "pl"),
        ("yanlış numara", "tr"),
        ("", ""),
        ("🙄", ""),
    ],
)
def test_language_is_guessed_or_left_open(text: str, language: str) -> None:
    assert spoken(text) == language


@pytest.mark.parametrize("kind", ["unclear", *Ask])
@pytest.mark.parametrize(
    "rule", ["", "unheard", "quoted", "no_more_mixed", "ends_limited", "unwilling", "something new"]
)
def test_every_review_has_advice_in_both_languages(kind: str, rule: str) -> None:
    german, english = advice(kind, rule, "de"), advice(kind, rule, "en")
    assert german
    assert english
    assert german != english
