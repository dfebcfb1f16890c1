# SPDX-License-Identifier: Apache-2.0
"""Drafts of notices in German and English, from what the hub knows and what the operator adds.

They follow the lists of Art. 13 and 14 GDPR. A draft is no legal advice: whoever answers for it reads it first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from hub.contract import BadInput
from hub.law.facts import NoticeKind

_WORDS: dict[str, dict[str, str]] = tomllib.loads((files("hub.flows") / "notice_texts.toml").read_text("utf-8"))
LANGUAGES = tuple(_WORDS)


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a notice tells. `storage`, `source` and `categories` are the operator's own sentences."""

    controller: str
    contact: str  # how to reach the controller
    privacy_url: str
    storage: str = ""  # how long, or by which criteria
    purposes: Sequence[str] = ()  # each with its legal basis; a draft of them where there are none
    recipients: Sequence[str] = ()
    transfers: Sequence[str] = ()  # country and tool: WhatsApp always has some
    officer: str = ""  # data protection officer
    source: str = ""  # Art. 14(2)(f)
    categories: str = ""  # Art. 14(1)(d)


def draft(kind: NoticeKind, language: str, told: Particulars) -> str:
    """The text of a notice. Raises `BadInput` naming what the kind needs and nobody gave."""
    needed = {
        NoticeKind.ART_13: ("contact", "privacy_url", "storage", "transfers"),
        NoticeKind.ART_14: ("contact", "privacy_url", "storage", "transfers", "source", "categories"),
        NoticeKind.ART_21_4: ("contact",),
    }[kind]
    for name in needed:
        if not "".join(getattr(told, name)).strip():
            raise BadInput("is empty", field=name, remedy="Say it, or give the whole text with --text.")
    words = _WORDS[language]
    values = {
        "controller": told.controller,
        "contact": told.contact,
        "privacy_url": told.privacy_url,
        "storage": told.storage,
        "source": told.source,
        "categories": told.categories,
        "officer": words["officer"].format(officer=told.officer) if told.officer else "",
        "purposes": _listed(told.purposes or words["purposes"].split("\n")),
        "recipients": _listed([*told.recipients, "WhatsApp Ireland Limited, Meta Platforms, Inc."]),
        "transfers": _listed(told.transfers),
    }
    parts = ["hint"] if kind is NoticeKind.ART_21_4 else ["who", "why", "to_whom", "how_long", "whatsapp", "rights"]
    if kind is NoticeKind.ART_14:
        parts.insert(2, "from_where")
    return "\n\n".join(words[part].format(**values) for part in parts)


def short(language: str, controller: str, link: str, kind: NoticeKind) -> str:
    """The first layer, for the chat: who, where everything stands, how to stop."""
    return _WORDS[language]["short_14" if kind is NoticeKind.ART_14 else "short"].format(
        controller=controller, link=link
    )


def _listed(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
