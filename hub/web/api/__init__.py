# SPDX-License-Identifier: Apache-2.0
"""The REST API: `/api/v1`. Endpoints call the flows that the command line calls; nothing is decided here."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from starlette.middleware.base import RequestResponseEndpoint

from hub.flows.world import World
from hub.web.api import (
    accounts,
    campaigns,
    connections,
    consent,
    decisions,
    described,
    events,
    ledger,
    mapping,
    people,
    problems,
    proof,
    providers,
    record,
    rights,
    routes,
    telling,
    waiting,
)
from hub.web.api.access import Access
from hub.web.api.problems import Problem, Refused
from hub.web.hands import Hands

_PROBLEM = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ERRORS = {
    status: {"description": HTTPStatus(status).phrase, "content": _PROBLEM}
    for status in (400, 401, 403, 404, 422, 429, 502, 503)
}


class Described(FastAPI):
    """An application whose description has names that can be used."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            about = {"title": self.title, "version": self.version, "description": self.description}
            found = get_openapi(**about, routes=self.routes)  # type: ignore[arg-type]
            self.openapi_schema = described.named(found, Problem.model_json_schema())
        return self.openapi_schema


def build(world: World, hands: Hands) -> FastAPI:
    """The application below `hub.web.app.API`; its description is at `/openapi.json` and `/openapi-3.0.json`."""
    app = Described(
        title="consent-hub",
        version="1",
        description="Between CRMs and WhatsApp: checks the legal basis of every message, and can show it.",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        responses=_ERRORS,  # type: ignore[arg-type]
        generate_unique_id_function=described.operation,
    )
    app.state.access, app.state.hands = Access(world), hands
    app.include_router(campaigns.router)
    app.include_router(people.router)
    app.include_router(rights.router)
    app.include_router(decisions.router)
    app.include_router(consent.router)
    app.include_router(telling.router)
    app.include_router(waiting.router)
    app.include_router(ledger.router)
    app.include_router(accounts.router)
    app.include_router(connections.router)
    app.include_router(mapping.router)
    app.include_router(providers.router)
    app.include_router(routes.router)
    app.include_router(events.router)
    app.include_router(proof.router)
    app.include_router(record.router)
    problems.install(app)

    def older(request: Request) -> Response:
        """OpenAPI 3.0; `?tags=campaigns,connections` of these rooms only."""
        server = world.settings.public_url.rstrip("/") + str(request.scope.get("root_path", ""))
        document, tags = app.openapi(), request.query_params.get("tags", "")
        try:
            wanted = described.only(document, set(tags.split(","))) if tags else document
        except LookupError as error:
            raise Refused(422, "bad_input", str(error), field="tags", remedy="See the tags in openapi.json.") from None
        return JSONResponse(described.older(wanted, server))

    app.add_route("/openapi-3.0.json", older)

    @app.middleware("http")
    async def never_kept(request: Request, further: RequestResponseEndpoint) -> Response:
        answer = await further(request)
        answer.headers["cache-control"] = "no-store"
        answer.headers["x-content-type-options"] = "nosniff"
        return answer

    return app
