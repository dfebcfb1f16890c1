# SPDX-License-Identifier: Apache-2.0
"""HubSpot's paths, one call, and what its error answers mean.

HubSpot's messages quote property values and e-mail addresses, so only categories, codes and property names are kept.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import orjson

from hub import BadConfig, HubError, Rejected, Scope, Throttled, Unavailable, Uncertain, for_status
from hub_hubspot.settings import Config

Json = dict[str, Any]

HOUR = 3600.0
_CODE = re.compile(r'"error":\s*"([A-Z_]+)"')
_NAME = re.compile(r'"name":\s*"([a-z0-9_]+)"')


class Api:
    """Calls one account. Never sleeps, never retries."""

    def __init__(self, config: Config, http: httpx.AsyncClient) -> None:
        self._config, self._http = config, http
        version = config.api_version
        dated = version != "v3"
        self.contacts = f"/crm/objects/{version}/contacts" if dated else "/crm/v3/objects/contacts"
        self.communications = f"/crm/objects/{version}/communications" if dated else "/crm/v3/objects/communications"
        self.properties = f"/crm/properties/{version}/contacts" if dated else "/crm/v3/properties/contacts"
        self.lists = f"/crm/lists/{version}" if dated else "/crm/v3/lists"
        self.account = "/account-info/v3/details"  # the only version of this call seen in recorded traffic

    async def get(self, path: str, **query: str | int) -> Json:
        """Read. Raises `BadConfig`, `Rejected`, `Unavailable`."""
        return await self._call("GET", path, params=query)

    async def ask(self, path: str, body: Json) -> Json:
        """A POST that may be repeated: a search or an update. Raises `BadConfig`, `Rejected`, `Unavailable`."""
        try:
            return await self._call("POST", path, json=body)
        except Uncertain as lost:
            raise Unavailable(str(lost)) from None

    async def create(self, path: str, body: Json) -> Json:
        """A POST that makes something new each time. Raises `Uncertain` too, when no clear answer came."""
        return await self._call("POST", path, json=body, sends=True)

    async def _call(self, method: str, path: str, *, sends: bool = False, **content: Any) -> Json:
        headers = {"authorization": f"Bearer {self._config.access_token.get_secret_value()}"}
        url = self._config.base_url.rstrip("/") + path
        response = await self._http.request(method, url, headers=headers, **content)
        body = _json(response.content)
        if error := error_of(response.status_code, body or {}, response.headers.get("retry-after"), sends=sends):
            raise error
        if body is None:
            unreadable = Uncertain if sends else Unavailable
            raise unreadable("HubSpot's answer cannot be read")
        return body


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
    """Category, codes and property names: enough to act on, and no personal data."""
    names = [name for detail in _dicts(error.get("errors")) for name in _names(detail)]
    names += _NAME.findall(str(error.get("message", "")))
    parts = [_word(error.get("category")) or "no category", *codes(error), *dict.fromkeys(names)]
    return " ".join(parts)


def _names(detail: Json) -> list[str]:
    context = detail.get("context")
    names = context.get("propertyName", []) if isinstance(context, dict) else []
    return [str(name) for name in names if re.fullmatch(r"[a-z0-9_]+", str(name))]


def _word(value: Any) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z_]{1,60}", value) else ""


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _json(content: bytes) -> Json | None:
    if not content:
        return {}
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
