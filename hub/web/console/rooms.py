# SPDX-License-Identifier: Apache-2.0
"""What every page of the console goes through: who visits, may they, in which language; and for what changes something,
that the form is ours, that it is written down who did it, and that a mistake is told in one place."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from sqlalchemy.exc import DataError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.contract import BadInput, HubError
from hub.flows import audit, staff
from hub.flows.audit import Actor
from hub.flows.roles import May
from hub.flows.world import World
from hub.store.tables import Controller, Staff
from hub.web.console import mistakes, onward, uploads
from hub.web.console.leaves import HEADERS, LANGUAGES, Leaves
from hub.web.console.uploads import Files
from hub.web.hands import Hands
from hub.web.public.sheets import fields

COOKIE, LANGUAGE = "hub_visit", "hub_language"
Form = Mapping[str, list[str]]


class NotFound(Exception):
    """There is no such thing, or it is another company's."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request of somebody who is logged in."""

    world: World
    hands: Hands
    actor: Actor
    language: str
    token: str = field(repr=False)
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Form = field(default_factory=dict, repr=False)
    files: Files = field(default_factory=dict, repr=False)
    asked: Any = field(default=None, repr=False)  # what a CRM or vendor answered, before the deed

    def said(self, name: str) -> str:
        """A field of the form, trimmed."""
        return self.form.get(name, [""])[0].strip()

    def typed(self, name: str, otherwise: str = "") -> str:
        """What the form says, else the address; for a page that is shown again with what was typed."""
        return self.said(name) if self.form else self.query.get(name, otherwise).strip()


@dataclass(frozen=True, slots=True)
class Made:
    """Where to go, and the id of what was made, for the audit row."""

    then: str
    id: str


@dataclass(frozen=True, slots=True)
class Once:
    """A page that shows what nobody can see again, and the id of what was made."""

    page: str
    facts: dict[str, Any] = field(repr=False)
    id: str


@dataclass(frozen=True, slots=True)
class Leaflet:
    """A file to take away."""

    name: str
    media_type: str
    body: bytes = field(repr=False)

    def answer(self) -> Response:
        named = f"attachment; filename*=UTF-8''{quote(self.name, safe='')}"
        return Response(self.body, 200, {**HEADERS, "content-disposition": named}, self.media_type)


Facts = Callable[[Visitor, Session, Controller], dict[str, Any]]
Deed = Callable[[Visitor, Session, Controller], "str | Made | Once"]
Ask = Callable[[Visitor, Session, Controller], Any]


