# SPDX-License-Identifier: Apache-2.0
"""Every address of the console and the API, from the tables of routes, and what stands for their variable parts.

Tests, pictures and benches walk them. A page that is new is among them by itself, unless its address names a thing
of a new kind: that needs a line in `THINGS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from sqlmodel import Session, SQLModel, col, select
from starlette.routing import Route

from hub.flows.world import World
from hub.store.tables import (
    ApiKey,
    Campaign,
    Connection,
    Contact,
    Controller,
    DecisionRow,
    LedgerRow,
    MessageRow,
    OptInBatch,
    OptInPage,
    ProcessorRecord,
    Review,
    RightsPacket,
    RightsReceipt,
    RightsRequest,
    Sender,
    Subscription,
    SyncRun,
    Wording,
)
from hub.web.api import build
from hub.web.app import API, House
from hub.web.hands import Hands

STATIC = "/console/static/"
FIRST = "/console/first"  # shut once somebody works here
VENDORS = frozenset(  # pages that ask a CRM or a provider: they take as long as it does
    {
        "/console/campaigns/{id}/preview",
        "/console/campaigns/new",
        "/console/campaigns/new/sample",
        "/console/connections/{id}/health",
        "/console/connections/{id}/mapping/new",
        "/console/connections/{id}/mapping/values",
        "/console/connections/{id}/numbers",
        "/console/connections/{id}/rehearsal",
    }
)
_PARTS = re.compile(r"(\{[^}]*\})")
Find = Callable[[Session, Controller], str]


def newest(table: type[SQLModel], *which: Any) -> Find:
    """The company's row of a table that was made last."""
    key: Any = table.id  # type: ignore[attr-defined]
    owner: Any = table.controller_id  # type: ignore[attr-defined]

    def find(session: Session, controller: Controller) -> str:
        mine = select(key).where(owner == controller.id, *which).order_by(col(key).desc())
        return str(session.execute(mine.limit(1)).scalar_one())

    return find


def _answered(session: Session, controller: Controller) -> str:
    """The request with a packet that was made last."""
    mine = select(RightsPacket.request_id).join(RightsRequest, col(RightsRequest.id) == RightsPacket.request_id)
    newest_first = mine.where(RightsRequest.controller_id == controller.id).order_by(col(RightsRequest.id).desc())
    return session.exec(newest_first.limit(1)).one()


def _receipt(session: Session, controller: Controller) -> str:
    """The system that was asked last to confirm a request."""
    mine = select(RightsReceipt.id).join(RightsRequest, col(RightsRequest.id) == RightsReceipt.request_id)
    newest_first = mine.where(RightsRequest.controller_id == controller.id).order_by(col(RightsReceipt.id).desc())
    return session.exec(newest_first.limit(1)).one()


def _subscription(session: Session, controller: Controller) -> str:
    """The last one; or none, once a form that was tried out has removed it."""
    mine = select(Subscription.id).where(Subscription.controller_id == controller.id)
    return session.exec(mine.order_by(col(Subscription.id).desc()).limit(1)).first() or "removed"


def _batch(session: Session, controller: Controller) -> str:
    """The last one of opt-ins that came in bulk; or none, where none did."""
    mine = select(OptInBatch.id).where(OptInBatch.controller_id == controller.id)
    return session.exec(mine.order_by(col(OptInBatch.id).desc()).limit(1)).first() or "none"


def words(said: str) -> Find:
    """The same for every company."""
    return lambda session, controller: said


def _provider(session: Session, controller: Controller) -> str:
    """The account of a number."""
    mine = select(Sender.connection_id).where(Sender.controller_id == controller.id)
    return session.exec(mine.order_by(col(Sender.id)).limit(1)).one()


def _paper(session: Session, controller: Controller) -> str:
    """A document of the provider's file."""
    mine = select(ProcessorRecord).where(ProcessorRecord.connection_id == _provider(session, controller))
    return str(session.exec(mine.limit(1)).one().papers[0]["sha256"])


def synced(what: Any) -> Find:
    """Of the sync that was begun last."""

    def find(session: Session, controller: Controller) -> str:
        runs = select(what).join(Connection, col(Connection.id) == SyncRun.connection_id)
        mine = runs.where(Connection.controller_id == controller.id).order_by(col(SyncRun.id).desc())
        return str(session.execute(mine.limit(1)).scalar_one())

    return find


