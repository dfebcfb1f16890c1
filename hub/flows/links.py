# SPDX-License-Identifier: Apache-2.0
"""Links that open a person's own pages: sealed, so that they can neither be made nor read by others, and expiring.

A link names a contact point by our opaque id and nothing else. Who has the link can look and withdraw, as who has the
phone can; nobody can agree to anything by it.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from hub.flows.world import World
from hub.store.tables import Contact, ContactPoint, Controller
from hub.store.vault import Sealed

PREFERENCES, RECEIPT = "p", "r"
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Link:
    """What a link opens. `about` is the ledger id of a consent, for a receipt."""

    kind: str
    point_id: str
    about: str
    made_at: datetime  # whole seconds


@dataclass(frozen=True, slots=True)
class Opened:
    """The person behind a link."""

    link: Link
    controller: Controller
    contact: Contact
    point: ContactPoint


def make(world: World, kind: str, point: ContactPoint, about: str = "", *, like: Link | None = None) -> str:
    """The address of a page. `like` is the link it is shown behind: it expires with that one."""
    made_at = like.made_at if like else world.now()
    plain = f"{point.id}|{about}|{int(made_at.timestamp()):x}"
    token = base64.urlsafe_b64encode(world.vault.seal(plain.encode(), f"link:{kind}")).rstrip(b"=").decode()
    return f"{world.settings.public_url.rstrip('/')}/{kind}/{token}"


def read(world: World, kind: str, token: str) -> Link | None:
    """None for a link that is not ours, or has expired."""
    if len(token) > _LONGEST:
        return None
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        point_id, about, seconds = world.vault.open(sealed, f"link:{kind}").decode().split("|")
    except (binascii.Error, Sealed, ValueError):
        return None
    made_at = datetime.fromtimestamp(int(seconds, 16), UTC)
    link = Link(kind, point_id, about, made_at)
    return link if world.now() < expires(world, link) else None


def expires(world: World, link: Link) -> datetime:
    """When it stops to open."""
    return link.made_at + timedelta(days=world.settings.link_days)


def whose(session: Session, link: Link) -> Opened | None:
    """None once the person was erased, or the number may have a new holder."""
    point = session.get(ContactPoint, link.point_id)
    contact = session.get_one(Contact, point.contact_id) if point else None
    if point is None or contact is None or contact.erased_at is not None:
        return None
    if contact.reassigned_at is not None and link.made_at <= contact.reassigned_at:
        return None
    return Opened(link, session.get_one(Controller, contact.controller_id), contact, point)


def ticket(world: World, opened: Opened) -> str:
    """Goes with every form behind a link, so that only a page of ours can send it."""
    link = opened.link
    return world.vault.reference(opened.controller.id, f"form|{link.kind}|{link.point_id}|{link.made_at.isoformat()}")
