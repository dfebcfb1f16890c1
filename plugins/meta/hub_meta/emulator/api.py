# SPDX-License-Identifier: Apache-2.0
"""The emulated endpoints: send, list templates, look at the account, subscribe."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.emulator import answer
from hub.testing.whatsapp import Refused, Sent, TemplateSend, contents
from hub_meta.emulator import graph, sending, shapes
from hub_meta.emulator.graph import Problem
from hub_meta.emulator.managing import Managing

if TYPE_CHECKING:
    from hub_meta.emulator import MetaEmulator

Handler = Callable[[Request], Awaitable[Any]]
Guard = Callable[[Handler], Callable[[Request], Awaitable[Response]]]
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]
SUMMARY = {"message_template_limit": 6000, "are_translations_complete": True}
_VERSION = re.compile(r"^v\d+\.\d+$")


class Api:
    """Routes over one emulated platform."""

    def __init__(self, platform: MetaEmulator) -> None:
        self.platform = platform
        self.managing = Managing(platform, self.guarded)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/{version}/{node}/messages", self.guarded(self.messages), methods=["POST"]),  # asked most
            Route("/{version}/{node}/marketing_messages", self.guarded(self.marketing_messages), methods=["POST"]),
            Route("/debug_token", self.guarded(self.debug_token)),
            Route("/{version}/debug_token", self.guarded(self.debug_token)),
            Route("/{version}/{node}", self.guarded(self.node)),
            Route("/{version}/{node}/message_templates", self.guarded(self.templates)),
            Route("/{version}/{node}/phone_numbers", self.guarded(self.phone_numbers)),
            Route("/{version}/{node}/subscribed_apps", self.guarded(self.subscribed_apps), methods=["POST"]),
            *self.managing.routes(),
        ]

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Checks version and token first, and turns a refusal into Graph's error body."""

        async def handle(request: Request) -> Response:
            try:
                self._admit(request)
                answered = await handler(request)
                return answered if isinstance(answered, Response) else answer(200, answered)
            except Refused as refused:
                return graph.refusal(refused)

        return handle

    def _admit(self, request: Request) -> None:
        version = request.path_params.get("version")
        if version is not None and not _VERSION.match(version):
            raise Problem(100, message="Unknown path components")
        token = graph.token_of(request)
        if not hmac.compare_digest(token.encode(), self.platform.access_token.encode()):
            raise Problem(190, message="Invalid OAuth access token - Cannot parse access token")
        if self.platform.token_expired:
            raise Problem(190, subcode=463, message="Error validating access token: Session has expired")
        given = request.query_params.get("appsecret_proof")
        expected = graph.proof(token, self.platform.app_secret)
        if (given is not None or self.platform.appsecret_proof) and given != expected:
            raise Problem(100, message="Invalid appsecret_proof provided in the API argument")

    async def messages(self, request: Request) -> Any:
        body = await self._message(request)
        if body.get("status") == "read":
            return self._read(body)
        platform = self.platform
        template = sending.template_of(body) if body.get("type") == "template" else None
        if template and not platform.marketing_on_cloud_api and self._category(template) == "MARKETING":
            raise Refused(131063)
        return self._accept(body, template)

    async def marketing_messages(self, request: Request) -> Any:
        """The same for marketing templates, with a word on what Meta may do besides."""
        body = await self._message(request)
        if body.get("type") != "template":
            raise Refused(100, "only templates are supported")
        template = sending.template_of(body)
        if self._category(template) not in ("MARKETING", ""):
            raise Refused(134100)
        return self._accept(body, template, via=sending.MARKETING)

    def _category(self, asked: TemplateSend) -> str:
        found = self.platform.templates.get((asked.name, asked.language))
        return found.category if found else ""

    async def _message(self, request: Request) -> dict[str, Any]:
        graph.expect(request, self.platform.phone_number_id)
        if not self.platform.registered:
            raise Refused(133010)
        try:
            body = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            raise Refused(100, "the body is not JSON") from None
        reading = isinstance(body, dict) and body.get("status") == "read"
        return body if reading else sending.envelope(body)

    def _accept(self, body: dict[str, Any], template: TemplateSend | None, via: str = "") -> dict[str, Any]:
        kind = body.get("type", "text")
        contents.check(kind, body[kind], self.platform.media)
        sent = self.platform.accept(
            sending.address(body),
            kind,
            template=template,
            opaque=str(body.get("biz_opaque_callback_data", "")),
            via=via,
            content=body,
            quoted=str((body.get("context") or {}).get("message_id", "")),
        )
        return _accepted(body, sent)

    def _read(self, body: dict[str, Any]) -> dict[str, bool]:
        if body.get("message_id") not in self.platform.heard:
            raise Refused(131009, "message_id is unknown")
        self.platform.marked_read.append(body)
        return {"success": True}

    async def templates(self, request: Request) -> Any:
        graph.expect(request, self.platform.waba_id)
        fields = [field for field in request.query_params.get("fields", "").split(",") if field]
        asked = ((key, request.query_params.get(key, "")) for key in ("name", "language", "status", "category"))
        wanted = {key: values.split(",") for key, values in asked if values}
        stored = [
            template
            for template in list(self.platform.templates.values())
            if all(getattr(template, key) in values for key, values in wanted.items())
        ]
        answered = graph.page(
            [shapes.listed(template, fields) for template in stored], request, self.platform.page_size
        )
        if "summary" in request.query_params:
            answered["summary"] = {**SUMMARY, "total_count": len(stored), "message_template_count": len(stored)}
        return answered

    async def phone_numbers(self, request: Request) -> Any:
        graph.expect(request, self.platform.waba_id)
        return graph.page([self._number(request)], request, self.platform.page_size)

    async def node(self, request: Request) -> Any:
        node = request.path_params["node"]
        if node == self.platform.phone_number_id:
            return self._number(request)
        if self.platform.media.get(node) is not None or (node.isdecimal() and len(node) == 16):
            return self.managing.media(request)
        graph.expect(request, self.platform.waba_id)
        return {"id": node, "name": "Emulated account", "currency": "EUR", "health_status": self._health()}

    def _number(self, request: Request) -> dict[str, Any]:
        level = "HIGH" if self.platform.limits.throughput > 80 else "STANDARD"
        whole = {
            "id": self.platform.phone_number_id,
            "display_phone_number": f"+{self.platform.display_number}",
            "verified_name": "Demo GmbH",
            "quality_rating": self.platform.quality,
            "code_verification_status": "VERIFIED",
            "name_status": "APPROVED",
            "status": "CONNECTED" if self.platform.registered else "DISCONNECTED",
            "account_mode": "LIVE",
            "platform_type": "CLOUD_API",
            "throughput": {"level": level},
            "whatsapp_business_manager_messaging_limit": graph.tier(self.platform.limits.tier),
            "health_status": self._health(),
        }
        asked = {field for field in request.query_params.get("fields", "").split(",") if field}
        # without `fields`, Graph shows a few only
        shown = asked | {"id"} if asked else {"id", "display_phone_number", "verified_name", "quality_rating"}
        return {key: value for key, value in whole.items() if key in shown}

    def _health(self) -> dict[str, Any]:
        until, now = self.platform.restricted_until, self.platform.clock.now()
        can = "BLOCKED" if until is not None and now < until else "AVAILABLE"
        kinds = {"PHONE_NUMBER": self.platform.phone_number_id, "WABA": self.platform.waba_id}
        entities = [{"entity_type": kind, "id": id_, "can_send_message": can} for kind, id_ in kinds.items()]
        return {"can_send_message": can, "entities": entities}

    async def debug_token(self, request: Request) -> Any:
        valid = request.query_params.get("input_token") == self.platform.access_token
        told = {"app_id": self.platform.app_id, "type": "SYSTEM_USER", "is_valid": valid, "expires_at": 0}
        granular = [{"scope": scope, "target_ids": [self.platform.waba_id]} for scope in SCOPES]
        return {"data": {**told, "scopes": SCOPES if valid else [], "granular_scopes": granular if valid else []}}

    async def subscribed_apps(self, request: Request) -> Any:
        """Subscribes the app; an overriding callback is tried with the handshake first."""
        graph.expect(request, self.platform.waba_id)
        raw = await request.body()
        asked = orjson.loads(raw) if raw else {}
        if "override_callback_uri" in asked:
            uri, token = asked["override_callback_uri"], asked.get("verify_token", "")
            try:
                await anyio.to_thread.run_sync(self.platform.subscribe, uri, token)
            except ValueError as error:
                raise Refused(100, str(error)) from None
        return {"success": True}


def _accepted(body: dict[str, Any], sent: Sent) -> dict[str, Any]:
    """To a BSUID the answer names no number, even where the platform knows it."""
    digits = sent.to.removeprefix("+")
    contact = {"input": str(body["to"]), "wa_id": digits} if body.get("to") else {"input": sent.to, "user_id": sent.to}
    message = {"id": sent.id, **({"message_status": sent.note or "accepted"} if sent.template else {})}
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}
