# SPDX-License-Identifier: Apache-2.0
"""Where a walk through an org is: the cursor that survives a crash at any page. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import orjson

from hub import BadInput
from hub_salesforce.rows import moment, stamp

OVERLAP = timedelta(minutes=5)  # a long transaction commits with the time at which it began; clocks differ


@dataclass(frozen=True, slots=True)
class Position:
    """Times are as SOQL writes them. `since` is empty on the first walk, which reads everything."""

    since: str = ""
    started: str = ""  # when this walk began
    stage: str = ""  # what is being read; empty: the first of the walk
    last: str = ""  # SystemModstamp of the last record, to go on from when a locator is too old
    locator: str = ""  # the next page, of a query or of a bulk job
    job: str = ""  # the bulk job
    skip: int = 0  # records of the bulk answer at `locator` that are done

    def write(self) -> str:
        return orjson.dumps({name: value for name, value in asdict(self).items() if value}).decode()

    @classmethod
    def read(cls, cursor: str | None) -> Position:
        """Raises `BadInput` when this is not one of our cursors."""
        if cursor is None:
            return cls()
        try:
            kept = orjson.loads(cursor)
            skip = int(kept.pop("skip", 0))
            position = cls(**{name: str(value) for name, value in kept.items()}, skip=skip)
        except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
            position = cls(last="?")
        if any(value and not moment(value) for value in (position.since, position.started, position.last)):
            raise BadInput("this is not a Salesforce cursor", field="cursor", remedy="Start a full sync.")
        return position

    def begun(self, now: datetime) -> Position:
        return self if self.started else replace(self, started=stamp(now))

    def at(self, stage: str) -> Position:
        return Position(self.since, self.started, stage)

    def done(self) -> Position:
        """What the next walk starts with: everything changed since this one began."""
        began = moment(self.started)
        assert began is not None
        return Position(since=stamp(began - OVERLAP))
