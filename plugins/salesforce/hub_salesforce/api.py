# SPDX-License-Identifier: Apache-2.0
"""Salesforce's paths, one call, what its errors mean, and how much of the daily budget is left.

Salesforce's messages quote values of records, so only codes and field names are kept.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from hub import BadConfig, HubError, Memory, Rejected, Scope, Throttled, Unavailable, Uncertain, for_status
from hub_salesforce.login import session
from hub_salesforce.settings import Config

Json = dict[str, Any]

PAGE = 2000  # rows; Salesforce may give fewer
PAUSE = 900.0  # seconds; the budget is a rolling day, so waiting a while frees some
LOST_LOCATOR = "INVALID_QUERY_LOCATOR"
_USAGE = re.compile(r"\bapi-usage=(\d+)/(\d+)")
_CODE = re.compile(r"[A-Z][A-Z_]{1,60}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,60}")


class Api:
    """Calls one org. Never sleeps; repeats nothing but a call that met an ended session, once."""

    def __init__(self, config: Config, http: httpx.AsyncClient, memory: Memory) -> None:
        self._config, self._http, self._memory = config, http, memory
        self.root = f"/services/data/v{config.api_version}.0"
        self.used, self.budget = 0, 0  # of the org's requests in 24 hours, as the last answer told
        self._behind = timedelta()  # their clock to ours; never ahead

    async def get(self, path: str, **query: str | int) -> Json:
        """Read below the version's root. Raises `BadConfig`, `Rejected`, `Unavailable`; `Throttled` when our share of
        the day's requests is used up."""
        return _object(await self._read(self.root + path, query))

    async def query(self, soql: str, *, deleted: bool = False) -> Json:
        """The first page of a query; `deleted`: with records in the recycle bin."""
        return await self.get("/queryAll" if deleted else "/query", q=soql)

    async def more(self, locator: str) -> Json:
        """The page at a `nextRecordsUrl`. Raises `Rejected` with `LOST_LOCATOR` when it is too old."""
        if not locator.startswith("/services/data/"):
            raise Rejected("this is no locator", code=LOST_LOCATOR)
        return _object(await self._read(locator, {}))

    async def rows(self, soql: str, *, deleted: bool = False) -> AsyncIterator[Json]:
        """Every record of a query that is known to be small enough for one go."""
        body = await self.query(soql, deleted=deleted)
        while True:
            for record in records(body):
                yield record
            if not (locator := following(body)):
                return
            body = await self.more(locator)

    async def text(self, path: str, **query: str | int) -> tuple[str, httpx.Headers]:
        """Read what is no JSON, with the headers of the answer."""
        self._spare()
        response = await self._answer("GET", self.root + path, params=query)
        return response.text, response.headers

    async def ask(self, method: str, path: str, body: Any) -> Any:
        """A write that may be repeated. Raises `BadConfig`, `Rejected`, `Unavailable`."""
        try:
            return _body(await self._answer(method, self.root + path, json=body))
        except Uncertain as lost:
            raise Unavailable(str(lost)) from None

    async def create(self, path: str, body: Any) -> Any:
        """A POST that makes something new each time. Raises `Uncertain` too, when no clear answer came."""
        try:
            return _body(await self._answer("POST", self.root + path, sends=True, json=body))
        except Unavailable as trouble:
            if isinstance(trouble, _Unreadable):
                raise Uncertain(str(trouble)) from None
            raise

    async def _read(self, path: str, query: dict[str, str | int]) -> Any:
        self._spare()
        headers = {"sforce-query-options": f"batchSize={PAGE}"}
        return _body(await self._answer("GET", path, params=query, headers=headers))

    def _spare(self) -> None:
        """Reading leaves the rest of the day's requests to others, and to withdrawals."""
        if self.budget and self.used >= self.budget * self._config.daily_share:
            said = f"{self.used} of {self.budget} daily API requests of the org are used"
            raise Throttled(said, after=PAUSE, scope=Scope.ACCOUNT)

    async def _answer(self, method: str, path: str, *, sends: bool = False, **content: Any) -> httpx.Response:
        """The answer, unless it is an error. An ended session is replaced once."""
        spoilt, headers = "", content.pop("headers", {})
        for last in (False, True):
            current = await session(self._config, self._http, self._memory, spoilt)
            given = {"authorization": f"Bearer {current.token}", "accept": "*/*", **headers}
            response = await self._http.request(method, current.host + path, headers=given, **content)
            self._note(response.headers)
            if response.status_code != 401 or last:
                break
            spoilt = current.token
        if error := error_of(response.status_code, response.content, response.headers.get("retry-after"), sends=sends):
            raise error
        return response

    def now(self) -> datetime:
        """The earlier of our clock and theirs: what changed from then on is surely read by the next sync."""
        return datetime.now(UTC) + self._behind

    def _note(self, headers: httpx.Headers) -> None:
        if found := _USAGE.search(headers.get("sforce-limit-info", "")):
            self.used, self.budget = int(found[1]), int(found[2])
        try:
            theirs = parsedate_to_datetime(headers.get("date", ""))
        except ValueError:
            return
        self._behind = min(theirs - datetime.now(UTC), timedelta()) if theirs.tzinfo else timedelta()


