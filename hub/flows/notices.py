# SPDX-License-Identifier: Apache-2.0
"""Notices of Art. 13, 14 and 21(4) GDPR: their texts, and each serving of one as a ledger event.

A notice counts as served when a page showed it to somebody who then agreed, or when a provider accepted the message
that carries it; if that message fails later, it was not served. Held messages are then asked about again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, delete, func, select

from hub.contract import BadInput, MessageReceived, Purpose
from hub.flows import answers, facts, notice_texts, told
from hub.flows.desk import Desk
from hub.flows.states import State
from hub.flows.world import World
from hub.law.facts import EvidenceKind, NoticeKind, Person, Source
from hub.store.direct import run, table
from hub.store.ledger import Chain, canonical, digest
from hub.store.sets import among
from hub.store.tables import (
    Contact,
    ContactPoint,
    Controller,
    CrmRecord,
    MessageRow,
    NoticeServed,
    NoticeText,
    OptInPage,
    Sender,
)
from hub.store.tables.columns import UtcTime

WAITS = ("NOTICE_13_MISSING", "NOTICE_14_OVERDUE", "NOTICE_21_4_MISSING")
_ADDRESS = 16  # hexadecimal digits of the id that a link holds
_UNDER_WAY = (State.QUEUED, State.HELD, State.AUTHORISED, State.UNKNOWN)

_RECORD = table(CrmRecord)
_SERVED_NOW = (  # the first communication ends the month of Art. 14
    update(_RECORD)
    .where(among(_RECORD.c.contact_id), _RECORD.c.art14_due_at > bindparam("now", type_=UtcTime))
    .values(art14_due_at=bindparam("now", type_=UtcTime))
)


def create(
    world: World, session: Session, controller: Controller, kind: NoticeKind, language: str, text: str
) -> NoticeText:
    """A version of a notice; the one there is if nothing changed. Raises `BadInput`."""
    if language not in notice_texts.LANGUAGES:
        raise BadInput(f"{language!r} is not offered", field="language", remedy="Use one of: de, en.")
    body = text.strip()
    if controller.name not in body:
        remedy = f"The text must contain {controller.name!r} (Art. 13(1)(a) GDPR)."
        raise BadInput("does not name the controller", field="text", remedy=remedy)
    facts = {"controller_id": controller.id, "kind": kind, "language": language, "text": body}
    notice_id = digest(canonical(facts))
    known = session.get(NoticeText, notice_id)
    if known:
        return known
    mine = (NoticeText.controller_id == controller.id, NoticeText.kind == kind)
    last = session.exec(select(func.max(NoticeText.version)).where(*mine)).one()
    made = NoticeText(id=notice_id, version=(last or 0) + 1, created_at=world.now(), **facts)
    session.add(made)
    session.flush()
    return made


def every(session: Session, controller: Controller) -> list[NoticeText]:
    """All versions of all kinds, the oldest first."""
    mine = select(NoticeText).where(NoticeText.controller_id == controller.id)
    return list(session.exec(mine.order_by(col(NoticeText.kind), col(NoticeText.version))))


def newest(session: Session, controller_id: str, kind: NoticeKind, language: str = "") -> NoticeText | None:
    """The newest version in a language, or in any."""
    mine = select(NoticeText).where(NoticeText.controller_id == controller_id, NoticeText.kind == kind)
    if language:
        mine = mine.where(NoticeText.language == language)
    return session.exec(mine.order_by(col(NoticeText.version).desc())).first()


def find(session: Session, controller: Controller, name: str) -> NoticeText:
    """By id or the start of it. Raises `BadInput`."""
    fitting = [one for one in every(session, controller) if len(name) >= 8 and one.id.startswith(name)]
    if len(fitting) != 1:
        raise BadInput(f"{name!r} is not one notice", field="notice", remedy="See `hub notice list`.")
    return fitting[0]


def shown_at(session: Session, address: str) -> NoticeText | None:
    """The notice behind the last part of a public link."""
    if len(address) < _ADDRESS or not address.isalnum():
        return None
    found = session.exec(select(NoticeText).where(col(NoticeText.id).startswith(address))).all()
    return found[0] if len(found) == 1 else None


def path(notice_id: str) -> str:
    """Where a version can be read, below the public address. It never leads to another version."""
    return f"/n/{notice_id[:_ADDRESS]}"


# --- Serving ---------------------------------------------------------------------------------------------------------


def shown(
    session: Session, chain: Chain, contact_id: str, token: str, page: OptInPage, at: datetime, flow: str
) -> None:
    """The page showed its notices to whoever now acts on it."""
    for notice_id in (page.notice_id, page.hint_id):
        if notice_id:
            serve(session, chain, contact_id, token, notice_id, at, {"page": page.id, "flow": flow})


def greet(desk: Desk, sender: Sender, contact: Contact, point: ContactPoint, event: MessageReceived) -> None:
    """Answer whoever writes and was not told yet with the notice: short, with a link, and only once."""
    if _surely_told(desk, contact, point):
        return
    desk.session.flush()
    kind = _owed(facts.people(desk.session, desk.controller, [point.id], desk.world.now())[point.id])
    if kind is None or _under_way(desk, contact):
        return
    language = answers.language_of(point)
    notice = newest(desk.session, desk.controller.id, kind, language) or newest(desk.session, desk.controller.id, kind)
    if notice is None:
        return
    link = desk.world.settings.public_url.rstrip("/") + path(notice.id)
    text = notice_texts.short(language, desk.controller.name, link, kind)
    reference = desk.world.vault.reference(desk.controller.id, event.provider_message_id)
    wrote = [(EvidenceKind.INBOUND, f"inbound:{reference}", event.at)]
    queued = answers.queue(
        desk.world,
        desk.session,
        sender,
        contact,
        point,
        Purpose.PRIVACY_NOTICE,
        text,
        dedupe=f"notice:{reference}",
        evidence=wrote,
        notice_id=notice.id,
    )
    if queued:
        desk.senders.add(sender.id)


def _surely_told(desk: Desk, contact: Contact, point: ContactPoint) -> bool:
    """The usual case, without gathering all facts about the person."""
    served = {notice.kind for notice in told.served(desk.session, [point.token]).get(point.token, ())}
    if not served & {NoticeKind.ART_13, NoticeKind.ART_14} or contact.reassigned_at is not None:
        return False
    return Source.OTHER not in told.crms(desk.session, desk.controller).sources.values()


def _owed(person: Person) -> NoticeKind | None:
    after = person.reassigned_at  # an earlier holder of the number may have been told
    kinds = {notice.kind for notice in person.notices if after is None or notice.at > after}
    if NoticeKind.ART_14 in kinds:
        return None
    if person.source is Source.OTHER:
        return NoticeKind.ART_14  # it tells all that Art. 13 asks for, and where the data come from
    return None if NoticeKind.ART_13 in kinds else NoticeKind.ART_13


def _under_way(desk: Desk, contact: Contact) -> bool:
    """Is a notice on its way that may still arrive? What is unknown for longer than a window is not waited for."""
    policy = desk.world.policy_for(desk.controller.id)
    window = timedelta(hours=policy.request.service_window_hours if policy else 24)
    waiting = select(MessageRow.id).where(
        MessageRow.contact_id == contact.id,
        col(MessageRow.notice_id).is_not(None),
        col(MessageRow.state).in_(_UNDER_WAY),
        col(MessageRow.created_at) > desk.world.now() - window,
    )
    return desk.session.exec(waiting).first() is not None


def duty(person: Person, notice: NoticeText, now: datetime) -> list[list[str]]:
    """The duty that carries a notice's template to somebody who was not told yet, as evidence of a message."""
    if any(one.kind == notice.kind for one in person.notices):
        return []
    return [[EvidenceKind.LEGAL_DUTY, f"notice:{notice.id[:_ADDRESS]}", now.isoformat()]]


