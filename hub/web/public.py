# SPDX-License-Identifier: Apache-2.0
"""Pages for the person: the opt-in page with the full wording, a link into the chat, and a QR code."""

from __future__ import annotations

import segno
from jinja2 import Environment, PackageLoader, select_autoescape
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from hub.flows import notices, optin
from hub.flows.world import World
from hub.store.tables import Controller, NoticeText, OptInPage

_SAFE = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
_WORDS = {
    "de": {
        "agree": "Weiter in den Chat",
        "how": "So geht es: Öffnen Sie den Chat und senden Sie den vorbereiteten Satz unverändert ab. "
        "Erst damit willigen Sie ein. Vorher schreiben wir Ihnen nicht.",
        "statement": "Dieser Satz wird gesendet",
        "text": "Der Text Ihrer Einwilligung",
        "qr": "QR-Code, der den Chat mit dem vorbereiteten Satz öffnet",
        "version": "Fassung",
        "notice": "Was mit Ihren Daten geschieht (Datenschutzinformation)",
        "art_13": "Datenschutzinformation",
        "art_14": "Datenschutzinformation zu Daten aus anderer Quelle",
        "art_21_4": "Ihr Widerspruchsrecht",
        "since": "seit",
        "closed": "Diese Seite ist geschlossen.",
    },
    "en": {
        "agree": "Continue to the chat",
        "how": "How it works: open the chat and send the prepared sentence unchanged. "
        "Only then do you consent. We do not write to you before.",
        "statement": "This sentence is sent",
        "text": "The text of your consent",
        "qr": "QR code that opens the chat with the prepared sentence",
        "version": "Version",
        "notice": "What happens with your data (privacy notice)",
        "art_13": "Privacy notice",
        "art_14": "Privacy notice on data from another source",
        "art_21_4": "Your right to object",
        "since": "since",
        "closed": "This page is closed.",
    },
}


class Public:
    def __init__(self, world: World) -> None:
        self.world = world
        loader = PackageLoader("hub.web", "pages")
        self._pages = Environment(loader=loader, autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True)

    def routes(self) -> list[Route]:
        return [Route("/o/{page}", self.opt_in), Route("/n/{address}", self.notice)]

    async def notice(self, request: Request) -> Response:
        return await run_in_threadpool(self._notice, request.path_params["address"])

    def _notice(self, address: str) -> Response:
        """One version of a notice, for ever under this address."""
        with self.world.db.read() as session:
            notice = notices.shown_at(session, address)
            if notice is None:
                return HTMLResponse("Not found", 404, _SAFE)
            controller = session.get_one(Controller, notice.controller_id)
            html = self._pages.get_template("notice.html").render(
                words=_WORDS[notice.language], notice=notice, controller=controller.name
            )
            return HTMLResponse(html, 200, _SAFE)

    async def opt_in(self, request: Request) -> Response:
        return await run_in_threadpool(self._opt_in, request.path_params["page"])

    def _opt_in(self, page_id: str) -> Response:
        with self.world.db.read() as session:
            page = session.get(OptInPage, page_id) if page_id.isalnum() else None
            if page is None:
                return HTMLResponse("Not found", 404, _SAFE)
            return self._page(session, page)

    def _page(self, session: Session, page: OptInPage) -> Response:
        invited = optin.invitation(session, page)
        controller = session.get_one(Controller, page.controller_id)
        qr = segno.make(invited.link, error="m")
        html = self._pages.get_template("opt_in.html").render(
            words=_WORDS[invited.wording.language],
            language=invited.wording.language,
            title=page.title,
            controller=controller.name,
            wording=invited.wording,
            statement=invited.statement,
            link=invited.link,
            notice=_link(invited.notice),
            hint=invited.hint,
            qr=qr.svg_data_uri(scale=5, border=2),
            closed=page.closed_at is not None,
        )
        return HTMLResponse(html, 410 if page.closed_at else 200, _SAFE)


def _link(notice: NoticeText | None) -> str:
    return notices.path(notice.id) if notice else ""
