# SPDX-License-Identifier: Apache-2.0
"""Calls of the Graph API: address, token, proof, pages, and what an error means."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from hub import Rejected
from hub.whatsapp import media
from hub.whatsapp.answers import every, unreadable
from hub.whatsapp.codes import classify, object_missing
from hub.whatsapp.reading import Fields, parsed
from hub.whatsapp.signatures import mac
from hub.whatsapp.writing import present
from hub_meta import wire
from hub_meta.config import Config

PAGE_SIZE = 100
FILES_FROM = (".fbsbx.com", ".facebook.com", ".whatsapp.net")  # hosts of Meta that hand out files


class Graph:
    """One account's calls."""

    def __init__(self, config: Config, http: httpx.AsyncClient) -> None:
        self.config, self.http = config, http

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        json: Fields | None = None,
        sends: bool = False,
        partly: str = "",
        gone: str = "",
        **options: Any,
    ) -> Fields:
        """One call. Raises what Meta's answer means.

        sends: it transmits a message. partly: the key under which an answer tells what was done although it is an
        error; then it is returned. gone: why `Rejected` is raised for an object that is not there; without it, that
        is a mistake in the settings.
        """
        response = await self.http.request(
            method,
            f"{self.config.base_url.rstrip('/')}/{self.config.version}/{path}",
            params={**(query or {}), **self._proof()},
            json=json,
            headers=self._bearer(),
            **options,
        )
        answer = parsed(response.content)
        if partly and partly in answer:
            return answer
        if gone and object_missing(answer.get("error")):
            raise Rejected(gone)
        if response.status_code >= 400 or "error" in answer:
            after = response.headers.get("retry-after")
            raise classify(answer.get("error"), status=response.status_code, retry_after=after, sends=sends)
        if not answer:
            raise unreadable("Meta", sends=sends)
        return answer

    async def pages(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Fields]:
        """Every object of a list. Raises `Unavailable` for one without end."""

        async def page(cursor: str) -> tuple[list[Fields], str]:
            # the cursor, not `next`: the token goes nowhere but to our address
            return wire.page(await self.call("GET", path, present({**query, "after": cursor})))

        async for item in every("Meta", page):
            yield item

    async def fetch(self, url: str, limit: int) -> bytes:
        """The bytes behind a file's address, which needs the token. Raises `Rejected`, `Unavailable`."""
        try:
            host, ours = httpx.URL(url).host, httpx.URL(self.config.base_url).host
        except httpx.InvalidURL:
            raise Rejected("Meta's address of the file cannot be read") from None
        if host != ours and not (url.startswith("https://") and host.endswith(FILES_FROM)):
            raise Rejected("Meta names an address for the file that is none of its own")
        return await media.fetch(self.http, url, self._bearer(), limit)

    def _bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.config.access_token.get_secret_value()}"}

    def _proof(self) -> dict[str, str]:
        if not self.config.appsecret_proof:
            return {}
        token = self.config.access_token.get_secret_value().encode()
        return {"appsecret_proof": digest(self.config.app_secret, token)}  # [10]


def signature(body: bytes, app_secret: SecretStr) -> str:
    """The value of `X-Hub-Signature-256` for `body`."""
    return f"sha256={digest(app_secret, body)}"


def digest(key: SecretStr, body: bytes) -> str:
    return mac(key, body).hex()
