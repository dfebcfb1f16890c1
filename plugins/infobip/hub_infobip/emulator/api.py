# SPDX-License-Identifier: Apache-2.0
"""The emulated endpoints: send, list templates, mark as read; and sending by the channel-neutral Messages API, which
Infobip's own client for Python speaks."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.emulator import answer
from hub.testing.whatsapp import Refused, TemplateSend, digits_of, is_bsuid
from hub_infobip.emulator import forms, shapes
from hub_infobip.emulator.forms import Invalid

if TYPE_CHECKING:
    from hub_infobip.emulator import InfobipEmulator

Handler = Callable[[Request], Awaitable[Response]]
Fields = dict[str, Any]
MESSAGE, NUMBERED = "/whatsapp/1/message", "/whatsapp/{version}/senders/{sender}"
TITLES = {
    400: ("BAD_REQUEST", "Bad request"),
    401: ("UNAUTHORIZED", "Invalid login details"),
    404: ("NOT_FOUND", "Not found"),
    429: ("TOO_MANY_REQUESTS", "Too many requests"),
}


class Api:
    """Routes over one emulated platform."""

    def __init__(self, platform: InfobipEmulator) -> None:
        self.platform = platform

    def routes(self) -> list[BaseRoute]:
        return [
            Route(f"{MESSAGE}/template", self._guarded(self.template), methods=["POST"]),  # asked most
            Route(f"{MESSAGE}/{{kind:path}}", self._guarded(self.message), methods=["POST"]),
            Route(f"{NUMBERED}/templates", self._guarded(self.templates)),
            Route(f"{NUMBERED}/message/{{id}}/read", self._guarded(self.mark_read), methods=["POST"]),
            Route(f"{NUMBERED}/media/{{media}}", self._guarded(self.media)),
            Route("/messages-api/1/messages", self._guarded(self.neutral), methods=["POST"]),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        """Checks the key first, and turns a refusal into Infobip's error body."""

        async def handle(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            good = hmac.compare_digest(given.encode(), f"App {self.platform.api_key}".encode())
            if not good or self.platform.token_expired:
                return problem(401)
            try:
                return await handler(request)
            except Invalid as invalid:
                return problem(400, invalid.errors)
            except Refused as refused:
                if refused.code == 130429:
                    return problem(429, headers={"retry-after": "1"})
                return problem(400, {"to": [refused.details or "not valid"]})

        return handle

    async def message(self, request: Request) -> Response:
        path, body = request.path_params["kind"], await _json(request)
        if path not in forms.KINDS:
            return problem(404)
        kind, rules = forms.KINDS[path]
        forms.check(body, rules)
        return answer(200, self._take(body, kind))

    async def template(self, request: Request) -> Response:
        body = await _json(request)
        messages = body.get("messages") if isinstance(body, dict) else None
        if not isinstance(messages, list) or not messages:
            raise Invalid({"messages": ["must not be empty"]})
        for index, message in enumerate(messages):
            forms.check(message, forms.TEMPLATE, f"messages[{index}].")
        taken = [self._take(message, "template", _template(message["content"])) for message in messages]
        return answer(200, {"messages": taken, "bulkId": body.get("bulkId") or self.platform.new_message_id()})

    def _take(self, message: Fields, kind: str, template: TemplateSend | None = None) -> Fields:
        """A message whose form is right. Infobip answers for itself; what WhatsApp says, a report tells later."""
        platform, to = self.platform, str(message["to"])
        message_id = message.get("messageId") or platform.new_message_id()
        if str(message["from"]).removeprefix("+") != platform.sender:
            raise Invalid({"from": ["sender is not registered"]})
        address = to if is_bsuid(to) else digits_of(to)
        if not address:
            raise Refused(131009, "must be a phone number or a user id")
        status = self._own_refusal(message_id, address)
        if status is None:
            content, quoted = message.get("content"), (message.get("context") or {}).get("replyToMessageId", "")
            names = {"opaque": message_id, "id": message_id, "quoted": quoted}
            platform.accept(address, kind, template=template, content=content, **names)
            with platform.lock:
                platform.known.add(message_id)
                platform.credit = platform.credit - 1 if platform.credit is not None else None
        return {"to": to, "messageCount": 1, "messageId": message_id, "status": status or shapes.ENROUTE}

    def _own_refusal(self, message_id: str, address: str) -> Fields | None:
        if message_id in self.platform.known:
            return shapes.REPEATED
        if self.platform.registered is not None and address not in self.platform.registered:
            return shapes.NOT_REGISTERED
        return shapes.NO_CREDIT if self.platform.credit == 0 else None

    async def templates(self, request: Request) -> Response:
        if request.path_params["sender"] != self.platform.sender or request.path_params["version"] != "2":
            return problem(404)
        return answer(200, {"templates": list(map(shapes.listed, list(self.platform.templates.values())))})

    async def media(self, request: Request) -> Response:
        """A file that a person sent. For how long Infobip keeps it is not stated; here as long as WhatsApp does."""
        kept = self.platform.media.get(request.path_params["media"])
        return problem(404) if kept is None else Response(kept.content, media_type=kept.mime_type)

    async def mark_read(self, request: Request) -> Response:
        if request.path_params["sender"] != self.platform.sender or request.path_params["version"] != "1":
            return problem(404)
        self.platform.read.append(request.path_params["id"])
        return Response(status_code=204)

    async def neutral(self, request: Request) -> Response:
        """Texts and templates for WhatsApp, in the words of the Messages API."""
        body = await _json(request)
        results = []
        for message in body["messages"]:
            content = message["content"]["body"]
            own: Fields = {"from": message["sender"], "content": {"text": content.get("text")}}
            kind, filled, rules = "text", None, forms.KINDS["text"][1]
            if "template" in message:
                numbered = [content[key] for key in sorted((key for key in content if key.isdecimal()), key=int)]
                data = {**message["template"], "templateData": {"body": {"placeholders": numbered}}}
                kind, filled, rules = "template", _template(data), forms.TEMPLATE
                own["content"] = data
            for destination in message["destinations"]:
                one = {**own, "to": destination["to"], "messageId": destination.get("messageId")}
                forms.check(one, rules)
                taken = self._take(one, kind, filled)
                told = {"messageId": taken["messageId"], "status": taken["status"], "destination": one["to"]}
                results.append(told)
        return answer(200, {"bulkId": self.platform.new_message_id(), "messages": results})


def _template(content: Fields) -> TemplateSend:
    """Infobip's template data as WhatsApp wants it: Meta's components."""
    data = content["templateData"]
    components: list[Fields] = []
    if header := data.get("header"):
        components.append({"type": "header", "parameters": [_header(header)]})
    if placeholders := data["body"]["placeholders"]:
        filled = [{"type": "text", "text": value} for value in placeholders]
        components.append({"type": "body", "parameters": filled})
    for index, button in enumerate(data.get("buttons") or ()):
        link = button["type"] == "URL"
        shown = {"type": "text", "text": button["parameter"]}
        parameter = shown if link else {"type": "payload", "payload": button["parameter"]}
        sub_type = "url" if link else "quick_reply"
        components.append({"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]})
    return TemplateSend(content["templateName"], content["language"], components)


def _header(header: Fields) -> Fields:
    kind = str(header["type"]).lower()
    if kind == "text":
        return {"type": "text", "text": header["placeholder"]}
    if kind == "location":
        return {"type": kind, kind: {"latitude": header["latitude"], "longitude": header["longitude"]}}
    return {"type": kind, kind: {"link": header["mediaUrl"]}}


async def _json(request: Request) -> Any:
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise Invalid({"request": ["malformed JSON"]}) from None


def problem(status: int, errors: dict[str, list[str]] | None = None, headers: dict[str, str] | None = None) -> Response:
    message_id, words = TITLES[status]
    exception: Fields = {"messageId": message_id, "text": words}
    if errors:
        exception["validationErrors"] = errors
    return answer(status, {"requestError": {"serviceException": exception}}, headers)
