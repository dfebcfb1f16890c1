# SPDX-License-Identifier: Apache-2.0
"""Graph API manners: who may call, how it refuses, how it pages. Source: [1] and Meta's published behaviour."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.testing.emulator import answer
from hub.testing.whatsapp import Refused

# code: HTTP status and title, as Meta's error page lists them
ERRORS: dict[int, tuple[int, str]] = {
    100: (400, "Invalid parameter"),
    190: (401, "Invalid OAuth access token"),
    130429: (400, "Rate limit hit"),
    368: (403, "Temporarily blocked for policies violations"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131031: (403, "Account has been locked"),
    131042: (400, "Business eligibility payment issue"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "Meta chose not to deliver"),
    131050: (400, "User has stopped marketing messages"),
    131051: (400, "Unsupported message type"),
    131053: (400, "Media upload error"),
    131056: (400, "Pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131059: (400, "Invalid cursor"),
    131062: (400, "Business-scoped user id is not supported for this message"),
    131063: (400, "Marketing messages are disabled on Cloud API"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132012: (400, "Parameter format does not match format in the created template"),
    132018: (400, "Template validation failed"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    133005: (400, "Two step verification PIN mismatch"),
    133010: (400, "Phone number not registered"),
    133016: (400, "Account register/deregister rate limit exceeded"),
    134100: (400, "Only marketing messages are supported"),
    139100: (400, "Failed to block/unblock users"),
}


class Problem(Refused):
    """A refusal that only the Graph API knows."""

    def __init__(self, code: int, details: str = "", *, subcode: int = 0, message: str = "") -> None:
        super().__init__(code, details)
        self.subcode, self.message = subcode, message


def refusal(refused: Refused) -> Response:
    """Graph's answer to what it refuses."""
    return answer(ERRORS.get(refused.code, (400, ""))[0], error(refused))


def error(refused: Refused) -> dict[str, Any]:
    """Graph's error body."""
    _, title = ERRORS.get(refused.code, (400, "Unknown error"))
    said, subcode = (refused.message, refused.subcode) if isinstance(refused, Problem) else ("", 0)
    told: dict[str, Any] = {
        "message": said or f"(#{refused.code}) {title}",
        "type": "OAuthException",
        "code": refused.code,
    }
    if refused.details:
        told["error_data"] = {"messaging_product": "whatsapp", "details": refused.details}
    if subcode:
        told["error_subcode"] = subcode
    return {"error": {**told, "fbtrace_id": "AEmulated00000000000000"}}


def failure(code: int) -> dict[str, Any]:
    """A refusal as a failed status shows it."""
    title = ERRORS.get(code, (400, "Unknown error"))[1]
    return {"code": code, "title": title, "message": title, "error_data": {"details": title}}


def no_such_object(node: str, method: str) -> Problem:
    said = (
        f"Unsupported {method.lower()} request. Object with ID '{node}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation"
    )
    return Problem(100, subcode=33, message=said)


def tier(people: int | None) -> str:
    """A messaging limit as Meta spells it."""
    if people is None:
        return "TIER_UNLIMITED"
    return f"TIER_{people // 1000}K" if people % 1000 == 0 and people else f"TIER_{people}"


def expect(request: Request, node: str) -> None:
    """Raises `Problem` when the path names another object."""
    if request.path_params["node"] != node:
        raise no_such_object(request.path_params["node"], request.method)


def token_of(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else request.query_params.get("access_token", "")


def proof(token: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def page(items: Sequence[dict[str, Any]], request: Request, size: int) -> dict[str, Any]:
    """One page of a list. As at Meta the last page has cursors too, but no `next`. Raises `Refused`."""
    start = _position(request.query_params.get("after", ""))
    limit = int(request.query_params.get("limit", size))
    if start > len(items):
        raise Refused(131059)
    shown = items[start : start + limit]
    if not shown:
        return {"data": []}
    end = start + len(shown)
    paging: dict[str, Any] = {"cursors": {"before": _cursor(start), "after": _cursor(end)}}
    if end < len(items):
        paging["next"] = str(request.url.include_query_params(after=_cursor(end)))
    return {"data": shown, "paging": paging}


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode().rstrip("=")


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return int(base64.urlsafe_b64decode(padded).decode().removeprefix("position:"))
    except (ValueError, UnicodeDecodeError):
        raise Refused(131059) from None
