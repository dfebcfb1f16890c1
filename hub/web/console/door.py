# SPDX-License-Identifier: Apache-2.0
"""In and out: login, logout, language, second factor."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.flows import first, staff
from hub.flows.roles import May
from hub.store.tables import Controller, Staff
from hub.web.console import onward
from hub.web.console.leaves import HEADERS, LANGUAGES
from hub.web.console.rooms import COOKIE, LANGUAGE, Form, Rooms, Visitor
from hub.web.public.sheets import fields


def routes(rooms: Rooms) -> list[Route]:
    door = Door(rooms)
    return [
        Route("/console/login", door.ask),
        Route("/console/login", door.enter, methods=["POST"]),
        Route("/console/logout", door.leave, methods=["POST"]),
        Route("/console/language/{language}", door.speak, methods=["POST"]),
        rooms.show("/console/me", May.LOOK, "me.html", _me),
        rooms.act("/console/me/factor", May.LOOK, "staff.second_factor", _confirm),
    ]


class Door:
    """The pages that need no visit."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms, self.world = rooms, rooms.world

    async def ask(self, request: Request) -> Response:
        if await run_in_threadpool(self._first):
            return RedirectResponse("/console/first", 303, HEADERS)
        why = onward.known(request.query_params.get("why", ""))
        if why and "here" not in request.query_params:
            then = f"{onward.page(why)}?here=1"
            return self.rooms.leaves.page("onward.html", self.language(request), said="why", onward=then)
        return self.page(request, why=why)

    def _first(self) -> bool:
        with self.world.db.read() as session:
            return first.wanted(session)

    async def enter(self, request: Request) -> Response:
        if not self.from_here(request):
            return self.page(request, refused="refused")
        form = await fields(request)
        why = form.get("why", [""])[0]
        token = await run_in_threadpool(self._enter, form)
        if not token:
            return self.page(request, refused="refused", why=onward.known(why))
        # always a new secret: one that was planted before is worth nothing
        answer = RedirectResponse(onward.page(why), 303, HEADERS)
        self.give(answer, COOKIE, token)
        return answer

    def give(self, answer: Response, name: str, value: str) -> None:
        """A cookie of the console."""
        secure = self.world.settings.public_url.startswith("https://")
        answer.set_cookie(name, value, httponly=True, samesite="strict", path="/console", secure=secure)

    def _enter(self, form: Form) -> str:
        login, password, code = (form.get(name, [""])[0] for name in ("login", "password", "code"))
        with self.world.db.write() as session:
            return staff.enter(self.world, session, login, password, code)

    async def leave(self, request: Request) -> Response:
        if self.from_here(request):
            await run_in_threadpool(self._leave, request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/console/login", 303, HEADERS)
        answer.delete_cookie(COOKIE, path="/console")
        return answer

    def _leave(self, token: str) -> None:
        with self.world.db.write() as session:
            staff.leave(session, token)

    async def speak(self, request: Request) -> Response:
        """The language, for this browser."""
        answer = RedirectResponse("/console", 303, HEADERS)
        wanted = request.path_params["language"]
        if wanted in LANGUAGES:
            self.give(answer, LANGUAGE, wanted)
        return answer

    def language(self, request: Request) -> str:
        """Of somebody who is not known yet."""
        chosen = request.cookies.get(LANGUAGE, "")
        accepted = request.headers.get("accept-language", "de")[:2].lower()
        return next((one for one in (chosen, accepted) if one in LANGUAGES), "en")

    def page(self, request: Request, *, refused: str = "", why: str = "") -> Response:
        """The login. `refused`: the word that says why somebody stays outside; `why`: the page they come for."""
        facts = {"issuer": urlsplit(self.world.settings.oidc_issuer).hostname or "", "onward": why}
        status = 401 if refused else 200
        return self.rooms.leaves.page("login.html", self.language(request), status, refused=refused, **facts)

    def from_here(self, request: Request) -> bool:
        """Browsers say where a form was sent from; another site's is none of ours."""
        origin = request.headers.get("origin")
        return origin is None or origin.rstrip("/") in {
            self.world.settings.public_url.rstrip("/"),
            f"{request.url.scheme}://{request.headers.get('host', '')}",
        }


def _me(visitor: Visitor, session: Session, owner: Controller) -> dict[str, object]:
    row = session.get_one(Staff, visitor.actor.id)
    secret = "" if row.totp else staff.new_second_factor()
    return {"row": row, "secret": secret, "uri": staff.second_factor_uri(row, secret) if secret else ""}


def _confirm(visitor: Visitor, session: Session, owner: Controller) -> str:
    row = session.get_one(Staff, visitor.actor.id)
    staff.confirm_second_factor(visitor.world, session, row, visitor.said("secret"), visitor.said("code"))
    return "/console/me"
