# SPDX-License-Identifier: Apache-2.0
"""What everybody who applies a webhook has on the desk: one connection, one transaction, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from hub.contract import Point
from hub.flows import contacts, reports
from hub.flows.points import locate
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import Connection, Controller, Sender


@dataclass
class Desk:
    """`told` is for the CRM, `senders` have something new to send, `sync` asks for a walk through the CRM."""

    world: World
    session: Session
    chain: Chain
    controller: Controller
    connection: Connection
    told: list[reports.Told] = field(default_factory=list)
    senders: set[str] = field(default_factory=set)
    sync: bool = False
    _known: dict[str, Sender | None] = field(default_factory=dict)

    def sender(self, vendor_id: str) -> Sender | None:
        """Our number under the vendor's id of it."""
        if vendor_id not in self._known:
            self._known[vendor_id] = self.session.exec(
                select(Sender).where(Sender.connection_id == self.connection.id, col(Sender.vendor_id) == vendor_id)
            ).first()
        return self._known[vendor_id]

    def tokens(self, points: Sequence[Point]) -> list[str]:
        """Every token of whoever these points belong to."""
        tokens: list[str] = []
        for point in points:
            row = contacts.find_point(self.world, self.session, self.controller, locate(point).point)
            tokens += contacts.tokens_of(self.session, row.contact_id) if row else []
            tokens += self.world.vault.tokens(self.controller.id, locate(point).point)
        return list(dict.fromkeys(tokens))
