# SPDX-License-Identifier: Apache-2.0
"""Salesforce's record ids: 15 characters where case counts, or 18, of which three say which are upper case. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

CONTACT, LEAD, CAMPAIGN = "003", "00Q", "701"

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def full(typed: str) -> str:
    """The 18 characters of an id, as the API writes it; "" where it is none, or its suffix does not fit."""
    if not _ID.fullmatch(typed):
        return ""
    whole = typed[:15] + suffix(typed[:15])
    return whole if len(typed) == 15 or typed[15:].upper() == whole[15:] else ""


def suffix(short: str) -> str:
    """Three characters for 15: one for each block of five, the first of which is the lowest bit."""
    return _letter(short[:5]) + _letter(short[5:10]) + _letter(short[10:])


@lru_cache(4096)
def _letter(block: str) -> str:
    return _SUFFIX[sum(1 << place for place, char in enumerate(block) if char.isupper())]


def person(typed: str) -> str:
    """The same for a contact or a lead; "" for anything else. Person accounts count by their contact."""
    whole = full(typed)
    return whole if whole.startswith((CONTACT, LEAD)) else ""
