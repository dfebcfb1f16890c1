# SPDX-License-Identifier: Apache-2.0
"""Redis forgets, dies, stays away, or comes back as it was some time ago. Rows are the truth, so nothing is lost."""

from __future__ import annotations

import time

import redis

from hub.testing.faults.fault import SCALED, Fault
from hub.testing.faults.ground import Ground
from hub.testing.servers import Server


def emptied(ground: Ground) -> None:
    ground.stage()
    ground.start()
    for share in (1, 3, 5):
        ground.taken(ground.lab.people * share // 8)
        with redis.Redis.from_url(_server(ground).url) as broker:
            broker.flushall()
    _end(ground)


def killed(ground: Ground) -> None:
    ground.stage()
    ground.start()
    ground.taken(ground.lab.people // 4)
    _server(ground).kill()
    _server(ground).start()
    _end(ground)


def gone(ground: Ground) -> None:
    ground.stage()
    ground.start()
    ground.taken(ground.lab.people // 4)
    _server(ground).kill()
    for who in ground.somebody(5):
        ground.says_stop(who)
    time.sleep(60 if ground.full else 8)
    ground.hold(all(process.alive for process in ground.processes), "a process died of the outage")
    _server(ground).start()
    _end(ground)


def older(ground: Ground) -> None:
    """A fail-over to a replica that lags: what was done already is enqueued once more."""
    ground.stage()
    ground.start()
    ground.taken(ground.lab.people // 8)
    with redis.Redis.from_url(_server(ground).url) as broker:
        broker.save()
    ground.taken(ground.lab.people // 2)
    _server(ground).kill()
    _server(ground).start()
    _end(ground)
    with redis.Redis.from_url(_server(ground).url) as broker:
        broker.flushall()
        broker.save()  # the next fault finds nothing


def _end(ground: Ground) -> None:
    ground.finish()
    ground.hold(ground.fastest() <= 1.1 * ground.lab.sender.rate, "the sender's rate was exceeded")


def _server(ground: Ground) -> Server:
    assert ground.redis is not None
    return ground.redis


_SLOW = {"rate": 40, "people": 200}
_RATE = "the campaign ends by itself; the sender's rate is kept"
FAULTS = [
    Fault("F4-emptied", "Redis is emptied three times while a campaign runs", _RATE, emptied, SCALED, _SLOW),
    Fault("F4-killed", "SIGKILL of a Redis that keeps nothing, and a new one", _RATE, killed, SCALED, _SLOW),
    Fault("F4-gone", "no Redis for 8 s (full: 60 s)", f"{_RATE}; no process dies", gone, SCALED, _SLOW),
    Fault("F5-older", "Redis comes back with an older state of itself", _RATE, older, SCALED, _SLOW),
]
