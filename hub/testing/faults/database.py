# SPDX-License-Identifier: Apache-2.0
"""The database is restarted, gone, full, locked, read-only, or leaves a commit's outcome open."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial

import psycopg
from sqlalchemy.engine import make_url

from hub.testing.faults.fault import BOTH, EMBEDDED, SCALED, Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.probes import Point, Trap
from hub.testing.faults.proxy import Proxy


def while_running(ground: Ground, outage: Callable[[Ground, float], object], seconds: float, full: float) -> None:
    """The outage comes in the middle of a campaign; five people stop during it."""
    ground.stage()
    ground.start()
    ground.taken(ground.lab.people // 4)
    _suffer(ground, outage, full if ground.full else seconds)
    ground.finish()


def _suffer(ground: Ground, outage: Callable[[Ground, float], object], seconds: float) -> None:
    stopping = ground.somebody(5)
    ground.during = lambda: [ground.says_stop(who) for who in stopping]
    outage(ground, seconds)
    ground.hold(all(process.alive for process in ground.processes), "a process died of it")


def _restarted(ground: Ground, _: float) -> None:
    assert ground.database is not None
    ground.database.kill()
    ground.during()
    ground.database.start()


def _gone(ground: Ground, seconds: float) -> None:
    assert ground.database is not None
    ground.database.kill()
    ground.during()
    time.sleep(seconds)
    ground.database.start()


def _locked(ground: Ground, seconds: float) -> None:
    with closing(sqlite3.connect(ground.world.settings.data_dir / "hub.db", isolation_level=None, timeout=30)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        ground.during()
        time.sleep(seconds)
        raw.execute("ROLLBACK")


def _full(ground: Ground, seconds: float) -> None:
    """No file may grow or be written beyond its first page: every write of the hub fails, as on a full disk."""
    pid = ground.processes[0].pid
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, most))
    ground.during()
    time.sleep(seconds)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


def _read_only(ground: Ground, seconds: float) -> None:
    with _admin(ground) as raw:
        raw.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        raw.execute("SELECT pg_reload_conf()")
        ground.during()
        time.sleep(seconds)
        raw.execute("SET default_transaction_read_only = off")
        raw.execute("ALTER SYSTEM RESET default_transaction_read_only")
        raw.execute("SELECT pg_reload_conf()")


@contextmanager
def _admin(ground: Ground) -> Iterator[psycopg.Connection]:
    assert ground.database is not None
    address = make_url(ground.database.url).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as raw:
        yield raw


def exhausted(ground: Ground) -> None:
    """Something holds every connection of the sending process's pool."""
    ground.stage()
    ground.start(Trap(Point.COMMIT, 25, do="exhaust", slow=40 if ground.full else 6))
    ground.finish()


def reset_in_commit(ground: Ground) -> None:
    """PostgreSQL commits, and the hub never hears of it: every seventh COMMIT."""
    address = make_url(ground.settings.database_url)
    proxy, seen = Proxy(address.host or "", address.port or 0), [0]

    def fatal(chunk: bytes) -> bool:
        if b"COMMIT" not in chunk:
            return False
        seen[0] += 1
        return seen[0] % 7 == 0

    ground.stage()
    with proxy.running():
        through = address.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        ground.settings = ground.settings.model_copy(update={"database_url": through})
        ground.start()
        proxy.reset_on(fatal)
        ground.taken(ground.lab.people // 2)
        for who in ground.somebody(5):
            ground.says_stop(who)
        time.sleep(5)
        proxy.mend()
        ground.finish()
        ground.end()
    ground.hold(proxy.resets > 2, f"only {proxy.resets} commits were reset")


def _during(does: str) -> str:
    return f"{does}, in the middle of a campaign; five people stop meanwhile"


_SLOW = {"rate": 40, "people": 160}
_HEALS = "no process dies; the campaign ends by itself; every stop is heard in the end"
FAULTS = [
    Fault(
        "F6-restarted",
        _during("PostgreSQL is killed and started again"),
        _HEALS,
        partial(while_running, outage=_restarted, seconds=0, full=0),
        SCALED,
        _SLOW,
    ),
    Fault(
        "F6-gone",
        _during("no PostgreSQL for 8 s (full: 60 s)"),
        _HEALS,
        partial(while_running, outage=_gone, seconds=8, full=60),
        SCALED,
        _SLOW,
    ),
    Fault(
        "F6-reset-in-commit",
        "PostgreSQL commits, but the connection is reset before it can say so: every seventh COMMIT",
        _HEALS,
        reset_in_commit,
        SCALED,
        _SLOW,
    ),
    Fault(
        "F6-pool",
        "every database connection of the sending process is taken for 6 s (full: 40 s, longer than anybody waits)",
        _HEALS,
        exhausted,
        BOTH,
        _SLOW,
    ),
    Fault(
        "F6-locked",
        _during("another process locks the database for 6 s (full: 45 s, longer than SQLite waits)"),
        _HEALS,
        partial(while_running, outage=_locked, seconds=6, full=45),
        EMBEDDED,
        _SLOW,
    ),
    Fault(
        "F6-full",
        _during("no file can be written any more, as on a full disk, for 5 s (full: 60 s)"),
        _HEALS,
        partial(while_running, outage=_full, seconds=5, full=60),
        EMBEDDED,
        _SLOW,
    ),
    Fault(
        "F6-read-only",
        _during("PostgreSQL takes no writes for 5 s (full: 60 s)"),
        _HEALS,
        partial(while_running, outage=_read_only, seconds=5, full=60),
        SCALED,
        _SLOW,
    ),
]
