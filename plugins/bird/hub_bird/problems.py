# SPDX-License-Identifier: Apache-2.0
"""What went wrong, by what happens next: failed messages and refused calls. The table is `words.toml`. Pure."""

from __future__ import annotations

from hub import HubError, Unavailable, Uncertain
from hub.whatsapp.reading import Fields, mapping, text
from hub.whatsapp.words import failed, refused, table

WORDS = table("hub_bird", "words.toml")
_TIMED_OUT = 408


def failure(error: Fields) -> HubError:
    """A failed or rejected message."""
    return failed("Bird", WORDS.get(text(error.get("code"))), error.get("meta_error_code"))


def refusal(answer: Fields, status: int, *, retry_after: str | None = None, sends: bool = False) -> HubError | None:
    """A refused call. Bird's own text may hold a number and is not repeated."""
    if status == _TIMED_OUT and sends:
        return Uncertain(f"no clear answer (HTTP {status})")
    error = mapping(answer.get("error"))
    known = WORDS.get(text(error.get("name"))) or WORDS.get(text(error.get("type")))
    meant = refused("Bird", known, status, retry_after=retry_after, sends=sends)
    return meant or (Unavailable("Bird's answer contradicts itself") if error else None)