THINGS: dict[str, Find] = {
    "/console/campaigns/{id}": newest(Campaign),
    "/console/connections/{id}": synced(SyncRun.connection_id),
    "/console/connections/{id}/syncs/{run}": synced(SyncRun.id),
    "/console/connections/new/{connector}": words("meta"),
    "/console/consents/{id}": newest(LedgerRow, LedgerRow.kind == "consent_given"),
    "/console/decisions/{id}": newest(DecisionRow, col(DecisionRow.contact_id).is_not(None)),
    "/console/events/{id}": _subscription,
    "/console/language/{language}": words("de"),
    "/console/messages/{id}": newest(MessageRow),
    "/console/pages/{id}": newest(OptInPage),
    "/console/pages/{id}/poster/{size}": words("a4"),
    "/console/pages/{id}/poster/{size}.{form}": words("svg"),
    "/console/people/{id}": newest(Contact),
    "/console/providers/{id}": _provider,
    "/console/providers/{id}/form/{part}": words("transfers"),
    "/console/providers/{id}/papers/{sha256}": _paper,
    "/console/reviews/{id}": newest(Review),
    "/console/record/{version}": words("1"),
    "/console/record/{version}.{form}": words("md"),
    "/console/rights/{id}": _answered,
    "/console/why/{id}": newest(MessageRow),
    "/console/wordings/{id}": newest(Wording),
    "/api/v1/campaigns/{campaign}": newest(Campaign),
    "/api/v1/connections/{connection}": synced(SyncRun.connection_id),
    "/api/v1/connections/{connection}/numbers/{number}": newest(Sender),
    "/api/v1/consents/{consent}": newest(LedgerRow, LedgerRow.kind == "consent_given"),
    "/api/v1/decisions/{decision}": newest(DecisionRow, col(DecisionRow.contact_id).is_not(None)),
    "/api/v1/providers/{connection}": _provider,
    "/api/v1/providers/{connection}/papers/{sha256}": _paper,
    "/api/v1/routes/{purpose}": words("MARKETING"),
    "/api/v1/keys/{key}": newest(ApiKey),
    "/api/v1/messages/{message}": newest(MessageRow),
    "/api/v1/opt-in-pages/{page}": newest(OptInPage),
    "/api/v1/people/{person}": newest(Contact),
    "/api/v1/rights/{request}": _answered,
    "/api/v1/rights/{request}/receipts/{receipt}": _receipt,
    "/api/v1/quarantine/{batch}": _batch,
    "/api/v1/record/{version}": words("1"),
    "/api/v1/reviews/{waiting}": newest(Review),
    "/api/v1/subscriptions/{subscription}": _subscription,
    "/api/v1/wordings/{wording}": newest(Wording),
}


def console(app: House, method: str = "GET") -> list[str]:
    """The addresses of the console's routes for a method, with `{...}` where a thing is named; without the first start,
    which is over where there is somebody to look."""
    return sorted(
        route.path
        for route in app.routes
        if isinstance(route, Route) and route.path.startswith("/console") and method in (route.methods or ())
        if not route.path.startswith((STATIC, FIRST))
    )


def api(world: World) -> Iterator[tuple[str, str]]:
    """Method and address of everything that the API can do, from its own description."""
    described = build(world, cast(Hands, None)).openapi()  # nothing is asked of it
    for path, verbs in described["paths"].items():
        yield from ((verb.upper(), API + path) for verb in verbs)


def named(path: str, session: Session, controller: Controller) -> str:
    """The address with this company's own things in it. Raises `LookupError` for a thing that has no line here."""
    while found := re.search(r"\{[^}]*\}", path):
        upto = path[: found.end()]
        pattern = next((known for known in THINGS if _alike(known, upto)), None)
        if pattern is None:
            raise LookupError(f"say in hub/testing/addresses.py what stands for the last part of {upto}")
        path = path.replace(found[0], THINGS[pattern](session, controller), 1)
    return path


def _alike(pattern: str, address: str) -> bool:
    """Is it this pattern, with the parts before the last filled in?"""
    before, _, last = pattern.rpartition("{")
    filled = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in _PARTS.split(before))
    return re.fullmatch(filled + re.escape("{" + last), address) is not None
