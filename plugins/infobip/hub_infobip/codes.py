# SPDX-License-Identifier: Apache-2.0
"""Infobip's statuses and codes in our words: one table for answers to a send and for delivery reports [1] [3].

Only ids and `permanent` are read: Infobip's descriptions may hold a number, so none of them is repeated.
"""

from __future__ import annotations

from hub import HubError, RecipientUnreachable, Rejected, Unavailable, for_status
from hub.whatsapp.reading import Fields, mapping, number, text
from hub.whatsapp.words import table

OK, PENDING, UNDELIVERABLE, DELIVERED, EXPIRED, REJECTED = range(6)  # `groupId` of a status
ENROUTE = 7  # the id of PENDING_ENROUTE, "Message sent to next instance"
# the ids of statuses and of errors overlap, so each has its table
TABLES = {"error": table("hub_infobip", "errors.toml"), "status": table("hub_infobip", "statuses.toml")}
SECOND_OF_TWO = (("status", 23), ("error", 7280))  # refused because an earlier one has the same id


def failure(result: Fields) -> HubError:
    """Why a message failed: `result` has a `status`, and in delivery reports an `error`."""
    status, error = mapping(result.get("status")), mapping(result.get("error"))
    for place, said in (("error", error), ("status", status)):
        if known := TABLES[place].get(text(said.get("id"))):
            return known.error("Infobip")
    # in an answer to a send there is no error, and 0 says that there was none
    code = text(number(error.get("id")) or number(status.get("id")))
    if number(error.get("id")) and error.get("permanent") is False:
        return Unavailable(f"Infobip {code}: a problem that will pass.")
    if number(status.get("groupId")) in (UNDELIVERABLE, EXPIRED):
        return RecipientUnreachable(f"Infobip {code}: not delivered.", code=code)
    return Rejected(f"Infobip {code}: refused with a code unknown to this version.", code=code)


def repeated(result: Fields) -> bool:
    """Is this about the second of two messages with one id? Then it says nothing about the first."""
    return any(number(mapping(result.get(place)).get("id")) == code for place, code in SECOND_OF_TWO)


def refusal(answer: Fields, status: int, *, retry_after: str | None = None, sends: bool = False) -> HubError | None:
    """What an HTTP answer means; None when it is none of refusal. Field names are shown, values never."""
    error = for_status(status, retry_after=retry_after, sends=sends)
    exception = mapping(mapping(answer.get("requestError")).get("serviceException"))
    wrong = ", ".join(sorted(str(name)[:60] for name in mapping(exception.get("validationErrors"))))
    if isinstance(error, Rejected) and wrong:
        return Rejected(f"Infobip refuses a value of the message: {wrong}", code=error.code)
    return error
