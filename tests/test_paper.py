# SPDX-License-Identifier: Apache-2.0
"""Typesetting: inputs are words, never code; files come from memory."""

from __future__ import annotations

import sys

import pytest

from hub import paper
from hub.contract import BadInput

DOT = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


def test_source_becomes_a_pdf() -> None:
    made = paper.pdf(
        '#image("dot.svg", alt: "a dot") #sys.inputs.word', inputs={"word": "Grüße"}, files={"dot.svg": DOT}
    )
    assert made.startswith(b"%PDF-")
    assert len(made) > 1000


def test_input_that_looks_like_code_is_only_a_word() -> None:
    paper.pdf("#sys.inputs.word", inputs={"word": '#panic("run")'})
    with pytest.raises(ValueError, match="run"):
        paper.pdf('#panic("run")')


def test_source_that_is_no_typst_is_refused() -> None:
    with pytest.raises(ValueError, match="file"):
        paper.pdf('#image("missing.svg")')


def test_without_the_extra_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(BadInput) as problem:
        paper.pdf("words")
    assert problem.value.remedy == "pip install consent-hub[pdf]"
