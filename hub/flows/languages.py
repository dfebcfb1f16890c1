# SPDX-License-Identifier: Apache-2.0
"""In which language the hub speaks, where nobody has chosen one."""

from __future__ import annotations

_GERMAN = frozenset({"DE", "AT", "CH", "LI"})


def language_in(country: str) -> str:
    """German where it is spoken, else English."""
    return "de" if country in _GERMAN else "en"
