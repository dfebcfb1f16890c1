# SPDX-License-Identifier: Apache-2.0
"""From a queued row to what a provider is handed: the number and the text are opened here, and nowhere before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlmodel import Session

from hub.contract import Content, Outgoing, Point, PointKind, Purpose, TemplateContent, TextContent
from hub.flows import variants
from hub.flows.world import World
from hub.store.direct import fetch, table
from hub.store.ledger import canonical
from hub.store.sets import among
from hub.store.tables import Campaign, Contact, ContactPoint, Sender
from hub.store.vault import Sealed, unseal


class Empty(Exception):
    """A template parameter for which this person has no value and the campaign no fallback."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One recipient, still sealed."""

    point_id: str
    contact_id: str
    kind: str
    token: str
    value: bytes
    data_key: bytes | None
    profile: bytes | None


_POINT, _CONTACT = table(ContactPoint).c, table(Contact).c
_LETTERS = (
    select(
        _POINT.id,
        _POINT.contact_id,
        _POINT.kind,
        _POINT.token,
        _POINT.value,
        _CONTACT.data_key,
        _CONTACT.profile,
    )
    .join_from(table(ContactPoint), table(Contact), _POINT.contact_id == _CONTACT.id)
    .where(among(_POINT.id))
)


def letters(session: Session, point_ids: Iterable[str]) -> dict[str, Letter]:
    """Recipients by contact point."""
    return {row[0]: Letter(*row) for row in fetch(session, _LETTERS, keys=point_ids)}


def key_of(world: World, letter: Letter) -> AESGCM:
    """The recipient's own key. Raises `Sealed` after erasure."""
    return world.vault.key_of(letter.contact_id, letter.data_key)


def text_of(world: World, letter: Letter, row: Any) -> str:
    """What a message without a template says; nothing once it cannot be read any more, and then it is not sent."""
    try:
        return _text(key_of(world, letter), row)
    except Sealed:
        return ""


def _text(key: AESGCM, row: Any) -> str:
    return unseal(key, row.text, f"message:{row.id}").decode() if row.text is not None else ""


def address(world: World, sender: Sender, letter: Letter, row: Any, campaign: Campaign | None) -> Outgoing:
    """Raises `Sealed` after erasure, `Empty`."""
    key = key_of(world, letter)
    to = Point(PointKind(letter.kind), unseal(key, letter.value, f"point:{letter.point_id}").decode())
    return Outgoing(row.id, sender.vendor_id, to, Purpose(row.purpose), _content(key, letter, row, campaign))


def _content(key: AESGCM, letter: Letter, row: Any, campaign: Campaign | None) -> Content:
    if row.text is not None:
        return TextContent(_text(key, row))
    if row.parameters is not None:
        filled = orjson.loads(unseal(key, row.parameters, f"parameters:{row.id}"))
        return TemplateContent(row.template, row.language, tuple((name, value) for name, value in filled))
    assert campaign is not None
    variant = variants.carried(campaign, row)
    profile = orjson.loads(unseal(key, letter.profile, f"profile:{letter.contact_id}")) if letter.profile else {}
    parameters = tuple(
        (name, _filled(name, profile.get(source) or fallback)) for name, source, fallback in variant.parameters
    )
    return TemplateContent(variant.template, variant.language, parameters)


def _filled(name: str, value: str) -> str:
    """A parameter's value in one line: WhatsApp refuses line breaks, tabs, runs of spaces and empty ones."""
    line = " ".join(value.split())
    if not line:
        raise Empty(name)
    return line


def content_hmac(world: World, controller_id: str, outgoing: Outgoing) -> str:
    """A keyed hash of what is sent: a plain one of a name or number could be guessed."""
    content = outgoing.content
    fields: object
    if isinstance(content, TextContent):
        fields = [content.body]
    elif isinstance(content, TemplateContent):
        fields = [content.name, content.language, content.parameters]
    else:
        fields = asdict(content)
    return world.vault.reference(controller_id, canonical({"content": type(content).__name__, "fields": fields}))
