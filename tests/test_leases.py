# SPDX-License-Identifier: Apache-2.0
"""Leases: one holder at a time, among threads and on both databases; a dead holder loses it by time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from hub.flows import world as worlds
from hub.flows.world import World, build
from hub.settings import Settings
from hub.store.vault import generate
from hub.testing import servers
from hub.testing.clock import Clock
from hub.work import leases


def test_lease_taken_by_one_is_refused_to_another(world: World) -> None:
    assert leases.take(world, "sender:1", "a", 10)
    assert not leases.take(world, "sender:1", "b", 10)
    assert leases.take(world, "sender:2", "b", 10)


def test_lease_is_renewed_by_its_holder(world: World, clock: Clock) -> None:
    assert leases.take(world, "x", "a", 10)
    clock.advance(timedelta(seconds=9))
    assert leases.take(world, "x", "a", 10)
    clock.advance(timedelta(seconds=9))
    assert not leases.take(world, "x", "b", 10)


def test_lease_of_a_dead_holder_expires(world: World, clock: Clock) -> None:
    assert leases.take(world, "x", "a", 10)
    clock.advance(timedelta(seconds=10.001))
    assert leases.take(world, "x", "b", 10)
    assert not leases.take(world, "x", "a", 10), "the first holder must notice that it lost the lease"


def test_workers_whose_clocks_differ_never_hold_one_lease(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each machine asks the database how late it is, and that counts for all that its process does."""
    with servers.fresh_database(postgresql_url) as url:
        right = build(Settings(data_dir=tmp_path, database_url=url, keys=SecretStr(generate())))
        right.db.migrate()
        assert leases.take(right, "x", "a", 10)
        monkeypatch.setattr(worlds, "system", ahead)
        fast = replace(right, clock=ahead)
        assert not leases.take(fast, "x", "b", 10)
        assert abs(fast.skew + timedelta(minutes=5)) < timedelta(seconds=1)
        assert abs(fast.now() - right.now()) < timedelta(seconds=1)
        assert right.skew == timedelta()
        right.db.close()


def ahead() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=5)


def test_lease_released_is_free_at_once(world: World) -> None:
    assert leases.take(world, "x", "a", 10)
    leases.release(world, "x", "a")
    assert leases.take(world, "x", "b", 10)


def test_lease_is_not_released_by_another(world: World) -> None:
    assert leases.take(world, "x", "a", 10)
    leases.release(world, "x", "b")
    leases.release(world, "no such lease", "b")
    assert not leases.take(world, "x", "b", 10)


def test_lease_wanted_by_many_at_once_is_given_to_one(world: World) -> None:
    owners = [f"o{number}" for number in range(6)]
    for name in ("first", "second", "third"):  # each time there is no row yet
        together = threading.Barrier(len(owners))

        def take(owner: str, name: str = name, together: threading.Barrier = together) -> bool:
            together.wait()
            return leases.take(world, name, owner, 10)

        with ThreadPoolExecutor(len(owners)) as pool:
            assert sum(pool.map(take, owners)) == 1


def test_lease_keeps_threads_from_working_together(world: World) -> None:
    inside, most, rounds = set[str](), list[int](), threading.Semaphore(12)

    def work(owner: str) -> None:
        while rounds.acquire(blocking=False):
            while not leases.take(world, "x", owner, 30):
                time.sleep(0.002)
            inside.add(owner)
            most.append(len(inside))
            time.sleep(0.002)
            inside.discard(owner)
            leases.release(world, "x", owner)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, "abcd"))
    assert most == [1] * 12
