# SPDX-License-Identifier: Apache-2.0
"""The web form (flow F2): a number is typed, and the phone with that number is asked once whether it was them.

Anybody can type any number, so the form itself is no consent. It becomes one when that very number answers in time.
The answer to the form is always the same: it must not tell whether a number is known, stopped or agreed before.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete, func, select

from hub.contract import BadInput, Expression, Point, PointKind, Purpose
from hub.flows import answers, contacts, optin, standing, wordings
from hub.flows.points import Located, read_number
from hub.flows.standing import Standing
from hub.flows.states import State
from hub.flows.world import World
from hub.law.facts import ConsentState, EvidenceKind, Verification
from hub.store.ledger import Chain, canonical
from hub.store.tables import (
    Contact,
    ContactPoint,
    Controller,
    FormTry,
    MessageRow,
    OptInPage,
    OptInRequest,
    Sender,
    TemplateRow,
    Wording,
)
from hub.store.vault import Sealed, seal

PRESSED = "yes."  # begins the payload of the button that agrees
_HOUR = timedelta(hours=1)
_OPEN = timedelta(hours=12)


def admit(world: World, session: Session, page: OptInPage, address: str) -> bool:
    """Count a form sent from an address. False when it has sent too many within the hour."""
    now, who = world.now(), world.vault.reference(page.controller_id, f"address|{address}")
    session.exec(delete(FormTry).where(col(FormTry.at) < now - _HOUR))
    tried = session.exec(select(func.count()).where(FormTry.who == who)).one()
    session.add(FormTry(who=who, at=now))
    return tried < world.settings.form_tries


def ticket(world: World, page: OptInPage) -> str:
    """Goes with the form, sealed: which text it showed, and when."""
    shown = f"{page.id}|{page.wording_id}|{int(world.now().timestamp()):x}"
    return base64.urlsafe_b64encode(world.vault.seal(shown.encode(), "form:opt-in")).decode()


def shown(world: World, session: Session, page: OptInPage, given: str) -> Wording | None:
    """The text that the form showed. None for a form that is not ours, or was shown too long ago."""
    try:
        sealed = base64.b64decode(given, altchars=b"-_", validate=True)
        page_id, wording_id, seconds = world.vault.open(sealed, "form:opt-in").decode().split("|")
    except (binascii.Error, Sealed, ValueError):
        return None
    age = world.now() - datetime.fromtimestamp(int(seconds, 16), UTC)
    return session.get(Wording, wording_id) if page_id == page.id and age < _OPEN else None


def read(controller: Controller, number: str) -> Point:
    """The number as typed. Raises `BadInput`."""
    found = read_number(number, controller.country)
    if not isinstance(found, Located) or found.point.kind is not PointKind.E164:
        raise BadInput(str(found), field="number", remedy="Write it with the country code, as in +49 151 ...")
    return found.point


def request(world: World, session: Session, page: OptInPage, wording: Wording, point: Point) -> None:
    """Somebody read `wording`, ticked its statement and typed this number. Ask that phone, if it may be asked.

    The caller has seen to it that they did.
    """
    controller = session.get_one(Controller, page.controller_id)
    chain = Chain(session, controller.id, world.now())
    template = _template(session, page, wording)
    policy = world.policy_for(controller.id)
    if (
        policy is None
        or template is None
        or not _may_be_asked(session, world, controller, wording, point, policy.opt_in.confirmations)
    ):
        return
    contact, row = contacts.meet(world, session, controller, [point])
    now, code = world.now(), optin.new_code()
    ledger_id = chain.event(
        "consent_requested",
        now,
        _facts(page, wording),
        contact_id=contact.id,
        token=row.token,
        evidence=_evidence(world, contact, point, page, wording),
    )
    message_id = _ask(world, session, page, wording, template, contact, row, code, ledger_id)
    session.flush()
    session.add(
        OptInRequest(
            controller_id=controller.id,
            page_id=page.id,
            wording_id=wording.id,
            contact_id=contact.id,
            token=row.token,
            code=code,
            message_id=message_id,
            ledger_id=ledger_id,
            requested_at=now,
            expires_at=now + timedelta(hours=policy.opt_in.confirmation_hours),
        )
    )
    session.flush()
    chain.write()


def _template(session: Session, page: OptInPage, wording: Wording) -> TemplateRow | None:
    sender = session.get_one(Sender, page.sender_id)
    return session.get(TemplateRow, (sender.connection_id, page.confirm_template, wording.language))


def _may_be_asked(
    session: Session, world: World, controller: Controller, wording: Wording, point: Point, most: int
) -> bool:
    """Not who has said no, since anybody may have typed the number; not who agrees already; not again unanswered."""
    known = contacts.find_point(world, session, controller, point)
    tokens = [*world.vault.tokens(controller.id, point)]
    others = [*tokens, *(contacts.tokens_of(session, known.contact_id) if known else ())]
    person = standing.person(session, controller, known.token if known else tokens[0], others)
    stands = {standing.of(world, controller, person, topic) for topic in wording.topics}
    if person.erased or Standing.STOPPED in stands or stands == {Standing.AGREED}:
        return False
    unanswered = (
        select(func.count())
        .select_from(OptInRequest)
        .join(MessageRow)
        .where(
            OptInRequest.controller_id == controller.id,
            col(OptInRequest.token).in_(others),
            col(OptInRequest.answered_at).is_(None),
            col(MessageRow.state).not_in([State.REFUSED, State.FAILED]),
        )
    )
    return session.exec(unanswered).one() < most


def _facts(page: OptInPage, wording: Wording) -> dict[str, Any]:
    return {
        "state": ConsentState.REQUESTED,
        "wording": wording.id,
        "language": wording.language,
        "controllers": wording.controllers,
        "channels": wording.channels,
        "purposes": wording.purposes,
        "topics": wording.topics,
        "expression": Expression.EXPRESS_STATEMENT,
        "verification": Verification.PENDING,
        "source": {"flow": "web_form", "page": page.id, "sender": page.sender_id},
    }


def _evidence(world: World, contact: Contact, point: Point, page: OptInPage, wording: Wording) -> bytes:
    """The form as it was sent. No network address: it would prove nothing about the holder of the number."""
    sent = {
        "url": optin.address(world, page),
        "number": point.value,
        "ticked": wordings.yes_of(wording),
        "shown": wording.id,
        "at": world.now(),
    }
    return seal(contacts.key_of(world, contact), canonical(sent).encode(), f"evidence:{contact.id}")


def _ask(
    world: World,
    session: Session,
    page: OptInPage,
    wording: Wording,
    template: TemplateRow,
    contact: Contact,
    point: ContactPoint,
    code: str,
    ledger_id: str,
) -> str:
    yes = wordings.plain(wordings.yes_of(wording))
    agreeing = [index for index, label in enumerate(template.buttons) if wordings.plain(label) == yes]
    return answers.queue_template(
        world,
        session,
        session.get_one(Sender, page.sender_id),
        contact,
        point,
        Purpose.OPT_IN_CONFIRMATION,
        template,
        [("1", code), *((f"payload.{index}", f"{PRESSED}{code}") for index in agreeing)],
        approved_category=page.confirm_category,
        dedupe=f"opt-in:{ledger_id}",
        evidence=[(EvidenceKind.OPT_IN_ATTEMPT, ledger_id, world.now())],
    )
