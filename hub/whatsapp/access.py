# SPDX-License-Identifier: Apache-2.0
"""Access tokens by OAuth 2.0 client credentials (RFC 6749, section 4.4): fetched with the client's id and secret,
remembered until shortly before they end, renewed by one call at a time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import orjson
from pydantic import SecretStr

from hub.contract import Memory, Unavailable, Uncertain
from hub.whatsapp.answers import Refusal, accepted
from hub.whatsapp.reading import instant, number, parsed, text
from hub.whatsapp.signatures import basic

MARGIN = timedelta(seconds=60)  # a token is not used in its last minute
KEY = "access"  # in the memory of the connection
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks for tokens, and where: `vendor` as it is spelled, `refusal` its own table of what went wrong."""

    vendor: str
    url: str
    id: str
    secret: SecretStr
    refusal: Refusal


def fingerprint(id_: str, secret: SecretStr) -> str:
    return hashlib.sha256(f"{id_}:{secret.get_secret_value()}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Token:
    """`of` tells for which client it was given, so that changed settings never go on with the old one's token."""

    value: str = field(repr=False)
    until: datetime
    of: str

    def fresh(self, fingerprint: str) -> bool:
        return bool(self.value) and self.of == fingerprint and datetime.now(UTC) < self.until - MARGIN


def remembered(token: Token) -> str:
    """What the memory of a connection holds."""
    return orjson.dumps({"value": token.value, "until": token.until.isoformat(), "of": token.of}).decode()


class Access:
    """Gives the token for the next call."""

    def __init__(self, credentials: Credentials, http: httpx.AsyncClient, memory: Memory) -> None:
        self._mine, self._http, self._memory = credentials, http, memory
        self._of = fingerprint(credentials.id, credentials.secret)
        self._known: Token | None = None  # saves asking the memory for every message
        self._renewing = anyio.Lock()

    async def token(self) -> str:
        """Raises `BadConfig` when the secret is refused, `Unavailable` when there is no token to be had now."""
        if self._known is None or not self._known.fresh(self._of):
            async with self._renewing:
                self._known = self._remember() or await self._fetch()
        return self._known.value

    def forget(self) -> None:
        """The vendor refused the token: the next call asks for another."""
        self._known = None
        self._memory.set(KEY, "")

    def _remember(self) -> Token | None:
        raw = parsed((self._memory.get(KEY) or "").encode())
        token = Token(text(raw.get("value")), instant(raw.get("until"), _LONG_AGO), text(raw.get("of")))
        return token if token.fresh(self._of) else None

    async def _fetch(self) -> Token:
        mine = self._mine
        headers = {
            "authorization": basic(mine.id, mine.secret),
            "content-type": "application/x-www-form-urlencoded",
        }
        try:
            body = b"grant_type=client_credentials"
            response = await self._http.request("POST", mine.url, content=body, headers=headers)
        except Uncertain as error:  # no message has left yet
            raise Unavailable(f"no access token: {error}") from None
        answer = accepted(mine.vendor, response, mine.refusal)
        value, seconds = text(answer.get("access_token")), number(answer.get("expires_in"))
        if not value or seconds is None:
            raise Unavailable(f"{mine.vendor}'s answer holds no access token")
        token = Token(value, datetime.now(UTC) + timedelta(seconds=seconds), self._of)
        self._memory.set(KEY, remembered(token))
        return token
