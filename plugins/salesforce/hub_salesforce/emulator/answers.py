# SPDX-License-Identifier: Apache-2.0
"""Salesforce's answers: errors as a list, times without a colon in their zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from starlette.responses import Response

from hub.testing.emulator import answer

Json = dict[str, Any]


class Refusal(Exception):
    """Something Salesforce turns down. In a batch the code is called otherwise, and it counts for one record only."""

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def response(self) -> Response:
        body: Json = {"message": self.message, "errorCode": self.code}
        return answer(self.status, [body if self.fields is None else {**body, "fields": self.fields}])

    def result(self) -> Json:
        error = {"statusCode": self.code, "message": self.message, "fields": self.fields or []}
        return {"success": False, "errors": [error]}


def bad(code: str, message: str, fields: list[str] | None = None) -> Refusal:
    return Refusal(400, code, message, fields)


def not_found(message: str = "The requested resource does not exist") -> Refusal:
    return Refusal(404, "NOT_FOUND", message)


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def shown(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return iso(value)
    return value.isoformat() if isinstance(value, date) else value


def when(text: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
