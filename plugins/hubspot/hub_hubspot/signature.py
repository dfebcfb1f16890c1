# SPDX-License-Identifier: Apache-2.0
"""HubSpot's three webhook signatures ("Validating requests"). Pure; always over the raw body."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from hub import Forbidden, Inbound, same

WINDOW = timedelta(minutes=5)

# the eleven escapes HubSpot decodes before it signs; every other one stays as it is
_DECODED = {"3A": ":", "2F": "/", "3F": "?", "40": "@", "21": "!", "24": "$", "27": "'", "28": "(", "29": ")"}
_DECODED |= {"2A": "*", "2C": ",", "3B": ";"}


def v1(secret: str, body: bytes) -> str:
    return hashlib.sha256(secret.encode() + body).hexdigest()


def v2(secret: str, method: str, url: str, body: bytes) -> str:
    return hashlib.sha256(f"{secret}{method}{url}".encode() + body).hexdigest()


def v3(secret: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """`timestamp` is the header as sent, in milliseconds."""
    source = f"{method}{decoded(url)}".encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), source, hashlib.sha256).digest()).decode()


def decoded(url: str) -> str:
    """The URL as HubSpot signs it."""
    head, *escapes = url.split("%")
    for escape in escapes:
        plain = _DECODED.get(escape[:2].upper())
        head += f"%{escape}" if plain is None else plain + escape[2:]
    return head


def version(request: Inbound) -> str:
    """By which of the three a request is signed. Where v3 is present, nothing else counts."""
    if "x-hubspot-signature-v3" in request.headers:
        return "v3"
    return request.headers.get("x-hubspot-signature-version", "")


def verify(secret: str, request: Inbound) -> None:
    """Raises `Forbidden` unless HubSpot signed this request."""
    if not secret:
        raise Forbidden("no client secret is configured")
    headers, given = request.headers, request.headers.get("x-hubspot-signature", "")
    match version(request):
        case "v3":
            timestamp = headers.get("x-hubspot-request-timestamp", "")
            _in_time(timestamp, request.received_at)
            expected = v3(secret, request.method, request.url, request.body, timestamp)
            same(expected, headers["x-hubspot-signature-v3"])
        case "v1":
            same(v1(secret, request.body), given)
        case "v2":
            same(v2(secret, request.method, request.url, request.body), given)
        case _:
            raise Forbidden("not signed")


def _in_time(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        raise Forbidden("no timestamp")
    if abs(now.timestamp() * 1000 - int(timestamp)) > WINDOW.total_seconds() * 1000:
        raise Forbidden("signed too long ago")
