# SPDX-License-Identifier: Apache-2.0
"""A vendor's own words for what went wrong, kept in a TOML file of the plugin:

    [OUTSIDE_ALLOWED_SENDING_WINDOW]
    kind = "WindowClosed"
    en = "the person last wrote more than 24 hours ago; only a template may be sent"
    de = "..."

`kind` is a type of `hub.contract.errors`, and so the rule for what happens next; `after` (seconds) and `scope` go with
`Throttled` and `RecipientCapped`. Meta's codes have their own table: `hub.whatsapp.codes`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hub.contract import HubError, RecipientCapped, Scope, SendError, Throttled
from hub.whatsapp.codes import KINDS


@dataclass(frozen=True, slots=True)
class Word:
    """What a vendor's word means. `en` and `de` say it to a person; `name` is the vendor's."""

    name: str
    kind: type[HubError]
    en: str
    de: str
    after: float = 1.0
    scope: Scope = Scope.SENDER

    def error(self, vendor: str, after: float | None = None) -> HubError:
        """The error, in English; `after` is the vendor's own wish, in seconds."""
        says = f"{vendor} {self.name}: {self.en}"
        if issubclass(self.kind, Throttled):
            return self.kind(says, after=self.after if after is None else after, scope=self.scope)
        if issubclass(self.kind, RecipientCapped):
            return self.kind(says, code=self.name, after=self.after)
        if issubclass(self.kind, SendError):
            return self.kind(says, code=self.name)
        return self.kind(says)


@cache
def table(package: str, file: str) -> dict[str, Word]:
    """The words in a file of a plugin's package."""
    read = tomllib.loads(files(package).joinpath(file).read_text("utf-8"))
    return {name: _word(name, given) for name, given in read.items()}


def _word(name: str, given: dict[str, Any]) -> Word:
    scope = Scope(given.get("scope", Scope.SENDER))
    return Word(name, KINDS[given["kind"]], given["en"], given["de"], float(given.get("after", 1.0)), scope)
