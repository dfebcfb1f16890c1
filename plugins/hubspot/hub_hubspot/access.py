# SPDX-License-Identifier: Apache-2.0
"""The token that a call carries ("Account service keys", "OAuth"): a static one, or one that OAuth renews.

What OAuth granted is kept in the connection's memory, so a restart does not renew for nothing. It belongs to the grant
in the settings: an app that was installed anew is not answered with what an older installation had.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import anyio.to_thread
import httpx
import orjson

from hub import BadConfig, HubError, Memory, Rejected, Unavailable, Uncertain
from hub_hubspot.paths import Paths
from hub_hubspot.settings import Config
from hub_hubspot.trouble import error_of, read

KEY = "oauth"
EARLY = 60.0  # seconds before its end a token is renewed


@dataclass(frozen=True, slots=True)
class Grant:
    """What HubSpot gave last."""

    settings: str  # digest of the settings it was given for
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    until: float  # epoch seconds
    scopes: tuple[str, ...] = ()


class Access:
    """The way into one account."""

    def __init__(self, config: Config, http: httpx.AsyncClient, memory: Memory | None) -> None:
        self._config, self._http, self._memory = config, http, memory
        self._static = config.access_token.get_secret_value()
        self._grant: Grant | None = None

    @property
    def renews(self) -> bool:
        return not self._static

    async def token(self) -> str:
        """Raises `BadConfig` when the app is no longer installed, `Unavailable` when HubSpot does not say."""
        if self._static:
            return self._static
        grant = self._grant or self._remembered()
        if grant is None or grant.until - EARLY < time.time():
            grant = await self._renew(grant)
        self._grant = grant
        return grant.access

    async def renewed(self, stale: str) -> str:
        """A token other than `stale`, which HubSpot refused. Raises as `token` does."""
        grant = self._remembered()  # another process may have renewed it
        if grant is None or grant.access == stale:
            grant = await self._renew(grant)
        self._grant = grant
        return grant.access

    async def scopes(self) -> tuple[str, ...]:
        """What the app was granted, as told with the token; none for a static token."""
        if self.renews:
            await self.token()
        return self._grant.scopes if self._grant else ()

    def _remembered(self) -> Grant | None:
        raw = self._memory.get(KEY) if self._memory else None
        if not raw:
            return None
        kept = orjson.loads(raw)
        grant = Grant(**{**kept, "scopes": tuple(kept["scopes"])})
        return grant if grant.settings == self._settings() else None

    def _settings(self) -> str:
        config = self._config
        given = (config.client_id, config.refresh_token, config.authorization_code)
        plain = [one if isinstance(one, str) else one.get_secret_value() for one in given]
        return hashlib.sha256(orjson.dumps(plain)).hexdigest()

    async def _renew(self, grant: Grant | None) -> Grant:
        fresh = await self._ask(self._form(grant))
        if self._memory is not None:
            # it waits for a database: other calls of this process must not
            await anyio.to_thread.run_sync(self._memory.set, KEY, orjson.dumps(asdict(fresh)).decode())
        return fresh

    def _form(self, grant: Grant | None) -> dict[str, str]:
        config = self._config
        form = {"client_id": config.client_id, "client_secret": config.client_secret.get_secret_value()}
        refresh = grant.refresh if grant else config.refresh_token.get_secret_value()
        if refresh:
            return {**form, "grant_type": "refresh_token", "refresh_token": refresh}
        code = config.authorization_code.get_secret_value()
        return {**form, "grant_type": "authorization_code", "code": code, "redirect_uri": config.redirect_uri}

    async def _ask(self, form: dict[str, str]) -> Grant:
        url = self._config.base_url.rstrip("/") + Paths(self._config.api_version).token
        try:
            response = await self._http.post(url, data=form)
        except Uncertain as lost:
            raise Unavailable(str(lost)) from None
        body = read(response.content)
        error = error_of(response.status_code, body or {}, response.headers.get("retry-after"))
        if isinstance(error, Rejected):
            raise _ended(error, body or {})
        if error:
            raise error
        return self._read(body or {}, form)

    def _read(self, body: dict[str, Any], form: dict[str, str]) -> Grant:
        access, seconds, scopes = body.get("access_token"), body.get("expires_in"), body.get("scopes")
        if not isinstance(access, str) or not access or not isinstance(seconds, int | float):
            raise Unavailable("HubSpot's answer has no token")
        refresh = body.get("refresh_token") or form.get("refresh_token", "")
        known = tuple(map(str, scopes)) if isinstance(scopes, list) else ()
        return Grant(self._settings(), access, str(refresh), time.time() + seconds, known)


def _ended(error: Rejected, body: dict[str, Any]) -> HubError:
    said = str(body.get("status") or body.get("error") or error.code)
    words = said if said.replace("_", "").isalnum() else "refused"
    return BadConfig(f"HubSpot no longer renews the access ({words}): install the app again and give the new grant")
