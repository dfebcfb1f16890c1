# SPDX-License-Identifier: Apache-2.0
"""What everybody who applies a webhook has on the desk: one connection, one transaction, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from hub.contract import Point, SendRequested, StatusChanged
from hub.flows import contacts, reports, routing
from hub.flows.points import locate
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Connection, ContactPoint, Controller, Sender


@dataclass
class Desk:
    """`told` is for the CRM, `senders` have something new to send, `sync` asks for a walk through the CRM.

    `early` came before what they are about: statuses of a message, workflows that ask for a record not read yet.
    """

    world: World
    session: Session
    chain: Chain
    controller: Controller
    connection: Connection
    told: list[reports.Told] = field(default_factory=list)
    senders: set[str] = field(default_factory=set)
    early: list[StatusChanged | SendRequested] = field(default_factory=list)
    sync: bool = False
    _known: dict[str, Sender | None] = field(default_factory=dict)

    def sender(self, vendor_id: str) -> Sender | None:
        """Our number under the vendor's id of it; one that was moved, as it is at its new provider."""
        if vendor_id not in self._known:
            found = self.session.exec(
                select(Sender).where(Sender.connection_id == self.connection.id, col(Sender.vendor_id) == vendor_id)
            ).first()
            self._known[vendor_id] = routing.successor(self.session, found) if found else None
        return self._known[vendor_id]

    def tokens(self, points: Sequence[Point], at: datetime) -> list[str]:
        """Every token of whoever these points belong to, and belonged to at `at`: some webhooks come late."""
        tokens: list[str] = []
        for point in points:
            versions = self.world.vault.tokens(self.controller.id, locate(point).point)
            now, then = col(ContactPoint.token).in_(versions), col(ContactPoint.former).in_(versions)
            theirs = now | (then & (col(ContactPoint.left_at) >= at))
            mine = select(ContactPoint.contact_id).where(ContactPoint.controller_id == self.controller.id, theirs)
            for contact_id in self.session.exec(mine):
                tokens += contacts.tokens_of(self.session, contact_id)
            tokens += versions
        return list(dict.fromkeys(tokens))
