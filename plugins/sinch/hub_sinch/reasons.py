# SPDX-License-Identifier: Apache-2.0
"""What went wrong, by what happens next: failed deliveries and refused calls. The table is `reasons.toml`. Pure."""

from __future__ import annotations

from hub import HubError
from hub.whatsapp.reading import Fields, mapping, text
from hub.whatsapp.words import failed, refused, table

REASONS = table("hub_sinch", "reasons.toml")


def failure(reason: Fields) -> HubError:
    """A failed delivery."""
    return failed("Sinch", REASONS.get(text(reason.get("code"))), reason.get("channel_code"))


def refusal(answer: Fields, status: int, *, retry_after: str | None = None, sends: bool = False) -> HubError | None:
    """A refused call. Sinch's own text may hold a number and is not repeated."""
    known = REASONS.get(text(mapping(answer.get("error")).get("status")))
    return refused("Sinch", known, status, retry_after=retry_after, sends=sends)
