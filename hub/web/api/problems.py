# SPDX-License-Identifier: Apache-2.0
"""What went wrong, as RFC 9457 problem details with the field and the remedy."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from hub.contract import BadInput, HubError, Unavailable

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """`code` stays the same across versions; `field` and `remedy` say where and what to do."""

    title: str
    status: int
    code: str
    field: str = ""
    remedy: str = ""


class Refused(Exception):
    """A request that is not done. Raised anywhere below the API."""

    def __init__(
        self, status: int, code: str, title: str, *, field: str = "", remedy: str = "", after: float = 0.0
    ) -> None:
        super().__init__(title)
        self.problem = Problem(title=title, status=status, code=code, field=field, remedy=remedy)
        self.after = after


def not_found(what: str) -> Refused:
    return Refused(404, "not_found", f"there is no such {what}", remedy="Look at the list for its id.")


def install(app: FastAPI) -> None:
    """Answer every error of ours, of FastAPI and of Starlette in this one form."""

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return answer(error.problem, after=error.after)

    @app.exception_handler(BadInput)
    async def bad_input(_: Request, error: BadInput) -> Response:
        problem = Problem(title=error.problem, status=422, code="bad_input", field=error.field, remedy=error.remedy)
        return answer(problem)

    @app.exception_handler(DataError)
    async def unstorable(_: Request, error: DataError) -> Response:
        told = "something in it is no text, or no number, that a database could hold"
        return answer(Problem(title=told, status=422, code="bad_input", remedy="Look for a NUL character."))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]  # the value stays out of it: it may be personal
        field = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        remedy = "See the description of the field in openapi.json."
        return answer(Problem(title=first["msg"], status=422, code="bad_input", field=field, remedy=remedy))

    @app.exception_handler(HubError)
    async def trouble(_: Request, error: HubError) -> Response:
        later = isinstance(error, Unavailable)
        status, code = (503, "unavailable") if later else (502, "vendor")
        return answer(Problem(title=str(error), status=status, code=code, remedy="Look at the connection's health."))

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
        return answer(Problem(title=str(error.detail), status=error.status_code, code=code), headers=error.headers)


def answer(problem: Problem, *, after: float = 0.0, headers: object = None) -> Response:
    given = dict(headers) if isinstance(headers, dict) else {}
    if after:
        given["retry-after"] = str(max(1, round(after)))
    if problem.status == 401:
        given["www-authenticate"] = "Bearer"
    return JSONResponse(problem.model_dump(), problem.status, given, MEDIA_TYPE)
