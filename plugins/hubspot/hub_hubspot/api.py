# SPDX-License-Identifier: Apache-2.0
"""One call to HubSpot."""

from __future__ import annotations

from typing import Any

import httpx

from hub import Memory, Unavailable, Uncertain
from hub_hubspot.access import Access
from hub_hubspot.pace import Pace
from hub_hubspot.paths import Paths
from hub_hubspot.settings import Config
from hub_hubspot.trouble import Json, error_of, read


class Api:
    """Calls one account. `pace`: for what only reads and can wait. Never retries, but once with a renewed token."""

    def __init__(
        self, config: Config, http: httpx.AsyncClient, memory: Memory | None = None, pace: Pace | None = None
    ) -> None:
        self._config, self._http, self._pace = config, http, pace
        self.access = Access(config, http, memory)
        self.paths = Paths(config.api_version)

    async def get(self, path: str, **query: str | int) -> Json:
        """Read. Raises `BadConfig`, `Rejected`, `Unavailable`."""
        return await self._call("GET", path, params=query)

    async def ask(self, path: str, body: Json) -> Json:
        """A POST that may be repeated: a search or an update. Raises `BadConfig`, `Rejected`, `Unavailable`."""
        try:
            return await self._call("POST", path, json=body)
        except Uncertain as lost:
            raise Unavailable(str(lost)) from None

    async def developer(self, method: str, path: str, key: str, body: Json | None = None, after: str = "") -> Json:
        """A call of the app's developer, by the developer's key, else by the token. Raises as `ask` does."""
        query = {name: value for name, value in (("hapikey", key), ("after", after)) if value}
        try:
            return await self._call(method, path, keyed=bool(key), params=query, json=body)
        except Uncertain as lost:
            raise Unavailable(str(lost)) from None

    async def create(self, path: str, body: Json) -> Json:
        """A POST that makes something new each time. Raises `Uncertain` too, when no clear answer came."""
        return await self._call("POST", path, json=body, sends=True)

    async def _call(self, method: str, path: str, *, sends: bool = False, keyed: bool = False, **content: Any) -> Json:
        if self._pace:
            await self._pace.wait(searching=path.endswith("/search"))
        token = "" if keyed else await self.access.token()
        response = await self._send(method, path, token, content)
        if response.status_code == 401 and token and self.access.renews:
            token = await self.access.renewed(token)  # refused, so nothing was done: the same call may go again
            response = await self._send(method, path, token, content)
        if self._pace:
            self._pace.note(response.headers)
        body = read(response.content)
        if error := error_of(response.status_code, body or {}, response.headers.get("retry-after"), sends=sends):
            raise error
        if body is None:
            unreadable = Uncertain if sends else Unavailable
            raise unreadable("HubSpot's answer cannot be read")
        return body

    async def _send(self, method: str, path: str, token: str, content: Json) -> httpx.Response:
        url = self._config.base_url.rstrip("/") + path
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return await self._http.request(method, url, headers=headers, **content)
