# SPDX-License-Identifier: Apache-2.0
"""Pages for the person. They work without scripts, load nothing from elsewhere, and looking changes nothing."""

from __future__ import annotations

from starlette.routing import Route

from hub.flows.world import World
from hub.web.public.notices import Notices
from hub.web.public.opt_in import OptIn
from hub.web.public.preferences import Preferences
from hub.web.public.sheets import Sheets


class Public:
    def __init__(self, world: World) -> None:
        sheets = Sheets()
        self._rooms = OptIn(world, sheets), Preferences(world, sheets), Notices(world, sheets)

    def routes(self) -> list[Route]:
        return [route for room in self._rooms for route in room.routes()]
