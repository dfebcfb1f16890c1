# SPDX-License-Identifier: Apache-2.0
"""What HubSpot's answers mean when something is wrong ("Error handling", "Usage guidelines").

HubSpot's messages quote property values and e-mail addresses, so only categories, codes, property names and scopes
are kept.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from hub import BadConfig, HubError, Rejected, Scope, Throttled, for_status

Json = dict[str, Any]

HOUR = 3600.0
_CODE = re.compile(r'"error":\s*"([A-Z_]+)"')
_NAME = re.compile(r'"name":\s*"([a-z0-9_]+)"')


def error_of(status: int, body: Json, retry_after: str | None, *, sends: bool = False) -> HubError | None:
    """The one classifier. None: not an error."""
    if status == 429:
        wait = str(_wait(body)) if retry_after is None else retry_after
        usual = for_status(status, retry_after=wait)
        assert isinstance(usual, Throttled)
        return Throttled(
            f"HubSpot's rate limit ({body.get('policyName', 'unknown')})", after=usual.after, scope=Scope.ACCOUNT
        )
    usual = for_status(status, retry_after=retry_after, sends=sends)
    if usual is None or not body:
        return usual
    if isinstance(usual, BadConfig):
        return BadConfig(f"HubSpot refused access ({why(body)}): check the token and its scopes")
    if isinstance(usual, Rejected):
        if "PROPERTY_DOESNT_EXIST" in codes(body):
            return BadConfig(f"a property is missing in HubSpot ({why(body)}): prepare the connection")
        return Rejected(f"HubSpot refused: {why(body)}", code=_word(body.get("category")) or str(status))
    return usual


def _wait(body: Json) -> float:
    """How long each limiter needs ("Usage guidelines"); the official client waits the same."""
    policy, message = str(body.get("policyName", "")), str(body.get("message", ""))
    if policy == "DAILY" or "daily limit" in message:
        return HOUR
    if policy == "SECONDLY" or " secondly limit" in message:
        return 1.0
    return 10.0


def codes(error: Json) -> list[str]:
    """The detail codes of an error answer, from its list or from inside its message."""
    listed = [_word(detail.get("code")) for detail in _dicts(error.get("errors"))]
    inside = _CODE.findall(str(error.get("message", "")))
    return list(dict.fromkeys(code for code in [*listed, *inside] if code))


def why(error: Json) -> str:
    """Category, codes, property names and scopes: enough to act on, and no personal data."""
    names = [name for detail in _dicts(error.get("errors")) for name in _names(detail)]
    names += _NAME.findall(str(error.get("message", "")))
    parts = [_word(error.get("category")) or "no category", *codes(error), *dict.fromkeys(names)]
    return " ".join(parts)


def _names(detail: Json) -> list[str]:
    context = detail.get("context")
    if not isinstance(context, dict):
        return []
    names = [*_list(context.get("propertyName")), *_list(context.get("requiredGranularScopes"))]
    return [str(name) for name in names if re.fullmatch(r"[a-z0-9_.-]+", str(name))]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: Any) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z_]{1,60}", value) else ""


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def read(content: bytes) -> Json | None:
    """The object of an answer; None where it is none."""
    if not content:
        return {}
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
