# SPDX-License-Identifier: Apache-2.0
"""Writing results back, in batches with an outcome per report: contact properties first, so that a workflow that goes
on finds them; then the callbacks of workflows; then the timeline, which alone must never be written twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from hub import BadConfig, HubError, Outcome, Rejected, Report, Unavailable, Uncertain
from hub_hubspot.api import Api
from hub_hubspot.outgoing import (
    READ,
    builds_on,
    communication,
    completions,
    note,
    noted,
    on_timeline,
    update,
)
from hub_hubspot.settings import Config
from hub_hubspot.trouble import Json, why
from hub_hubspot.walk import results

T = TypeVar("T")

BATCH = 100
_GONE = frozenset({"OBJECT_NOT_FOUND", "404"})


async def write(api: Api, config: Config, reports: Sequence[Report]) -> list[Outcome]:
    """One outcome per report, in order. Raises only while nothing has been written yet."""
    writing = _Writing(api)
    shown = await _read(api, [report.record for report in reports if builds_on(report)])
    of_record: dict[str, list[Report]] = {}
    for report in reports:
        of_record.setdefault(report.record, []).append(report)
    updates = {record: update(group, shown.get(record, {})) for record, group in of_record.items()}
    inputs = [{"id": record, "properties": values} for record, values in updates.items() if values]
    for batch in _batches(inputs):
        failed = await writing.properties(batch)
        for record, outcome in failed.items():
            writing.settle(of_record[record], *outcome)
    told_off = await _go_on(writing, reports)
    waits = [report for report in reports if report.key not in writing.outcomes]
    for group in _batches([one for one in waits if on_timeline(one, config.timeline_at)]):
        await writing.timeline("communications", group)
    for group in _batches([one for one in waits if noted(one, config.refusals_on_timeline)]):
        await writing.timeline("notes", group)
    return [writing.outcomes.get(one.key, Outcome(one.key, told_off.get(one.callback, ""))) for one in reports]


async def _go_on(writing: _Writing, reports: Sequence[Report]) -> dict[str, str]:
    """Complete the callbacks. Returns those refused for good, and why; what may work later is settled so."""
    outputs = completions(reports)
    told_off: dict[str, str] = {}
    for callbacks in _batches(list(outputs)):
        trouble = await writing.callbacks({one: outputs[one] for one in callbacks})
        told_off |= {callback: error for callback, (error, retry) in trouble.items() if not retry}
        for report in reports:
            if report.callback in trouble and report.callback not in told_off:
                writing.settle([report], trouble[report.callback][0], retry=True)
    return told_off


async def _read(api: Api, records: Sequence[str]) -> dict[str, Json]:
    """What HubSpot shows already where it matters: a later permission stays, another campaign's outlook too."""
    found: dict[str, Json] = {}
    for batch in _batches(list(dict.fromkeys(records))):
        found |= await _shown(api, batch)
    return found


async def _shown(api: Api, records: list[str]) -> dict[str, Json]:
    asked: Json = {"inputs": [{"id": one} for one in records], "properties": list(READ)}
    try:
        body = await api.ask(f"{api.paths.contacts}/batch/read", {**asked, "propertiesWithHistory": []})
    except Rejected:  # an id that HubSpot does not take; the update will say so
        half = len(records) // 2
        return await _shown(api, records[:half]) | await _shown(api, records[half:]) if half else {}
    read = {str(one.get("id")): one.get("properties") for one in results(body)}
    return {record: values for record, values in read.items() if isinstance(values, dict)}


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
            body = await self._api.ask(f"{self._api.paths.contacts}/batch/update", {"inputs": inputs})
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

    async def callbacks(self, outputs: dict[str, Json]) -> dict[str, tuple[str, bool]]:
        """Let workflows go on; says which could not be told, why, and whether to come again. One that waits no longer
        is as good as told."""
        if self._trouble:
            return dict.fromkeys(outputs, (str(self._trouble), True))
        more: Json = {"typedOutputs": {}} if self._api.paths.dated else {}
        inputs = [{"callbackId": one, "outputFields": fields, **more} for one, fields in outputs.items()]
        try:
            await self._api.ask(self._api.paths.callbacks, {"inputs": inputs})
        except Rejected as no:
            names, half = list(outputs), len(outputs) // 2
            if not half:
                return {} if no.code in _GONE else {names[0]: (str(no), False)}
            first = await self.callbacks({one: outputs[one] for one in names[:half]})
            return first | await self.callbacks({one: outputs[one] for one in names[half:]})
        except BadConfig as missing:  # the scope for workflows: no reason to keep the rest from HubSpot
            return dict.fromkeys(outputs, (str(missing), True))
        except Unavailable as trouble:
            self._stop(trouble)
            return dict.fromkeys(outputs, (str(trouble), True))
        self._begun = True
        return {}

    async def timeline(self, kind: str, reports: Sequence[Report]) -> None:
        """Create entries. An unclear answer is not repeated: two entries would tell of two messages."""
        if self._trouble:
            self.settle(reports, str(self._trouble), retry=True)
            return
        made = communication if kind == "communications" else note
        try:
            body = {"inputs": [made(report) for report in reports]}
            answer = await self._api.create(f"{self._api.paths.objects(kind)}/batch/create", body)
            keys = [report.key for report in reports]
            reasons = refused(answer, keys, named="objectWriteTraceId", field="objectWriteTraceId")
        except Rejected as no:
            if len(reports) == 1:
                self.settle(reports, str(no), retry=False)
                return
            half = len(reports) // 2
            await self.timeline(kind, reports[:half])
            await self.timeline(kind, reports[half:])
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
    done, errors = results(body), _errors(body)
    reasons = {key: why(error) for error in errors for key in _context(error, named)}
    anonymous = [why(error) for error in errors if not _context(error, named)]
    if anonymous:
        # an error that names nobody: whoever is not among the results may have failed
        named_there = {str(one.get(field)) for one in done}
        reasons |= {key: anonymous[0] for key in keys if key not in named_there and key not in reasons}
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
