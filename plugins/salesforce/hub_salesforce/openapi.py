# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI 3.0 document from which External Services makes the flow action "Send WhatsApp message". Pure.

External Services takes 2.0 and 3.0; it ignores security schemes, so the secret is set in an external credential.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from hub import Option, Options

Json = dict[str, Any]


def document(url: str, options: Options) -> Json:
    """`url`: where the connection is called, as Salesforce sees it."""
    parts = urlsplit(url)
    operation: Json = {
        "operationId": "sendWhatsAppMessage",
        "summary": "Send WhatsApp message",
        "description": "Asks for one message. Whether it may be sent is decided when its turn comes.",
        "requestBody": {"required": True, "content": _content("SendRequest")},
        "responses": {
            "202": {"description": "The request is kept.", "content": _content("SendAnswer")},
            "400": {"description": "The request lacks something.", "content": _content("SendAnswer")},
        },
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Consent Hub", "version": "1.0.0", "description": "WhatsApp messages with a legal basis."},
        "servers": [{"url": f"{parts.scheme}://{parts.netloc}"}],
        "paths": {parts.path: {"post": operation}},
        "components": {"schemas": _schemas(options)},
    }


def _content(name: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _schemas(options: Options) -> Json:
    request = {
        "requestId": _text(
            "Unique for each message; the same one again sends nothing. In a flow: $Flow.InterviewGuid."
        ),
        "recordId": _text("Id of the contact or lead; of a person account its PersonContactId."),
        "template": _text(_choice("Template, as NAME or NAME/LANGUAGE.", options.templates)),
        "purpose": _text("Why the message is sent.", options.purposes),
        "topic": _text(_choice("What it is about, where the hub knows topics.", options.topics)),
        "parameters": {"type": "array", "items": {"$ref": "#/components/schemas/Parameter"}},
    }
    answer = {"accepted": {"type": "boolean"}, "id": {"type": "string"}, "error": {"type": "string"}}
    parameter = {"name": _text("Variable of the template: 1, 2, ... or its name."), "value": {"type": "string"}}
    return {
        "SendRequest": _object(request, "requestId", "recordId", "template", "purpose"),
        "SendAnswer": _object(answer, "accepted"),
        "Parameter": _object(parameter, "name", "value"),
    }


def _object(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def _text(description: str, options: Sequence[Option] = ()) -> Json:
    values = [option.value for option in options]
    return {"type": "string", "description": description} | ({"enum": values} if values else {})


def _choice(description: str, options: Sequence[Option]) -> str:
    """Named in words: a list would keep out what is added later, until the document is imported again."""
    return " ".join([description, *(["One of:", ", ".join(option.value for option in options)] if options else [])])
