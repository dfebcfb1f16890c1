# SPDX-License-Identifier: Apache-2.0
"""Writing results back: contact properties first, then timeline entries, each in batches with an outcome per report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from hub import BadConfig, HubError, Outcome, Rejected, Report, Unavailable, Uncertain
from hub_hubspot.api import Api, Json, why
from hub_hubspot.settings import Config
from hub_hubspot.wire import communication, on_timeline, update

T = TypeVar("T")

BATCH = 100


async def write(api: Api, config: Config, reports: Sequence[Report]) -> list[Outcome]:
    """One outcome per report, in order. Raises only while nothing has been written yet."""
    writing = _Writing(api)
    of_record: dict[str, list[Report]] = {}
    for report in reports:
        of_record.setdefault(report.record, []).append(report)
    inputs = [
        {"id": record, "properties": update(group, config.opt_out_property)} for record, group in of_record.items()
    ]
    for batch in _batches(inputs):
        failed = await writing.properties(batch)
        for record, outcome in failed.items():
            writing.settle(of_record[record], *outcome)
    entries = [r for r in reports if on_timeline(r, config.timeline_at) and r.key not in writing.outcomes]
    for group in _batches(entries):
        await writing.timeline(group)
    return [writing.outcomes.get(report.key, Outcome(report.key)) for report in reports]


class _Writing:
    """One call's progress. Once something is written, later trouble becomes outcomes: a repetition of the whole
    would put timeline entries twice."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._begun = False
        self._trouble: HubError | None = None
        self.outcomes: dict[str, Outcome] = {}

    def settle(self, reports: Iterable[Report], error: str, retry: bool) -> None:
        for report in reports:
            self.outcomes[report.key] = Outcome(report.key, error, retry)

    async def properties(self, inputs: list[Json]) -> dict[str, tuple[str, bool]]:
        """Update contacts; says which records failed, why, and whether to come again."""
        ids = [str(one["id"]) for one in inputs]
        if self._trouble:
            return dict.fromkeys(ids, (str(self._trouble), True))
        try:
            body = await self._api.ask(f"{self._api.contacts}/batch/update", {"inputs": inputs})
            reasons = refused(body, ids, named="ids", field="id")
        except Rejected as no:
            # one bad value refuses the whole batch: halve it until the bad record stands alone
            if len(inputs) == 1:
                return {ids[0]: (str(no), False)}
            half = len(inputs) // 2
            return await self.properties(inputs[:half]) | await self.properties(inputs[half:])
        except (Unavailable, BadConfig) as trouble:
            self._stop(trouble)
            return dict.fromkeys(ids, (str(trouble), True))
        self._begun = True
        return {record: (reason, False) for record, reason in reasons.items()}

    async def timeline(self, reports: Sequence[Report]) -> None:
        """Create timeline entries. An unclear answer is not repeated: two entries would tell of two messages."""
        if self._trouble:
            self.settle(reports, str(self._trouble), retry=True)
            return
        try:
            body = {"inputs": [communication(report) for report in reports]}
            answer = await self._api.create(f"{self._api.communications}/batch/create", body)
            keys = [report.key for report in reports]
            reasons = refused(answer, keys, named="objectWriteTraceId", field="objectWriteTraceId")
        except Rejected as no:
            if len(reports) == 1:
                self.settle(reports, str(no), retry=False)
                return
            half = len(reports) // 2
            await self.timeline(reports[:half])
            await self.timeline(reports[half:])
        except Uncertain as lost:
            self.settle(reports, f"the timeline entry may be missing: {lost}", retry=False)
        except (Unavailable, BadConfig) as trouble:
            self._stop(trouble)
            self.settle(reports, str(trouble), retry=True)
        else:
            for report in reports:
                if report.key in reasons:
                    self.settle([report], reasons[report.key], retry=False)

    def _stop(self, trouble: HubError) -> None:
        if not self._begun:
            raise trouble
        self._trouble = trouble


def refused(body: Json, keys: list[str], *, named: str, field: str) -> dict[str, str]:
    """Which of `keys` a batch answer refused, and why. `named` is where an error names them, `field` where a result
    does. Raises `Unavailable` when the answer says nothing about its results."""
    results, errors = body.get("results"), _errors(body)
    if not isinstance(results, list):
        raise Unavailable("HubSpot's answer has no results")
    reasons = {key: why(error) for error in errors for key in _context(error, named)}
    anonymous = [why(error) for error in errors if not _context(error, named)]
    if anonymous:
        # an error that names nobody: whoever is not among the results may have failed
        done = {str(one.get(field)) for one in results if isinstance(one, dict)}
        reasons |= {key: anonymous[0] for key in keys if key not in done and key not in reasons}
    return reasons


def _errors(body: Json) -> list[Json]:
    errors = body.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _context(error: Json, name: str) -> list[str]:
    context = error.get("context")
    values = context.get(name, []) if isinstance(context, dict) else []
    return [str(value) for value in values] if isinstance(values, list) else []


def _batches(items: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), BATCH):
        yield list(items[start : start + BATCH])
