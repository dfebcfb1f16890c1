# SPDX-License-Identifier: Apache-2.0
"""Opt-in pages from the command line: posters, rewording, links for support."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.contract import BadInput
from hub.flows import accounts
from hub.flows import world as worlds
from hub.poster import Poster, svg
from hub.settings import Settings
from hub.testing.clock import Clock
from tests.forms import CONFIRM
from tests.making import ANNA, OFFER, Shop, phone


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A company in the very database that the commands open."""
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HUB_LOG_LEVEL", "error")
    monkeypatch.setenv("COLUMNS", "300")
    built = worlds.build(Settings(), clock=Clock())
    built.db.migrate()
    yield Shop(built)
    built.db.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["optin", *words])


def good(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.output


@pytest.mark.parametrize("size", ["a4", "a5"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_poster_is_written_as_pdf_and_svg(shop: Shop, tmp_path: Path, size: str, language: str) -> None:
    for name, begins in (("p.pdf", b"%PDF-"), ("p.svg", b"<svg ")):
        path = tmp_path / name
        said = good("poster", shop.page.id, "--out", str(path), "--size", size, "--language", language)
        assert f"/o/{shop.page.id}" in said
        assert path.read_bytes().startswith(begins)


def test_code_of_a_poster_leads_to_the_page_and_never_to_the_chat(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "p.svg"
    good("poster", shop.page.title, "--out", str(path))
    drawn = path.read_text()
    code = segno.make(f"http://127.0.0.1:8080/o/{shop.page.id}", error="q").svg_inline(border=4)
    shape = re.search(r' d="([^"]+)"', code)
    assert shape
    assert shape[1] in drawn
    assert "wa.me" not in drawn
    for wanted in ("Muster Handels GmbH", "Angebote", "STOPP", "Freiwillig", 'width="210mm"'):
        assert wanted in drawn


def test_poster_shows_hostile_words_as_text_and_breaks_long_ones() -> None:
    words = dict.fromkeys(("about", "one", "two", "three", "hint", "qr"), "x" * 90)
    drawn = svg(Poster("A" * 120, "<script>&", "t" * 300, "de", "https://hub.example/o/x", words), "a5").decode()
    assert "<script" not in drawn
    assert "&lt;script&gt;&amp;" in drawn
    lines = re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
    assert max(len(line) for line in lines) < 75


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--out", "p.docx"), "out"),
        (("--out", "p.pdf", "--size", "letter"), "size"),
        (("--out", "p.pdf", "--language", "fr"), "language"),
    ],
)
def test_poster_that_cannot_be_made_names_field_and_remedy(shop: Shop, words: tuple[str, ...], field: str) -> None:
    error = run("poster", shop.page.id, *words).exception
    assert isinstance(error, BadInput)
    assert error.field == field


def test_page_that_is_not_known_is_named_with_those_that_are(shop: Shop) -> None:
    error = run("reword", "unheard", "--topic", "Termine").exception
    assert isinstance(error, BadInput)
    assert shop.page.id in error.remedy


def test_rewording_says_who_agreed_before_and_what_they_did_not_agree_to(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    said = good("reword", shop.page.id, "--topic", "Angebote", "--topic", "Termine")
    assert "version 2" in said
    assert "1 agreed to earlier wordings" in said
    assert "No earlier wording covers: Termine" in said
    assert "Angebote, Termine" in good("list")


def test_closed_page_is_listed_as_closed(shop: Shop) -> None:
    good("close", shop.page.id)
    assert "closed" in good("list")


def test_page_with_a_form_names_its_template(shop: Shop) -> None:
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, shop.provider, [OFFER, CONFIRM])
    good("create", "--topic", "Termine", "--confirm-template", "frage", "--receipt")
    assert "web form" in good("list")


def test_link_opens_the_preferences_of_that_number(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    link = good("link", "--number", ANNA).strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/p/[\w-]+", link)
    assert ANNA[3:] not in link


def test_link_of_somebody_unknown_is_refused(shop: Shop) -> None:
    error = run("link", "--number", ANNA).exception
    assert isinstance(error, BadInput)
    assert ANNA not in str(error)
