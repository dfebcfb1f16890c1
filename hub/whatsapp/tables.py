# SPDX-License-Identifier: Apache-2.0
"""Error tables of vendors with codes of their own. A plugin keeps its table as TOML beside its code:

[send.101]                 # a place where codes of one kind occur, and a code
error = "BadConfig"        # an error type of the contract: what happens next
en = "the product token is not known; enter the right one"
de = "Das Produkttoken ist unbekannt; bitte das richtige eintragen"
after = 60                 # seconds, for Throttled and RecipientCapped; optional
scope = "account"          # for Throttled; optional
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

import hub.contract
from hub.contract import HubError, RecipientCapped, Scope, SendError, Throttled


@dataclass(frozen=True, slots=True)
class Entry:
    """What a vendor's code means, and the same in words a person understands."""

    kind: type[HubError]
    en: str
    de: str
    after: float = 1.0  # seconds
    scope: Scope = Scope.SENDER

    def error(self, vendor: str, code: str) -> HubError:
        """The error to raise. It names the vendor's code and repeats none of its words: they may hold a number."""
        message = f"{self.en} ({vendor} {code})"
        if issubclass(self.kind, Throttled):
            return self.kind(message, after=self.after, scope=self.scope)
        if issubclass(self.kind, RecipientCapped):
            return self.kind(message, code=code, after=self.after)
        if issubclass(self.kind, SendError):
            return self.kind(message, code=code)
        return self.kind(message)


def tables(toml: str) -> dict[str, dict[str, Entry]]:
    """Every table of a file: place -> code -> entry."""
    return {place: {code: _entry(raw) for code, raw in codes.items()} for place, codes in tomllib.loads(toml).items()}


def _entry(raw: dict[str, str | float]) -> Entry:
    kind = getattr(hub.contract, str(raw["error"]))
    assert issubclass(kind, HubError)
    scope = Scope(str(raw.get("scope", Scope.SENDER)))
    return Entry(kind, str(raw["en"]), str(raw["de"]), float(raw.get("after", 1.0)), scope)
