# SPDX-License-Identifier: Apache-2.0
"""What cells mean: legal bases, stops and times as people write them in English and German. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from hub import Claim, ClaimKind

# exact words only; anything else is UNKNOWN
BASES = {
    "consent": ClaimKind.CONSENT,
    "einwilligung": ClaimKind.CONSENT,
    "freely given consent from contact": ClaimKind.CONSENT,
    "contract": ClaimKind.CONTRACT,
    "vertrag": ClaimKind.CONTRACT,
    "performance of a contract": ClaimKind.CONTRACT,
    "legitimate interest": ClaimKind.LEGITIMATE_INTEREST,
    "berechtigtes interesse": ClaimKind.LEGITIMATE_INTEREST,
}
_NO = frozenset({"", "0", "-", "n", "no", "false", "nein", "falsch"})


def claims(values: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[Claim]:
    """What a row says about permission. `headers` names the column behind each of our words."""
    typed = " ".join(values.get("legal_basis", "").casefold().replace("_", " ").split())
    kind = BASES.get(typed, ClaimKind.UNKNOWN)
    source = headers.get("legal_basis", "")
    if kind is ClaimKind.CONSENT:
        at, evidence = moment(values.get("consent_at", "")), values.get("consent_source", "")
        yield Claim(kind, source, claimed_at=at, evidence=evidence)
    else:
        yield Claim(kind, source)
    # a stop that cannot be read is a stop
    if values.get("opt_out", "").casefold() not in _NO:
        yield Claim(ClaimKind.OPT_OUT, headers["opt_out"])


def moment(typed: str) -> datetime | None:
    """ISO 8601 or 31.12.2026 23:59; without a zone it is read as UTC. None where it is neither."""
    german = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", typed)
    if german:
        day, month, year, rest = german.groups()
        typed = f"{year}-{month:0>2}-{day:0>2}{rest}"
    try:
        parsed = datetime.fromisoformat(typed)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
