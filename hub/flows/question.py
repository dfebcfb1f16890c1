# SPDX-License-Identifier: Apache-2.0
"""Answers to who asks for it: the current consent text as a question, or a link to their settings.

Only the statement that follows is a consent. Nobody is asked who did not write for it just now, so never after an
objection unless the person begins (legal reference 4.9).
"""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session, col, select

from hub.contract import MessageReceived, Purpose
from hub.flows import answers, confirmation, links, optin
from hub.flows.desk import Desk
from hub.law import content
from hub.law.facts import EvidenceKind
from hub.law.startwords import Opening, opening
from hub.store.tables import ConsentRow, Contact, ContactPoint, MessageRow, OptInPage, Sender, Wording

_QUESTION = {
    "de": "{text}\n\nWenn Sie das möchten, antworten Sie genau so:\n{statement}\n\n{url}",
    "en": "{text}\n\nIf you want this, reply exactly:\n{statement}\n\n{url}",
}
_WHERE = {
    "de": "Hier können Sie lesen, worum es geht, und zustimmen: {url}",
    "en": "Here you can read what this is about, and agree: {url}",
}
_SETTINGS = {
    "de": "Hier sehen und ändern Sie, was Sie {controller} auf WhatsApp erlaubt haben: {url}",
    "en": "Here you see and change what you have allowed {controller} on WhatsApp: {url}",
}


def answer(desk: Desk, event: MessageReceived, sender: Sender, contact: Contact, point: ContactPoint) -> None:
    """Answer a message that asks to begin or for the settings, or agrees to what stands there no more."""
    asked = opening(event.text) if not event.button else None
    if asked is Opening.SETTINGS:
        _settings(desk, event, sender, contact, point)
        return
    page = optin.outdated(desk.session, sender, event.text)
    page = page or confirmation.late(desk.world, desk.session, desk.controller, event)
    if page is None and asked is Opening.START:
        page = _page(desk.session, sender, point)
    if page is not None and not _asked_lately(desk, contact):
        _ask(desk, event, sender, contact, point, page)


def _page(session: Session, sender: Sender, point: ContactPoint) -> OptInPage | None:
    """The open page the person agreed to last, else the newest in their language, else the newest."""
    pages = session.exec(
        select(OptInPage, Wording)
        .join(Wording)
        .where(OptInPage.sender_id == sender.id, col(OptInPage.closed_at).is_(None))
        .order_by(col(OptInPage.created_at).desc())
    ).all()
    last = session.exec(
        select(ConsentRow.wording_id).where(ConsentRow.token == point.token).order_by(col(ConsentRow.event_time).desc())
    ).first()
    spoken = answers.language_of(point)
    best = sorted(pages, key=lambda pair: (pair[1].id != last, pair[1].language != spoken))
    return best[0][0] if best else None


def _asked_lately(desk: Desk, contact: Contact) -> bool:
    """Once in the time an answer may take; a nuisance else."""
    policy = desk.world.policy_for(desk.controller.id)
    since = desk.world.now() - timedelta(hours=policy.opt_in.confirmation_hours if policy else 0)
    return (
        desk.session.exec(
            select(MessageRow.id).where(
                MessageRow.contact_id == contact.id,
                MessageRow.purpose == Purpose.OPT_IN_CONFIRMATION,
                MessageRow.template == "",
                col(MessageRow.created_at) > since,
            )
        ).first()
        is not None
    )


def _ask(
    desk: Desk, event: MessageReceived, sender: Sender, contact: Contact, point: ContactPoint, page: OptInPage
) -> None:
    invited = optin.invitation(desk.session, page)
    language = invited.wording.language
    url = optin.address(desk.world, page)
    full = _QUESTION[language].format(text=invited.wording.text, statement=invited.statement, url=url)
    # a text that the gate would read as advertising is shown on the page alone
    text = _WHERE[language].format(url=url) if content.promotional(full) else full
    _queue(desk, event, sender, contact, point, Purpose.OPT_IN_CONFIRMATION, EvidenceKind.OPT_IN_ATTEMPT, text)


def _settings(desk: Desk, event: MessageReceived, sender: Sender, contact: Contact, point: ContactPoint) -> None:
    url = links.make(desk.world, links.PREFERENCES, point)
    text = _SETTINGS[answers.language_of(point)].format(controller=desk.controller.name, url=url)
    _queue(desk, event, sender, contact, point, Purpose.SERVICE, EvidenceKind.INBOUND, text)


def _queue(
    desk: Desk,
    event: MessageReceived,
    sender: Sender,
    contact: Contact,
    point: ContactPoint,
    purpose: Purpose,
    kind: EvidenceKind,
    text: str,
) -> None:
    asked = f"asked:{desk.world.vault.reference(desk.controller.id, event.provider_message_id)}"
    evidence = [(kind, asked, event.at)]
    if answers.queue(desk.world, desk.session, sender, contact, point, purpose, text, dedupe=asked, evidence=evidence):
        desk.senders.add(sender.id)
