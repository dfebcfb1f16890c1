# SPDX-License-Identifier: Apache-2.0
"""A capsule on paper: a page that holds everything itself and prints well, and a receipt in plain words for the person.

Made from the capsule's own bytes, so that paper and file say the same. BGH I ZR 164/09 asks for consent
that can be shown and printed.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from hub.proof.chain import digest

LANGUAGES = ("en", "de")


def page(capsule: bytes, language: str) -> str:
    """The whole capsule as HTML. Raises `LookupError` for a language that is not offered."""
    return _render("capsule.html", capsule, language)


def receipt(capsule: bytes, language: str) -> str:
    """What the person agreed to and how to take it back, from the capsule of a consent."""
    return _render("receipt.html", capsule, language)


def _render(name: str, capsule: bytes, language: str) -> str:
    words = {key: row[language] for key, row in _words().items()}
    held: dict[str, Any] = orjson.loads(capsule)
    facts = {"wordings": {row["id"]: row for row in held["wordings"]}, "sha256": digest(capsule)}
    return _pages().get_template(name).render(c=held, w=words, language=language, **facts)


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("hub.proof").joinpath("pages", "words.toml").read_text("utf-8"))


@cache
def _pages() -> Environment:
    loader = PackageLoader("hub.proof", "pages")
    pages = Environment(loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True)
    pages.filters["time"] = _time
    return pages


def _time(told: str) -> str:
    return f"{datetime.fromisoformat(told):%Y-%m-%d %H:%M:%S} UTC"
