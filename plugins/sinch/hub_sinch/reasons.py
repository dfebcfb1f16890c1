# SPDX-License-Identifier: Apache-2.0
"""What went wrong, by what happens next: failed deliveries and refused calls. The table is `reasons.toml`. Pure."""

from __future__ import annotations

from hub import HubError, RecipientOptedOut, Rejected, Throttled, Unavailable, for_status
from hub.whatsapp.codes import classify, meaning
from hub.whatsapp.reading import Fields, mapping, number, text
from hub.whatsapp.words import table

REASONS = table("hub_sinch", "reasons.toml")
VENDOR = "Sinch"


def failure(reason: Fields) -> HubError:
    """A failed delivery. WhatsApp's own code says more than Sinch's, but never undoes an opt-out."""
    known = REASONS.get(text(reason.get("code")))
    if known is not None and known.kind is RecipientOptedOut:
        return known.error(VENDOR)
    code = number(reason.get("channel_code"))
    if code is not None and meaning(code) is not None:
        return classify({"code": code})
    return known.error(VENDOR) if known else Rejected("failed for a reason unknown to this version")


def refusal(answer: Fields, status: int, *, retry_after: str | None = None, sends: bool = False) -> HubError:
    """A refused call. Sinch's own text may hold a number and is not repeated."""
    by_status = for_status(status, retry_after=retry_after, sends=sends)
    known = REASONS.get(text(mapping(answer.get("error")).get("status")))
    if known is not None and (status < 500 or known.kind is Rejected):
        after = by_status.after if isinstance(by_status, Throttled) and retry_after else None
        return known.error(VENDOR, after)
    return by_status or Unavailable("Sinch's answer cannot be read")
