# SPDX-License-Identifier: Apache-2.0
"""What `POST /v1/whatsapp/messages` looks at before it accepts, and Bird's error bodies. Source: [1] [2]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from hub.testing.emulator import answer
from hub.testing.whatsapp import Stored, TemplateSend, digits_of, is_bsuid, variables
from hub_bird.emulator.shapes import CONTENT

TYPES = {
    400: "bad_request_error",
    401: "auth_error",
    404: "not_found_error",
    409: "conflict_error",
    422: "validation_error",
}
# the content of a message to the kind as Meta calls it
KINDS = {"contact_cards": "contacts"}
LONGEST = {
    "text": {"body": 4096},
    "image": {"caption": 1024},
    "video": {"caption": 1024},
    "document": {"caption": 1024, "filename": 100},
}
FILES = ("image", "video", "audio", "sticker", "document")
MOST_TAGS, MOST_METADATA, MOST_ROWS = 20, 2048, 10


class Problem(Exception):
    """Bird refuses. `details` are pairs of parameter and message."""

    def __init__(self, status: int, name: str, *details: tuple[str, str]) -> None:
        super().__init__(name)
        self.status, self.name, self.details = status, name, details

    def response(self, request_id: str) -> Response:
        error: dict[str, Any] = {
            "type": TYPES[self.status],
            "code": "E00000",
            "name": self.name,
            "message": self.details[0][1] if self.details else self.name,
            "request_id": request_id,
            "doc_url": "https://bird.com/docs",
        }
        if self.details:
            error["param"] = self.details[0][0]
            error["details"] = [{"param": param, "message": said} for param, said in self.details]
        return answer(self.status, {"error": error})


def checked(body: dict[str, Any], number: str) -> tuple[str, str]:
    """Address (digits or a BSUID) and kind of a well-formed message. Raises `Problem`."""
    given = [key for key in CONTENT if body.get(key) is not None]
    if len(given) != 1:
        raise Problem(422, "ValidationError", ("", "exactly one kind of content is required"))
    (kind,) = given
    to = str(body.get("to", ""))
    address = digits_of(to) if to.startswith("+") else to if is_bsuid(to) else ""
    if not address:
        raise Problem(422, "WhatsAppInvalidRecipient", ("/to", "is no E.164 number and no user id"))
    _sender(body, number)
    if len(body.get("tags") or ()) > MOST_TAGS or len(str(body.get("metadata") or "")) > MOST_METADATA:
        raise Problem(422, "ValidationError", ("/metadata", "too much of it"))
    if found := tuple(_violations(kind, body[kind])):
        raise Problem(422, "ValidationError", *found)
    if kind == "interactive":
        _interactive(body[kind])
    return address, KINDS.get(kind, kind)


def _sender(body: dict[str, Any], number: str) -> None:
    """Bird's own templates leave from Bird's number, everything else from one of the workspace."""
    managed = str((body.get("template") or {}).get("slug", "")).startswith("bird_")
    if managed and "from" in body:
        raise Problem(422, "WhatsAppSenderNotAllowed", ("/from", "is set by Bird for this template"))
    if not managed and "from" not in body:
        raise Problem(422, "WhatsAppSenderRequired", ("/from", "is required"))
    if not managed and body["from"] != number:
        raise Problem(422, "WhatsAppSenderNotFound", ("/from", "is not connected to this workspace"))


def _violations(kind: str, content: Any) -> Iterator[tuple[str, str]]:
    if kind == "contact_cards":
        if not 1 <= len(content) <= 5:
            yield "/contact_cards", "1 to 5 are allowed"
        for index, card in enumerate(content):
            if len(card.get("name", {})) < 2:
                yield f"/contact_cards/{index}/name", "needs a part besides formatted_name"
        return
    for field, longest in LONGEST.get(kind, {}).items():
        if len(str(content.get(field, ""))) > longest:
            yield f"/{kind}/{field}", f"is longer than {longest} characters"
    if kind == "text" and not content.get("body"):
        yield "/text/body", "is required"
    if kind in FILES and not str(content.get("url", "")).startswith("https://"):
        yield f"/{kind}/url", "must be a public https URL"
    if kind == "template" and bool(content.get("slug")) == bool(content.get("id")):
        yield "/template", "exactly one of id and slug is required"
    if kind == "location" and not {"latitude", "longitude"} <= content.keys():
        yield "/location", "needs latitude and longitude"


def _interactive(content: dict[str, Any]) -> None:
    field = {"button": "buttons", "list": "list", "cta_url": "cta_url", "carousel": "cards"}.get(str(content["type"]))
    if not content.get("body_text") or (field and not content.get(field)):
        raise Problem(422, "ValidationError", (f"/interactive/{field}", "is required"))
    rows = [row for section in (content.get("list") or {}).get("sections", ()) for row in section["rows"]]
    if len(rows) > MOST_ROWS:
        raise Problem(422, "WhatsAppInteractiveLimitExceeded", ("/interactive/list", "has more than 10 rows"))
    quick = [one["quick_reply"] for one in content.get("buttons") or () if "quick_reply" in one]
    labels = [one["text"] for one in (*rows, *quick)]
    if len(labels) != len(set(labels)):
        raise Problem(422, "WhatsAppInteractiveDuplicateLabel", ("/interactive", "two labels are the same"))


def template(asked: dict[str, Any], stored: Stored) -> TemplateSend:
    """A template send in Meta's words."""
    components = asked.get("components") or []
    return TemplateSend(stored.name, stored.language, list(_components(components, stored.components())))


def _components(given: list[dict[str, Any]], own: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Buttons come without an index: they stand for those that take a value, in order."""
    parts = {str(part["type"]).lower(): part for part in own}
    buttons = list(enumerate(parts.get("buttons", {}).get("buttons", ())))
    filled = iter([(index, str(button["type"])) for index, button in buttons if _takes_value(button)])
    for part in given:
        if part.get("type") == "button":
            index, kind = next(filled, (-1, "URL"))
            yield _button(part, index, kind)
        elif part.get("type") == "carousel":
            templates = parts.get("carousel", {}).get("cards", ())
            cards = [
                {"card_index": index, "components": list(_components(card["components"], whole["components"]))}
                for index, (card, whole) in enumerate(zip(part["cards"], templates, strict=False))
            ]
            yield {"type": "carousel", "cards": cards}
        else:
            yield {"type": part.get("type"), "parameters": [_parameter(one) for one in part.get("parameters") or ()]}


def _takes_value(button: dict[str, Any]) -> bool:
    return bool(variables(str(button.get("url", "")))) or button.get("type") in ("OTP", "COPY_CODE")


def _button(part: dict[str, Any], index: int, kind: str) -> dict[str, Any]:
    value = str((part.get("parameters") or [{}])[0].get("text", ""))
    coupon = kind == "COPY_CODE"
    filled = {"type": "coupon_code", "coupon_code": value} if coupon else {"type": "text", "text": value}
    sub_type = "copy_code" if coupon else "url"
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [filled]}


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    kind = given.get("type")
    if kind == "text":
        named = {"parameter_name": given["name"]} if "name" in given else {}
        return {"type": "text", "text": given.get("text", ""), **named}
    if kind == "location":
        return {"type": "location", "location": given.get("location")}
    return {"type": kind, str(kind): {"link": given.get("url", "")}}
