# SPDX-License-Identifier: Apache-2.0
"""The first start in the browser: the company and its first admin. Whoever has the code of the terminal may."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hub.contract import BadInput
from hub.flows import audit, first, staff
from hub.web.console.door import Door
from hub.web.console.leaves import HEADERS
from hub.web.console.rooms import COOKIE, Form, Rooms
from hub.web.public.sheets import fields

_FIELDS = ("code", "name", "country", "login", "person", "password")


def routes(rooms: Rooms) -> list[Route]:
    start = First(rooms)
    return [
        Route("/console/first", start.ask),
        Route("/console/first", start.begin, methods=["POST"]),
    ]


class First:
    """Two answers, and none once somebody works here."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms, self.world, self.door = rooms, rooms.world, Door(rooms)

    async def ask(self, request: Request) -> Response:
        return await run_in_threadpool(self._page, request, {})

    async def begin(self, request: Request) -> Response:
        if not self.door.from_here(request):
            return RedirectResponse("/console/first", 303, HEADERS)
        return await run_in_threadpool(self._begin, request, await fields(request))

    def _begin(self, request: Request, form: Form) -> Response:
        typed = {name: form.get(name, [""])[0] for name in _FIELDS}
        try:
            with self.world.db.write() as session:
                given = typed.pop("code")
                row = first.begin(self.world, session, given, **typed)
                audit.write(self.world, session, staff.actor(row), "staff.first", row.id)
        except BadInput as problem:
            return self._page(request, {**typed, "password": ""}, problem=problem)
        with self.world.db.write() as session:
            token = staff.enter(self.world, session, typed["login"], typed["password"], "")
        answer = RedirectResponse("/console/guide", 303, HEADERS)
        self.door.give(answer, COOKIE, token)
        return answer

    def _page(self, request: Request, typed: dict[str, str], **more: Any) -> Response:
        with self.world.db.read() as session:
            if not first.wanted(session):
                return RedirectResponse("/console/login", 303, HEADERS)
            try:
                company = first.company(self.world, session)
            except BadInput as several:
                company, more = None, {"problem": several, **more}
        facts = {"typed": dict.fromkeys(_FIELDS, "") | typed, "company": company, **more}
        language = self.door.language(request)
        return self.rooms.leaves.page("first.html", language, 422 if "problem" in more else 200, **facts)
