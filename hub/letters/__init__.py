# SPDX-License-Identifier: Apache-2.0
"""What leaves the house on paper, beside proof: the answer to a person, and the record of processing activities.

Made from a file's own bytes, which the PDF carries, so that paper and file say the same.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from hub import paper
from hub.contract import BadInput
from hub.proof import printing
from hub.proof.chain import digest

LANGUAGES = printing.LANGUAGES


def answer(packet: bytes, language: str) -> bytes:
    """The answer packet as PDF. Needs the extra `pdf`. Raises `BadInput`."""
    return _typeset("answer.typ", packet, language, "answer.json")


def record(held: bytes, language: str) -> bytes:
    """The record of processing activities as PDF. Needs the extra `pdf`. Raises `BadInput`."""
    return _typeset("record.typ", held, language, "record.json")


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
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("hub.letters").joinpath("sheets", "words.toml").read_text("utf-8"))
