# SPDX-License-Identifier: Apache-2.0
"""What a person must read: unclear messages, and requests that are no stops. Marketing rests meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import orjson
from sqlmodel import Session, col, delete, select

from hub.contract import BadInput
from hub.flows import answers, contacts, permission, reports
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.law.stops import code_of
from hub.store.ledger import Chain
from hub.store.tables import Contact, Controller, LedgerRow, Review, StopRow
from hub.store.vault import Sealed, unseal

UNCLEAR = "unclear"  # the kinds beside it are those of `hub.law.withdrawal.Ask`


class Verdict(StrEnum):
    """What a person found."""

    STOP = "stop"  # all advertising on this channel
    STOP_ALL = "stop_all"
    NO_STOP = "no_stop"  # only for what was unclear: lifts the freeze of this one message
    DONE = "done"  # only for requests: somebody has taken care of it


def open_for(
    session: Session, controller: Controller, contact: Contact, kind: str, ledger_id: str, at: datetime
) -> None:
    """Ask a person to read what the contact said at `at`. Once per message and kind."""
    known = select(Review.id).where(Review.contact_id == contact.id, Review.kind == kind, Review.said_at == at)
    if session.exec(known).first() is None:
        opened = Review(controller_id=controller.id, contact_id=contact.id, kind=kind, ledger_id=ledger_id, said_at=at)
        session.add(opened)
        session.flush()


def asked(session: Session, contact: Contact, at: datetime) -> bool:
    """Whether a person was asked to read what the contact said at `at`."""
    known = select(Review.id).where(Review.contact_id == contact.id, Review.said_at == at)
    return session.exec(known).first() is not None


def waiting(session: Session, controller: Controller, most: int | None = None) -> Sequence[Review]:
    """Open reviews, the oldest first; `most` of them at most."""
    mine = select(Review).where(Review.controller_id == controller.id, col(Review.closed_at).is_(None))
    return session.exec(mine.order_by(col(Review.said_at), col(Review.id)).limit(most)).all()


def words(world: World, session: Session, found: Review) -> str:
    """What the person wrote; empty once they were erased."""
    event = session.get_one(LedgerRow, found.ledger_id)
    contact = session.get_one(Contact, event.contact_id or found.contact_id)
    if event.evidence is None:
        return ""
    try:
        said = unseal(contacts.past_key(world, session, contact), event.evidence, f"evidence:{contact.id}")
    except Sealed:
        return ""
    return str(orjson.loads(said)["text"])


def rule(session: Session, found: Review) -> str:
    """The rule that read the message so; empty where only a request was heard."""
    source = orjson.loads(session.get_one(LedgerRow, found.ledger_id).record)["source"]
    return str(source.get("rule", ""))


def close(world: World, session: Session, controller: Controller, review_id: str, verdict: Verdict, by: str) -> Review:
    """Close a review. Raises `BadInput` if it is not open, or the verdict does not fit its kind."""
    chain = Chain(session, controller.id, world.now())  # its lock: two people cannot close one review
    found = session.get(Review, review_id, populate_existing=True)
    if found is None or found.controller_id != controller.id or found.closed_at is not None:
        raise BadInput("is not open", field="review", remedy="See `hub review list`.")
    if found.other_id is not None:
        raise BadInput("is about who is who", field="review", remedy="See `hub identity list`.")
    if (found.kind == UNCLEAR) == (verdict is Verdict.DONE):
        raise BadInput(
            f"does not fit a review of kind {found.kind}",
            field="verdict",
            remedy="Unclear messages are stop, stop_all or no_stop; requests are done.",
        )
    if not by.strip():
        raise BadInput("is empty", field="by", remedy="Say who read it.")
    source = {"review": found.id, "by": by}
    match verdict:
        case Verdict.STOP | Verdict.STOP_ALL:
            _stop(world, session, chain, controller, found, verdict, source)
        case Verdict.NO_STOP:
            _lift(session, chain, found, world.now(), source)
        case Verdict.DONE:
            facts = {"request": found.kind, "heard": found.ledger_id, "source": source}
            chain.event("request_closed", world.now(), facts, contact_id=found.contact_id)
    found.closed_at, found.closed_by, found.verdict = world.now(), by, verdict
    session.add(found)
    session.flush()
    chain.write()
    return found


def _stop(
    world: World,
    session: Session,
    chain: Chain,
    controller: Controller,
    found: Review,
    verdict: Verdict,
    source: dict[str, str],
) -> None:
    """The person said so then: the stop is dated by their message, not by its reading."""
    everything = verdict is Verdict.STOP_ALL
    kind = StopKind.STOP_ALL if everything else StopKind.OBJECTION_MARKETING
    reach = permission.EVERYTHING if everything else permission.MARKETING_ON_WHATSAPP
    tokens = contacts.tokens_of(session, found.contact_id)
    ledger_id = permission.stop(
        world, session, chain, controller, tokens, kind, found.said_at, reach, source, contact_id=found.contact_id
    )
    if ledger_id:
        ref = f"stop:{ledger_id}"
        reports.tell_withdrawal(session, found.contact_id, ref, code_of(kind), found.said_at, world.now())
        answers.confirm_passed_on(world, session, controller, found.contact_id, kind, ref, found.said_at)


def _lift(session: Session, chain: Chain, found: Review, at: datetime, source: dict[str, str]) -> None:
    """Lift the freeze of this one message, also where it was carried over to a new point. Never another stop."""
    mine = (
        col(StopRow.token).in_(contacts.tokens_of(session, found.contact_id)),
        col(StopRow.kind) == StopKind.UNSURE,
        col(StopRow.event_time) == found.said_at,
    )
    rows = session.exec(select(StopRow).where(*mine)).all()
    facts = {
        "lifts": sorted({row.ledger_id for row in rows}),
        "stop": StopKind.UNSURE,
        "tokens": sorted({row.token for row in rows}),
        "source": source,
    }
    chain.event("unclear_message_cleared", at, facts, contact_id=found.contact_id)
    session.exec(delete(StopRow).where(*mine))