def accepted(session: Session, chain: Chain, rows: Iterable[Any], now: datetime) -> None:
    """A provider took these messages: what they carry was served."""
    rows = list(rows)
    for row in rows:
        if row.notice_id:
            token = session.get_one(ContactPoint, row.point_id).token
            source = {"message": row.id}
            serve(session, chain, row.contact_id, token, row.notice_id, now, source, message_id=row.id)
    written_to(session, {row.contact_id for row in rows}, now)


def written_to(session: Session, contact_ids: Iterable[str], now: datetime) -> None:
    """The first communication to these people ends the month of Art. 14."""
    run(session, _SERVED_NOW, {"keys": contact_ids, "now": now})


def failed(session: Session, chain: Chain, row: MessageRow, at: datetime) -> None:
    """The message that carried a notice did not arrive after all."""
    served = session.exec(select(NoticeServed).where(NoticeServed.message_id == row.id)).first()
    if served is None:
        return
    source = {"notice": served.notice_id, "notice_kind": served.kind, "message": row.id, "served": served.ledger_id}
    chain.event("notice_not_delivered", at, source, contact_id=row.contact_id, token=served.token)
    session.execute(delete(NoticeServed).where(col(NoticeServed.message_id) == row.id))


def release(session: Session, contact_ids: Any, now: datetime) -> None:
    """Ask again about what was held for a notice. `contact_ids` are ids, or a query for them."""
    session.execute(
        update(MessageRow)
        .where(
            col(MessageRow.contact_id).in_(contact_ids),
            col(MessageRow.state) == State.HELD,
            col(MessageRow.reason).in_(WAITS),
            col(MessageRow.next_attempt_at).is_not(None),  # one that is not let go yet is asked about then
        )
        .values(next_attempt_at=now)
    )


def serve(
    session: Session,
    chain: Chain,
    contact_id: str,
    token: str,
    notice_id: str,
    at: datetime,
    source: Mapping[str, Any],
    *,
    message_id: str = "",
) -> None:
    """This notice reached whoever holds the point: ledger event and projection. What waited for it is asked about."""
    notice = session.get_one(NoticeText, notice_id)
    before = session.get(NoticeServed, (token, notice.kind))
    if before is not None and (before.at >= at or (message_id and before.message_id == message_id)):
        return
    what = {
        "notice": notice.id,
        "notice_kind": notice.kind,
        "version": notice.version,
        "language": notice.language,
        "source": dict(source),
    }
    ledger_id = chain.event("notice_served", at, what, contact_id=contact_id, token=token)
    now_served = NoticeServed(
        token=token,
        kind=notice.kind,
        controller_id=notice.controller_id,
        notice_id=notice.id,
        message_id=message_id,
        at=at,
        ledger_id=ledger_id,
    )
    session.merge(now_served)
    session.flush()
    release(session, [contact_id], at)
