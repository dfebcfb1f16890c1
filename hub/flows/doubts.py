# SPDX-License-Identifier: Apache-2.0
"""Doubts about who is who. While one is open, nothing is sent to either (SUBJECT_AMBIGUOUS); a person ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from hub.flows.register import Register
from hub.store.tables import Contact, Controller, Review

IDENTITY = "identity"  # a kind of review
WRONG_NUMBER = "wrong_number"  # another: somebody says that they are not who we think
APART, JOINED = "apart", "joined"


def raise_for(
    register: Register,
    one: Contact,
    other: Contact,
    at: datetime,
    source: Mapping[str, Any],
    shown_with: Sequence[str] = (),
) -> None:
    """They may be one person or two, and each has a number of their own. Once for each pair.

    `shown_with` are the ids of the points that the platform showed together.
    """
    if pending(register.session, one, other) is not None:
        return
    tokens = register.tokens(one, other)
    facts = {"other": other.id, "tokens": tokens, "shown_with": list(shown_with), "source": dict(source)}
    ledger_id = register.chain.event("identity_unclear", at, facts, contact_id=one.id)
    register.session.add(_about(register, one, other, ledger_id, at))
    for contact in (one, other):
        contact.ambiguous_at = contact.ambiguous_at or at
        register.session.add(contact)
    register.session.flush()


def close(register: Register, one: Contact, other: Contact, verdict: str, by: str) -> None:
    """End the doubt about these two, if there is one. Sending to them rests on while there is another."""
    found = pending(register.session, one, other)
    if found is None:
        return
    _end(register.session, found, verdict, by, register.world.now())


def forget(session: Session, contact: Contact, now: datetime) -> None:
    """The person was erased: nobody can find out any more, and the other is no longer in doubt for it."""
    mine = (col(Review.contact_id) == contact.id) | (col(Review.other_id) == contact.id)
    for found in session.exec(select(Review).where(_open(), mine)).all():
        _end(session, found, "erased", "erasure", now)


def _end(session: Session, found: Review, verdict: str, by: str, now: datetime) -> None:
    found.closed_at, found.closed_by, found.verdict = now, by, verdict
    session.add(found)
    session.flush()
    for contact_id in (found.contact_id, found.other_id):
        mine = (col(Review.contact_id) == contact_id) | (col(Review.other_id) == contact_id)
        if session.exec(select(Review.id).where(_open(), mine)).first() is None:
            contact = session.get_one(Contact, contact_id)
            contact.ambiguous_at = None
            session.add(contact)


def keep_apart(register: Register, one: Contact, other: Contact, by: str, ledger_id: str) -> None:
    """A person has said that these are two people; no machine joins them from then on."""
    close(register, one, other, APART, by)
    if not kept_apart(register.session, one, other):
        now = register.world.now()
        row = _about(register, one, other, ledger_id, now)
        row.closed_at, row.closed_by, row.verdict = now, by, APART
        register.session.add(row)
        register.session.flush()


def kept_apart(session: Session, one: Contact, other: Contact) -> bool:
    """Has a person said that these are two people?"""
    return session.exec(select(Review.id).where(_pair(one, other), Review.verdict == APART)).first() is not None


def pending(session: Session, one: Contact, other: Contact) -> Review | None:
    return session.exec(select(Review).where(_pair(one, other), _open())).first()


def waiting(session: Session, controller: Controller) -> Sequence[Review]:
    """Open doubts, the oldest first."""
    mine = select(Review).where(Review.controller_id == controller.id, _open())
    return session.exec(mine.order_by(col(Review.said_at), col(Review.id))).all()


def _about(register: Register, one: Contact, other: Contact, ledger_id: str, at: datetime) -> Review:
    return Review(
        controller_id=register.controller.id,
        contact_id=one.id,
        other_id=other.id,
        kind=IDENTITY,
        ledger_id=ledger_id,
        said_at=at,
    )


def _open() -> ColumnElement[bool]:
    return (col(Review.kind) == IDENTITY) & col(Review.closed_at).is_(None)


def _pair(one: Contact, other: Contact) -> ColumnElement[bool]:
    either = [
        (col(Review.contact_id) == a.id) & (col(Review.other_id) == b.id) for a, b in ((one, other), (other, one))
    ]
    return (col(Review.kind) == IDENTITY) & or_(*either)
