# SPDX-License-Identifier: Apache-2.0
"""Standard Webhooks, version 1: HMAC-SHA256 over id, time and the raw bytes. Source: [1] webhooks, [3]."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import timedelta

from pydantic import SecretStr

from hub import Forbidden, Inbound
from hub.whatsapp.signatures import recent, same_as_one

WINDOW = timedelta(seconds=300)  # the vendor's own
_PREFIX, _VERSION = "whsec_", "v1"


def verify(request: Inbound, secret: SecretStr) -> None:
    """One of the signatures must fit: while a secret is rotated, Bird signs with both. Raises `Forbidden`."""
    id_, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    given = [one.partition(",") for one in request.headers.get("webhook-signature", "").split()]
    signed = [value for version, _, value in given if version == _VERSION]
    if not id_ or not signed:
        raise Forbidden("not signed")
    recent(request, stamp, WINDOW)
    same_as_one(signed, value(request.body, id_, stamp, secret))


def value(body: bytes, id_: str, stamp: str, secret: SecretStr) -> str:
    """Raises `Forbidden` when the secret is none of Bird's: nothing may pass then."""
    try:
        key = base64.b64decode(secret.get_secret_value().removeprefix(_PREFIX))
    except ValueError:
        raise Forbidden("the webhook secret is not one of Bird's") from None
    if not key:
        raise Forbidden("the webhook secret is empty")
    signed = b".".join((id_.encode(), stamp.encode(), body))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def headers(body: bytes, id_: str, stamp: str, *secrets: SecretStr) -> Mapping[str, str]:
    """What Bird sends along with `body`."""
    signed = " ".join(f"{_VERSION},{value(body, id_, stamp, secret)}" for secret in secrets)
    return {"webhook-id": id_, "webhook-timestamp": stamp, "webhook-signature": signed}
