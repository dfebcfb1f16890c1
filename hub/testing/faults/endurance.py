# SPDX-License-Identifier: Apache-2.0
"""Days of traffic on a clock that runs ahead, and long random histories. What must not grow is measured."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func
from sqlmodel import SQLModel, select

from hub.testing.emulator import Fault as Wrong
from hub.testing.faults.answers import MATCH
from hub.testing.faults.fault import Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.inside import Inside, inside
from hub.testing.faults.probes import Point
from hub.testing.lab import number

HOURS = 72
HOUR = 3600.0
# what happened, and whom we know, is kept by design; everything else must not pile up
RECORDS = frozenset(
    (
        *("ledger", "decision", "chain_link", "fact_part", "document"),
        *("message", "message_event", "campaign", "report"),
        *("contact", "contact_point", "consent", "stop", "notice_served"),
    )
)
_WARM = 12  # hours after which growth counts
_PAGES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Size:
    """Of this process, and of every table."""

    memory: int  # bytes
    handles: int
    rows: dict[str, int]


def size(ground: Ground) -> Size:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    with ground.world.db.read() as session:
        tables = SQLModel.metadata.sorted_tables
        rows = {table.name: session.exec(select(func.count()).select_from(table)).one() for table in tables}
    return Size(pages * _PAGES, len(os.listdir("/proc/self/fd")), rows)


def soak(ground: Ground) -> None:
    """Every hour: a campaign, people who write, one who stops; one call in a hundred fails."""
    ground.one_clock = False
    lost, busy = Wrong("lost_answer", MATCH, probability=0.01), Wrong("status", MATCH, status=503, probability=0.01)
    ground.vendor.fail(lost, busy)
    each = (ground.lab.people - 1) // HOURS
    warm = None
    with inside(ground) as hub:
        for hour in range(HOURS):
            hub.campaign(each)
            for index in range(hour * each, hour * each + each // 2):
                ground.vendor.say(number(index), "Danke, und wann?")
            ground.says_stop(number(hour * each))
            hub.until_over()
            hub.settle()
            hub.advance(HOUR)
            hub.sweep()
            if hour == _WARM:
                warm = size(ground)
        last = size(ground)
        hub.reach_only_started()
    assert warm is not None
    _flat(ground, warm, last)


def _flat(ground: Ground, warm: Size, last: Size) -> None:
    grown = (last.memory - warm.memory) / 1024**2
    ground.hold(grown < 50, f"memory grew by {grown:.0f} MiB")
    ground.hold(last.handles <= warm.handles + 8, f"{last.handles - warm.handles} handles were left open")
    for name, rows in last.rows.items():
        # an inbox keeps what it applied for a day, so it has reached its size after two
        allowed = 2 * warm.rows[name] * 24 / _WARM if name == "inbox" else warm.rows[name] + 10 + HOURS
        if name not in RECORDS:
            ground.hold(rows <= allowed, f"table {name} grew from {warm.rows[name]} to {rows} rows")


def history(ground: Ground) -> None:
    """Steps by dice, a seed for each history: campaigns, stops, opt-ins, lost calls, failing commits, jumps of time."""
    ground.one_clock = False
    ground.vendor.letters(double=0.3, jitter=0.2)
    steps = 10_000 if ground.full else 120
    with inside(ground) as hub:
        for _ in range(steps):
            _step(ground, hub)
        hub.trap.at = 0
        ground.vendor.fail()
        hub.until_over(120)
        hub.settle(120)
        hub.reach_only_started()


def _step(ground: Ground, hub: Inside) -> None:
    dice = ground.dice
    match dice.choice(("campaign", "sweep", "sweep", "time", "stop", "call", "database", "well", "yes")):
        case "campaign" if hub.left() >= 10:
            hub.campaign(dice.randint(1, 10))
        case "stop":
            who = number(dice.randrange(ground.lab.people))
            (ground.says_stop if dice.random() < 0.5 else ground.staff_stops)(who)
        case "yes":
            who = number(dice.randrange(ground.lab.people))
            if who not in ground.stopped:
                ground.vendor.say(who, ground.lab.statement)
        case "call":
            wrong = ("lost_answer", "garbage", "status", "latency")
            ground.vendor.fail(Wrong(dice.choice(wrong), MATCH, status=503, seconds=0.3, probability=0.3))
        case "database":
            hub.trap.passed.clear()
            hub.trap.point, hub.trap.at = dice.choice((Point.STATEMENT, Point.COMMIT)), dice.randint(1, 60)
        case "well":
            ground.vendor.fail()
        case "time":
            hub.advance(dice.choice((1.0, 5.0, 15.0, 70.0, HOUR)))
        case _:
            hub.sweep()


FAULTS = [
    Fault(
        "F23-soak",
        f"{HOURS} hours of traffic on a clock that runs ahead, one call in a hundred failing",
        "memory grows by less than 50 MiB, no handle stays open, tables that are no record stay flat",
        soak,
        ground={"people": 289, "latency": 0.0, "webhook_days": 1},
        full={"people": 14_401},
    ),
    Fault(
        "F24-history",
        "random steps: campaigns, stops, opt-ins, lost calls, failing statements and commits, doubled webhooks, time",
        "what the oracle asks of every history (full: 10,000 steps); a failing seed is run again with --seed",
        history,
        ground={"people": 300, "latency": 0.0},
        full={"people": 20_000},
    ),
]
