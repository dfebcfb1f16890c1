# SPDX-License-Identifier: Apache-2.0
"""What a person may ask a company for, by when it must answer, and on which grounds it may say no or take longer.

Legal reference 2.7 and 2.8. Nobody's yes is made here: a request is checked, carried out and answered by people.
"""

from __future__ import annotations

import calendar
from datetime import date
from enum import StrEnum


class Right(StrEnum):
    """A right of the person. Telling the other systems (Art. 19) is a duty that comes with some of them."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"


ARTICLES = {
    Right.ACCESS: "15",
    Right.RECTIFICATION: "16",
    Right.ERASURE: "17",
    Right.RESTRICTION: "18",
    Right.PORTABILITY: "20",
    Right.OBJECTION: "21",
    Right.WITHDRAWAL: "7(3)",
}
# a no to advertising needs no form and no proof of who says it (LG Paderborn 2 O 325/23): it counts when it comes
AT_ONCE = frozenset({Right.OBJECTION, Right.WITHDRAWAL})
ANSWERED_BY_DATA = frozenset({Right.ACCESS, Right.PORTABILITY})


class Identified(StrEnum):
    """How it was seen that the request is the person's own (Art. 12(6) GDPR)."""

    OWN_POINT = "own_point"  # it came from their number, or they answered from there
    LINK = "link"  # behind the link that only their number got
    LOGIN = "login"  # a customer account
    CALL_BACK = "call_back"  # on a number known before
    IN_PERSON = "in_person"
    DOCUMENT = "document"  # only where nothing milder is enough
    CRM = "crm"  # the CRM says so, where it erased the person


class Refusal(StrEnum):
    """Why a request is not carried out. The person is told, with the way to an authority and a court (Art. 12(4))."""

    NOT_IDENTIFIED = "not_identified"  # Art. 11(2), 12(2)
    UNFOUNDED = "unfounded"  # Art. 12(5)
    EXCESSIVE = "excessive"  # Art. 12(5)
    RIGHTS_OF_OTHERS = "rights_of_others"  # Art. 15(4), 20(4)
    LEGAL_DUTY = "legal_duty"  # Art. 17(3)(b)
    LEGAL_CLAIMS = "legal_claims"  # Art. 17(3)(e), 21(1)
    NOT_APPLICABLE = "not_applicable"  # the conditions of the right are not met


class Delay(StrEnum):
    """Why an answer takes longer (Art. 12(3) GDPR names these two)."""

    COMPLEXITY = "complexity"
    NUMBER = "number"


class Handed(StrEnum):
    """How the person got the answer. Never in the chat: WhatsApp is no place for everything that is held."""

    LETTER = "letter"
    EMAIL = "email"  # encrypted, or as a link with a password told elsewhere
    PORTAL = "portal"
    IN_PERSON = "in_person"
    CRM = "crm"  # by the CRM that sent it


def due(received: date, months: int) -> date:
    """The day on which a time of so many months ends: the same day of the month, or the month's last (Regulation
    1182/71 Art. 3(2)(c)). A weekend or holiday at its end would give longer; nobody is to rely on that.
    """
    year, month = divmod(received.month - 1 + months, 12)
    year, month = received.year + year, month + 1
    return date(year, month, min(received.day, calendar.monthrange(year, month)[1]))
