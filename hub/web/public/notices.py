# SPDX-License-Identifier: Apache-2.0
"""The public page of a notice: one version, for ever under its own address."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from hub.flows import notices
from hub.flows.world import World
from hub.store.tables import Controller
from hub.web.public.sheets import Sheets


class Notices:
    def __init__(self, world: World, sheets: Sheets) -> None:
        self.world, self.sheets = world, sheets

    def routes(self) -> list[Route]:
        return [Route("/n/{address}", self.show)]

    async def show(self, request: Request) -> Response:
        return await run_in_threadpool(self._show, request.path_params["address"])

    def _show(self, address: str) -> Response:
        with self.world.db.read() as session:
            notice = notices.shown_at(session, address)
            if notice is None:
                return HTMLResponse("Not found", 404, self.sheets.headers())
            controller = session.get_one(Controller, notice.controller_id)
            return self.sheets.page("notice.html", notice.language, notice=notice, controller=controller.name)
