# SPDX-License-Identifier: Apache-2.0
"""Two contacts turn out to be one person (legal reference 4.5): the union of stops, the intersection of consents.

A consent goes on counting on its own point alone, and only if the other contact said yes to the same scope too. Where
the platform itself shows that one person has both points, it is enough that the other contact said nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from hub.contract import ReportKind
from hub.flows import contacts, permission, reports
from hub.flows.facts import latest
from hub.flows.register import Register
from hub.flows.states import State
from hub.law.facts import ANY, ConsentState, Verification
from hub.store.tables import (
    ClaimedOptIn,
    ConsentRow,
    Contact,
    CrmRecord,
    MessageRow,
    OptInRequest,
    ReportRow,
    Review,
    StopRow,
)
from hub.store.vault import seal

# what goes along as it is; the rest is moved by hand
FOLLOWS = (CrmRecord, ConsentRow, ReportRow, Review, OptInRequest)
_VALID = (ConsentState.GIVEN, ConsentState.RENEWED)
_IN_QUEUE = (State.QUEUED, State.HELD)
_NEVER_LEFT = (State.REFUSED, State.FAILED)


def join(
    register: Register, one: Contact, other: Contact, at: datetime, source: Mapping[str, Any], *, shown: bool = False
) -> Contact:
    """Make one person of two; the older contact stays. `shown`: the platform itself says so. Returns who stays."""
    keep, gone = sorted((one, other), key=lambda contact: (contact.created_at, contact.id))
    doubted = _without_echo(register, keep, gone, shown)
    facts = {
        "joined": gone.id,
        "shown": shown,
        "tokens": register.tokens(keep, gone),
        "consents_unverified": permission.doubt(register.session, doubted),
        "source": dict(source),
    }
    register.chain.event("contacts_joined", at, facts, contact_id=keep.id)
    register.unite_stops(keep, gone)
    for point in register.points(gone):
        register.move_point(point, gone, keep)
    _move_messages(register, keep, gone)
    for row in register.session.exec(select(ClaimedOptIn).where(ClaimedOptIn.contact_id == gone.id)):
        register.move_opt_in(row, gone, keep)
    for table in FOLLOWS:
        rows: Any = table
        mine = update(table).where(col(rows.contact_id) == gone.id)
        register.session.execute(mine.values(contact_id=keep.id))
    register.session.execute(update(Review).where(col(Review.other_id) == gone.id).values(other_id=keep.id))
    _take_over(register, keep, gone)
    register.session.flush()
    return keep


def _without_echo(register: Register, keep: Contact, gone: Contact, shown: bool) -> list[ConsentRow]:
    """The consents of either that the other does not bear out."""
    said = {contact.id: (register.consents(contact), register.stops(contact)) for contact in (keep, gone)}
    return [
        consent
        for contact, other in ((keep, gone), (gone, keep))
        for consent in said[contact.id][0]
        if _valid(consent) and _answer(consent, *said[other.id]) not in ({"yes", ""} if shown else {"yes"})
    ]


def _answer(asked: ConsentRow, consents: Sequence[ConsentRow], stops: Sequence[StopRow]) -> str:
    """What somebody last said about the scope of a consent: yes, no, or nothing."""
    times = [consent.event_time for consent in consents if _valid(consent) and _scope(consent) == _scope(asked)]
    no = [stop.event_time for stop in stops if _reaches(stop, asked)]
    no += [c.event_time for c in consents if c.state not in _VALID and _scope(c) == _scope(asked)]
    if no and (not times or max(no) >= max(times)):
        return "no"
    return "yes" if times else ""


def _valid(consent: ConsentRow) -> bool:
    return consent.state in _VALID and consent.verification == Verification.SAME_POINT


def _scope(row: ConsentRow) -> tuple[str, ...]:
    return row.brand, row.channel, row.purpose, row.topic


def _reaches(stop: StopRow, consent: ConsentRow) -> bool:
    pairs = zip((stop.brand, stop.channel, stop.purpose, stop.topic), _scope(consent), strict=True)
    return all(mine == yours or ANY in (mine, yours) for mine, yours in pairs)


def _move_messages(register: Register, keep: Contact, gone: Contact) -> None:
    """A person gets a campaign once: of two messages, one stays behind, refused if it has not left."""
    session, now = register.session, register.world.now()
    mine = select(MessageRow).where(MessageRow.contact_id == keep.id, col(MessageRow.campaign_id).is_not(None))
    have = {row.campaign_id: row for row in session.exec(mine)}
    refused: list[reports.Told] = []
    for row in session.exec(select(MessageRow).where(MessageRow.contact_id == gone.id)).all():
        twin = have.get(row.campaign_id) if row.campaign_id else None
        if twin is None:
            register.move_message(row, gone, keep)
            continue
        second = row if row.state in _IN_QUEUE else twin
        if second.state in _IN_QUEUE and (second is row or row.state not in _NEVER_LEFT):
            second.state, second.reason, second.changed_at = State.REFUSED, "DECISION_STALE", now
            refused.append(reports.Told.of(second, ReportKind.REFUSED, second.state, now, reason=second.reason))
            session.add(second)
    session.flush()
    reports.tell(register.world, session, keep.controller_id, refused)


def _take_over(register: Register, keep: Contact, gone: Contact) -> None:
    """What is known of a person besides; the stricter word wins. The key of the one who goes lies under the other's."""
    if keep.profile is None and gone.profile is not None:
        keep.profile = register.reseal(gone.profile, gone, keep, f"profile:{gone.id}", f"profile:{keep.id}")
    if gone.country and (not keep.country or (gone.residence_stated and not keep.residence_stated)):
        keep.country, keep.residence_stated = gone.country, gone.residence_stated
    keep.restricted = keep.restricted or gone.restricted
    for name in ("last_inbound_at", "reassigned_at", "ambiguous_at"):
        setattr(keep, name, latest(getattr(keep, name), getattr(gone, name)))
    assert gone.data_key is not None  # an erased contact has no points that could be found, and staff cannot name it
    gone.kept_key = seal(contacts.key_of(register.world, keep), gone.data_key, f"key:{gone.id}")
    gone.data_key, gone.profile, gone.country, gone.last_inbound_at = None, None, "", None
    gone.merged_into, gone.ambiguous_at = keep.id, None
    register.session.add_all((keep, gone))
