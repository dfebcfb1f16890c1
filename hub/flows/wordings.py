# SPDX-License-Identifier: Apache-2.0
"""Consent texts. Each is a version of its own, named by the hash of all it says, and never changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from sqlmodel import Session, col, func, select

from hub.contract import BadInput, Channel, Purpose
from hub.flows.world import World
from hub.proof.chain import told
from hub.store.ledger import canonical, digest
from hub.store.tables import Controller, Wording

LANGUAGES = ("de", "en")
_HINT = re.compile(r"\b(stopp?|widerruf\w*|withdraw\w*)\b", re.IGNORECASE)
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
        "WhatsApp Ireland Limited übermittelt. {withdrawal}"
    ),
    "en": (
        "{controller} may send me advertising by WhatsApp about these topics: {topics}. {promise}"
        "My mobile number is processed for this and passed to the WhatsApp provider of {controller} and to "
        "WhatsApp Ireland Limited {withdrawal}"
    ),
}


def make(
    world: World,
    session: Session,
    controller: Controller,
    language: str,
    topics: Sequence[str],
    text: str = "",
    per_month: int | None = None,
) -> Wording:
    """The wording that says this, new or known; its text is made from the topics unless given. Raises `BadInput`.

    `per_month` messages in 30 days at most are promised by the text.
    """
    _check_scope(language, topics)
    full = text.strip() or _TEXT[language].format(
        controller=controller.name,
        topics=", ".join(topics),
        promise=_PROMISE[language].format(count=per_month) if per_month else "",
        withdrawal=_WITHDRAWAL[language],
    )
    _check_text(controller, full, per_month)
    facts = {
        "controllers": [controller.name],
        "channels": [Channel.WHATSAPP],
        "purposes": [Purpose.MARKETING],
        "topics": sorted(topics),
        "language": language,
        "statement": _STATEMENT[language],
        "text": full,
        "promised_per_30_days": per_month,
    }
    return keep(world, session, controller, facts)


def keep(
    world: World,
    session: Session,
    controller: Controller,
    facts: dict[str, Any],
    shown_from: datetime | None = None,
) -> Wording:
    """The wording of these facts, new or known. `shown_from`: since when it was shown elsewhere."""
    named = facts | ({"shown_from": told(shown_from)} if shown_from else {})
    wording_id = digest(canonical({**named, "controller_id": controller.id}))
    known = session.get(Wording, wording_id)
    if known:
        return known
    last = session.exec(select(func.max(Wording.version)).where(Wording.controller_id == controller.id)).one()
    wording = Wording(
        id=wording_id,
        controller_id=controller.id,
        version=(last or 0) + 1,
        withdrawal_hint=bool(_HINT.search(facts["text"])),
        created_at=world.now(),
        shown_from=shown_from,
        **facts,
    )
    session.add(wording)
    session.flush()
    return wording


def _check_scope(language: str, topics: Sequence[str]) -> None:
    if language not in LANGUAGES:
        raise BadInput(f"{language!r} is not offered", field="language", remedy="Use one of: de, en.")
    if not [t for t in topics if t.strip()]:
        raise BadInput(
            "is empty",
            field="topics",
            remedy="Name what you will write about (Art. 4(11) GDPR: specific).",
        )
    if "*" in topics:
        raise BadInput("'*' is no topic", field="topics", remedy="Name each topic: consent must be specific.")


def _check_text(controller: Controller, full: str, per_month: int | None) -> None:
    if per_month is not None and per_month < 1:
        raise BadInput("is no promise", field="per_month", remedy="Name how many messages a month at most.")
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


def page(session: Session, controller: Controller, below: int, limit: int) -> Sequence[Wording]:
    """The newest versions, or those below the version `below` (0: from the newest)."""
    mine = select(Wording).where(Wording.controller_id == controller.id)
    if below:
        mine = mine.where(Wording.version < below)
    return session.exec(mine.order_by(col(Wording.version).desc()).limit(limit)).all()


def before(session: Session, wording: Wording) -> Wording | None:
    """The version before this one in the same language."""
    mine = (Wording.controller_id == wording.controller_id, Wording.language == wording.language)
    older = select(Wording).where(*mine, Wording.version < wording.version)
    return session.exec(older.order_by(col(Wording.version).desc()).limit(1)).first()


def difference(old: str, new: str) -> list[tuple[str, str]]:
    """Word by word: ("same" | "gone" | "new", text), in the order to read them."""
    a, b = (re.findall(r"\s+|[^\s]+", text) for text in (old, new))
    found: list[tuple[str, str]] = []
    for _, first, last, start, end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        taken, put = "".join(a[first:last]), "".join(b[start:end])
        if taken == put:
            found.append(("same", put))
            continue
        found += [(how, text) for how, text in (("gone", taken), ("new", put)) if text]
    return found


def yes_of(wording: Wording) -> str:
    """The statement without its code: "Ja, ich willige ein"."""
    return wording.statement.partition(".")[0]


def plain(text: str) -> str:
    """Case, spacing and punctuation do not change a statement."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))
