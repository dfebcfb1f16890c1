# SPDX-License-Identifier: Apache-2.0
"""A provider account opened for something that not every provider can do."""

from __future__ import annotations

from typing import Any

from hub.cli.session import controller
from hub.contract import BadInput, Provider
from hub.flows import accounts
from hub.flows.world import World
from hub.store.tables import Connection
from hub.work.crew import Crew


def able(built: World, hands: Crew, name: str, ability: type) -> tuple[Connection, Any]:
    """The connection and its plugin. Raises `BadInput` when that cannot do this, naming those that can."""
    with built.db.read() as session:
        found = accounts.find_connection(session, controller(built, session), name)
        live = accounts.open_connector(built, found, hands.bridge.http)
    if isinstance(live, ability):
        return found, live
    known = sorted(name for name, cls in built.registry.connectors.items() if issubclass(cls, ability))
    remedy = f"Plugins that can: {', '.join(known) or 'none'}."
    kind = "" if isinstance(live, Provider) else ", which is no provider,"
    raise BadInput(f"{found.title}{kind} cannot do this", field="connection", remedy=remedy)
