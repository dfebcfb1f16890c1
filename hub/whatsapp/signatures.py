# SPDX-License-Identifier: Apache-2.0
"""What proves that a webhook is the vendor's own: a MAC over the raw bytes, a time, a password. Pure."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from hub.contract import Forbidden, Inbound, same
from hub.whatsapp.reading import instant, moment

_NEVER = datetime.fromtimestamp(0, UTC)


def mac(secret: SecretStr, signed: bytes, digest: str = "sha256") -> bytes:
    """HMAC of `signed`."""
    return hmac.digest(secret.get_secret_value().encode(), signed, digest)


def basic(user: str, password: SecretStr) -> str:
    """The value of `Authorization` for Basic authentication (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password.get_secret_value()}'.encode()).decode()}"


def valid(*secrets: SecretStr | None) -> list[SecretStr]:
    """The secrets of today and before that are set: an empty one must never verify anything."""
    return [secret for secret in secrets if secret]


def same_as_one(expected: Iterable[str], given: str) -> None:
    """Two secrets count while one is changed, so one signature of several must fit. Raises `Forbidden`."""
    for one in expected:
        try:
            return same(one, given)
        except Forbidden:
            pass
    raise Forbidden("signature does not match")


def recent(request: Inbound, stamp: str, window: timedelta) -> None:
    """`stamp` is the time that was signed, Unix time or ISO 8601. Raises `Forbidden` when it is off by more than that,
    or cannot be read."""
    if abs(request.received_at - moment(stamp, instant(stamp, _NEVER))) > window:
        raise Forbidden("signed too long ago, or the clocks differ")
