# SPDX-License-Identifier: Apache-2.0
"""Salesforce's record ids: 15 characters where case counts, or 18, of which three say which are upper case. Pure."""

from __future__ import annotations

import re

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
    blocks = (short[start : start + 5] for start in (0, 5, 10))
    return "".join(_SUFFIX[sum(1 << i for i, char in enumerate(block) if char.isupper())] for block in blocks)


def person(typed: str) -> str:
    """The same for a contact or a lead; "" for anything else. Person accounts count by their contact."""
    whole = full(typed)
    return whole if whole.startswith((CONTACT, LEAD)) else ""
