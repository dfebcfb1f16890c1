# SPDX-License-Identifier: Apache-2.0
"""Who asks, what they may do, and the one way in which something is changed: with an audit row, and once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from hub.flows import audit, keys, repeats
from hub.flows.audit import Actor
from hub.flows.roles import May, Role
from hub.flows.world import World
from hub.store.tables import Controller
from hub.web.api.problems import Refused

PER_MINUTE = 600  # requests of one key
WRONG_PER_MINUTE = 120  # requests of one address without a key that opens
_HOUR = timedelta(hours=1)
_bearer = HTTPBearer(auto_error=False, description="An API key, see `hub keys make`.")


class Throttle:
    """So many requests a minute from one key or address, in this process."""

    def __init__(self, most: int = PER_MINUTE) -> None:
        self._most, self._lock = most, threading.Lock()
        self._seen: dict[str, deque[float]] = {}
        self._swept = 0.0

    def enter(self, who: str) -> None:
        """Count a request. Raises `Refused` 429."""
        with self._lock:
            seen = self._last_minute(who)
            seen.append(time.monotonic())
            self._seen[who] = seen

    def _last_minute(self, who: str) -> deque[float]:
        now = time.monotonic()
        if now - self._swept >= 60:  # addresses come and go
            self._seen = {one: seen for one, seen in self._seen.items() if now - seen[-1] < 60}
            self._swept = now
        seen = self._seen.get(who, deque())
        while seen and now - seen[0] >= 60:
            seen.popleft()
        if len(seen) >= self._most:
            wait = 60 - (now - seen[0])
            told = f"more than {self._most} requests a minute"
            raise Refused(429, "too_fast", told, remedy="Wait as long as Retry-After says.", after=wait)
        return seen


@dataclass(frozen=True, slots=True)
class Caller:
    """One request of one actor."""

    world: World
    actor: Actor
    request: Request
    repeat_key: str
    body: bytes

    @contextmanager
    def reading(self) -> Iterator[tuple[Session, Controller]]:
        with self.world.db.read() as session:
            yield session, session.get_one(Controller, self.actor.controller_id)

    def note(self, what: str, about: str) -> None:
        """Write down that something was asked for which changes nothing, but which is not for everybody."""
        with self.world.db.write() as session:
            audit.write(self.world, session, self.actor, what, about)

    def act(
        self,
        what: str,
        about: str,
        do: Callable[[Session, Controller], BaseModel],
        *,
        status: int = 200,
        remember: bool = True,
    ) -> Response:
        """Do it, write down who did, and remember the answer: all in one transaction. A repetition does nothing.

        `remember=False` where the answer is a secret that must not lie in the database.
        """
        request = repeats.fingerprint(self.request.method, self.request.url.path, self.body)
        repeatable = bool(self.repeat_key) and remember
        with self.world.db.write() as session:
            if repeatable:
                known = repeats.answered(self.world, session, self.actor.id, self.repeat_key, request)
                if known is not None:
                    headers = {"idempotency-replayed": "true"}
                    return Response(known.answer, known.status, headers, media_type="application/json")
            result = do(session, session.get_one(Controller, self.actor.controller_id))
            content = result.model_dump_json().encode()
            audit.write(self.world, session, self.actor, what, about or str(getattr(result, "id", "")))
            if repeatable:
                repeats.keep(self.world, session, self.actor.id, self.repeat_key, request, status, content)
        return Response(content, status, media_type="application/json")


class Access:
    """Lets requests of one application in; lives in `app.state.access`."""

    def __init__(self, world: World) -> None:
        self.world, self.throttle, self.strangers = world, Throttle(), Throttle(WRONG_PER_MINUTE)

    def actor(self, secret: str, address: str = "") -> Actor:
        """Who has this secret. Raises `Refused` 401, and 429 for one who asks too often.

        `address`: where the request came from. A wrong key never shuts out the good one of somebody else there: behind
        a reverse proxy all may come from one address.
        """
        with self.world.db.read() as session:
            key = keys.find(session, secret, self.world.now()) if secret else None
        if key is None:
            self.strangers.enter(address)
            raise Refused(401, "no_key", "no valid API key", remedy="Send `Authorization: Bearer hub_...`.")
        self.throttle.enter(key.id)
        if key.used_at is None or self.world.now() - key.used_at > _HOUR:
            with self.world.db.write() as session:
                keys.used(session, key.id, self.world.now())
        return Actor(key.id, key.title, Role(key.role), key.controller_id)


def _may(what: May) -> Any:
    """What an endpoint declares: the caller, if the role may do this."""

    async def let_in(
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        idempotency_key: Annotated[
            str, Header(max_length=255, description="A repetition with the same key does nothing again.")
        ] = "",
    ) -> Caller:
        access: Access = request.app.state.access
        address = request.client.host if request.client else ""
        actor = await run_in_threadpool(access.actor, given.credentials if given else "", address)
        if not actor.may(what):
            raise Refused(403, "not_allowed", f"the role {actor.role} may not do this", remedy="Ask an admin.")
        return Caller(access.world, actor, request, idempotency_key, await request.body())

    return Depends(let_in)


Looks = Annotated[Caller, _may(May.LOOK)]
Campaigns = Annotated[Caller, _may(May.CAMPAIGN)]
Approves = Annotated[Caller, _may(May.APPROVE)]
Peoples = Annotated[Caller, _may(May.PEOPLE)]
Audits = Annotated[Caller, _may(May.AUDIT)]
Connects = Annotated[Caller, _may(May.CONNECT)]
Provides = Annotated[Caller, _may(May.PROVIDE)]
Words = Annotated[Caller, _may(May.WORD)]
Staffs = Annotated[Caller, _may(May.STAFF)]
