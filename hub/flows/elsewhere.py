# SPDX-License-Identifier: Apache-2.0
"""Consent texts that were shown elsewhere: on paper, on an earlier web form. The admin registers each word for word, so
that a claim can name the text that the person saw."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from hub.contract import BadInput, Channel, Purpose
from hub.flows import wordings
from hub.flows.world import World
from hub.store.tables import Controller, Wording

_NAMES: dict[Channel, re.Pattern[str]] = {
    Channel.WHATSAPP: re.compile(r"whatsapp", re.IGNORECASE),
    Channel.EMAIL: re.compile(r"e-?mail", re.IGNORECASE),
    Channel.SMS: re.compile(r"\bsms\b", re.IGNORECASE),
    Channel.PHONE: re.compile(r"telefon|anruf|phone|\bcalls?\b", re.IGNORECASE),
    Channel.POST: re.compile(r"\bpost\b|brief|letter|\bmail\b", re.IGNORECASE),
}


def register(
    world: World,
    session: Session,
    controller: Controller,
    *,
    text: str,
    language: str,
    topics: Sequence[str],
    channels: Sequence[Channel],
    shown_from: datetime,
) -> Wording:
    """Keep a text as it was shown from `shown_from` on; the same text again is the same wording.

    Raises `BadInput` where the text does not say what it is registered for: the company (Art. 4(11) GDPR), each channel
    (BGH I ZR 25/19), and a topic.
    """
    full = text.strip()
    if controller.name not in full:
        raise BadInput("does not name the company", field="text", remedy=f"It must say {controller.name!r}.")
    unnamed = [channel for channel in channels if not _NAMES[channel].search(full)]
    if unnamed or not channels:
        word = unnamed[0] if unnamed else "a channel"
        raise BadInput(f"does not name {word}", field="channel", remedy="Name only channels that the text names.")
    if not topics or any(not topic.strip() or topic == "*" for topic in topics):
        raise BadInput("name each topic", field="topics", remedy="Consent must be specific (Art. 4(11) GDPR).")
    if shown_from > world.now():
        raise BadInput("lies in the future", field="shown-from", remedy="Give the day on which it was first shown.")
    facts = {
        "controllers": [controller.name],
        "channels": sorted(channels),
        "purposes": [Purpose.MARKETING],
        "topics": sorted(topics),
        "language": language,
        "statement": "",  # nobody agrees to it here
        "text": full,
        "promised_per_30_days": None,
    }
    return wordings.keep(world, session, controller, facts, shown_from)
