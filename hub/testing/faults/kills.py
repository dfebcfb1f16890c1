# SPDX-License-Identifier: Apache-2.0
"""Processes that die: by SIGKILL at named points and at random, by SIGTERM, by being stopped for a while."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial

from hub.testing.clock import until
from hub.testing.faults.fault import SCALED, Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.probes import Point, Trap

IN_FLIGHT = 64  # messages that one kill may leave unclear: as many as there are connections
RESUMED = 15.0  # seconds after a restart
_PASSING = {Point.BEFORE_ACK: 1, Point.AFTER_ACK: 1, Point.BEFORE_WRITE: 50, Point.WRITTEN: 50, Point.ANSWERED: 50}


def at_point(ground: Ground, point: Point) -> None:
    ground.stage()
    process = ground.start(Trap(point, _PASSING.get(point, 2), slow=0.3))
    until(lambda: not process.alive, f"the kill {point}")
    ground.hold(process.code == -9, "it did not die by SIGKILL")
    _resume(ground)
    ground.finish()
    ground.hold(ground.verdict().unknown <= IN_FLIGHT, "more is unknown than one kill can explain")


def _resume(ground: Ground) -> None:
    before = ground.vendor.asked()
    ground.revive()
    began = time.monotonic()
    until(lambda: ground.vendor.asked() > before or ground.ended(), "sending to go on by itself")
    ground.hold(time.monotonic() - began <= RESUMED, f"sending went on after more than {RESUMED:.0f} s")


def at_random(ground: Ground) -> None:
    kills = 100 if ground.full else 3
    ground.stage()
    ground.start()
    done = 0
    while done < kills and not ground.ended():
        before = ground.vendor.asked()
        until(lambda before=before: ground.vendor.asked() > before or ground.ended(), "sending to go on")  # type: ignore[misc]
        time.sleep(ground.dice.random() * 0.6)
        ground.dice.choice(ground.processes[:2]).kill()
        done += 1
        ground.revive()
    ground.finish()
    ground.hold(done >= min(kills, 3), f"only {done} kills found a running campaign")
    ground.hold(ground.verdict().unknown <= done * IN_FLIGHT, "more is unknown than the kills can explain")


def planner(ground: Ground) -> None:
    ground.draft()
    process = ground.start(Trap(Point.STAGED, 2))
    ground.launch()
    until(lambda: not process.alive, "the kill of the planner")
    ground.revive()
    ground.finish()


def paused(ground: Ground) -> None:
    """Whoever stops while the sender lies still must not be written to when it wakes."""
    ground.stage()
    process = ground.start()
    second = ground.run(process.command) if ground.backend == "postgresql" else None
    ground.taken(20)
    process.pause()
    if second is not None:
        second.pause()
    with ThreadPoolExecutor(1) as staff:  # a sleeper may hold a lock that they wait for
        told = staff.submit(_tell, ground)
        time.sleep(30 if ground.full else 12)
        process.wake()
        if second is not None:
            second.wake()
        told.result()
    ground.finish()


def _tell(ground: Ground) -> None:
    for who in ground.somebody(20):
        ground.staff_stops(who)


def paused_with_the_lock(ground: Ground) -> None:
    """A sleeper that holds the chain's lock must not keep anybody's stop from being written for long."""
    ground.stage()
    process = ground.start(Trap(Point.BEFORE_CLAIM, 3, do="pause"))
    until(lambda: process.asleep, "the process to fall asleep")
    with ThreadPoolExecutor(1) as staff:
        began = time.monotonic()
        told = staff.submit(_tell, ground)
        told.add_done_callback(lambda _: waited.append(time.monotonic() - began))
        waited: list[float] = []
        wait([told], timeout=20)
        process.wake()
        told.result()
    ground.hold(waited[0] <= 15, f"stops waited {waited[0]:.0f} s for a process that lay still")
    ground.finish()


def paused_after_commit(ground: Ground) -> None:
    """Between the commit of an authorisation and the request lies a moment in which a process may fall asleep."""
    ground.stage()
    process = ground.start(Trap(Point.AFTER_CLAIM, 3, do="pause"))
    until(lambda: process.asleep, "the process to fall asleep")
    _tell(ground)
    time.sleep(6)
    process.wake()
    ground.finish()


def asked_to_end(ground: Ground) -> None:
    ground.stage()
    process = ground.start()
    ground.taken(30)
    took = process.end(60)
    ground.hold(took <= 30, f"it took {took:.0f} s to drain")
    ground.hold(process.code == 0, f"it ended with code {process.code}")
    ground.hold(ground.count("authorised") == 0, "something was left authorised")
    ground.revive()
    ground.finish()
    ground.hold(ground.verdict().unknown == 0, "an orderly end leaves nothing unknown")


FAULTS = [
    *(
        Fault(
            f"F1-{point}",
            f"SIGKILL of the sending process {point.replace('-', ' ')}",
            f"unknown at most {IN_FLIGHT}; sending goes on within {RESUMED:.0f} s of the restart",
            partial(at_point, point=point),
            ground={"latency": 0.3} if point is Point.WRITTEN else {},
        )
        for point in (
            Point.BEFORE_CLAIM,
            Point.AFTER_CLAIM,
            Point.BEFORE_WRITE,
            Point.WRITTEN,
            Point.ANSWERED,
            Point.BEFORE_SETTLE,
            Point.AFTER_SETTLE,
            Point.BEFORE_ACK,
            Point.AFTER_ACK,
        )
    ),
    Fault(
        "F1-random",
        "SIGKILL of a process at random moments, again and again",
        f"unknown at most {IN_FLIGHT} per kill",
        at_random,
        ground={"people": 300, "rate": 60, "latency": 0.3},
        full={"people": 10_000, "rate": 200, "latency": 0.1},
    ),
    Fault(
        "F2-planner",
        "SIGKILL of the process that turns an audience into messages, in the middle",
        "everybody of the audience has one message",
        planner,
    ),
    Fault(
        "F14-paused",
        "the sending processes are stopped (SIGSTOP) while people stop, then go on",
        "no request begins on an authorisation that is over",
        paused,
        ground={"rate": 40},
    ),
    Fault(
        "F14-committed",
        "the sending process is stopped (SIGSTOP) just after the commit of a claim, while people stop, for 9 s",
        "no request begins on an authorisation that is over",
        paused_after_commit,
        ground={"rate": 40},
    ),
    Fault(
        "F14-locked",
        "the sending process is stopped (SIGSTOP) in the middle of a claim, with the ledger's lock, while people stop",
        "their stops are written within 15 s all the same",
        paused_with_the_lock,
        SCALED,
        {"rate": 40},
    ),
    Fault(
        "F18-sigterm",
        "SIGTERM of the sending process under load, then a new one",
        "it ends within 30 s and leaves nothing unknown",
        asked_to_end,
        ground={"rate": 80, "latency": 0.3},
    ),
]
