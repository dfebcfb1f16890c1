# SPDX-License-Identifier: Apache-2.0
"""The access token: fetched with the access key, remembered until shortly before it ends, renewed by one at a time.

Source: [1] authentication: client credentials, Basic auth with the key, an hour's life.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import orjson

from hub import Memory, Unavailable, Uncertain
from hub.whatsapp.reading import instant, number, parsed, text
from hub_sinch.reasons import refusal

MARGIN = timedelta(seconds=60)  # a token is not used in its last minute
KEY = "access"  # in the memory of the connection
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Token:
    """`of` tells for which key it was given, so that a changed key never goes on with the old one's token."""

    value: str = field(repr=False)
    until: datetime
    of: str

    def fresh(self, key: str) -> bool:
        return bool(self.value) and self.of == key and datetime.now(UTC) < self.until - MARGIN


def fingerprint(key_id: str, key_secret: str) -> str:
    return hashlib.sha256(f"{key_id}:{key_secret}".encode()).hexdigest()[:16]


def remembered(token: Token) -> str:
    """What the memory of a connection holds."""
    return orjson.dumps({"value": token.value, "until": token.until.isoformat(), "of": token.of}).decode()


class Access:
    """Gives the token for the next call."""

    def __init__(self, key_id: str, key_secret: str, url: str, http: httpx.AsyncClient, memory: Memory) -> None:
        self._key, self._of = (key_id, key_secret), fingerprint(key_id, key_secret)
        self._url, self._http, self._memory = url, http, memory
        self._known: Token | None = None  # saves asking the memory for every message
        self._renewing = anyio.Lock()

    async def token(self) -> str:
        """Raises `BadConfig` when the key is refused, `Unavailable` when there is no token to be had now."""
        if self._known is None or not self._known.fresh(self._of):
            async with self._renewing:
                self._known = self._remember() or await self._fetch()
        return self._known.value

    def forget(self) -> None:
        """Sinch refused the token: the next call asks for another."""
        self._known = None
        self._memory.set(KEY, "")

    def _remember(self) -> Token | None:
        raw = parsed((self._memory.get(KEY) or "").encode())
        token = Token(text(raw.get("value")), instant(raw.get("until"), _LONG_AGO), text(raw.get("of")))
        return token if token.fresh(self._of) else None

    async def _fetch(self) -> Token:
        try:
            response = await self._http.request(
                "POST",
                self._url,
                content=b"grant_type=client_credentials",
                headers={
                    "authorization": httpx.BasicAuth(*self._key)._auth_header,
                    "content-type": "application/x-www-form-urlencoded",
                },
            )
        except Uncertain as error:  # no message has left yet
            raise Unavailable(f"no access token: {error}") from None
        answer = parsed(response.content)
        if response.status_code >= 400:
            raise refusal(answer, response.status_code, retry_after=response.headers.get("retry-after"))
        value, seconds = text(answer.get("access_token")), number(answer.get("expires_in"))
        if not value or seconds is None:
            raise Unavailable("Sinch's answer holds no access token")
        token = Token(value, datetime.now(UTC) + timedelta(seconds=seconds), self._of)
        self._memory.set(KEY, remembered(token))
        return token
