# SPDX-License-Identifier: Apache-2.0
"""Templates as the platform lists them."""

from __future__ import annotations

from hub.contract import TemplateState
from hub.whatsapp.templates import assembled, template, variables


def test_template_listed_is_read_whole() -> None:
    listed = {
        "name": "order_update",
        "language": "de",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Auftrag {{order_id}}"},
            {"type": "BODY", "text": "Hallo {{first_name}}, {{order_id}} ist unterwegs, {{first_name}}."},
            {"type": "FOOTER", "text": "Demo GmbH"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stopp"}, URL_BUTTON]},
        ],
    }
    found = template(listed)
    assert found is not None
    assert found.parameters == ("header.order_id", "first_name", "order_id", "button.1")
    assert found.buttons == ("Stopp", "Verfolgen")
    assert found.text.splitlines()[0] == "Auftrag {{order_id}}"
    assert found.text.splitlines()[-1] == "Demo GmbH"


URL_BUTTON = {"type": "URL", "text": "Verfolgen", "url": "https://example.org/{{1}}"}


def test_template_in_an_unknown_state_cannot_be_sent() -> None:
    listed = {"name": "x", "language": "de", "status": "NEW_STATE", "category": "UTILITY"}
    found = template(listed)
    assert found is not None
    assert found.state is TemplateState.DISABLED


def test_template_in_an_unknown_category_is_left_out() -> None:
    assert template({"name": "x", "language": "de", "status": "APPROVED", "category": "NEW"}) is None


def test_template_names_every_place_that_must_be_filled() -> None:
    image = {"type": "HEADER", "format": "IMAGE"}
    coupon = {"type": "COPY_CODE", "example": "SAVE10"}
    card = {"components": [image, {"type": "BODY", "text": "{{1}}"}, {"type": "BUTTONS", "buttons": [URL_BUTTON]}]}
    components = [
        {"type": "HEADER", "format": "LOCATION"},
        {"type": "BODY", "text": "Hallo {{1}}"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Ja"}, coupon]},
        {"type": "CAROUSEL", "cards": [card, card]},
    ]
    own = ("header.location", "1", "copy.1")
    cards = tuple(f"card.{index}.{key}" for index in (0, 1) for key in ("header.image", "1", "button.0"))
    assert tuple(variables(components)) == own + cards


def test_one_time_code_fills_body_and_button() -> None:
    otp = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Kopieren"}
    components = [{"type": "BODY", "text": "{{1}} ist Ihr Code."}, {"type": "BUTTONS", "buttons": [otp]}]
    assert tuple(variables(components)) == ("1", "button.0")


def test_template_of_another_vendor_is_assembled_from_its_pieces() -> None:
    found = assembled("x", "de", "utility", TemplateState.APPROVED, [{"type": "body", "text": "Hallo {{1}}"}])
    assert found is not None
    assert (found.text, found.parameters) == ("Hallo {{1}}", ("1",))
    assert assembled("", "de", "UTILITY", TemplateState.APPROVED, []) is None
