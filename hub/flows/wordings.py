# SPDX-License-Identifier: Apache-2.0
"""Consent texts. Each is a version of its own, named by the hash of all it says, and never changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, func, select

from hub.contract import BadInput, Channel, Purpose
from hub.flows.world import World
from hub.store.ledger import canonical, digest
from hub.store.tables import Controller, Wording

LANGUAGES = ("de", "en")
_STATEMENT = {
    "de": "Ja, ich willige ein. Code {code}",
    "en": "Yes, I consent. Code {code}",
}
_WITHDRAWAL = {
    "de": "Ich kann das jederzeit mit Wirkung für die Zukunft widerrufen, am einfachsten mit STOPP im Chat.",
    "en": "I can withdraw this at any time with effect for the future, most easily with STOP in the chat.",
}
_TEXT = {
    "de": (
        "{controller} darf mir per WhatsApp Werbung zu folgenden Themen schicken: {topics}. "
        "Dafür wird meine Mobilnummer verarbeitet und an den WhatsApp-Dienstleister von {controller} sowie an "
        "WhatsApp Ireland Ltd. übermittelt. {withdrawal}"
    ),
    "en": (
        "{controller} may send me advertising by WhatsApp about these topics: {topics}. "
        "My mobile number is processed for this and passed to the WhatsApp provider of {controller} and to "
        "WhatsApp Ireland Ltd. {withdrawal}"
    ),
}


def make(
    world: World, session: Session, controller: Controller, language: str, topics: Sequence[str], text: str = ""
) -> Wording:
    """The wording that says this, new or known; its text is made from the topics unless given. Raises `BadInput`."""
    _check_scope(language, topics)
    full = text.strip() or _TEXT[language].format(
        controller=controller.name, topics=", ".join(topics), withdrawal=_WITHDRAWAL[language]
    )
    _check_text(controller, full)
    facts: dict[str, Any] = {
        "controllers": [controller.name],
        "channels": [Channel.WHATSAPP],
        "purposes": [Purpose.MARKETING],
        "topics": sorted(topics),
        "language": language,
        "statement": _STATEMENT[language],
        "text": full,
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


def _check_text(controller: Controller, full: str) -> None:
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


def yes_of(wording: Wording) -> str:
    """The statement without its code: "Ja, ich willige ein"."""
    return wording.statement.partition(".")[0]


def plain(text: str) -> str:
    """Case, spacing and punctuation do not change a statement."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))
