# SPDX-License-Identifier: Apache-2.0
"""The emulated endpoints: access tokens, messages, the app, webhooks, templates. Sinch's three hosts are one here."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.emulator import answer
from hub_sinch.emulator import sending, shapes
from hub_sinch.emulator.sending import Problem

if TYPE_CHECKING:
    from hub_sinch.emulator import SinchEmulator

Handler = Callable[[Request], Awaitable[Response]]
PROJECT = "/v1/projects/{project}"
SETTABLE = frozenset({"processing_mode", "dispatch_retention_policy", "retention_policy", "smart_conversation"})


class Api:
    """Routes over one emulated platform."""

    def __init__(self, platform: SinchEmulator) -> None:
        self.platform = platform

    def routes(self) -> list[BaseRoute]:
        return [
            Route(PROJECT + "/messages:send", self._guarded(self.send), methods=["POST"]),  # asked most
            Route("/oauth2/token", self.token, methods=["POST"]),
            self.platform.media.route(),
            Route(PROJECT + "/apps", self._guarded(self.apps)),
            Route(PROJECT + "/apps/{app}", self._guarded(self.app), methods=["GET", "PATCH"]),
            Route(PROJECT + "/webhooks", self._guarded(self.webhooks), methods=["POST"]),
            Route(PROJECT + "/whatsapp/templates", self._guarded(self.templates)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        """Checks token, project and rate first, and turns a refusal into Sinch's error body."""

        async def handle(request: Request) -> Response:
            try:
                self._admit(request)
                return await handler(request)
            except Problem as problem:
                return problem.response()

        return handle

    def _admit(self, request: Request) -> None:
        platform = self.platform
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        until = platform.tokens.get(given)
        if until is None or platform.token_expired:  # the whole access key
            raise Problem(401, "invalid token", {"www-authenticate": 'Bearer error="invalid_token"'})
        if until <= platform.clock.now():
            raise Problem(401, "token expired", {"www-authenticate": 'Bearer error="invalid_token", expired'})
        if request.path_params["project"] != platform.project:
            raise Problem(403, "no access to the project")
        if platform.too_fast():
            raise Problem(429, "too many requests", {"retry-after": "1"})

    async def token(self, request: Request) -> Response:
        platform = self.platform
        expected = base64.b64encode(f"{platform.key_id}:{platform.key_secret}".encode()).decode()
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        if not hmac.compare_digest(given.encode(), expected.encode()) or platform.token_expired:
            said = {"error": "invalid_client", "error_description": "Client authentication failed"}
            return answer(401, said)
        if parse_qs((await request.body()).decode()).get("grant_type") != ["client_credentials"]:
            return answer(400, {"error": "unsupported_grant_type"})
        granted = {"access_token": platform.grant(), "expires_in": 3599, "scope": "", "token_type": "bearer"}
        return answer(200, granted)

    async def send(self, request: Request) -> Response:
        platform = self.platform
        asked = sending.checked(await _document(request), platform.sender)
        id_ = platform.take(asked)
        return answer(200, {"message_id": id_, "accepted_time": platform.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")})

    async def apps(self, _: Request) -> Response:
        return answer(200, {"apps": [self._app()]})

    async def app(self, request: Request) -> Response:
        if request.path_params["app"] != self.platform.sender:
            raise Problem(404, "app not found")
        if request.method == "PATCH":
            given = await _document(request)
            mask = request.query_params.get("update_mask", "")
            named = [field for field in mask.split(",") if field] or list(given)
            if not set(named) <= SETTABLE:
                raise Problem(400, "invalid update_mask")
            self.platform.app_settings.update({field: given.get(field) for field in named})
        return answer(200, self._app())

    def _app(self) -> dict[str, Any]:
        return shapes.app(self.platform.sender, self.platform.number, self.platform.app_settings)

    async def webhooks(self, request: Request) -> Response:
        """Registers a target for the app; a second time is refused [1]."""
        platform, asked = self.platform, await _document(request)
        if asked.get("app_id") != platform.sender:
            raise Problem(404, "app not found")
        if asked.get("target") == platform.webhook_url or not asked.get("triggers"):
            raise Problem(400, "duplicate target or no triggers")
        platform.webhook_url = str(asked["target"])
        platform.webhook_secret = str(asked.get("secret") or platform.webhook_secret)
        platform.triggers = set(asked["triggers"])
        return answer(200, {"id": platform.new_ulid(), **asked})

    async def templates(self, request: Request) -> Response:
        stored = list(self.platform.templates.values())
        start = int(request.query_params.get("pageToken") or 0)
        size = min(int(request.query_params.get("pageSize") or 20), self.platform.page_size)
        end = start + size
        following = str(end) if end < len(stored) else ""
        page = [shapes.template(one) for one in stored[start:end]]
        return answer(200, {"templates": page, "nextPageToken": following, "totalSize": len(stored)})


async def _document(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "the body is not a JSON object")
    return body
