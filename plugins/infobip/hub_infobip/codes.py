# SPDX-License-Identifier: Apache-2.0
"""Infobip's statuses and codes in our words: one table for answers to a send and for delivery reports [1] [3].

Only ids and `permanent` are read: Infobip's descriptions may hold a number, so none of them is repeated.
"""

from __future__ import annotations

from importlib.resources import files

from hub import HubError, RecipientUnreachable, Rejected, Unavailable, for_status
from hub.whatsapp.reading import Fields, mapping, number, text
from hub.whatsapp.tables import tables

OK, PENDING, UNDELIVERABLE, DELIVERED, EXPIRED, REJECTED = range(6)  # `groupId` of a status
ENROUTE = 7  # the id of PENDING_ENROUTE, "Message sent to next instance"
TABLES = tables((files("hub_infobip") / "codes.toml").read_text(encoding="utf-8"))
SECOND_OF_TWO = (("status", "23"), ("error", "7280"))  # refused because an earlier one has the same id


def failure(result: Fields) -> HubError:
    """Why a message failed: `result` has a `status`, and in delivery reports an `error`."""
    status, error = mapping(result.get("status")), mapping(result.get("error"))
    for place, said in (("error", error), ("status", status)):
        code = text(said.get("id"))
        if known := TABLES[place].get(code):
            return known.error("Infobip", code)
    code = _code(status, error)
    if number(error.get("id")) and error.get("permanent") is False:
        return Unavailable(f"Infobip names a passing problem (Infobip {code})")
    if number(status.get("groupId")) in (UNDELIVERABLE, EXPIRED):
        return RecipientUnreachable(f"not delivered (Infobip {code})", code=code)
    return Rejected(f"refused with a code unknown to this version (Infobip {code})", code=code)


def _code(status: Fields, error: Fields) -> str:
    """The error's id; in an answer to a send there is none, and 0 says that there was no error."""
    known = number(error.get("id"))
    return str(known) if known else text(status.get("id")) or "none"


def repeated(result: Fields) -> bool:
    """Is this about the second of two messages with one id? Then it says nothing about the first."""
    return any(text(mapping(result.get(place)).get("id")) == code for place, code in SECOND_OF_TWO)


def refusal(answer: Fields, status: int, retry_after: str | None, *, sends: bool) -> HubError | None:
    """What an HTTP answer means; None when it is none of refusal. Field names are shown, values never."""
    error = for_status(status, retry_after=retry_after, sends=sends)
    exception = mapping(mapping(answer.get("requestError")).get("serviceException"))
    wrong = ", ".join(sorted(str(name)[:60] for name in mapping(exception.get("validationErrors"))))
    if isinstance(error, Rejected) and wrong:
        return Rejected(f"Infobip refuses a value of the message: {wrong}", code=error.code)
    return error
