# SPDX-License-Identifier: Apache-2.0
"""A template is looked through before it is handed in."""

from __future__ import annotations

from typing import Any

import pytest

from hub.contract import PlatformCategory, TemplateDraft
from hub.whatsapp import lint

BODY = {"type": "BODY", "text": "Hallo {{1}}, alles billiger.", "example": {"body_text": [["Erika"]]}}
REPLY = {"type": "QUICK_REPLY", "text": "Stopp"}
LINK = {"type": "URL", "text": "Lesen", "url": "https://example.org/{{1}}", "example": ["https://example.org/a"]}
CALL = {"type": "PHONE_NUMBER", "text": "Anrufen", "phone_number": "+493023125000"}
OTP = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Kopieren"}
IMAGE = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}


def draft(*components: dict[str, Any], **changes: Any) -> TemplateDraft:
    given = {"name": "sale", "language": "de", "category": PlatformCategory.MARKETING}
    return TemplateDraft(**{**given, **changes}, components=components)


def body(text: str, *examples: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}


def header(text: str, *examples: str) -> dict[str, Any]:
    return {"type": "HEADER", "format": "TEXT", "text": text, "example": {"header_text": list(examples)}}


def buttons(*given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(given)}


def named(text: str, *names: str) -> dict[str, Any]:
    return {**body(text), "example": {"body_text_named_params": [{"param_name": n, "example": "x"} for n in names]}}


FINE = [
    draft(BODY),
    draft(header("Auftrag {{1}}", "A-1"), BODY, {"type": "FOOTER", "text": "Demo GmbH"}, buttons(REPLY, LINK, CALL)),
    draft(IMAGE, BODY, buttons(LINK, LINK, REPLY)),
    draft({"type": "HEADER", "format": "LOCATION"}, BODY),
    draft(named("Hallo {{first_name}}, Nr. {{order_2}} ist da.", "first_name", "order_2"), language="en_US"),
    draft(body("Wir sind umgezogen.")),
    draft(BODY, buttons({"type": "COPY_CODE", "example": "SAVE10"})),
    draft(BODY, {"type": "CAROUSEL", "cards": [{"components": [IMAGE, body("Hose"), buttons(REPLY)]}] * 2}),
    draft(
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 5},
        buttons(OTP),
        category=PlatformCategory.AUTHENTICATION,
    ),
]


@pytest.mark.parametrize("given", FINE)
def test_template_that_keeps_the_rules_has_no_problems(given: TemplateDraft) -> None:
    assert lint.problems(given) == []


BROKEN = [
    (draft(BODY, name="Sale"), "name"),
    (draft(BODY, name="x" * 513), "name"),
    (draft(BODY, language="german"), "language"),
    (draft(), "body"),
    (draft(BODY, BODY), "components"),
    (draft(BODY, {"type": "SIDEBAR"}), "components"),
    (draft(body("")), "body"),
    (draft(body("x" * 1025)), "body"),
    (draft(body("{{1}} ist da", "A")), "body"),
    (draft(body("Hier ist {{1}}", "A")), "body"),
    (draft(body("Hallo {{1}}{{2}}!", "A", "B")), "body"),
    (draft(body("Hallo {{1}} {{2}}!", "A", "B")), "body"),
    (draft(body("Hallo {{2}}!", "A")), "body"),
    (draft(body("Hallo {{1}}!")), "body"),
    (draft(body("Hallo {{1}} und {{name}}!", "A", "B")), "variables"),
    (draft(named("Hallo {{Name}}!", "Name")), "variables"),
    (draft(header("x" * 61), BODY), "header"),
    (draft(header("A {{1}} B {{2}} C", "A", "B"), BODY), "header"),
    (draft({"type": "HEADER", "format": "IMAGE"}, BODY), "header"),
    (draft({"type": "HEADER", "format": "HOLOGRAM"}, BODY), "header"),
    (draft(BODY, {"type": "FOOTER", "text": "x" * 61}), "footer"),
    (draft(BODY, {"type": "FOOTER", "text": "{{1}}"}), "footer"),
    (draft(BODY, buttons()), "buttons"),
    (draft(BODY, buttons(*[REPLY] * 11)), "buttons"),
    (draft(BODY, buttons(LINK, LINK, LINK)), "buttons"),
    (draft(BODY, buttons(CALL, CALL)), "buttons"),
    (draft(BODY, buttons(REPLY, LINK, REPLY)), "buttons"),
    (draft(BODY, buttons({**REPLY, "text": "x" * 26})), "buttons.0"),
    (draft(BODY, buttons({**REPLY, "text": ""})), "buttons.0"),
    (draft(BODY, buttons({**CALL, "phone_number": "0" * 21})), "buttons.0"),
    (draft(BODY, buttons({**LINK, "url": "https://example.org/{{1}}/x"})), "buttons.0"),
    (draft(BODY, buttons({**LINK, "url": f"https://example.org/{'x' * 2000}"})), "buttons.0"),
    (draft(BODY, buttons({**LINK, "example": []})), "buttons.0"),
    (draft(BODY, buttons({"type": "COPY_CODE", "example": "x" * 16})), "buttons.0"),
    (draft(BODY, {"type": "CAROUSEL", "cards": []}), "carousel"),
    (draft(BODY, {"type": "CAROUSEL", "cards": [{"components": [body("")]}]}), "card.0.body"),
    (draft(BODY, buttons(OTP), category=PlatformCategory.AUTHENTICATION), "body"),
    (draft({"type": "BODY"}, buttons(REPLY), category=PlatformCategory.AUTHENTICATION), "buttons"),
    (draft(IMAGE, {"type": "BODY"}, buttons(OTP), category=PlatformCategory.AUTHENTICATION), "header"),
]


@pytest.mark.parametrize(("given", "place"), BROKEN)
def test_template_that_breaks_a_rule_is_told_where(given: TemplateDraft, place: str) -> None:
    assert place in {problem.place for problem in lint.problems(given)}


def test_one_time_code_needs_its_button() -> None:
    alone = draft({"type": "BODY"}, category=PlatformCategory.AUTHENTICATION)
    assert [problem.place for problem in lint.problems(alone)] == ["buttons"]


@pytest.mark.parametrize("damaged", [{}, {"type": None}, {"type": "BUTTONS", "buttons": "x"}, {"type": "HEADER"}])
def test_template_written_badly_is_told_and_never_raises(damaged: dict[str, Any]) -> None:
    assert lint.problems(draft(BODY, damaged))
