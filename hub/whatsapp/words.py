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

from hub.contract import HubError, RecipientOptedOut, Rejected, Scope, Throttled, for_status
from hub.whatsapp.codes import KINDS, classify, meaning, said
from hub.whatsapp.reading import number


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
        return said(self.kind, f"{vendor} {self.name}: {self.en}", self.name, self.scope, self.after, after)


def failed(vendor: str, known: Word | None, code: object) -> HubError:
    """A failed message. The platform's own `code` says more than the vendor's word, but never undoes an opt-out."""
    if known is not None and known.kind is RecipientOptedOut:
        return known.error(vendor)
    platform = number(code)
    if platform is not None and meaning(platform) is not None:
        return classify({"code": platform})
    return known.error(vendor) if known else Rejected("failed for a reason unknown to this version")


def refused(
    vendor: str, known: Word | None, status: int, *, retry_after: str | None = None, sends: bool = False
) -> HubError | None:
    """A refused call; None for an acceptance. Where the vendor itself failed, what became of the call is not known,
    whatever word comes along, unless that word is final."""
    by_status = for_status(status, retry_after=retry_after, sends=sends)
    if known is None or (status >= 500 and known.kind is not Rejected):
        return by_status
    asked = by_status.after if isinstance(by_status, Throttled) and retry_after else None
    return known.error(vendor, asked)


@cache
def table(package: str, file: str) -> dict[str, Word]:
    """The words in a file of a plugin's package."""
    read = tomllib.loads(files(package).joinpath(file).read_text("utf-8"))
    return {name: _word(name, given) for name, given in read.items()}


def _word(name: str, given: dict[str, Any]) -> Word:
    scope = Scope(given.get("scope", Scope.SENDER))
    return Word(name, KINDS[given["kind"]], given["en"], given["de"], float(given.get("after", 1.0)), scope)
