# SPDX-License-Identifier: Apache-2.0
"""What leaves the house on paper, beside proof: the answer to a person, and the record of processing activities.

Made from a file's own bytes, which the PDF carries, so that paper and file say the same.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined

from hub import paper
from hub.contract import BadInput
from hub.proof import printing
from hub.proof.chain import digest

LANGUAGES = printing.LANGUAGES
_MARKUP = re.compile(r"[\\`*_\[\]<>|#]")


def answer(packet: bytes, language: str) -> bytes:
    """The answer packet as PDF. Needs the extra `pdf`. Raises `BadInput`."""
    return _typeset("answer.typ", packet, language, "answer.json")


def record(held: bytes, language: str) -> bytes:
    """The record of processing activities as PDF. Needs the extra `pdf`. Raises `BadInput`."""
    return _typeset("record.typ", held, language, "record.json")


def markdown(held: bytes, language: str) -> str:
    """The record of processing activities as Markdown. Raises `BadInput`."""
    page = _pages().get_template("record.md").render(c=orjson.loads(held), w=words(language))
    return re.sub(r"\n{3,}", "\n\n", page).strip() + "\n"


def words(language: str) -> dict[str, Any]:
    """What letters say. Raises `BadInput` for a language that is not offered."""
    if language not in LANGUAGES:
        raise BadInput(f"{language!r} is not offered", field="language", remedy=f"Use one of: {', '.join(LANGUAGES)}.")
    return printing.words_in(language) | {name: said[language] for name, said in _words().items()}


def _typeset(sheet: str, held: bytes, language: str, name: str) -> bytes:
    told = {
        "words.json": orjson.dumps({**words(language), "language": language}),
        "facts.json": orjson.dumps({"sha256": digest(held)}),
        "shown.json": orjson.dumps(printing.printable(orjson.loads(held))),
        "sheet.typ": printing.style(),
        name: held,
    }
    source = files("hub.letters").joinpath("sheets", sheet).read_text("utf-8")
    return paper.pdf(source, files=told)


@cache
def _pages() -> Environment:
    loader = PackageLoader("hub.letters", "sheets")
    pages = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    pages.filters["cell"] = _cell
    return pages


def _cell(text: str) -> str:
    """In one line, and no markup of its own."""
    return " ".join(_MARKUP.sub(r"\\\g<0>", text).split())


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("hub.letters").joinpath("sheets", "words.toml").read_text("utf-8"))
