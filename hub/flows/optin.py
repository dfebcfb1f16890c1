# SPDX-License-Identifier: Apache-2.0
"""Consent that is really consent: inbound first. A page shows the full wording; the person's own message agrees.

Nothing is sent before that message. It counts only when it is the statement of the page, word for word, since
§ 7(2) UWG asks for an express statement; anything else with the page's code in it is an ordinary message.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlmodel import Session, func, select

from hub.contract import BadInput, Channel, Purpose
from hub.flows import notices
from hub.flows.world import World
from hub.law.facts import NoticeKind
from hub.store.ledger import canonical, digest
from hub.store.tables import Controller, NoticeText, OptInPage, Sender, Wording

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
_CODE = re.compile(r"\b[2-9A-HJKMNP-Z]{8}\b")
_STATEMENT = {
    "de": "Ja, ich willige ein. Code {code}",
    "en": "Yes, I consent. Code {code}",
}
_WITHDRAWAL = {
    "de": "Ich kann das jederzeit mit Wirkung für die Zukunft widerrufen, am einfachsten mit STOPP im Chat.",
    "en": "I can withdraw this at any time with effect for the future, most easily with STOP in the chat.",
}
_PROMISE = {
    "de": "Ich erhalte höchstens {count} solche Nachrichten in 30 Tagen. ",
    "en": "I receive {count} such messages in 30 days at most. ",
}
_TEXT = {
    "de": (
        "{controller} darf mir per WhatsApp Werbung zu folgenden Themen schicken: {topics}. {promise}"
        "Dafür wird meine Mobilnummer verarbeitet und an den WhatsApp-Dienstleister von {controller} sowie an "
        "WhatsApp Ireland Ltd. übermittelt. {withdrawal}"
    ),
    "en": (
        "{controller} may send me advertising by WhatsApp about these topics: {topics}. {promise}"
        "My mobile number is processed for this and passed to the WhatsApp provider of {controller} and to "
        "WhatsApp Ireland Ltd. {withdrawal}"
    ),
}


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a person needs to opt in."""

    page: OptInPage
    wording: Wording
    statement: str  # to be sent as it stands
    link: str  # wa.me link that opens the chat with the statement filled in
    notice: NoticeText | None = None  # Art. 13, as the page shows it
    hint: NoticeText | None = None  # Art. 21(4)


def create(
    world: World,
    session: Session,
    controller: Controller,
    sender: Sender,
    *,
    title: str,
    language: str,
    topics: Sequence[str],
    text: str = "",
    per_month: int | None = None,
) -> OptInPage:
    """A wording (made from the template text unless `text` is given) and a page for it. Raises `BadInput`.

    The page shows the newest notices of its language, and keeps to them. `per_month` is promised in the wording: so
    many messages in 30 days at most.
    """
    if language not in _STATEMENT:
        raise BadInput(f"{language!r} is not offered", field="language", remedy="Use one of: de, en.")
    if not [t for t in topics if t.strip()]:
        raise BadInput(
            "is empty",
            field="topics",
            remedy="Name what you will write about (Art. 4(11) GDPR: specific).",
        )
    if "*" in topics:
        raise BadInput("'*' is no topic", field="topics", remedy="Name each topic: consent must be specific.")
    if per_month is not None and per_month < 1:
        raise BadInput("is no promise", field="per_month", remedy="Name how many messages a month at most.")
    wording = _wording(world, session, controller, language, topics, text, per_month)
    notice = notices.newest(session, controller.id, NoticeKind.ART_13, language)
    hint = notices.newest(session, controller.id, NoticeKind.ART_21_4, language)
    page = OptInPage(
        id=secrets.token_urlsafe(8).replace("_", "x").replace("-", "y"),
        controller_id=controller.id,
        sender_id=sender.id,
        wording_id=wording.id,
        notice_id=notice.id if notice else None,
        hint_id=hint.id if hint else None,
        token="".join(secrets.choice(_ALPHABET) for _ in range(8)),
        title=title or topics[0],
        created_at=world.now(),
    )
    session.add(page)
    session.flush()
    return page


def _wording(
    world: World,
    session: Session,
    controller: Controller,
    language: str,
    topics: Sequence[str],
    text: str,
    per_month: int | None,
) -> Wording:
    withdrawal = _WITHDRAWAL[language]
    full = text.strip() or _TEXT[language].format(
        controller=controller.name,
        topics=", ".join(topics),
        promise=_PROMISE[language].format(count=per_month) if per_month else "",
        withdrawal=withdrawal,
    )
    if per_month and not re.search(rf"(?<!\d){per_month}(?!\d)", full):
        raise BadInput(
            "is not in the text", field="per_month", remedy=f"Say in the text that it is {per_month} messages at most."
        )
    if controller.name not in full:
        raise BadInput(
            "does not name the controller",
            field="text",
            remedy=f"The text must contain {controller.name!r} (Art. 4(11)).",
        )
    if "whatsapp" not in full.casefold():
        raise BadInput(
            "does not name the channel", field="text", remedy="Say that you will write by WhatsApp (BGH I ZR 25/19)."
        )
    facts: dict[str, Any] = {
        "controllers": [controller.name],
        "channels": [Channel.WHATSAPP],
        "purposes": [Purpose.MARKETING],
        "topics": sorted(topics),
        "language": language,
        "statement": _STATEMENT[language],
        "text": full,
        "promised_per_30_days": per_month,
    }
    wording_id = digest(canonical({**facts, "controller_id": controller.id}))
    known = session.get(Wording, wording_id)
    if known:
        return known
    last = session.exec(select(func.max(Wording.version)).where(Wording.controller_id == controller.id)).one()
    hint = bool(re.search(r"\b(stopp?|widerruf\w*|withdraw\w*)\b", full, re.IGNORECASE))
    wording = Wording(
        id=wording_id,
        controller_id=controller.id,
        version=(last or 0) + 1,
        withdrawal_hint=hint,
        created_at=world.now(),
        **facts,
    )
    session.add(wording)
    session.flush()
    return wording


def invitation(session: Session, page: OptInPage) -> Invitation:
    wording = session.get_one(Wording, page.wording_id)
    sender = session.get_one(Sender, page.sender_id)
    statement = wording.statement.format(code=page.token)
    link = f"https://wa.me/{sender.number}?text={quote(statement)}"
    notice, hint = (session.get(NoticeText, one) if one else None for one in (page.notice_id, page.hint_id))
    return Invitation(page, wording, statement, link, notice, hint)


def agreed(session: Session, sender: Sender, text: str) -> tuple[OptInPage, Wording] | None:
    """The page a message agrees to, if it is that page's statement."""
    codes = set(_CODE.findall(unicodedata.normalize("NFKC", text).upper()))
    for code in sorted(codes):
        page = session.exec(select(OptInPage).where(OptInPage.token == code)).first()
        if page is None or page.closed_at is not None or page.sender_id != sender.id:
            continue
        wording = session.get_one(Wording, page.wording_id)
        if _plain(text) == _plain(wording.statement.format(code=page.token)):
            return page, wording
    return None


def _plain(text: str) -> str:
    """Case, spacing and punctuation do not change a statement."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))
