# SPDX-License-Identifier: Apache-2.0
"""How tyntec proves that a webhook is its own (signature V1.0). Pure. Source: [4]."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import timedelta

from pydantic import SecretStr

from hub import Inbound
from hub.whatsapp.signatures import mac, recent, same_as_one

SIGNATURE, TIMESTAMP = "x-signature", "x-request-timestamp"
WINDOW = timedelta(minutes=5)  # [4] says a few minutes
DIGESTS = {"HS256": "sha256", "HS512": "sha512"}


def signature(body: bytes, timestamp: str, secret: SecretStr, method: str = "HS256") -> str:
    """The value of `x-signature`, unpadded."""
    signed = mac(secret, timestamp.encode() + b"\n" + body, DIGESTS[method])
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def verify(request: Inbound, secrets: Iterable[SecretStr], method: str) -> None:
    """Any of `secrets` may have signed. Raises `Forbidden`. Whether tyntec pads the signature is not documented, so
    both are taken; nor whether the time is Unix time or ISO 8601."""
    timestamp, given = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    same_as_one((signature(request.body, timestamp, secret, method) for secret in secrets), given.rstrip("="))
    recent(request, timestamp, WINDOW)
