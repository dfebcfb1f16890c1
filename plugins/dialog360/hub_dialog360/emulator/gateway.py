# SPDX-License-Identifier: Apache-2.0
"""360dialog's endpoints: Meta's without a phone number id, behind a layer that knows keys, limits and bills."""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from hub_meta.emulator import shapes
from hub_meta.emulator.api import Api
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.emulator import answer

if TYPE_CHECKING:
    from hub_dialog360.emulator import Dialog360Emulator

Handler = Callable[[Request], Awaitable[Any]]
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
UPLOADS = 25  # per second and number [7]
FAILURES, BLOCKED = 20, timedelta(minutes=30)  # failed readings of files in an hour, and what follows [7]
ATTACHMENTS = "/whatsapp_business/attachments/"
META_HOST = "https://lookaside.fbsbx.com"
# only what [4] says of them is known, not their wording
REFUSALS = {"disabled": "API is disabled", "unpaid": "unpaid invoices", "rate": "exceeded the endpoint rate limit"}


class Recent:
    """Counts what happened within `span`."""

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._times: deque[datetime] = deque()

    def count(self, now: datetime) -> int:
        while self._times and now - self._times[0] >= self._span:
            self._times.popleft()
        return len(self._times)

    def add(self, now: datetime) -> None:
        self._times.append(now)


class Gateway(Api):
    """Routes over one emulated platform."""

    def __init__(self, platform: Dialog360Emulator) -> None:
        self.gate = platform
        self._calls, self._uploads, self._failures = Recent(SECOND), Recent(SECOND), Recent(HOUR)
        self._blocked_until = platform.clock.now()
        super().__init__(platform)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/messages", self.guarded(self.messages), methods=["POST"]),  # asked most
            Route("/v1/configs/templates", self.guarded(self.configured_templates)),
            Route("/v1/configs/webhook", self.guarded(self.webhook), methods=["GET", "POST"]),
            Route("/media", self.guarded(self.managing.upload), methods=["POST"]),
            Route(ATTACHMENTS, self.guarded(self.attachment)),
            Route("/{node}", self.guarded(self.media)),
            Route("/{node}", self.guarded(self.managing.delete_media), methods=["DELETE"]),
        ]

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """360dialog's own layer looks first, and puts the phone number id in; then it is Meta's turn."""
        beyond = super().guarded(handler)

        async def handle(request: Request) -> Response:
            refusal = self._refusal(request)
            if refusal is not None:
                return refusal
            request.path_params.setdefault("node", self.gate.phone_number_id)
            answered = await beyond(request)
            if handler in (self.media, self.attachment) and answered.status_code in (400, 404):
                self._failed()
            return answered

        return handle

    def _refusal(self, request: Request) -> Response | None:
        now, given = self.gate.clock.now(), request.headers.get("d360-api-key", "")
        if self.gate.token_expired or not hmac.compare_digest(given.encode(), self.gate.api_key.encode()):
            return answer(401, {"message": "Invalid API key"})
        if self.gate.refuses:
            return answer(400, {"message": REFUSALS[self.gate.refuses]})
        uploading = request.url.path == "/media"
        limit = UPLOADS if uploading else self.gate.calls_per_second
        recent = self._uploads if uploading else self._calls
        if limit is not None and recent.count(now) >= limit:
            return answer(400, {"error": REFUSALS["rate"]})  # 400, not 429 [4]
        recent.add(now)
        return None

    def _failed(self) -> None:
        now = self.gate.clock.now()
        self._failures.add(now)
        if self._failures.count(now) > FAILURES:
            self._blocked_until = now + BLOCKED

    def _admit(self, request: Request) -> None:
        """Meta's token is 360dialog's business."""

    async def media(self, request: Request) -> Any:
        """`GET /{media id}`: the address is Meta's, which this key does not open."""
        if self.gate.clock.now() < self._blocked_until:
            return answer(403, {"error": "endpoint blocked"})
        told = self.managing.media(request)
        token = str(told["url"]).partition("mid=")[2]
        return {**told, "url": f"{META_HOST}{ATTACHMENTS}?mid={token}"}

    async def attachment(self, request: Request) -> Response:
        """The bytes behind Meta's address, at 360dialog's host."""
        kept = self.gate.media.open(request.query_params.get("mid", ""))
        return answer(404) if kept is None else Response(kept.content, media_type=kept.mime_type)

    async def configured_templates(self, request: Request) -> Any:
        """By offset, and with the status in lower case [5]."""
        offset, limit = (int(request.query_params.get(key, other)) for key, other in (("offset", 0), ("limit", 1000)))
        stored = [shapes.listed(template, ()) for template in list(self.gate.templates.values())]
        shown = [{**one, "status": str(one["status"]).lower(), "namespace": "emulated"} for one in stored]
        page = shown[offset : offset + limit]
        told = {"count": len(page), "filters": {}, "limit": limit, "offset": offset, "sort": ["id"]}
        return {**told, "total": len(stored), "waba_templates": page}

    async def webhook(self, request: Request) -> Any:
        """Where webhooks go, and the headers they carry [6]."""
        if request.method == "POST":
            asked = orjson.loads(await request.body())
            self.gate.webhook_url = str(asked.get("url", ""))
            self.gate.webhook_headers = {str(name).lower(): str(value) for name, value in asked["headers"].items()}
        return {"url": self.gate.webhook_url, "headers": self.gate.webhook_headers}
