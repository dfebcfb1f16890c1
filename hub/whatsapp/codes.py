# SPDX-License-Identifier: Apache-2.0
"""Meta's error codes in our words: one table for answers to a send and for failed statuses, read from `codes.toml`.

Source: Meta [1] support/error-codes. Only `code` is read, and for a template handed in the subcode of 100; HTTP status
and title are no basis for a decision, and Meta's texts may hold a number, so none of them is repeated.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from hub.contract import (
    BadConfig,
    HubError,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    Rejected,
    Scope,
    SendError,
    TemplateProblem,
    Throttled,
    Unavailable,
    Uncertain,
    WindowClosed,
    for_status,
)
from hub.whatsapp.reading import Fields, mapping, number, text

KINDS: dict[str, type[HubError]] = {
    kind.__name__: kind
    for kind in (
        *(BadConfig, Unavailable, Throttled, Uncertain, Rejected, TemplateProblem),
        *(RecipientOptedOut, RecipientUnreachable, RecipientCapped, WindowClosed),
    )
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What `codes` mean, in a sentence for people. `after` (seconds) counts for `Throttled` and `RecipientCapped`,
    `scope` for `Throttled`."""

    codes: tuple[range, ...]
    kind: type[HubError]
    en: str
    de: str
    after: float = 1.0
    scope: Scope = Scope.SENDER

    def error(self, code: int, after: float | None = None) -> HubError:
        return said(self.kind, f"Meta {code}: {self.en}", str(code), self.scope, self.after, after)


def said(
    kind: type[HubError], message: str, code: str, scope: Scope, after: float, asked: float | None = None
) -> HubError:
    """An error of a table, with what its kind takes: `after` in seconds, `asked` what the vendor wishes instead, which
    shortens no cap of a person."""
    if issubclass(kind, Throttled):
        return kind(message, after=after if asked is None else asked, scope=scope)
    if issubclass(kind, RecipientCapped):
        return kind(message, code=code, after=after)
    if issubclass(kind, SendError):
        return kind(message, code=code)
    return kind(message)


def _read(row: dict[str, Any]) -> Meaning:
    return Meaning(
        codes=tuple(map(_range, row["codes"])),
        kind=KINDS[row["kind"]],
        en=row["en"],
        de=row["de"],
        after=float(row.get("after", 1.0)),
        scope=Scope(row.get("scope", Scope.SENDER)),
    )


def _range(given: int | str) -> range:
    first, _, last = str(given).partition("-")
    return range(int(first), int(last or first) + 1)


MEANINGS = tuple(map(_read, tomllib.loads(files("hub.whatsapp").joinpath("codes.toml").read_text("utf-8"))["meaning"]))
_BY_CODE = {code: known for known in MEANINGS for family in known.codes for code in family}
_PERMISSION = _BY_CODE[10]


def meaning(code: int) -> Meaning | None:
    """What a code means; None when this version does not know it."""
    return _BY_CODE.get(code)


def classify(error: object, *, status: int = 0, retry_after: str | None = None, sends: bool = False) -> HubError:
    """The error in `error` (Meta's object), by what happens next. `status` is the HTTP status of an answer, 0 for a
    webhook; `sends=True` when the call transmitted a message.
    """
    fields = mapping(error)
    code = number(fields.get("code"))
    by_status = for_status(status, retry_after=retry_after, sends=sends)
    if code is None:
        return by_status or Rejected("Meta gave no error code")
    known = _meant(code, fields)
    if known is not None:
        after = by_status.after if isinstance(by_status, Throttled) and retry_after else None
        return known.error(code, after)
    if fields.get("is_transient") is True:
        return Unavailable(f"Meta {code}: Meta asks to try again.")
    if by_status is not None and not isinstance(by_status, Rejected):
        return by_status
    return Rejected(f"Meta {code}: refused with a code unknown to this version.", code=str(code))


def _meant(code: int, fields: Fields) -> Meaning | None:
    """100 stands for much: what is wrong with a template that was handed in is told by its subcode alone."""
    if code != 100:
        return meaning(code)
    if object_missing(fields):
        return _PERMISSION
    narrower = meaning(number(fields.get("error_subcode")) or code)
    return narrower if narrower is not None and narrower.kind is TemplateProblem else meaning(code)


def object_missing(error: object) -> bool:
    """Graph answers 100 for an object that is not there, and for one that the token may not see."""
    said = text(mapping(error).get("message")).lower()
    return "unsupported get request" in said or "unsupported post request" in said
