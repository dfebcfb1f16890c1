# SPDX-License-Identifier: Apache-2.0
"""Webhooks pour in, and a process, a server or the power fails: what was answered 200 must be there afterwards."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from sqlmodel import col, select

from hub.store.tables import Inbox
from hub.testing.clock import until
from hub.testing.faults.fault import EMBEDDED, SCALED, Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.letters import Letter, deliver, deliver_all, post_office
from hub.testing.faults.process import Process
from hub.testing.lab import number


class Storm:
    """Letters on their way to one door, eight at once."""

    def __init__(self, letters: list[Letter], door: str, connection_id: str) -> None:
        self.letters, self.door, self._connection = letters, door, connection_id
        self._taken: list[Letter] = []
        self._lock = threading.Lock()

    def post(self, letter: Letter) -> None:
        if deliver(self.door, letter) == 200:
            with self._lock:
                self._taken.append(letter)

    def answered(self) -> set[bytes]:
        """Digests of what the hub has acknowledged by now."""
        with self._lock:
            return {letter.digest(self._connection) for letter in self._taken}

    def over(self) -> bool:
        return len(self.answered()) == len(self.letters)

    @contextmanager
    def raging(self) -> Iterator[None]:
        with ThreadPoolExecutor(8) as couriers:
            for letter in self.letters:
                couriers.submit(self.post, letter)
            until(lambda: len(self.answered()) >= len(self.letters) // 5, "the storm")
            yield


def _gathered(ground: Ground) -> Storm:
    """Everybody says something, every second one stop; the letters are kept back until the hub runs."""
    with post_office() as (office, address):
        ground.vendor.letters(batch=1)
        ground.vendor.webhooks_to(address)
        for index in range(ground.lab.people):
            ground.vendor.say(number(index), "STOP" if index % 2 else "Danke")
        until(lambda: len(office.kept) == ground.lab.people, "all letters")
    ground.expected = frozenset()
    ground.start()
    (door,) = ground.doors(1)
    ground.vendor.webhooks_to(door)
    return Storm(office.kept, door, ground.lab.provider.id)


def _blown_over(ground: Ground, storm: Storm) -> None:
    """The vendor delivers everything again; every stop counts, once."""
    ground.revive()
    deliver_all([storm.door], storm.letters)
    ground.stopped |= {number(index) for index in range(1, ground.lab.people, 2)}
    ground.settle()


def _web(ground: Ground) -> Process:
    return next(process for process in ground.processes if process.command in ("web", "up"))


def killed(ground: Ground, victim: Callable[[Ground], object], mend: Callable[[Ground], object]) -> None:
    storm = _gathered(ground)
    with storm.raging():
        victim(ground)
    answered = storm.answered()
    mend(ground)
    ground.hold(len(answered) < ground.lab.people, "the storm was over before the blow")
    with ground.world.db.read() as session:
        kept = set(session.exec(select(Inbox.digest).where(col(Inbox.digest).in_(answered))))
    ground.hold(answered == kept, f"{len(answered - kept)} acknowledged webhooks are not in the inbox")
    _blown_over(ground, storm)


def _kill_postgresql(ground: Ground) -> None:
    assert ground.database is not None
    ground.database.kill()


def _stop_all(ground: Ground) -> None:
    """So that nobody delivers again before we have looked."""
    for process in ground.processes:
        process.kill()
    assert ground.database is not None
    ground.database.start()


def power_lost(ground: Ground) -> None:
    """The file and its log, as they lie there in one moment, are all that is left: again and again."""
    storm, home = _gathered(ground), ground.settings.data_dir
    images: list[set[bytes]] = []
    web = _web(ground)
    with storm.raging():
        while len(images) < (50 if ground.full else 5):
            so_far = len(images[-1]) if images else 0
            until(lambda so_far=so_far: len(storm.answered()) > so_far or storm.over(), "the storm to go on")  # type: ignore[misc]
            time.sleep(0.05 * ground.dice.random())
            answered = storm.answered()
            web.pause()
            for part in ("", "-wal"):
                shutil.copy(
                    ground.settings.data_dir / f"hub.db{part}", ground.settings.data_dir / f"{len(images)}.db{part}"
                )
            web.wake()
            images.append(answered)
    for place, answered in enumerate(images):
        with closing(sqlite3.connect(home / f"{place}.db")) as raw:
            (health,) = raw.execute("PRAGMA integrity_check").fetchone()
            kept = {digest for (digest,) in raw.execute("SELECT digest FROM inbox")}
        ground.hold(health == "ok", f"image {place}: {health}")
        ground.hold(answered <= kept, f"image {place} lacks {len(answered - kept)} acknowledged webhooks")
    ground.hold(len({len(answered) for answered in images}) > 1, "all images are of the same moment")
    _blown_over(ground, storm)


FAULTS = [
    Fault(
        "F3-storm",
        "SIGKILL of the web process while webhooks pour in; the vendor delivers again",
        "every webhook answered 200 is in the inbox; delivered again, it changes nothing",
        lambda ground: killed(ground, lambda it: _web(it).kill(), lambda _: None),
        ground={"people": 300},
        full={"people": 3000},
    ),
    Fault(
        "F8-killed",
        "SIGKILL of PostgreSQL while webhooks pour in",
        "every webhook answered 200, and so every stop in one, is there when it is back",
        lambda ground: killed(ground, _kill_postgresql, _stop_all),
        SCALED,
        {"people": 300},
        {"people": 3000},
    ),
    Fault(
        "F8-power",
        "copies of SQLite's file and log at random moments, opened as after a power cut",
        "each passes SQLite's integrity check and holds every webhook answered 200 before it",
        power_lost,
        EMBEDDED,
        {"people": 400},
        {"people": 5000},
    ),
]