class Rooms:
    """Makes routes of what a room can show and do."""

    def __init__(self, world: World, hands: Hands, leaves: Leaves) -> None:
        self.world, self.hands, self.leaves = world, hands, leaves

    def show(self, path: str, may: May, page: str, facts: Facts) -> Route:
        """A page with what `facts` finds. The session only reads."""

        def answer(visitor: Visitor, row: Staff) -> Response:
            with self.world.db.read() as session:
                found = facts(visitor, session, session.get_one(Controller, row.controller_id))
            return self.page(visitor, page, **found)

        return Route(path, self._visited(may, answer))

    def hand(self, path: str, may: May, make: Callable[[Visitor, Session, Controller], Leaflet]) -> Route:
        """A file to take away. The session only reads."""

        def answer(visitor: Visitor, row: Staff) -> Response:
            with self.world.db.read() as session:
                leaflet = make(visitor, session, session.get_one(Controller, row.controller_id))
            return leaflet.answer()

        return Route(path, self._visited(may, answer))

    def act(
        self,
        path: str,
        may: May,
        what: str,
        deed: Deed,
        *,
        ask: Ask | None = None,
        again: tuple[str, Facts] | None = None,
        upload: int = 0,
    ) -> Route:
        """A form's deed, in one transaction with its audit row. `deed` returns where to go then, or what to show once.

        `ask` goes to a CRM or vendor before, so that nobody waits for them with the database in hand. `again`: the page
        that is shown with the problem when something typed is wrong, with what was typed. `upload`: the form has files,
        of so many bytes at most.
        """

        def do(visitor: Visitor, row: Staff) -> Response:
            if ask is not None:
                with self.world.db.read() as session:
                    asked = ask(visitor, session, session.get_one(Controller, row.controller_id))
                visitor = replace(visitor, asked=asked)
            with self.world.db.write() as session:
                done = deed(visitor, session, session.get_one(Controller, row.controller_id))
                made = Made(done, visitor.path.get("id", "")) if isinstance(done, str) else done
                audit.write(self.world, session, visitor.actor, what, made.id)
            if isinstance(made, Once):
                return self.page(visitor, made.page, **made.facts)
            return RedirectResponse(made.then, 303, HEADERS)

        def answer(visitor: Visitor, row: Staff) -> Response:
            try:
                return do(visitor, row)
            except BadInput as problem:
                return self._again(visitor, row, again, problem)

        return Route(path, self._visited(may, answer, acts=True, upload=upload), methods=["POST"])

    def fetch(self, path: str, may: May, what: str, make: Callable[[Visitor, Controller], Leaflet]) -> Route:
        """A form that asks for a file; it leaves once the audit row is there. `make` opens its own sessions."""

        def answer(visitor: Visitor, row: Staff) -> Response:
            made = make(visitor, self._owner(row))
            self._note(visitor, what)
            return made.answer()

        return Route(path, self._visited(may, answer, acts=True), methods=["POST"])

    def run(
        self,
        path: str,
        may: May,
        what: str,
        page: str,
        facts: Callable[[Visitor, Controller], dict[str, Any]],
        *,
        again: tuple[str, Facts] | None = None,
    ) -> Route:
        """A form that asks for long work and shows what came of it. `facts` opens its own sessions. `again` as in
        `act`."""

        def answer(visitor: Visitor, row: Staff) -> Response:
            try:
                found = facts(visitor, self._owner(row))
            except BadInput as problem:
                return self._again(visitor, row, again, problem)
            self._note(visitor, what)
            return self.page(visitor, page, **found)

        return Route(path, self._visited(may, answer, acts=True), methods=["POST"])

    def _again(self, visitor: Visitor, row: Staff, again: tuple[str, Facts] | None, problem: BadInput) -> Response:
        """The form with the problem and all that was typed. Raises the problem where there is none to show."""
        if again is None:
            raise problem
        with self.world.db.read() as session:
            found = again[1](visitor, session, session.get_one(Controller, row.controller_id))
        return self.page(visitor, again[0], 422, **found, problem=problem)

    def _owner(self, row: Staff) -> Controller:
        with self.world.db.read() as session:
            return session.get_one(Controller, row.controller_id)

    def _note(self, visitor: Visitor, what: str) -> None:
        with self.world.db.write() as session:
            audit.write(self.world, session, visitor.actor, what, visitor.path.get("id", ""))

    def page(self, visitor: Visitor, name: str, status: int = 200, **facts: Any) -> Response:
        """A page inside the frame."""
        frame = {"me": visitor.actor, "ticket": staff.form_ticket(visitor.token), "may": May}
        return self.leaves.page(name, visitor.language, status, **frame, **facts)

    def _visited(
        self, may: May, answer: Callable[[Visitor, Staff], Response], *, acts: bool = False, upload: int = 0
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            form: Form = {}
            files: Files = {}
            if upload and uploads.has_files(request):
                if await run_in_threadpool(self._visits, request):  # nobody else's files are held in memory
                    form, files = await uploads.read(request, upload)
            elif acts:
                form = await fields(request)
            return await run_in_threadpool(self._enter, request, form, files, may, answer, acts)

        return endpoint

    def _visits(self, request: Request) -> bool:
        with self.world.db.read() as session:
            return staff.visiting(self.world, session, request.cookies.get(COOKIE, "")) is not None

    def _enter(
        self,
        request: Request,
        form: Form,
        files: Files,
        may: May,
        answer: Callable[[Visitor, Staff], Response],
        acts: bool,
    ) -> Response:
        found = self._visitor(request, form, files)
        if found is None:
            return RedirectResponse(onward.login(request), 303, HEADERS)
        visitor, row = found
        self._stay(visitor)
        if not visitor.actor.may(may):
            return self._told(visitor, 403, "not_allowed")
        if acts and not secrets.compare_digest(visitor.said("ticket"), staff.form_ticket(visitor.token)):
            return self._told(visitor, 403, "not_ours")
        try:
            return answer(visitor, row)
        except NotFound:
            return self._told(visitor, 404, "not_found")
        except BadInput as problem:
            told = mistakes.said(problem, visitor.language)._asdict()
            return self.page(visitor, "problem.html", 422, title="mistake", **told | {"spoken": told.pop("language")})
        except DataError:  # no text, or no number, that a database could hold
            return self._told(visitor, 422, "mistake")
        except HubError as trouble:
            told = {"field": "", "problem": str(trouble), "remedy": "", "spoken": "en"}
            return self.page(visitor, "problem.html", 502, title="trouble", **told)

    def watching(self, request: Request, may: May) -> Visitor | None:
        """Who looks on without a click, if they may; that keeps no visit open."""
        found = self._visitor(request, {}, {})
        return found[0] if found is not None and found[0].actor.may(may) else None

    def _visitor(self, request: Request, form: Form, files: Files) -> tuple[Visitor, Staff] | None:
        token, spoken = (request.cookies.get(name, "") for name in (COOKIE, LANGUAGE))
        with self.world.db.read() as session:
            row = staff.visiting(self.world, session, token) if token else None
        if row is None:
            return None
        language = spoken if spoken in LANGUAGES else row.language
        asked = (token, request.path_params, request.query_params)
        return Visitor(self.world, self.hands, staff.actor(row), language, *asked, form, files), row

    def _told(self, visitor: Visitor, status: int, title: str) -> Response:
        return self.page(visitor, "problem.html", status, title=title, field="", problem="", remedy="", spoken="")

    def _stay(self, visitor: Visitor) -> None:
        with self.world.db.read() as session:
            due = staff.to_be_seen(self.world, session, visitor.token)
        if due:
            with self.world.db.write() as session:
                staff.seen(self.world, session, visitor.token)
