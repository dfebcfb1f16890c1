# SPDX-License-Identifier: Apache-2.0
"""The emulated endpoints: send, mark read, templates, files, callbacks."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from hub.testing.emulator import answer
from hub_tyntec.emulator import sending, shapes
from hub_tyntec.emulator.sending import Problem

if TYPE_CHECKING:
    from hub_tyntec.emulator import TyntecEmulator

Handler = Callable[[Request], Awaitable[Response]]
URLS = ("inboundMessageUrl", "messageStatusUrl", "businessNotificationUrl")
LOCAL = ("http://127.0.0.1", "http://localhost")  # tyntec takes https only; a test has no certificate


class Api:
    """Routes over one emulated platform."""

    def __init__(self, platform: TyntecEmulator) -> None:
        self.platform = platform

    def routes(self) -> list[BaseRoute]:
        channel, numbers = "/channels/whatsapp", "/channels/whatsapp/phone-numbers/{number}"
        return [
            Mount(
                "/conversations/v3",
                routes=[
                    Route("/messages", self._guarded(self.send), methods=["POST"]),  # asked most
                    Route(channel + "/messages/{message}", self._guarded(self.mark_read), methods=["PUT"]),
                    Route(channel + "/accounts/{account}/templates", self._guarded(self.templates)),
                    Route(numbers + "/templates", self._guarded(self.templates)),
                    Route("/configurations/callbacks", self._guarded(self.callbacks), methods=["PUT"]),
                    Route("/configurations" + numbers + "/callbacks", self._guarded(self.callbacks), methods=["PUT"]),
                    Route("/media/{media}", self._guarded(self.media), methods=["GET", "DELETE"]),
                ],
            )
        ]

    def _guarded(self, handler: Handler) -> Handler:
        """Checks key, account and number first, and turns a refusal into a problem document."""

        async def handle(request: Request) -> Response:
            try:
                self._admit(request)
                return await handler(request)
            except Problem as problem:
                return problem.response()

        return handle

    def _admit(self, request: Request) -> None:
        given = request.headers.get("apikey", "")
        good = hmac.compare_digest(given.encode(), self.platform.api_key.encode())
        if not good or self.platform.token_expired:
            raise Problem(401, "Unauthorized")
        if request.path_params.get("account", self.platform.account) != self.platform.account:
            raise Problem(404, "Not Found")
        if request.path_params.get("number", self.platform.sender).removeprefix("+") != self.platform.sender:
            raise Problem(403, "Forbidden")

    async def send(self, request: Request) -> Response:
        body = await _document(request)
        asked = sending.checked(body)
        if str(body["from"]).removeprefix("+") != self.platform.sender:
            raise Problem(403, "Forbidden")
        id_ = self.platform.take(asked.to, asked.kind, asked.template, str(body.get("context", "")))
        return answer(202, {"messageId": id_, "acceptedAt": self.platform.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")})

    async def mark_read(self, request: Request) -> Response:
        body = await _document(request)
        if body.get("status") != "read":
            raise sending.violated("status", "must be read")
        self.platform.read.append(request.path_params["message"])
        return answer(204)

    async def templates(self, _: Request) -> Response:
        platform = self.platform
        stored = list(platform.templates.values())
        return answer(200, shapes.listed(stored, platform.account, platform.clock.now()))

    async def callbacks(self, request: Request) -> Response:
        """Where webhooks go and how they prove themselves. One address for all three kinds, as the hub has."""
        platform, asked = self.platform, await _document(request)
        urls = [str(asked[key]) for key in URLS if key in asked]
        if not all(url.startswith(("https://", *LOCAL)) for url in urls):
            raise sending.violated("inboundMessageUrl", "must be an https URL")
        signing, header = asked.get("signature") or {}, asked.get("header") or {}
        secret, method = str(signing.get("secret", platform.signature_secret)), signing.get("method", "HS256")
        if not 8 <= len(secret) <= 125:
            raise sending.violated("signature.secret", "size must be between 8 and 125")
        if method not in ("HS256", "HS512"):
            raise sending.violated("signature.method", "must be HS256 or HS512")
        platform.webhook_url = urls[0] if urls else platform.webhook_url
        platform.signature_secret, platform.signature_method = secret, method
        platform.header = (str(header.get("key", "")), str(header.get("value", "")))
        platform.filter = set(asked.get("eventFilter") or ())
        return answer(200, asked)

    async def media(self, request: Request) -> Response:
        """A file that a person sent, or that was uploaded."""
        kept = self.platform.media.get(request.path_params["media"])
        if kept is None:
            raise Problem(404, "Not Found")
        if request.method == "DELETE":
            self.platform.media.delete(kept.id)
            return answer(204)
        return Response(kept.content, 200, media_type=kept.mime_type)


async def _document(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "Bad Request")
    return body
