# SPDX-License-Identifier: Apache-2.0
"""tyntec's refusals in our words. They are `application/problem+json` (RFC 7807); tyntec publishes no list of codes,
so the HTTP status decides. Failures of a message come by webhook, with the platform's codes. Source: [1].
"""

from __future__ import annotations

import re

import httpx

from hub import BadConfig, HubError, Rejected, for_status
from hub.whatsapp.reading import mappings, parsed, text

_FIELD = re.compile(r"[A-Za-z_.\[\]]{1,80}")  # a path in the request; no digit, so no number can be in it


def problem(response: httpx.Response, *, sends: bool) -> HubError | None:
    """What a refusal means; None for an acceptance. Its texts are not repeated: they may hold what was sent."""
    status = response.status_code
    said = parsed(response.content) if status >= 400 else {}
    if status == 404 and sends and "title" in said:
        return BadConfig("tyntec does not know the sending number or the account; check both")
    violations = [text(one.get("field")) for one in mappings(said.get("violations"))]
    fields = ", ".join(sorted({field for field in violations if _FIELD.fullmatch(field)}))
    if status == 400 and fields:
        return Rejected(f"tyntec refuses these fields of the request: {fields}", code="400")
    return for_status(status, retry_after=response.headers.get("retry-after"), sends=sends)
