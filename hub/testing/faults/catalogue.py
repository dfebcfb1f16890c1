# SPDX-License-Identifier: Apache-2.0
"""Every fault there is, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Sequence

from hub.contract import BadInput
from hub.testing.faults import (
    answers,
    broker,
    calls,
    crm,
    database,
    endurance,
    kills,
    people,
    races,
    storms,
    tampering,
    webhooks,
)
from hub.testing.faults.fault import Fault

_ROOMS = (kills, broker, database, answers, storms, webhooks, races, calls, people, crm, tampering, endurance)
FAULTS = sorted((fault for room in _ROOMS for fault in room.FAULTS), key=lambda fault: int(fault.number[1:]))


def chosen(names: Sequence[str]) -> list[Fault]:
    """By full name or number; nothing named: all. Raises `BadInput`."""
    for name in names:
        if not any(name in (fault.name, fault.number) for fault in FAULTS):
            raise BadInput(f"{name!r} is no fault", field="name", remedy="See `hub faults --list`.")
    return [fault for fault in FAULTS if not names or {fault.name, fault.number} & set(names)]
