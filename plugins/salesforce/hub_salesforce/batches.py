# SPDX-License-Identifier: Apache-2.0
"""sObject collections: up to 200 records in one call, each with its own outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub import BadConfig, HubError, Rejected, Unavailable, Uncertain
from hub_salesforce.api import Api, Json, why_of
from hub_salesforce.rows import groups

COLLECTIONS = "/composite/sobjects"
SIZE = 200
_AGAIN = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED"})


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record. `error` is empty on success; `again`: it may work later."""

    error: str = ""
    again: bool = False


class Batches:
    """The writes of one report. Once something is written, later trouble becomes outcomes: a repetition of the whole
    would write it twice."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.begun = False
        self._trouble: HubError | None = None

    async def write(self, method: str, path: str, records: Sequence[Json], *, new: bool = False) -> list[Result]:
        """One result per record. `new`: each call makes records anew, so an unclear answer is never repeated.

        Raises `BadConfig`, `Unavailable` while nothing has been written yet.
        """
        results: list[Result] = []
        for some in groups(records, SIZE):
            results += await self._some(method, path, some, new)
        return results

    async def _some(self, method: str, path: str, records: list[Json], new: bool) -> list[Result]:
        if self._trouble:
            return [Result(str(self._trouble), again=True)] * len(records)
        body = {"allOrNone": False, "records": records}
        try:
            answer = await (self._api.create(path, body) if new else self._api.ask(method, path, body))
            results = _results(answer, len(records), new)
        except Rejected as no:
            # one malformed record refuses the whole call: halve it until that one stands alone
            if len(records) == 1:
                return [Result(str(no))]
            half = len(records) // 2
            return [
                *await self._some(method, path, records[:half], new),
                *await self._some(method, path, records[half:], new),
            ]
        except Uncertain as lost:
            self.begun = True
            return [Result(f"it may be missing: {lost}")] * len(records)
        except (Unavailable, BadConfig) as trouble:
            self.stop(trouble)
            return [Result(str(trouble), again=True)] * len(records)
        self.begun = True
        return results

    def stop(self, trouble: HubError) -> None:
        """Write no more. Raises `trouble` if nothing has been written at all."""
        if not self.begun:
            raise trouble
        self._trouble = trouble


def _results(answer: object, count: int, new: bool) -> list[Result]:
    if not isinstance(answer, list) or len(answer) != count or not all(isinstance(one, dict) for one in answer):
        raise (Uncertain if new else Unavailable)("Salesforce's answer has no results")
    return [_result(one) for one in answer]


def _result(one: Json) -> Result:
    if one.get("success") is True:
        return Result()
    errors = one.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code, names = why_of(first)
    return Result("Salesforce refused: " + " ".join([code or "no reason", *names]), again=code in _AGAIN)
