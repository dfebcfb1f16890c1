# SPDX-License-Identifier: Apache-2.0
"""Refusals of two layers: 360dialog's own, in plain HTTP, and Meta's, passed through. Source: [4]."""

from __future__ import annotations

import httpx

from hub import HubError, Unavailable, Uncertain, for_status
from hub.whatsapp.codes import classify, table
from hub.whatsapp.reading import Fields, parsed

STATUSES = table("hub_dialog360", "status")
# what 360dialog's texts on a 400 have in common with [4]; their exact wording is not published
WORDS = tuple(
    (word, table("hub_dialog360", name)[400])
    for word, name in (
        ("rate limit", "throttled"),
        ("disabled", "disabled"),
        ("unpaid", "unpaid"),
        ("payment", "unpaid"),
    )
)


def accepted(response: httpx.Response, *, sends: bool = False) -> Fields:
    """The JSON object of an acceptance. Raises what a refusal means; its texts are not repeated."""
    answer = parsed(response.content)
    if response.status_code >= 400 or "error" in answer:
        raise _refusal(response, answer, sends=sends)
    if not answer:
        raise (Uncertain if sends else Unavailable)("360dialog's answer cannot be read")
    return answer


def _refusal(response: httpx.Response, answer: Fields, *, sends: bool) -> HubError:
    status, after = response.status_code, response.headers.get("retry-after")
    if isinstance(answer.get("error"), dict):
        return classify(answer["error"], status=status, retry_after=after, sends=sends)
    known = STATUSES.get(status)
    if status == 400:  # not 429: three different things
        said = response.text.lower()
        known = next((meant for word, meant in WORDS if word in said), None)
    if known is not None:
        return known.error(status, vendor="360dialog")
    return for_status(status, retry_after=after, sends=sends) or Uncertain("360dialog's answer contradicts itself")
