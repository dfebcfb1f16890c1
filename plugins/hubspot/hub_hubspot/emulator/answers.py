# SPDX-License-Identifier: Apache-2.0
"""HubSpot's answers: error bodies, times, records. Every error carries what real clients look at."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from starlette.responses import Response

from hub.testing.emulator import answer

Json = dict[str, Any]


class Refusal(Exception):
    """A request HubSpot turns down, with the answer it gives."""

    def __init__(self, status: int, category: str, message: str, **more: Any) -> None:
        super().__init__(category)
        self.status, self.category, self.message, self.more = status, category, message, more

    def response(self) -> Response:
        body = {"status": "error", "message": self.message, "correlationId": correlation()}
        return answer(self.status, {**body, "category": self.category, **self.more})

    def standard(self, context: Json) -> Json:
        """The same inside a batch answer ("StandardError"): five fields are always there."""
        detail = {"errors": self.more.get("errors", []), "context": context, "links": {}}
        return {"status": "error", "category": self.category, "message": self.message, **detail}


def invalid(message: str, **more: Any) -> Refusal:
    return Refusal(400, "VALIDATION_ERROR", message, **more)


def not_found(what: str = "resource not found") -> Refusal:
    return Refusal(404, "OBJECT_NOT_FOUND", what)


def correlation() -> str:
    return str(uuid.uuid4())


@lru_cache(256)
def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def batch(now: datetime, results: list[Json], errors: list[Json], *, status: int) -> Response:
    """A batch answer; 207 as soon as one input failed."""
    body: Json = {"status": "COMPLETE", "startedAt": iso(now), "completedAt": iso(now), "results": results}
    if not errors:
        return answer(status, body)
    return answer(207, {**body, "numErrors": len(errors), "errors": errors})


def page(results: list[Json], after: str, url: str, **more: Any) -> Response:
    """A page; `paging` is absent on the last one."""
    body: Json = {**more, "results": results}
    if after:
        body["paging"] = {"next": {"after": after, "link": f"{url}?after={after}"}}
    return answer(200, body)
