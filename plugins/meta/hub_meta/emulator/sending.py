# SPDX-License-Identifier: Apache-2.0
"""What `POST /{phone number id}/messages` looks at before it asks the platform: the envelope."""

from __future__ import annotations

from typing import Any

from hub.testing.whatsapp import Refused, TemplateSend, contents, digits_of, is_bsuid

LONGEST_OPAQUE = 512
MARKETING = "marketing_messages"


def envelope(body: Any) -> dict[str, Any]:
    """The message, checked as far as it can be without knowing people or templates. Raises `Refused`."""
    if not isinstance(body, dict):
        raise Refused(100, "the body must be a JSON object")
    if body.get("messaging_product") != "whatsapp":
        raise Refused(100, "The parameter messaging_product is required.")
    kind = body.get("type", "text")
    if kind != "template" and kind not in contents.FREE_FORM:
        raise Refused(131051, "message type is not supported")
    if kind not in body:
        raise Refused(131008, f"Parameter '{kind}' is mandatory for type '{kind}'")
    if kind != "contacts" and not isinstance(body[kind], dict):
        raise Refused(100, f"Param {kind} must be a JSON object.")
    if len(str(body.get("biz_opaque_callback_data", ""))) > LONGEST_OPAQUE:
        raise Refused(131009, "biz_opaque_callback_data is longer than 512 characters")
    return body


def address(body: dict[str, Any]) -> str:
    """Digits of `to`, or the BSUID of `recipient`; where both are given, `to` wins. Raises `Refused`."""
    to, recipient = body.get("to"), body.get("recipient")
    if to:
        digits = digits_of(str(to))
        if not digits:
            raise Refused(131009, "to is not a valid WhatsApp number")
        return digits
    if not recipient:
        raise Refused(131008, "Parameter 'to' or 'recipient' is mandatory")
    if not is_bsuid(str(recipient)):
        raise Refused(131009, "recipient is not a user id")
    return str(recipient)


def template_of(body: dict[str, Any]) -> TemplateSend:
    """Name, language and components of a template send. Raises `Refused`."""
    template = body["template"]
    language = template.get("language")
    if not template.get("name") or not isinstance(language, dict) or not language.get("code"):
        raise Refused(131008, "Parameters 'template.name' and 'template.language.code' are mandatory")
    components = template.get("components") or []
    if not isinstance(components, list):
        raise Refused(100, "Param template['components'] must be an array.")
    return TemplateSend(str(template["name"]), str(language["code"]), components)
