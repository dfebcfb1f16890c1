# SPDX-License-Identifier: Apache-2.0
"""The REST API: `/api/v1`. Endpoints call the flows that the command line calls; nothing is decided here."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.middleware.base import RequestResponseEndpoint

from hub.flows.world import World
from hub.web.api import (
    campaigns,
    connections,
    consent,
    decisions,
    ledger,
    people,
    problems,
    proof,
    providers,
    record,
    rights,
    routes,
)
from hub.web.api.access import Access
from hub.web.api.problems import Problem
from hub.web.hands import Hands

_PROBLEM = {problems.MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
_ERRORS = {
    status: {"description": HTTPStatus(status).phrase, "content": _PROBLEM}
    for status in (400, 401, 403, 404, 422, 429, 502, 503)
}


def build(world: World, hands: Hands) -> FastAPI:
    """The application below `hub.web.app.API`; its description is at `/openapi.json`."""
    app = FastAPI(
        title="consent-hub",
        version="1",
        description="Between CRMs and WhatsApp: checks the legal basis of every message, and can show it.",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        responses=_ERRORS,  # type: ignore[arg-type]
    )
    app.state.access, app.state.hands = Access(world), hands
    app.include_router(campaigns.router)
    app.include_router(people.router)
    app.include_router(rights.router)
    app.include_router(decisions.router)
    app.include_router(consent.router)
    app.include_router(ledger.router)
    app.include_router(connections.router)
    app.include_router(providers.router)
    app.include_router(routes.router)
    app.include_router(proof.router)
    app.include_router(record.router)
    problems.install(app)

    @app.middleware("http")
    async def never_kept(request: Request, further: RequestResponseEndpoint) -> Response:
        answer = await further(request)
        answer.headers["cache-control"] = "no-store"
        answer.headers["x-content-type-options"] = "nosniff"
        return answer

    return app
