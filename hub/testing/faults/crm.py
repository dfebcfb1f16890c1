# SPDX-License-Identifier: Apache-2.0
"""The CRM breaks off while it is read: limits, an expired token, errors in the middle, a record that goes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from pydantic import SecretStr
from sqlmodel import select

from hub.flows import accounts
from hub.settings import Settings
from hub.store.tables import Connection, CrmRecord, SyncRun
from hub.store.vault import generate
from hub.testing import servers
from hub.testing.emulator import Fault as Wrong
from hub.testing.faults.fault import Fault
from hub.testing.faults.ground import Ground
from hub.testing.journey import Journey

_READS = "(GET|POST) .*/contacts"
_DAILY = {"status": "error", "policyName": "DAILY", "message": "You have reached your daily limit."}
BREAKS = (
    Wrong("status", _READS, status=429, body=_DAILY, times=1),
    Wrong("status", _READS, status=401, body={"category": "INVALID_AUTHENTICATION"}, times=1),
    Wrong("status", _READS, status=500, times=1),
    Wrong("lost_answer", _READS, times=1),
    Wrong("garbage", _READS, times=1),
)


def broken_off(ground: Ground) -> None:
    """One page is read, then the next call breaks: in each way in turn. The records must be those of a quiet walk."""
    contacts = 3000 if ground.full else 900
    with _journey(ground, "quiet", contacts) as way:
        way.sync()
        expected, total = _records(way), way.run.seen
    with _journey(ground, "broken", contacts) as way:
        for wrong in BREAKS:
            way.hubspot.faults.append(Wrong("latency", _READS, times=1))  # the page that is read
            way.hubspot.faults.append(wrong)
            _walk(way)
            ground.hold(bool(wrong.times == 0), f"not met: {wrong.kind} {wrong.status}")
            _let_go_on(way)
        gone = max(way.hubspot.contacts, key=int)
        way.hubspot.erase(gone)  # somebody deletes the newest one meanwhile
        _walk(way)
        found = _records(way)
        ground.hold(_cursor(way).startswith("changed"), "the walk did not come to its end")
        with way.world.db.read() as session:
            runs = session.exec(select(SyncRun)).all()
        seen = sum(run.seen for run in runs)
    ground.hold(found - {gone} == expected - {gone}, f"{len(expected ^ found)} records differ from a quiet walk")
    ground.hold(total - 1 <= seen <= total + 100 * len(BREAKS), f"{seen} records were read for {total}: a restart")
    ground.expected = frozenset()


@contextmanager
def _journey(ground: Ground, name: str, contacts: int) -> Iterator[Journey]:
    folder: Path = ground.settings.data_dir / name
    server = ground.database
    with servers.fresh_database(server.url) if server is not None else nullcontext("") as url:
        settings = Settings(data_dir=folder, database_url=url, keys=SecretStr(generate()))
        with Journey(settings, contacts=contacts, seed=3) as way:
            way.connect()
            yield way


def _walk(way: Journey) -> None:
    way.crew.jobs.sync(way.crm.id)


def _let_go_on(way: Journey) -> None:
    """An admin has entered the token again."""
    with way.world.db.write() as session:
        accounts.resume(session, session.get_one(Connection, way.crm.id))


def _cursor(way: Journey) -> str:
    with way.world.db.read() as session:
        return session.get_one(Connection, way.crm.id).sync_cursor or ""


def _records(way: Journey) -> set[str]:
    with way.world.db.read() as session:
        return set(session.exec(select(CrmRecord.record)))


FAULTS = [
    Fault(
        "F20-crm",
        "reading the CRM breaks off after each page: daily limit, expired token, 500, lost and unreadable answers",
        "the walk goes on at its checkpoint; in the end the records are those of a quiet walk",
        broken_off,
        ground={"people": 2},
    )
]
