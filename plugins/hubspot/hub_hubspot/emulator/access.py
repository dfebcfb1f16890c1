# SPDX-License-Identifier: Apache-2.0
"""Who may call: a static token with its scopes, and OAuth with tokens that end after half an hour."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.testing.clock import Clock
from hub.testing.emulator import answer
from hub_hubspot.emulator.answers import Json, Refusal, invalid, not_found

LIFETIME = timedelta(minutes=30)
SCOPES = (
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.lists.read",
    "crm.lists.write",
    "automation",
)
_NO_TOKEN = "Authentication credentials not found. This API supports OAuth 2.0 authentication"  # noqa: S105
_EXPIRED = "The OAuth token used to make this call expired"
_NO_SCOPE = "This app hasn't been granted all required scopes to make this call."


class Access:
    """Tokens of one account. Attributes may be changed while it runs."""

    def __init__(
        self, clock: Clock, rng: random.Random, portal: int, *, static: str, client_id: str, developer_key: str
    ) -> None:
        self._clock, self._random, self._portal = clock, rng, portal
        self.static, self.client_id, self.developer_key = static, client_id, developer_key
        self.client_secret = ""
        self.static_expired = False
        self.rotates = False  # whether a refresh token is used up by being used
        self.scopes = set(SCOPES)
        self.tells_scopes = True  # of the static token; documented for private apps alone
        self._codes: dict[str, str] = {}
        self._refresh: set[str] = set()
        self._live: dict[str, datetime] = {}  # access tokens, and when they end

    # --- what people do

    def install(self, redirect_uri: str) -> str:
        """A user installs the app. Returns the code that goes to the redirect URL."""
        code = self._new()
        self._codes[code] = redirect_uri
        return code

    def grant(self) -> str:
        """The refresh token of an app that was installed some time ago."""
        token = self._new()
        self._refresh.add(token)
        return token

    def uninstall(self) -> None:
        self._refresh.clear()
        self._live.clear()

    def expire(self) -> None:
        """Every access token has ended."""
        self._live = dict.fromkeys(self._live, self._clock.now())

    # --- calls

    def refuse(self, request: Request, scope: str) -> Response | None:
        """The answer to a call that may not be made."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if given == self.static and not self.static_expired:
            return None if not scope or scope in self.scopes else _lacks(scope)
        if given not in self._live and given != self.static:
            return Refusal(401, "INVALID_AUTHENTICATION", _NO_TOKEN).response()
        if self._live.get(given, self._clock.now()) <= self._clock.now():
            return Refusal(401, "EXPIRED_AUTHENTICATION", _EXPIRED).response()
        return None if not scope or scope in self.scopes else _lacks(scope)

    def developer(self, request: Request) -> bool:
        return request.query_params.get("hapikey") == self.developer_key

    def is_oauth(self, request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self._live

    async def authorize(self, request: Request) -> Response:
        """The page on which a user installs the app: here, everybody agrees."""
        query = request.query_params
        if query.get("client_id") != self.client_id or not query.get("redirect_uri"):
            return invalid("client_id and redirect_uri are required").response()
        target = query["redirect_uri"]
        code = self.install(target)
        return RedirectResponse(f"{target}?{urlencode({'code': code, 'state': query.get('state', '')})}", 302)

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            return _oauth_error("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")
        if form.get("grant_type") == "authorization_code":
            known = self._codes.pop(form.get("code", ""), None)
            if known is None or known != form.get("redirect_uri"):
                return _oauth_error("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
            return answer(200, self._tokens(self.grant()))
        refresh = form.get("refresh_token", "")
        if form.get("grant_type") != "refresh_token" or refresh not in self._refresh:
            said = "refresh token is invalid, expired or revoked"
            return _oauth_error("invalid_grant", "BAD_REFRESH_TOKEN", said)
        if self.rotates:
            self._refresh.discard(refresh)
            refresh = self.grant()
        return answer(200, self._tokens(refresh))

    def _tokens(self, refresh: str) -> Json:
        access = self._new()
        self._live[access] = self._clock.now() + LIFETIME
        shown = {"token_type": "bearer", "access_token": access, "refresh_token": refresh}
        shown |= {"expires_in": int(LIFETIME.total_seconds()), "token_use": "access_token"}  # type: ignore[dict-item]
        return {**shown, "hub_id": self._portal, "user_id": 1, "scopes": sorted(self.scopes)}

    async def introspect(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        until = self._live.get(form.get("token", ""))
        if until is None or until <= self._clock.now():
            return answer(200, {"active": False})
        return answer(200, {"active": True, "token_use": "access_token", **self._told(until)})

    async def revoke(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        self._refresh.discard(form.get("token", ""))
        self._live.pop(form.get("token", ""), None)
        return answer(200, {})

    async def access_token(self, request: Request) -> Response:
        token = request.path_params["token"]
        until = self._live.get(token)
        if until is None:
            return not_found("access token not found").response()
        told = self._told(until)
        return answer(200, {"token": token, "user": "admin@example.org", "hub_domain": "example.org", **told})

    async def private_app(self, request: Request) -> Response:
        if (await request.json()).get("tokenKey") != self.static or not self.tells_scopes:
            return not_found("private app not found").response()
        return answer(200, {"userId": 1, "hubId": self._portal, "appId": 1, "scopes": sorted(self.scopes)})

    def _told(self, until: datetime) -> Json:
        seconds = int((until - self._clock.now()).total_seconds())
        told = {"hub_id": self._portal, "app_id": 1, "user_id": 1, "token_type": "access"}
        return {**told, "expires_in": seconds, "scopes": sorted(self.scopes)}

    def _new(self) -> str:
        return f"eu1-{self._random.getrandbits(128):032x}"


def _lacks(scope: str) -> Response:
    detail = {"message": "One or more of the following scopes are required."}
    more: Any = [{**detail, "context": {"requiredGranularScopes": [scope]}}]
    return Refusal(403, "MISSING_SCOPES", _NO_SCOPE, errors=more).response()


def _oauth_error(error: str, status: str, said: str) -> Response:
    return answer(400, {"error": error, "error_description": said, "status": status, "message": said})
