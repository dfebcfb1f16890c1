# SPDX-License-Identifier: Apache-2.0
"""Sinch's signature of a webhook: over the raw bytes, a nonce and the time. Source: [4], [2]."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import timedelta

from pydantic import SecretStr

from hub import Forbidden, Inbound
from hub.whatsapp.signatures import mac, recent, same_as_one

_HEADER = "x-sinch-webhook-signature"


def verify(request: Inbound, secrets: Iterable[SecretStr], window: timedelta) -> None:
    """Any of `secrets` may have signed. Raises `Forbidden`."""
    given, nonce, stamp = (request.headers.get(_HEADER + part, "") for part in ("", "-nonce", "-timestamp"))
    if not given or not nonce:
        raise Forbidden("not signed")
    recent(request, stamp, window)
    same_as_one((value(request.body, nonce, stamp, secret) for secret in secrets), given)


def value(body: bytes, nonce: str, stamp: str, secret: SecretStr) -> str:
    signed = b".".join((body, nonce.encode(), stamp.encode()))
    return base64.b64encode(mac(secret, signed)).decode()


def headers(body: bytes, nonce: str, stamp: str, secret: SecretStr) -> Mapping[str, str]:
    """What Sinch sends along with `body`."""
    signed = {"-nonce": nonce, "-timestamp": stamp, "-algorithm": "HmacSHA256"}
    return {_HEADER: value(body, nonce, stamp, secret)} | {_HEADER + part: given for part, given in signed.items()}