class _Unreadable(Unavailable):
    """An answer that says yes and cannot be read."""


def _body(response: httpx.Response) -> Any:
    if not response.content and response.status_code == 204:
        return {}
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise _Unreadable("Salesforce's answer cannot be read") from None


def _object(body: Any) -> Json:
    if not isinstance(body, dict):
        raise Unavailable("Salesforce's answer cannot be read")
    return body


def records(body: Json) -> list[Json]:
    """The records of a page. Raises `Unavailable` when there are none to read: an empty page would hide the rest."""
    found = body.get("records")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unavailable("Salesforce's answer has no records")
    return found


def following(body: Json) -> str:
    """Where the next page is; "" on the last one. Raises `Unavailable` when there should be one and is not."""
    locator = body.get("nextRecordsUrl")
    if isinstance(locator, str) and locator:
        return locator
    if body.get("done") is not True:
        raise Unavailable("Salesforce's answer is not complete")
    return ""


def error_of(status: int, content: bytes, retry_after: str | None, *, sends: bool = False) -> HubError | None:
    """The one classifier ("Status Codes and Error Responses"). None: not an error."""
    usual = for_status(status, retry_after=retry_after, sends=sends)
    if usual is None:
        return None
    code, names = _said(content)
    why = " ".join([code or f"HTTP {status}", *names])
    if code == "REQUEST_LIMIT_EXCEEDED":
        return Throttled("the org's API requests are used up", after=PAUSE, scope=Scope.ACCOUNT)
    if code in ("UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE") or status == 420:
        return Unavailable(f"Salesforce is busy ({why})")
    if code in ("INVALID_FIELD", "INVALID_TYPE") or status == 410:
        return BadConfig(f"Salesforce does not know, or hides, what was asked for ({why}): check fields and rights")
    if isinstance(usual, BadConfig):
        return BadConfig(f"Salesforce refused access ({why}): check the app's user and its rights")
    if isinstance(usual, Rejected):
        return Rejected(f"Salesforce refused: {why}", code=code or str(status))
    return usual


def _said(content: bytes) -> tuple[str, list[str]]:
    """Code and field names of an error answer: enough to act on, and no personal data."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return "", []
    first = body[0] if isinstance(body, list) and body else body
    return why_of(first) if isinstance(first, dict) else ("", [])


def why_of(error: Json) -> tuple[str, list[str]]:
    """Code and field names of one error; single answers and batches name the code differently."""
    code = error.get("errorCode", error.get("statusCode"))
    fields = error.get("fields")
    names = [str(name) for name in fields if _FIELD.fullmatch(str(name))] if isinstance(fields, list) else []
    return (code, names) if isinstance(code, str) and _CODE.fullmatch(code) else ("", names)
