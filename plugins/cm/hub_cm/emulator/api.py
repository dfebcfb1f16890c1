# SPDX-License-Identifier: Apache-2.0
"""The emulated gateway: one path, and answers with a code for the whole and for each message [1] [2]."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hub.testing.emulator import answer
from hub.testing.whatsapp import Refused, TemplateSend, digits_of

if TYPE_CHECKING:
    from hub_cm.emulator import CmEmulator

Fields = dict[str, Any]
MOST_MESSAGES, MOST_RECIPIENTS = 100, 1000  # of one request; of one message
ACCEPTED, TOKEN, BALANCE, NOT_ALL, MALFORMED, NO_MESSAGES, FROM, TO, NUMBER, BODY = (
    *(0, 101, 102, 201, 202),
    *(203, 301, 302, 303, 304),
)


class Api:
    """The route over one emulated platform."""

    def __init__(self, platform: CmEmulator) -> None:
        self.platform = platform

    def routes(self) -> list[BaseRoute]:
        return [Route("/v1.0/message", self.message, methods=["POST"]), self.platform.media.route()]

    async def message(self, request: Request) -> Response:
        try:
            messages = orjson.loads(await request.body())["messages"]
            given = messages.get("msg")
            in_body = messages.get("authentication", {}).get("productToken")
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
            return _refused(MALFORMED, "The request is malformed")
        token = request.headers.get("x-cm-producttoken") or in_body
        good = hmac.compare_digest(str(token).encode(), self.platform.product_token.encode())
        if not good or self.platform.token_expired:
            return _refused(TOKEN, "No account found for the given authentication")
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_MESSAGES:
            return _refused(NO_MESSAGES, "The msg array is missing or too long")
        try:
            results = [result for one in given for result in self._each(one)]
        except Refused:  # too fast; how CM.com says so is not documented
            return answer(429, None, {"retry-after": "1"})
        return _answered(results)

    def _each(self, message: Any) -> list[Fields]:
        """One result for each recipient."""
        if not isinstance(message, dict):
            return [_result("", "", MALFORMED)]
        reference, to = str(message.get("reference") or ""), message.get("to")
        code = self._form(message)
        if not isinstance(to, list) or not 1 <= len(to) <= MOST_RECIPIENTS:
            return [_result("", reference, TO)]
        numbers = [str(one.get("number") or "") if isinstance(one, dict) else "" for one in to]
        return [_result(number, reference, code or self._take(message, number, reference)) for number in numbers]

    def _form(self, message: Fields) -> int:
        body, rich = message.get("body"), message.get("richContent")
        if not isinstance(body, dict) or not body.get("content"):
            return BODY
        conversation = rich.get("conversation") if isinstance(rich, dict) else None
        if not isinstance(conversation, list) or len(conversation) != 1 or _kind(conversation[0]) is None:
            return BODY
        return ACCEPTED if str(message.get("from")) == self.platform.sender else FROM

    def _take(self, message: Fields, number: str, reference: str) -> int:
        platform = self.platform
        digits = digits_of(number.removeprefix("00") if number.startswith("00") else number)
        if not digits:
            return NUMBER
        if platform.credit == 0:
            return BALANCE
        (item,) = message["richContent"]["conversation"]
        kind = _kind(item)
        assert kind is not None
        template = _template(item["template"]["whatsapp"]) if kind == "template" else None
        platform.accept(digits, kind, template=template, opaque=reference, content=item)
        if platform.credit is not None:
            platform.credit -= 1
        return ACCEPTED


def _kind(item: Any) -> str | None:
    """Meta's word for what a part of the conversation is; None when the form does not allow it."""
    if not isinstance(item, dict):
        return None
    if item.get("text"):
        return "text"
    media = item.get("media")
    if isinstance(media, dict) and media.get("mediaUri") and media.get("mimeType"):
        family = str(media["mimeType"]).partition("/")[0]
        return family if family in ("image", "video", "audio") else "document"
    if isinstance(item.get("interactive"), dict) and item["interactive"].get("type") in ("button", "list"):
        return "interactive"
    template = item.get("template")
    whatsapp = template.get("whatsapp") if isinstance(template, dict) else None
    return "template" if isinstance(whatsapp, dict) and whatsapp.get("namespace") else None


def _template(asked: Fields) -> TemplateSend:
    components = [_component(part) for part in asked.get("components") or ()]
    return TemplateSend(str(asked.get("element_name")), str(asked.get("language", {}).get("code")), components)


def _component(part: Fields) -> Fields:
    """CM.com puts a file under `media`, Meta under its kind."""
    filled = [
        {"type": one["type"], one["type"]: {"link": one["media"]["mediaUri"]}} if "media" in one else one
        for one in part.get("parameters", ())
    ]
    return {**part, "parameters": filled}


def _result(to: str, reference: str, code: int) -> Fields:
    return {
        "to": to,
        "status": "Rejected" if code else "Accepted",
        "reference": reference,
        "parts": 0 if code else 1,
        "messageDetails": f"refused with {code}" if code else None,
        "messageErrorCode": code,
    }


def _answered(results: list[Fields]) -> Response:
    """200 also when only some were taken; 400 when none was."""
    wrong = sum(result["status"] == "Rejected" for result in results)
    details = f"Created {len(results) - wrong} message(s)"
    code = NOT_ALL if wrong else ACCEPTED
    whole = {"details": details, "errorCode": code, "messages": results}
    return answer(400 if wrong == len(results) else 200, whole)


def _refused(code: int, details: str) -> Response:
    return answer(400, {"details": details, "errorCode": code, "messages": []})
