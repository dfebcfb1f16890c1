# SPDX-License-Identifier: Apache-2.0
"""Step 12: has the person been told what must be told first? A missing notice holds a message until it is served.

Messages that themselves serve a notice, follow a legal duty or confirm a stop do not wait.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.contract.words import Purpose
from hub.law.facts import NoticeKind, Source
from hub.law.question import Question

CLOCK = "SYNC_ART14_CLOCK_STARTED"
# The question whether a number was its holder's is free too: what the form showed counts once they have answered.
_FREE = frozenset({Purpose.PRIVACY_NOTICE, Purpose.LEGAL, Purpose.OPT_OUT_CONFIRMATION, Purpose.OPT_IN_CONFIRMATION})


def informed(q: Question) -> str | None:
    """Art. 13 GDPR: told at collection, where the data came from the person; a source nobody knows counts so too."""
    if not _asked(q) or q.person.source is Source.OTHER:
        return None
    return None if served(q, NoticeKind.ART_13) or served(q, NoticeKind.ART_14) else "NOTICE_13_MISSING"


def informed_of_source(q: Question) -> str | None:
    """Art. 14(3)(b) GDPR: data from elsewhere are told of at the latest with the first communication, so before it."""
    if not _asked(q) or q.person.source is not Source.OTHER:
        return None
    return None if served(q, NoticeKind.ART_14) else "NOTICE_14_OVERDUE"


def told_of_objection(q: Question) -> str | None:
    """Art. 21(4) GDPR: the right to object to advertising, apart from other information."""
    if not _asked(q) or q.ask.purpose is not Purpose.MARKETING:
        return None
    return None if served(q, NoticeKind.ART_21_4) else "NOTICE_21_4_MISSING"


PREDICATES: tuple[Callable[[Question], str | None], ...] = (informed, informed_of_source, told_of_objection)


def _asked(q: Question) -> bool:
    return q.policy.notice.enforce and q.ask.purpose not in _FREE


def served(q: Question, kind: NoticeKind) -> bool:
    """Was the present holder of the number told? Who had it before may have been."""
    after = q.person.reassigned_at
    for notice in q.person.notices:  # a loop: this is asked for every message
        if notice.kind is kind and notice.id and notice.at <= q.now and (after is None or notice.at > after):
            return True
    return False


def clock_started(q: Question) -> bool:
    """Data from elsewhere are stored about somebody who was not told of it: Art. 14(3) GDPR counts from now."""
    return q.person.source is Source.OTHER and not served(q, NoticeKind.ART_14)
