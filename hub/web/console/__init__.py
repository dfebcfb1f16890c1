# SPDX-License-Identifier: Apache-2.0
"""The console: server-rendered pages for the people who work with the hub. Each room brings its pages."""

from __future__ import annotations

from starlette.routing import BaseRoute

from hub.contract import BadInput
from hub.flows.world import World
from hub.web.console import (
    campaigns,
    connecting,
    connections,
    consent,
    door,
    events,
    first,
    guide,
    inviting,
    making,
    mapping,
    people,
    proof,
    providers,
    record,
    reviews,
    rights,
    telling,
    today,
    ways,
    why,
)
from hub.web.console.leaves import Leaves
from hub.web.console.live import Live
from hub.web.console.rooms import Rooms
from hub.web.hands import Hands, Playground

PREFIX = "/console"


def routes(world: World, hands: Hands, playground: Playground | None = None) -> list[BaseRoute]:
    """Everything below `PREFIX`."""
    leaves = Leaves()
    rooms = Rooms(world, hands, leaves)
    live = Live(rooms)
    return [
        *leaves.routes(),
        *door.routes(rooms),
        *first.routes(rooms),
        *_elsewhere(rooms),
        *guide.routes(rooms, playground),
        *today.routes(rooms, live),
        *making.routes(rooms),  # here and below, before the page of one: `new` is no id
        *campaigns.routes(rooms, live),
        *people.routes(rooms),
        *rights.routes(rooms),
        *why.routes(rooms),
        *reviews.routes(rooms),
        *inviting.routes(rooms),
        *consent.routes(rooms),
        *telling.routes(rooms),
        *proof.routes(rooms),
        *record.routes(rooms),
        *connecting.routes(rooms),
        *connections.routes(rooms),
        *mapping.routes(rooms),
        *providers.routes(rooms),
        *ways.routes(rooms),
        *events.routes(rooms),
    ]


def _elsewhere(rooms: Rooms) -> list[BaseRoute]:
    """Raises `BadInput` where an OpenID provider is set, and what speaks with it is not installed."""
    if not rooms.world.settings.oidc_issuer:
        return []
    try:
        from hub.web.console import oidc  # its dependencies are an extra
    except ImportError:
        remedy = "pip install 'consent-hub[oidc]'"
        raise BadInput("needs what is not installed", field="HUB_OIDC_ISSUER", remedy=remedy) from None
    return oidc.routes(rooms)
