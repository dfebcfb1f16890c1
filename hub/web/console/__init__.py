# SPDX-License-Identifier: Apache-2.0
"""The console: server-rendered pages for the people who work with the hub. Each room brings its pages."""

from __future__ import annotations

from starlette.routing import Route

from hub.flows.world import World
from hub.web.console import campaigns, connections, consent, door, making, people, proof, reviews, today
from hub.web.console.leaves import Leaves
from hub.web.console.rooms import Rooms
from hub.web.hands import Hands

PREFIX = "/console"


def routes(world: World, hands: Hands) -> list[Route]:
    """Everything below `PREFIX`."""
    leaves = Leaves()
    rooms = Rooms(world, hands, leaves)
    return [
        *leaves.routes(),
        *door.routes(rooms),
        *today.routes(rooms),
        *making.routes(rooms),  # before the page of one campaign: `new` is no id
        *campaigns.routes(rooms),
        *people.routes(rooms),
        *reviews.routes(rooms),
        *consent.routes(rooms),
        *proof.routes(rooms),
        *connections.routes(rooms),
    ]
