# SPDX-License-Identifier: Apache-2.0
"""Calls of 360dialog's API, and what a refusal of either layer means: its own, in plain HTTP, and Meta's behind it.

Source: [1], [4] for refusals, [7] for files.
"""

from __future__ import annotations

from typing import Any

import httpx

from hub import HubError, Rejected, Scope, Throttled, Unavailable, Uncertain
from hub.whatsapp import media
from hub.whatsapp.answers import unreadable
from hub.whatsapp.codes import classify, object_missing
from hub.whatsapp.reading import Fields, parsed
from hub.whatsapp.words import refused, table
from hub_dialog360.config import Config

BLOCKED = 1800.0  # seconds
REFUSALS = table("hub_dialog360", "refusals.toml")


class Calls:
    """One number's calls."""

    def __init__(self, config: Config, http: httpx.AsyncClient) -> None:
        self.config, self.http = config, http
        self._base = config.base_url.rstrip("/")
        self._key = {"d360-api-key": config.api_key.get_secret_value()}

    async def call(self, method: str, path: str, *, sends: bool = False, gone: str = "", **options: Any) -> Fields:
        """One call. Raises what a refusal means.

        sends: it transmits a message. gone: why `Rejected` is raised for an object that is not there.
        """
        response = await self.http.request(method, f"{self._base}/{path}", headers=self._key, **options)
        return accepted(response, sends=sends, gone=gone)

    async def fetch(self, url: str, limit: int) -> bytes:
        """The bytes of a file. Meta's address of it opens at 360dialog's host, with the key [7]."""
        try:
            there, here = httpx.URL(url), httpx.URL(self._base)
        except httpx.InvalidURL:
            raise Unavailable("360dialog names no address of the file") from None
        ours = there.copy_with(scheme=here.scheme, host=here.host, port=here.port)
        return await media.fetch(self.http, str(ours), self._key, limit)


def accepted(response: httpx.Response, *, sends: bool = False, gone: str = "") -> Fields:
    """The JSON object of an acceptance. Raises what a refusal means; its texts are not repeated."""
    answer = parsed(response.content)
    if gone and object_missing(answer.get("error")):
        raise Rejected(gone)
    if gone and response.status_code == 403:  # no fault of the settings: it ends by itself [7]
        raise Throttled("360dialog blocks what was asked for in vain too often", after=BLOCKED, scope=Scope.ACCOUNT)
    if response.status_code >= 400 or "error" in answer:
        raise _refusal(response, answer, sends=sends)
    if not answer:
        raise unreadable("360dialog", sends=sends)
    return answer


def _refusal(response: httpx.Response, answer: Fields, *, sends: bool) -> HubError:
    status, after = response.status_code, response.headers.get("retry-after")
    if isinstance(answer.get("error"), dict):
        return classify(answer["error"], status=status, retry_after=after, sends=sends)
    known = REFUSALS.get(str(status))
    if status == 400:  # not 429: different things, told apart by their words
        said = response.text.lower()
        known = next((word for name, word in REFUSALS.items() if not name.isdecimal() and name in said), None)
    meant = refused("360dialog", known, status, retry_after=after, sends=sends)
    return meant or (Uncertain if sends else Unavailable)("360dialog's answer contradicts itself")
