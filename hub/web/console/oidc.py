# SPDX-License-Identifier: Apache-2.0
"""Login through an OpenID provider (OpenID Connect Core 1.0, authorization code with PKCE). Authlib speaks with it.

What has to be remembered on the way there and back lies in a signed cookie that lasts ten minutes.
"""

from __future__ import annotations

from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from hub.flows import staff
from hub.web.console import onward
from hub.web.console.door import Door
from hub.web.console.rooms import COOKIE, Rooms

_HERE, _MINUTES = "/console/oidc", 10
_AWAY = (httpx.HTTPError, ValueError)  # no answer, or one that is no JSON


def routes(rooms: Rooms) -> list[BaseRoute]:
    way = Elsewhere(rooms)
    settings = rooms.world.settings
    inner = Starlette(routes=[Route("/login", way.go), Route("/back", way.come_back)])
    kept = SessionMiddleware(
        inner,
        secret_key=rooms.world.vault.reference("", "oidc"),
        session_cookie="hub_oidc",
        max_age=_MINUTES * 60,
        path=_HERE,
        same_site="lax",  # it has to come back with somebody whom another site sends
        https_only=settings.public_url.startswith("https://"),
    )
    return [Mount(_HERE, kept)]


class Elsewhere:
    """There and back."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms, self.world, self.door = rooms, rooms.world, Door(rooms)
        settings = rooms.world.settings
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._client: Any = OAuth().register(
            "provider",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "timeout": 10},
        )

    async def go(self, request: Request) -> Response:
        request.session["why"] = onward.known(request.query_params.get("why", ""))
        back = f"{self.world.settings.public_url.rstrip('/')}{_HERE}/back"
        try:
            answer: Response = await self._client.authorize_redirect(request, back)
        except _AWAY:
            return self.door.page(request, refused="oidc_away")
        return answer

    async def come_back(self, request: Request) -> Response:
        try:
            claims = (await self._client.authorize_access_token(request)).get("userinfo") or {}
        except (AuthlibBaseError, JoseError):
            return self.door.page(request, refused="oidc_refused")
        except _AWAY:
            return self.door.page(request, refused="oidc_away")
        token = await run_in_threadpool(self._enter, claims)
        if not token:
            return self.door.page(request, refused="oidc_refused")
        # a page and no redirect: a strict cookie does not travel with somebody who was sent from elsewhere
        then = onward.page(request.session.pop("why", ""))
        answer = self.rooms.leaves.page("onward.html", self.door.language(request), said="oidc_in", onward=then)
        self.door.give(answer, COOKIE, token)
        return answer

    def _enter(self, claims: dict[str, Any]) -> str:
        email = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
        with self.world.db.write() as session:
            return staff.enter_by(self.world, session, self._issuer, str(claims.get("sub", "")), email)
