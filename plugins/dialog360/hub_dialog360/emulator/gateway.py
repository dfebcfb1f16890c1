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

SECOND = timedelta(seconds=1)
# only what [4] says of them is known, not their wording
REFUSALS = {"disabled": "API is disabled", "unpaid": "unpaid invoices", "rate": "exceeded the endpoint rate limit"}


class Gateway(Api):
    """Routes over one emulated platform."""

    def __init__(self, platform: Dialog360Emulator) -> None:
        super().__init__(platform)
        self.gate = platform
        self._calls: deque[datetime] = deque()

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/messages", self._guarded(self.messages), methods=["POST"]),  # asked most
            Route("/v1/configs/templates", self._guarded(self.configured_templates)),
            Route("/v1/configs/webhook", self._guarded(self.webhook), methods=["GET", "POST"]),
        ]

    def _guarded(self, handler: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
        """360dialog's own layer looks first, and puts the phone number id in; then it is Meta's turn."""
        beyond = super()._guarded(handler)

        async def handle(request: Request) -> Response:
            refusal = self._refusal(request)
            if refusal is not None:
                return refusal
            request.path_params["node"] = self.gate.phone_number_id
            return await beyond(request)

        return handle

    def _refusal(self, request: Request) -> Response | None:
        given = request.headers.get("d360-api-key", "")
        if self.gate.token_expired or not hmac.compare_digest(given.encode(), self.gate.api_key.encode()):
            return answer(401, {"message": "Invalid API key"})
        if self.gate.refuses:
            return answer(400, {"message": REFUSALS[self.gate.refuses]})
        if self._too_fast():
            return answer(400, {"error": REFUSALS["rate"]})  # 400, not 429 [4]
        return None

    def _too_fast(self) -> bool:
        limit, now = self.gate.calls_per_second, self.gate.clock.now()
        if limit is None:
            return False
        while self._calls and now - self._calls[0] >= SECOND:
            self._calls.popleft()
        if len(self._calls) >= limit:
            return True
        self._calls.append(now)
        return False

    def _admit(self, request: Request) -> None:
        """Meta's token is 360dialog's business."""

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
