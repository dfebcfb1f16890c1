# SPDX-License-Identifier: Apache-2.0
"""What Meta refuses at once when a template is handed in. Source: [3] templates/components, [9], and the error codes.

Written from Meta's pages, apart from the hub's own lint, so that each can be tested against the other.
"""

from __future__ import annotations

import re
from typing import Any

from hub.testing.whatsapp import variables
from hub.testing.whatsapp.templates import is_named
from hub_meta.emulator.graph import Problem

OTP_TEXT = "*{{1}}* is your verification code."
_SAMPLED = ("IMAGE", "VIDEO", "DOCUMENT", "GIF")


def check(body: dict[str, Any]) -> None:
    """Raises `Problem`: code 100 with the subcode that says what is wrong."""
    if not re.fullmatch(r"[a-z0-9_]{1,512}", str(body.get("name", ""))):
        raise _refused(2388039, "name may hold lower case letters, digits and underscores")
    if body.get("category") not in ("MARKETING", "UTILITY", "AUTHENTICATION"):
        raise _refused(0, "category is none of MARKETING, UTILITY, AUTHENTICATION")
    parts = body.get("components")
    if not body.get("language") or not isinstance(parts, list):
        raise _refused(0, "language and components are required")
    by_type = {str(part.get("type")): part for part in parts if isinstance(part, dict)}
    if "BODY" not in by_type:
        raise _refused(2388072, "a body is required")
    if body["category"] == "AUTHENTICATION":
        _one_time_code(by_type)
        return
    if is_named(parts) != (body.get("parameter_format") == "NAMED"):
        raise _refused(2388039, "parameter_format does not fit the variables")
    _body(str(by_type["BODY"].get("text", "")))
    _header(by_type.get("HEADER", {}))
    _footer(str(by_type.get("FOOTER", {}).get("text", "")))
    _buttons(by_type.get("BUTTONS", {}).get("buttons", []))


def completed(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The components as they are listed later: the text of a one-time code is Meta's own."""
    if body["category"] != "AUTHENTICATION":
        return list(body["components"])
    return [{**part, "text": OTP_TEXT} if part.get("type") == "BODY" else part for part in body["components"]]


def _body(text: str) -> None:
    if not text or len(text) > 1024:
        raise _refused(2388040, "body must have 1 to 1024 characters")
    if re.match(r"\s*\{\{", text) or re.search(r"\}\}\s*$", text):
        raise _refused(2388299, "Variables can't be at the start or end of the template")
    if re.search(r"\}\}\s*\{\{", text):
        raise _refused(2388072, "two variables stand side by side")


def _header(part: dict[str, Any]) -> None:
    text, form = str(part.get("text", "")), part.get("format")
    if form == "TEXT" and (not 1 <= len(text) <= 60 or len(variables(text)) > 1):
        raise _refused(2388047, "header must have 1 to 60 characters and one variable at most")
    if form in _SAMPLED and not part.get("example", {}).get("header_handle"):
        raise _refused(2388047, "header needs a sample")


def _footer(text: str) -> None:
    if len(text) > 60 or variables(text):
        raise _refused(2388073, "footer must have 60 characters at most and no variable")


def _buttons(buttons: list[dict[str, Any]]) -> None:
    kinds = [str(button.get("type")) for button in buttons]
    groups = re.sub(r"(Q+|O+)", lambda run: run[0][0], "".join("Q" if kind == "QUICK_REPLY" else "O" for kind in kinds))
    if len(buttons) > 10 or kinds.count("URL") > 2 or kinds.count("PHONE_NUMBER") > 1 or groups.count("Q") > 1:
        raise _refused(2388039, "too many buttons, or quick replies that do not stand together")
    if any(len(str(button.get("text", ""))) > 25 for button in buttons):
        raise _refused(2388040, "a label has more than 25 characters")


def _one_time_code(by_type: dict[str, dict[str, Any]]) -> None:
    buttons = by_type.get("BUTTONS", {}).get("buttons", [])
    if "text" in by_type["BODY"] or "HEADER" in by_type or [one.get("type") for one in buttons] != ["OTP"]:
        raise _refused(2388039, "an authentication template has a fixed body and one OTP button")


def _refused(subcode: int, details: str) -> Problem:
    return Problem(100, details, subcode=subcode, message="Invalid parameter")
