# SPDX-License-Identifier: Apache-2.0
"""The opt-in page: the full wording, the way into the chat, a QR code, and the web form where the page has one."""

from __future__ import annotations

import segno
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.contract import BadInput
from hub.flows import notices, optin, webform, wordings
from hub.flows.world import World
from hub.store.tables import Controller, OptInPage, Wording
from hub.web.public.sheets import Sheets, fields, first


class OptIn:
    def __init__(self, world: World, sheets: Sheets) -> None:
        self.world, self.sheets = world, sheets

    def routes(self) -> list[Route]:
        return [
            Route("/o/{page}", self.show),
            Route("/o/{page}", self.send, methods=["POST"]),
            Route("/o/{page}/sent", self.sent),
        ]

    async def show(self, request: Request) -> Response:
        return await run_in_threadpool(self._show, request.path_params["page"])

    async def send(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        return await run_in_threadpool(self._send, request.path_params["page"], await fields(request), address)

    async def sent(self, request: Request) -> Response:
        return await run_in_threadpool(self._sent, request.path_params["page"])

    def _show(self, page_id: str) -> Response:
        with self.world.db.read() as session:
            page = self._find(session, page_id)
            return self._page(session, page) if page else self._missing()

    def _send(self, page_id: str, form: dict[str, list[str]], address: str) -> Response:
        with self.world.db.write() as session:
            page = self._find(session, page_id)
            if page is None or not page.confirm_template:
                return self._missing()
            if page.closed_at is not None:
                return self._page(session, page)
            if not webform.admit(self.world, session, page, address):
                return self._page(session, page, 429, problem="too_many")
            wording = webform.shown(self.world, session, page, first(form, "form"))
            typed = first(form, "number")
            if wording is None or wording.id != page.wording_id:
                return self._page(session, page, 400, problem="look_again", typed=typed)
            if first(form, "agree") != "yes":
                return self._page(session, page, 400, problem="not_ticked", typed=typed)
            return self._ask(session, page, wording, typed)

    def _ask(self, session: Session, page: OptInPage, wording: Wording, typed: str) -> Response:
        try:
            number = webform.read(session.get_one(Controller, page.controller_id), typed)
        except BadInput:
            return self._page(session, page, 400, problem="bad_number", typed=typed)
        webform.request(self.world, session, page, wording, number)
        return RedirectResponse(f"/o/{page.id}/sent", 303, self.sheets.headers())

    def _sent(self, page_id: str) -> Response:
        """The same for everybody: it does not tell whether the number is known, stopped or asked before."""
        with self.world.db.read() as session:
            page = self._find(session, page_id)
            if page is None or page.closed_at is not None or not page.confirm_template:
                return self._missing()
            invited = optin.invitation(session, page)
            controller = session.get_one(Controller, page.controller_id)
            return self.sheets.page(
                "sent.html", invited.wording.language, title=page.title, controller=controller.name, page=page
            )

    def _find(self, session: Session, page_id: str) -> OptInPage | None:
        return session.get(OptInPage, page_id) if page_id.isalnum() else None

    def _missing(self) -> Response:
        return HTMLResponse("Not found", 404, self.sheets.headers())

    def _page(
        self, session: Session, page: OptInPage, status: int = 200, *, problem: str = "", typed: str = ""
    ) -> Response:
        invited = optin.invitation(session, page)
        qr = segno.make(invited.link, error="m")
        has_form = bool(page.confirm_template) and page.closed_at is None
        return self.sheets.page(
            "opt_in.html",
            invited.wording.language,
            410 if page.closed_at else status,
            form=has_form,
            title=page.title,
            controller=session.get_one(Controller, page.controller_id).name,
            wording=invited.wording,
            statement=invited.statement,
            yes=wordings.yes_of(invited.wording),
            link=invited.link,
            notice=notices.path(invited.notice.id) if invited.notice else "",
            hint=invited.hint,
            qr=qr.svg_data_uri(scale=5, border=2),
            closed=page.closed_at is not None,
            page=page,
            ticket=webform.ticket(self.world, page) if has_form else "",
            problem=problem,
            typed=typed,
        )
