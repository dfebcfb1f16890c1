# SPDX-License-Identifier: Apache-2.0
"""The emulated endpoints: messages, numbers, templates, webhooks."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.emulator import answer
from hub.testing.whatsapp import Refused, Stored
from hub_bird.emulator import sending, shapes
from hub_bird.emulator.sending import Problem

if TYPE_CHECKING:
    from hub_bird.emulator import BirdEmulator

Handler = Callable[[Request], Awaitable[Response]]
WHATSAPP = "/v1/whatsapp"
PAGE = 25


class Api:
    """Routes over one emulated platform."""

    def __init__(self, platform: BirdEmulator) -> None:
        self.platform = platform

    def routes(self) -> list[BaseRoute]:
        languages = WHATSAPP + "/templates/{template}/versions/{version}/languages/{language}"
        return [
            Route(WHATSAPP + "/messages", self._guarded(self.send), methods=["POST"]),  # asked most
            Route(WHATSAPP + "/messages", self._guarded(self.messages)),
            Route(WHATSAPP + "/messages/{message}", self._guarded(self.message)),
            Route(WHATSAPP + "/messages/{message}/read", self._guarded(self.mark_read), methods=["POST"]),
            Route(WHATSAPP + "/numbers", self._guarded(self.numbers)),
            Route(WHATSAPP + "/templates", self._guarded(self.templates)),
            Route(languages, self._guarded(self.language)),
            Route("/v1/media/{media}", self._guarded(self.media)),
            Route("/v1/webhooks", self._guarded(self.webhooks), methods=["POST"]),
            Route("/v1/webhooks/{webhook}/rotate-secret", self._guarded(self.rotate), methods=["POST"]),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        """Checks the key first, and turns a refusal into Bird's error body."""

        async def handle(request: Request) -> Response:
            try:
                self._admit(request)
                return await handler(request)
            except Problem as problem:
                return problem.response(self.platform.new_bird_id("req"))

        return handle

    def _admit(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        known = hmac.compare_digest(given.encode(), self.platform.api_key.encode())
        if not known or self.platform.token_expired:
            raise Problem(401, "Unauthorized")

    async def send(self, request: Request) -> Response:
        """A key that was seen is answered as before; with another body it is a conflict."""
        platform, raw, key = self.platform, await request.body(), request.headers.get("idempotency-key", "")
        if key in platform.answered:
            before, said = platform.answered[key]
            if before != raw:
                raise Problem(409, "IdempotencyKeyReused")
            return answer(202, said)
        body = _object(raw)
        to, kind = sending.checked(body, platform.number)
        try:
            template = (
                sending.template(body["template"], self._stored(body["template"])) if kind == "template" else None
            )
            message = platform.take(body, to, kind, template)
        except Refused as refused:
            raise Problem(422, "WhatsAppTemplateParameterMismatch", ("/template", refused.details)) from None
        if key:
            platform.answered[key] = raw, message
        return answer(202, message)

    def _stored(self, asked: dict[str, Any]) -> Stored:
        """Languages are never swapped silently: `on_missing_language` is `fail`."""
        name = str(asked.get("slug") or next((s for s in self._slugs() if self._ids(s)[0] == asked.get("id")), ""))
        translations = [one for one in list(self.platform.templates.values()) if one.name == name]
        if not translations:
            raise Problem(404, "WhatsAppTemplateNotFound")
        language = str(asked.get("language") or translations[0].language).replace("-", "_")
        found = next((one for one in translations if one.language == language), None)
        if found is None or found.status != "APPROVED":
            raise Problem(422, "ValidationError", ("/template/language", "is not available"))
        return found

    async def messages(self, request: Request) -> Response:
        newest_first = reversed(list(self.platform.messages))
        return _page(request, [found for id_ in newest_first if (found := self.platform.shown(id_))])

    async def message(self, request: Request) -> Response:
        found = self.platform.shown(request.path_params["message"])
        if found is None:
            raise Problem(404, "WhatsAppMessageNotFound")
        return answer(200, found)

    async def media(self, request: Request) -> Response:
        """A file that a person sent; gone is gone, not unknown."""
        kept = self.platform.media.get(request.path_params["media"])
        return answer(410) if kept is None else Response(kept.content, media_type=kept.mime_type)

    async def mark_read(self, request: Request) -> Response:
        self.platform.read.append(request.path_params["message"])
        asked = _object(await request.body() or b"{}")
        return answer(202, {"typing_indicator": bool(asked.get("typing_indicator"))})

    async def numbers(self, request: Request) -> Response:
        platform = self.platform
        number = shapes.number(platform.number, platform.clock.now(), platform.quality, app=platform.on_business_app)
        return _page(request, [number])

    async def templates(self, request: Request) -> Response:
        stored, now = list(self.platform.templates.values()), self.platform.clock.now()
        shown = [
            shapes.template(slug, [one for one in stored if one.name == slug], self._ids(slug)[1], now)
            for slug in self._slugs()
        ]
        return _page(request, shown)

    async def language(self, request: Request) -> Response:
        asked = request.path_params
        for slug in self._slugs():
            if asked["template"] in (slug, self._ids(slug)[0]) and asked["version"] == self._ids(slug)[1]:
                stored = self.platform.templates.get((slug, asked["language"].replace("-", "_")))
                if stored is not None:
                    return answer(200, shapes.language(stored, self.platform.clock.now()))
        raise Problem(404, "WhatsAppTemplateLanguageNotFound")

    def _slugs(self) -> Sequence[str]:
        return list(dict.fromkeys(name for name, _ in list(self.platform.templates)))

    def _ids(self, slug: str) -> tuple[str, str]:
        """Ids of a template and of its version in service."""
        same = f"{self._slugs().index(slug):026d}"
        return f"wat_{same}", f"wav_{same}"

    async def webhooks(self, request: Request) -> Response:
        platform, asked = self.platform, _object(await request.body())
        platform.webhook_url, platform.subscribed = str(asked["url"]), set(asked["events"])
        now = shapes.stamp(platform.clock.now())
        kept = {"url": asked["url"], "events": asked["events"], "status": "active", "filter": None}
        made = {"id": platform.new_bird_id("whk"), "secret": platform.secrets[-1], "created_at": now, "updated_at": now}
        return answer(201, {**kept, **made})

    async def rotate(self, _: Request) -> Response:
        """From now on both secrets sign, until the older one runs out."""
        platform = self.platform
        platform.secrets = [platform.secrets[-1], platform.new_secret()]
        return answer(200, {"secret": platform.secrets[-1]})


def _page(request: Request, items: Sequence[dict[str, Any]]) -> Response:
    start = int(request.query_params.get("starting_after") or 0)
    end = start + min(int(request.query_params.get("limit") or PAGE), PAGE)
    following = str(end) if end < len(items) else None
    return answer(
        200, {"data": items[start:end], "next_cursor": following, "prev_cursor": None, "refresh_cursor": None}
    )


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "InvalidJson")
    return body
