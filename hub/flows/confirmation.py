# SPDX-License-Identifier: Apache-2.0
"""What comes of a web form: the number's own answer completes it, or it expires and is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from hub.contract import MessageReceived
from hub.flows import contacts, erasure, optin, wordings
from hub.flows.optin import Agreed
from hub.flows.points import locate
from hub.flows.webform import PRESSED
from hub.flows.world import World
from hub.law.facts import ConsentState, Origin
from hub.store.ledger import Chain
from hub.store.tables import (
    ConsentRow,
    Contact,
    ContactPoint,
    Controller,
    CrmRecord,
    OptInPage,
    OptInRequest,
    Sender,
    StopRow,
    Wording,
)

_WORDS = ("ja", "yes")


def confirmed(
    world: World, session: Session, controller: Controller, sender: Sender, event: MessageReceived
) -> tuple[Agreed, ContactPoint] | None:
    """The consent that a message completes, and the number it is for. Takes it: a redelivery completes nothing."""
    for asked in _answered(session, controller, event):
        page = session.get_one(OptInPage, asked.page_id)
        point = session.exec(select(ContactPoint).where(ContactPoint.token == asked.token)).first()
        if point is None or page.sender_id != sender.id or page.closed_at is not None:
            continue
        if asked.answered_at is None and _holds(world, session, controller, asked, point, event):
            asked.answered_at = event.at
            session.add(asked)
            wording = session.get_one(Wording, asked.wording_id)
            return Agreed(page, wording, Origin.WEB_FORM, asked.ledger_id), point
    return None


def _answered(session: Session, controller: Controller, event: MessageReceived) -> Sequence[OptInRequest]:
    """The request whose question this message says yes to, by its code alone: whose it is remains to be seen."""
    said = [event.button.removeprefix(PRESSED)] if event.button.startswith(PRESSED) else []
    if not event.button:
        text = wordings.plain(event.text)
        said = [code for code in optin.codes_in(event.text) if text in {f"{w} {code.lower()}" for w in _WORDS}]
    mine = select(OptInRequest).where(OptInRequest.controller_id == controller.id, col(OptInRequest.code).in_(said))
    return session.exec(mine).all() if said else []


def _holds(
    world: World,
    session: Session,
    controller: Controller,
    asked: OptInRequest,
    point: ContactPoint,
    event: MessageReceived,
) -> bool:
    """From that very number, in time, and nothing said against it since."""
    begun = asked.requested_at.replace(microsecond=0)  # vendors tell times in whole seconds
    if not _from_that_number(world, controller, asked, event) or not begun <= event.at < asked.expires_at:
        return False
    since = select(StopRow.id).where(
        StopRow.controller_id == controller.id,
        col(StopRow.token).in_(contacts.tokens_of(session, point.contact_id)),
        col(StopRow.event_time) >= begun,
    )
    return session.exec(since).first() is None


def _from_that_number(world: World, controller: Controller, asked: OptInRequest, event: MessageReceived) -> bool:
    return any(asked.token in world.vault.tokens(controller.id, locate(point).point) for point in event.points)


def late(world: World, session: Session, controller: Controller, event: MessageReceived) -> OptInPage | None:
    """The open page whose question this message says yes to when that counts no more."""
    for asked in _answered(session, controller, event):
        page = session.get_one(OptInPage, asked.page_id)
        if asked.answered_at is None and page.closed_at is None and _from_that_number(world, controller, asked, event):
            return page
    return None


def forget(world: World, session: Session, controller: Controller) -> int:
    """Erase whom only an unanswered form has brought here. Of the request stays a keyed hash, so as not to ask again.

    Returns how many requests have expired.
    """
    now = world.now()
    chain = Chain(session, controller.id, now)
    over = select(OptInRequest).where(
        OptInRequest.controller_id == controller.id,
        col(OptInRequest.answered_at).is_(None),
        col(OptInRequest.forgotten_at).is_(None),
        col(OptInRequest.expires_at) < now,
    )
    rows = session.exec(over.limit(500)).all()
    for asked in rows:
        asked.forgotten_at = now
        session.add(asked)
        contact = session.get_one(Contact, asked.contact_id)
        facts = {"request": asked.ledger_id, "state": ConsentState.UNKNOWN}
        chain.event("consent_request_expired", now, facts, contact_id=contact.id, token=asked.token)
        if contact.erased_at is None and _known_by_form_alone(session, contact):
            erasure.forget(session, contact, now)
    session.flush()
    chain.write()
    return len(rows)


def _known_by_form_alone(session: Session, contact: Contact) -> bool:
    if contact.last_inbound_at is not None:
        return False
    of = [
        select(CrmRecord.record).where(CrmRecord.contact_id == contact.id),
        select(ConsentRow.id).where(ConsentRow.contact_id == contact.id),
        select(OptInRequest.id).where(OptInRequest.contact_id == contact.id, col(OptInRequest.forgotten_at).is_(None)),
    ]
    return not any(session.exec(one.limit(1)).first() for one in of)
