# SPDX-License-Identifier: Apache-2.0
"""How tyntec proves that a webhook is its own (signature V1.0). Pure. Source: [4]."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from hub import Forbidden, Inbound, same
from hub.whatsapp.reading import instant, moment

SIGNATURE, TIMESTAMP = "x-signature", "x-request-timestamp"
WINDOW = timedelta(minutes=5)  # [4] says a few minutes
DIGESTS = {"HS256": "sha256", "HS512": "sha512"}
_NEVER = datetime.fromtimestamp(0, UTC)


def signature(body: bytes, timestamp: str, secret: SecretStr, method: str = "HS256") -> str:
    """The value of `x-signature`, unpadded."""
    mac = hmac.digest(secret.get_secret_value().encode(), timestamp.encode() + b"\n" + body, DIGESTS[method])
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def verify(request: Inbound, secret: SecretStr, method: str) -> None:
    """Raises `Forbidden`. Whether tyntec pads the signature is not documented, so both are taken."""
    timestamp = request.headers.get(TIMESTAMP, "")
    same(signature(request.body, timestamp, secret, method), request.headers.get(SIGNATURE, "").rstrip("="))
    if abs(request.received_at - _sent_at(timestamp)) > WINDOW:
        raise Forbidden("the webhook's time stamp is too old, or ahead of us")


def _sent_at(timestamp: str) -> datetime:
    """Unix time or ISO 8601: [4] does not say which."""
    return moment(timestamp, instant(timestamp, _NEVER))
