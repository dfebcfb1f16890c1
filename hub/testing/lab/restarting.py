# SPDX-License-Identifier: Apache-2.0
"""How long a hub takes to start, and to send again after its sending processes were killed in a campaign."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from hub.flows import world as worlds
from hub.flows.states import State
from hub.flows.world import World
from hub.settings import Settings
from hub.testing.clock import until
from hub.testing.figures import Backend
from hub.testing.journey import free_port
from hub.testing.lab.processes import Hub, hub
from hub.testing.lab.sending import authorised, over, release, states
from hub.testing.lab.stand import Stand
from hub.testing.lab.vendor import Vendor

_SEND = 300.0  # seconds a campaign gets to end


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a kill came to. `seconds` from SIGKILL to the first message that was authorised afterwards."""

    seconds: float
    lost: int  # neither received by the vendor, nor refused, failed or unknown
    doubled: int
    unknown: int


def start(settings: Settings) -> float:
    """Seconds from the start of `hub up` until it says that it is ready."""
    began = time.perf_counter()
    with hub(settings):
        return time.perf_counter() - began


def first_start() -> float:
    """The same in an empty directory: keys and tables are made on the way."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as home:
        return start(Settings(data_dir=Path(home), database_url="", redis_url="", port=free_port(), log_level="error"))


def recovery(stand: Stand, backend: Backend, vendor: Vendor, workers: int) -> Recovered:
    """Kill every process that sends once a third has left, start as many anew, and let the campaign end."""
    vendor.tell(stand.callback)
    with stand.copy(backend) as settings, hub(settings, workers) as running:
        world = worlds.build(settings)
        try:
            release(world, stand.sender_id)
            until(lambda: vendor.count() >= stand.wanted.people // 3, "a third of the messages", _SEND)
            killed = _kill(running)
            until(lambda: over(states(world)), "the campaign to end", _SEND)
            return _recovered(world, vendor, stand.wanted.people, killed)
        finally:
            world.db.close()


def _kill(running: Hub) -> float:
    """Returns when, in seconds since 1970."""
    names = [name for name in running.parts if name == "up" or name.startswith("worker")]
    at = time.time()
    for name in names:
        running.kill(name)
    for name in names:
        running.begin(name)
    return at


def _recovered(world: World, vendor: Vendor, people: int, killed: float) -> Recovered:
    arrivals, began, now = vendor.arrivals(), authorised(world), states(world)
    first = min((one.at for one in arrivals if began[one.opaque] > killed), default=None)
    if first is None:
        raise RuntimeError("everything had left before the kill: more recipients, or a lower rate")
    received = [one.to for one in arrivals if one.wamid]
    ended = now[State.UNKNOWN] + now[State.REFUSED] + now[State.FAILED]
    return Recovered(
        seconds=first - killed,
        lost=max(0, people - ended - len(set(received))),
        doubled=len(received) - len(set(received)),
        unknown=now[State.UNKNOWN],
    )
