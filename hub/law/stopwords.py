# SPDX-License-Identifier: Apache-2.0
"""The normal form in which texts are compared. The words themselves are in `hub.law.languages`."""

from __future__ import annotations

import unicodedata

_APOSTROPHES = str.maketrans("", "", "'’`´ʼ")
_UNDECOMPOSED = str.maketrans("łıøđ", "liod")  # letters that Unicode does not take apart


def normal(text: str) -> str:
    """Case, accents, emoji and punctuation away, so that "ARRÊT!!" and "arret" are one word. "ß" becomes "ss"."""
    folded = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    plain = unicodedata.normalize("NFKD", folded).translate(_UNDECOMPOSED)
    kept = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return " ".join("".join(kept).split())
