# SPDX-License-Identifier: Apache-2.0
"""SIGKILL in the middle of a campaign: nobody is lost, nobody is written to twice, and what is unclear says so."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis
from pydantic import SecretStr
from sqlmodel import select

from hub.flows.states import OPEN, State
from hub.settings import Settings
from hub.store.tables import ContactPoint, MessageRow
from hub.store.vault import generate
from hub.testing import servers
from hub.testing.clock import until
from hub.testing.journey import Journey
from hub.testing.outcome import outcome

PEOPLE = 1150  # some 500 of them may be written to
IN_FLIGHT = 50  # the most that one kill may leave unclear


def process(settings: Settings, command: str) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")} | {
        "HUB_DATA_DIR": str(settings.data_dir),
        "HUB_DATABASE_URL": settings.database_url,
        "HUB_REDIS_URL": settings.redis_url,
        "HUB_KEYS": settings.keys.get_secret_value(),
        "HUB_PUBLIC_URL": settings.public_url,
        "HUB_PORT": str(settings.port),
        "HUB_LOG_LEVEL": "warning",
    }
    hub = Path(sys.executable).with_name("hub")
    log = (settings.data_dir / f"{command}-{time.monotonic_ns()}.log").open("wb")
    return subprocess.Popen([str(hub), command], env=environment, stdout=log, stderr=log)


@contextlib.contextmanager
def hub(settings: Settings) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A deployment in processes of its own; the first one listed is the one that sends."""
    commands = ["worker", "web", "schedule"] if settings.redis_url else ["up"]
    running = [process(settings, command) for command in commands]
    try:
        yield running
    finally:
        for one in running:
            one.terminate()
        for one in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.wait(timeout=15)
            one.kill()


def ready(settings: Settings) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{settings.public_url}/readyz", timeout=2).status_code == 200
    return False


@pytest.mark.timeout(300)
def test_kill_in_the_middle_loses_and_doubles_nothing(backend: Settings) -> None:
    with Journey(backend, contacts=PEOPLE, seed=11) as way:
        way.connect()
        way.history()
        way.sync()
        way.draft()
        way.start()
        way.leave()
        with hub(way.settings) as running:
            until(lambda: len(way.campaign_sends()) >= 150, "the first 150 messages", 60)
            running[0].send_signal(signal.SIGKILL)
            running[0].wait()
            at_kill = len(way.campaign_sends())
            running[0] = process(way.settings, "worker" if way.settings.redis_url else "up")
            until(lambda: ready(way.settings), "the web process", 30)
            until(lambda: len(way.campaign_sends()) > at_kill + IN_FLIGHT, "sending to go on by itself", 60)
            way.finish()
        result = outcome(way, 0)
        rows, numbers = messages(way)
    assert 150 <= at_kill < 450, "the kill came in the middle"
    assert len(rows) >= 450
    sends = Counter(s.opaque for s in way.campaign_sends())
    assert max(sends.values()) == 1, "doubled"
    assert max(Counter(s.to for s in way.campaign_sends()).values()) == 1, "doubled"
    assert not [r for r in rows if r.state in OPEN], "every message has an end"
    unknown = [r for r in rows if r.state == State.UNKNOWN]
    assert len(unknown) <= IN_FLIGHT
    assert not [r for r in unknown if r.id in sends], "what the provider took is known by its status"
    lost = [r for r in rows if r.state != State.UNKNOWN and r.id not in sends]
    assert not lost
    assert result.counts["wrongly_sent"] == 0
    assert result.counts["wrongly_refused"] == len(unknown)
    assert result.verification.ok, result.verification.problem
    assert numbers == len(rows), "one message per person"


def test_emptied_redis_loses_and_doubles_nothing(postgresql_url: str, redis_url: str, tmp_path: Path) -> None:
    with servers.fresh_database(postgresql_url) as url, redis.Redis.from_url(redis_url) as broker:
        settings = Settings(data_dir=tmp_path, keys=SecretStr(generate()), database_url=url, redis_url=redis_url)
        with Journey(settings, contacts=400, seed=5) as way:
            way.connect()
            way.history()
            way.sync()
            way.draft()
            way.start()
            for share in (20, 60, 100):  # nudges, webhooks and reports alike are forgotten
                until(lambda share=share: len(way.campaign_sends()) >= share, "the campaign to get going")
                broker.flushdb()
            way.finish()
            result = outcome(way, 0)
    assert (result.counts["wrongly_sent"], result.counts["wrongly_refused"]) == (0, 0)
    assert (result.counts["unknown"], result.doubled) == (0, 0)
    assert result.verification.ok, result.verification.problem


def messages(way: Journey) -> tuple[list[MessageRow], int]:
    """The campaign's messages that were not refused, and how many people they are to."""
    with way.world.db.read() as session:
        rows = session.exec(
            select(MessageRow).where(MessageRow.campaign_id == way.campaign.id, MessageRow.state != State.REFUSED)
        ).all()
        points = session.exec(select(ContactPoint.token, ContactPoint.id)).all()
    tokens = {point_id: token for token, point_id in points}
    return list(rows), len({tokens[row.point_id] for row in rows})
