# SPDX-License-Identifier: Apache-2.0
"""How a file stands today: which version counts, until when, what the newest still lacks, and what runs out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from hub.flows.processor import gaps
from hub.flows.processor.form import Form, Status
from hub.flows.processor.points import POINTS
from hub.flows.processor.versions import form_of, in_force, newest
from hub.law.facts import RecordState
from hub.store.tables import ProcessorRecord

NONE, REVIEW_DUE = "none", "review_due"  # beside the states of `RecordState`
SOON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Standing:
    """`state` of the version in force; `missing` is what keeps the newest from being approved."""

    state: str
    version: int
    newest: int
    valid_until: datetime | None
    missing: tuple[str, ...]
    unchecked: tuple[str, ...]  # points that nobody has answered, the optional ones as well
    running_out: tuple[str, ...]

    @property
    def sends(self) -> bool:
        """May messages go through it, as far as the file alone decides? Transfers are for the policy as well."""
        return self.state == RecordState.APPROVED


def of(session: Session, connection_id: str, now: datetime) -> Standing:
    """The standing of a connection's file; without one, everything is missing."""
    counts, last = in_force(session, connection_id), newest(session, connection_id)
    form, today = form_of(last), now.date()
    papers = last.papers if last else []
    return Standing(
        state=_state(counts, now),
        version=counts.version if counts else 0,
        newest=last.version if last else 0,
        valid_until=counts.valid_until if counts else None,
        missing=tuple(gaps.missing(form, papers, today)),
        unchecked=tuple(name for name in POINTS if form.status(name) is Status.OPEN),
        running_out=tuple(_running_out(form_of(counts), today)),
    )


def _state(record: ProcessorRecord | None, now: datetime) -> str:
    if record is None:
        return NONE
    due = record.valid_until is None or record.valid_until < now
    return REVIEW_DUE if record.state == RecordState.APPROVED and due else record.state


def _running_out(form: Form, today: date) -> Iterator[str]:
    ends = [(f"certificate {one.name}", one.valid_until) for one in form.certificates]
    ends += [(f"transfer {one.to}:{one.tool} to {one.recipient}", one.valid_until) for one in form.transfers]
    ends += [(f"assessment {one.tia}", one.tia_review_on) for one in form.transfers if one.tia_review_on]
    for what, end in sorted(ends, key=lambda one: one[1]):
        if end < today + SOON:
            yield f"{what}: {'has ended' if end < today else 'ends'} on {end}"
