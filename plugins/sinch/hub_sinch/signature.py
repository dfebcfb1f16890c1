# SPDX-License-Identifier: Apache-2.0
"""Sinch's signature of a webhook: over the raw bytes, a nonce and the time. Source: [4], [2]."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from hub import Forbidden, Inbound, same

_HEADER = "x-sinch-webhook-signature"


def verify(request: Inbound, secrets: Sequence[SecretStr], window: int) -> None:
    """Any of `secrets` may have signed; `window` in seconds. Raises `Forbidden`."""
    given, nonce, stamp = (request.headers.get(_HEADER + part, "") for part in ("", "-nonce", "-timestamp"))
    if not given or not nonce:
        raise Forbidden("not signed")
    try:
        age = abs(request.received_at.timestamp() - int(stamp))
    except (ValueError, OverflowError):
        raise Forbidden("no time is signed") from None
    if age > window:
        raise Forbidden("signed too long ago, or the clocks differ")
    for secret in secrets[1:]:
        try:
            return same(value(request.body, nonce, stamp, secret), given)
        except Forbidden:
            pass
    return same(value(request.body, nonce, stamp, secrets[0]), given)


def value(body: bytes, nonce: str, stamp: str, secret: SecretStr) -> str:
    signed = b".".join((body, nonce.encode(), stamp.encode()))
    return base64.b64encode(hmac.digest(secret.get_secret_value().encode(), signed, "sha256")).decode()


def headers(body: bytes, nonce: str, stamp: str, secret: SecretStr) -> Mapping[str, str]:
    """What Sinch sends along with `body`."""
    signed = {"-nonce": nonce, "-timestamp": stamp, "-algorithm": "HmacSHA256"}
    return {_HEADER: value(body, nonce, stamp, secret)} | {_HEADER + part: given for part, given in signed.items()}
