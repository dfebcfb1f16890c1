# SPDX-License-Identifier: Apache-2.0
"""tyntec's refusals in our words. They are `application/problem+json` (RFC 7807); tyntec publishes no list of codes,
so the HTTP status decides (`refusals.toml`). A failed message carries the platform's code. Source: [1].
"""

from __future__ import annotations

import re

import httpx

from hub import HubError, Rejected
from hub.whatsapp.codes import classify
from hub.whatsapp.reading import Fields, mappings, parsed, text
from hub.whatsapp.words import refused, table

REFUSALS = table("hub_tyntec", "refusals.toml")
_FIELD = re.compile(r"[A-Za-z_.\[\]]{1,80}")  # a path in the request; no digit, so no number can be in it
_PLATFORM_CODE = re.compile(r"whatsapp::error::(\d+)")


def problem(response: httpx.Response, *, sends: bool, names_message: bool) -> HubError | None:
    """What a refusal means; None for an acceptance. Its texts are not repeated: they may hold what was sent.

    `names_message`: the call names a message, so 404 need not be about the account.
    """
    status = response.status_code
    said = parsed(response.content) if status >= 400 else {}
    known = REFUSALS.get(str(status)) if "title" in said else None  # else not tyntec's own answer
    if status == 404 and names_message:
        known = None
    violations = [text(one.get("field")) for one in mappings(said.get("violations"))]
    fields = ", ".join(sorted({field for field in violations if _FIELD.fullmatch(field)}))
    if known is not None and known.kind is Rejected and fields:
        return Rejected(f"tyntec {status}: {known.en} {fields}", code=str(status))
    return refused("tyntec", known, status, retry_after=response.headers.get("retry-after"), sends=sends)


def failure(details: Fields) -> HubError:
    """Why a message failed: the platform's own code, where tyntec passes one on. Its texts may hold a number."""
    found = _PLATFORM_CODE.fullmatch(text(details.get("code")))
    if found:
        return classify({"code": int(found[1])})
    return Rejected("tyntec could not deliver and names no code of the platform", code="tyntec")
