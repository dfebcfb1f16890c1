# SPDX-License-Identifier: Apache-2.0
"""Proof on paper: a page that holds everything itself and prints well, the same as typst source for a PDF, and a
receipt in plain words for the person.

Made from the file's own bytes, so that paper and file say the same. BGH I ZR 164/09 asks for consent that can be shown
and printed.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from hub.proof.chain import digest

LANGUAGES = ("en", "de")
# what the fonts of the PDF can show, by blocks of Unicode; marks that nobody sees or that turn the text around are out
_BLOCKS = (
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0x24F),
    (0x300, 0x4FF),
    (0x5D0, 0x5EA),
    (0x621, 0x63A),
    (0x641, 0x64A),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x2040),
    (0x20A0, 0x20BF),
    (0x2190, 0x21FF),
)


def page(capsule: bytes, language: str) -> str:
    """The whole capsule as HTML. Raises `LookupError` for a language that is not offered."""
    return _render("capsule.html", capsule, language)


def receipt(capsule: bytes, language: str) -> str:
    """What the person agreed to and how to take it back, from the capsule of a consent."""
    return _render("receipt.html", capsule, language)


def sheet(capsule: bytes, language: str) -> tuple[str, dict[str, bytes]]:
    """The whole capsule as typst source and the files it reads; the capsule itself is attached to the PDF."""
    return _sheet("capsule.typ", capsule, language, {"capsule.json": capsule})


def overview(index: bytes, language: str) -> str:
    """The index of a folder of capsules as HTML."""
    return _pages().get_template("folder.html").render(c=orjson.loads(index), w=words_in(language), language=language)


def overview_sheet(index: bytes, language: str) -> tuple[str, dict[str, bytes]]:
    """The same as typst source, with all texts; the index is attached to the PDF."""
    return _sheet("folder.typ", index, language, {"index.json": index})


def _sheet(name: str, held: bytes, language: str, attached: Mapping[str, bytes]) -> tuple[str, dict[str, bytes]]:
    told = {
        "words.json": orjson.dumps({**words_in(language), "language": language}),
        "facts.json": orjson.dumps({"sha256": digest(held)}),
        "shown.json": orjson.dumps(printable(orjson.loads(held))),
        "sheet.typ": style(),
    }
    return _typst(name).decode(), {**told, **attached}


def style() -> bytes:
    """How every print looks, as typst that sheets import."""
    return _typst("sheet.typ")


def _typst(name: str) -> bytes:
    return files("hub.proof").joinpath("pages", name).read_bytes()


def printable(value: Any) -> Any:
    """The same, with every sign that the PDF's fonts lack written as its code point, such as [U+1F600]."""
    if isinstance(value, dict):
        return {name: printable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [printable(item) for item in value]
    return "".join(map(_sign, value)) if isinstance(value, str) else value


def _sign(sign: str) -> str:
    known = any(first <= ord(sign) <= last for first, last in _BLOCKS) and unicodedata.category(sign) != "Cn"
    return sign if known or sign in "\n\t" else f"[U+{ord(sign):04X}]"


def _render(name: str, capsule: bytes, language: str) -> str:
    held: dict[str, Any] = orjson.loads(capsule)
    facts = {
        "wordings": {row["id"]: row for row in held["wordings"]},
        "traces": {row["decision"]: row["steps"] for row in held["traces"]},
        "sha256": digest(capsule),
    }
    return _pages().get_template(name).render(c=held, w=words_in(language), language=language, **facts)


def words_in(language: str) -> dict[str, Any]:
    """What prints say. Raises `KeyError` for a language that is not offered."""
    return {key: row[language] for key, row in _words().items()}


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("hub.proof").joinpath("pages", "words.toml").read_text("utf-8"))


@cache
def _pages() -> Environment:
    loader = PackageLoader("hub.proof", "pages")
    pages = Environment(loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True)
    pages.filters["time"] = _time
    pages.filters["json"] = orjson.loads
    return pages


def _time(told: str) -> str:
    return f"{datetime.fromisoformat(told):%Y-%m-%d %H:%M:%S} UTC"
