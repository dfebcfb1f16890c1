# SPDX-License-Identifier: Apache-2.0
"""What went wrong, by what happens next: failed messages and refused calls. The table is `words.toml`. Pure."""

from __future__ import annotations

from hub import HubError, RecipientOptedOut, Rejected, Throttled, Unavailable, Uncertain, for_status
from hub.whatsapp.codes import classify, meaning
from hub.whatsapp.reading import Fields, mapping, number, text
from hub.whatsapp.words import table

WORDS = table("hub_bird", "words.toml")
VENDOR = "Bird"
_NOT_IMPLEMENTED, _TIMED_OUT = 501, 408


def failure(error: Fields) -> HubError:
    """A failed or rejected message. Meta's own code says more than Bird's, but never undoes an opt-out."""
    known = WORDS.get(text(error.get("code")))
    if known is not None and known.kind is RecipientOptedOut:
        return known.error(VENDOR)
    code = number(error.get("meta_error_code"))
    if code is not None and meaning(code) is not None:
        return classify({"code": code})
    return known.error(VENDOR) if known else Rejected("failed for a reason unknown to this version")


def refusal(answer: Fields, status: int, *, retry_after: str | None = None, sends: bool = False) -> HubError:
    """A refused call. Bird's own text may hold a number and is not repeated."""
    by_status = for_status(status, retry_after=retry_after, sends=sends)
    if status == _TIMED_OUT and sends:
        return Uncertain(f"no clear answer (HTTP {status})")
    error = mapping(answer.get("error"))
    known = WORDS.get(text(error.get("name"))) or WORDS.get(text(error.get("type")))
    if known is not None and (status < 500 or status == _NOT_IMPLEMENTED):
        after = by_status.after if isinstance(by_status, Throttled) and retry_after else None
        return known.error(VENDOR, after)
    return by_status or Unavailable("Bird's answer cannot be read")
