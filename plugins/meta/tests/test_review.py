# SPDX-License-Identifier: Apache-2.0
"""The hub's lint and the emulated platform's review, written apart, agree on what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hub_meta.emulator import review
from hub_meta.emulator.graph import Problem

from hub.contract import PlatformCategory, TemplateDraft
from hub.whatsapp import lint
from hub.whatsapp.templates import named

BODY = {"type": "BODY", "text": "Hallo {{1}}, alles billiger.", "example": {"body_text": [["Erika"]]}}
IMAGE = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}
REPLY, LINK = {"type": "QUICK_REPLY", "text": "Stopp"}, {"type": "URL", "text": "Lesen", "url": "https://example.org"}


def text(words: str) -> dict[str, Any]:
    return {"type": "BODY", "text": words, "example": {"body_text": [["x", "y"]]}}


CASES: list[tuple[list[dict[str, Any]], dict[str, Any], bool]] = [
    ([BODY], {}, True),
    ([IMAGE, BODY, {"type": "FOOTER", "text": "Demo"}, {"type": "BUTTONS", "buttons": [REPLY, LINK]}], {}, True),
    ([BODY], {"name": "No Blanks"}, False),
    ([], {}, False),
    ([text("{{1}} ist da")], {}, False),
    ([text("Es kommt {{1}}")], {}, False),
    ([text("Hallo {{1}} {{2}}!")], {}, False),
    ([text("x" * 1025)], {}, False),
    ([BODY, {"type": "FOOTER", "text": "x" * 61}], {}, False),
    ([BODY, {"type": "FOOTER", "text": "Nr. {{1}}!"}], {}, False),
    ([{"type": "HEADER", "format": "IMAGE"}, BODY], {}, False),
    ([{"type": "HEADER", "format": "TEXT", "text": "x" * 61}, BODY], {}, False),
    ([BODY, {"type": "BUTTONS", "buttons": [REPLY, LINK, REPLY]}], {}, False),
    ([BODY, {"type": "BUTTONS", "buttons": [LINK] * 3}], {}, False),
    ([BODY, {"type": "BUTTONS", "buttons": [{**REPLY, "text": "x" * 26}]}], {}, False),
    ([BODY], {"category": PlatformCategory.AUTHENTICATION}, False),
]


@pytest.mark.parametrize(("components", "changes", "fine"), CASES)
def test_lint_and_platform_agree(components: list[dict[str, Any]], changes: dict[str, Any], fine: bool) -> None:
    given: dict[str, Any] = {"name": "sale", "language": "de", "category": PlatformCategory.MARKETING, **changes}
    assert (lint.problems(TemplateDraft(**given, components=components)) == []) is fine
    body = {**given, "components": components, "parameter_format": "NAMED" if named(components) else "POSITIONAL"}
    if fine:
        review.check(body)
    else:
        with pytest.raises(Problem):
            review.check(body)
