# SPDX-License-Identifier: Apache-2.0
"""The emulated endpoints for templates, files, the number and blocked people."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing import forms
from hub.testing.emulator import answer
from hub.testing.whatsapp import Refused, Stored, digits_of, is_bsuid
from hub_meta.emulator import graph, review
from hub_meta.emulator.graph import Problem

if TYPE_CHECKING:
    from hub_meta.emulator import MetaEmulator
    from hub_meta.emulator.api import Guard

EDITABLE = ("APPROVED", "REJECTED", "PAUSED")
REGISTRATIONS, REGISTERING = 10, timedelta(hours=72)
WITHIN = timedelta(hours=24)  # only who wrote since may be blocked


class Managing:
    """Routes beside sending. `guard` admits a caller and turns a refusal into Graph's error body."""

    def __init__(self, platform: MetaEmulator, guard: Guard) -> None:
        self.platform, self.guard = platform, guard

    def routes(self) -> list[BaseRoute]:
        def route(path: str, handler: Any, *methods: str) -> Route:
            return Route(f"/{{version}}/{{node}}{path}", self.guard(handler), methods=list(methods))

        return [
            route("/message_templates", self.create_template, "POST"),
            route("/message_templates", self.delete_template, "DELETE"),
            route("/media", self.upload, "POST"),
            route("/settings", self.settings, "GET", "POST"),
            route("/register", self.register, "POST"),
            route("/deregister", self.deregister, "POST"),
            route("/block_users", self.block_users, "GET", "POST", "DELETE"),
            route("", self.edit_template, "POST"),
            route("", self.delete_media, "DELETE"),
            Route("/files", self.file),
        ]

    # templates

    async def create_template(self, request: Request) -> Any:
        graph.expect(request, self.platform.waba_id)
        body = await _json(request)
        review.check(body)
        name, language = str(body["name"]), str(body["language"])
        if (name, language) in self.platform.templates:
            raise Problem(100, subcode=2388024, message="Content in this language already exists")
        parts = review.completed(body)
        made = self.platform.add_template(
            name, language, category=str(body["category"]), status="PENDING", components=parts
        )
        made.extra = {key: body[key] for key in ("degrees_of_freedom_spec", "message_send_ttl_seconds") if key in body}
        made.category = self.platform.miscategorised.pop(name, made.category)
        return {"id": made.id, "status": made.status, "category": made.category}

    async def edit_template(self, request: Request) -> Any:
        template = self._by_id(request)
        if template.status not in EDITABLE:
            raise Problem(100, message="This template cannot be edited")
        body = await _json(request)
        if body.get("category", template.category) != template.category and template.status == "APPROVED":
            raise Problem(100, message="The category of an approved template cannot be changed")
        asked = {"name": template.name, "language": template.language, "category": template.category, **body}
        review.check(asked)
        template.parts, template.status = review.completed(asked), "PENDING"
        # Meta's page shows `success` alone; pywa reads the others, too
        return {"success": True, "id": template.id, "name": template.name, "category": template.category}

    async def delete_template(self, request: Request) -> Any:
        graph.expect(request, self.platform.waba_id)
        name = request.query_params.get("name", "")
        mine = [key for key in self.platform.templates if key[0] == name]
        if not mine:
            raise Refused(132001, "template name does not exist")
        for key in mine:
            del self.platform.templates[key]
        return {"success": True}

    def _by_id(self, request: Request) -> Stored:
        node = request.path_params["node"]
        found = next((one for one in list(self.platform.templates.values()) if one.id == node), None)
        if found is None:
            raise graph.no_such_object(node, request.method)
        return found

    # files

    async def upload(self, request: Request) -> Any:
        graph.expect(request, self.platform.phone_number_id)
        form = forms.read(request.headers.get("content-type", ""), await request.body())
        if "messaging_product" not in form or form["messaging_product"].text != "whatsapp":
            raise Refused(100, "The parameter messaging_product is required.")
        if "file" not in form:
            raise Refused(100, "The parameter file is required.")
        given = form["file"]
        kept = self.platform.media.put(given.content, given.mime_type, given.filename)
        return {"id": kept.id}

    def media(self, request: Request) -> Any:
        """`GET /{media id}`; raises `Refused` like every unknown object."""
        node = request.path_params["node"]
        kept = self.platform.media.get(node)
        asked = request.query_params.get("phone_number_id", self.platform.phone_number_id)
        if kept is None or asked != self.platform.phone_number_id:
            raise graph.no_such_object(node, request.method)
        told = {"mime_type": kept.mime_type, "sha256": kept.digest.hex(), "file_size": str(len(kept.content))}
        url = str(request.url.replace(path="/files", query=f"mid={self.platform.media.address(node)}"))
        return {"messaging_product": "whatsapp", "url": url, **told, "id": node}

    async def delete_media(self, request: Request) -> Any:
        node = request.path_params["node"]
        if not self.platform.media.delete(node):
            raise graph.no_such_object(node, request.method)
        return {"success": True}

    async def file(self, request: Request) -> Response:
        """The bytes, for five minutes and with the token only."""
        if graph.token_of(request) != self.platform.access_token:
            return answer(401)
        kept = self.platform.media.open(request.query_params.get("mid", ""))
        return answer(404) if kept is None else Response(kept.content, media_type=kept.mime_type)

    # the number

    async def settings(self, request: Request) -> Any:
        graph.expect(request, self.platform.phone_number_id)
        if request.method == "GET":
            return {"storage_configuration": self.platform.storage}
        storage = (await _json(request)).get("storage_configuration")
        if not isinstance(storage, dict) or "status" not in storage:
            raise Refused(131008, "storage_configuration is required")
        if self.platform.registered:
            raise Refused(100, "the number must be deregistered first")
        self.platform.storage = storage
        return {"success": True}

    async def register(self, request: Request) -> Any:
        graph.expect(request, self.platform.phone_number_id)
        platform, now = self.platform, self.platform.clock.now()
        platform.registrations = [at for at in platform.registrations if now - at < REGISTERING]
        if len(platform.registrations) >= REGISTRATIONS:
            raise Refused(133016)
        pin = str((await _json(request)).get("pin", ""))
        if not re.fullmatch(r"\d{6}", pin):
            raise Refused(131008, "pin must have six digits")
        if pin != platform.pin:
            raise Refused(133005)
        platform.registrations.append(now)
        platform.registered = True
        return {"success": True}

    async def deregister(self, request: Request) -> Any:
        graph.expect(request, self.platform.phone_number_id)
        self.platform.registered = False
        return {"success": True}

    async def block_users(self, request: Request) -> Any:
        graph.expect(request, self.platform.phone_number_id)
        if request.method == "GET":
            listed = [{"block_users": [{"messaging_product": "whatsapp", **one}]} for one in self.platform.blocked]
            return graph.page(listed, request, self.platform.page_size)
        done: list[dict[str, str]] = []
        failed: list[dict[str, Any]] = []
        for item in (await _json(request)).get("block_users", ()):
            self._block(item, request.method == "POST", done, failed)
        word = "added_users" if request.method == "POST" else "removed_users"
        if not failed:
            return {"messaging_product": "whatsapp", "block_users": {word: done}}
        told = {"messaging_product": "whatsapp", "block_users": {word: done, "failed_users": failed}}
        return answer(400, {**told, **graph.error(Refused(139100, "Failed to block some users"))})

    def _block(
        self, item: dict[str, str], adding: bool, done: list[dict[str, str]], failed: list[dict[str, Any]]
    ) -> None:
        digits, bsuid = digits_of(item.get("user", "")), item.get("user_id", "")
        user = self.platform.users.get(digits) if digits else self.platform.user_by_bsuid(bsuid)
        told = {"wa_id": user.digits} if user and digits else {"user_id": bsuid if is_bsuid(bsuid) else ""}
        now, given = self.platform.clock.now(), item.get("user") or bsuid
        if adding and (user is None or user.wrote_at is None or now - user.wrote_at >= WITHIN):
            failed.append({"input": given, "errors": [{"code": 131047, "message": "Re-engagement message"}]})
            return
        if adding and told not in self.platform.blocked:
            self.platform.blocked.append(told)
        elif not adding and told in self.platform.blocked:
            self.platform.blocked.remove(told)
        done.append({"input": given, **told})


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise Refused(100, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(100, "the body must be a JSON object")
    return body
