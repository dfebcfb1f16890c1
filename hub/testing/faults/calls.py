# SPDX-License-Identifier: Apache-2.0
"""Single calls fail, one after the other: the k-th statement, commit, nudge, request; and plugins that break."""

from __future__ import annotations

from functools import partial

from hub.flows.states import State
from hub.testing.clock import until
from hub.testing.faults.fault import Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.inside import inside
from hub.testing.faults.probes import Point, Trap

_PEOPLE = 3  # of each round
_STRIDE = {Point.STATEMENT: 17, Point.COMMIT: 4}


def each(ground: Ground, point: Point) -> None:
    """Rounds with a small campaign each; in the k-th, the k-th such call fails. Until a round has none left."""
    ground.one_clock = False
    stride = 1 if ground.full else _STRIDE.get(point, 1)
    rounds = 0
    with inside(ground) as hub:
        k = 1
        while hub.left() >= _PEOPLE:
            hub.trap.passed.clear()
            hub.trap.point, hub.trap.at = point, k
            hub.campaign(_PEOPLE)
            hub.until_over()
            if hub.trap.passed[point] < k:
                break
            rounds, k = rounds + 1, k + stride
        else:
            ground.hold(not ground.full, f"after {rounds} rounds there were calls left")
        hub.trap.at = 0
        hub.settle()
        hub.reach_only_started()
    ground.hold(rounds >= 2, "no call was met")


def broken_plugin(ground: Ground, how: str) -> None:
    """One message of many meets it."""
    ground.stage()
    process = ground.start(Trap(Point.BEFORE_WRITE, 20, do=how))
    ground.finish()
    ground.hold(process.alive, "the process died of a plugin")
    ground.hold(ground.count(State.UNKNOWN) == 1, "others are unknown besides the one that met it")


def hung_plugin(ground: Ground) -> None:
    """The call never returns. Everybody else is sent to; the one is unknown once the process ends."""
    ground.stage()
    process = ground.start(Trap(Point.BEFORE_WRITE, 20, do="hang"))
    ground.taken(ground.lab.people - 1)
    until(lambda: ground.count("queued") == 0, "everybody else to be sent to")
    process.end(40)
    ground.revive()
    ground.finish()
    ground.hold(ground.count(State.UNKNOWN) == 1, "others are unknown besides the one that met it")


FAULTS = [
    *(
        Fault(
            f"F7-{point}",
            f"in many small campaigns, the k-th {says} fails, for k from 1 on (full: each k until none is left)",
            "every campaign ends by itself",
            partial(each, point=point),
            ground={"people": 120, "latency": 0.0},
            full={"people": 3000},
        )
        for point, says in (
            (Point.STATEMENT, "statement on the database"),
            (Point.COMMIT, "commit"),
            (Point.BROKER, "nudge to the broker"),
            (Point.BEFORE_WRITE, "request to the provider, before anything was written,"),
            (Point.ANSWERED, "answer of the provider is lost and so"),
        )
    ),
    Fault(
        "F19-raises",
        "a plugin raises what no plugin may raise, for one of many messages",
        "that one is unknown, the rest goes on",
        partial(broken_plugin, how="raise"),
    ),
    Fault(
        "F19-exits",
        "a plugin raises SystemExit, for one of many messages",
        "that one is unknown, the rest goes on",
        partial(broken_plugin, how="exit"),
    ),
    Fault(
        "F19-hangs",
        "a plugin's call never comes back, for one of many messages",
        "that one is unknown in the end, the rest goes on",
        hung_plugin,
    ),
]
