# SPDX-License-Identifier: Apache-2.0
"""What people and time do to the data: a CRM that contradicts a stop, erasure, a restored backup, wrong clocks."""

from __future__ import annotations

import shutil
import signal
import time
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url
from sqlmodel import Session, col, select

from hub.contract import Claim, ClaimKind, ContactSnapshot, Page
from hub.flows import erasure, restore, standstill, sync
from hub.store.ledger import Chain
from hub.store.tables import Contact, ContactPoint, DecisionRow, LedgerRow, MessageRow, SyncRun
from hub.testing.faults.fault import BOTH, SCALED, Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.inside import inside
from hub.testing.faults.oracle import Finding, Kind
from hub.testing.lab import number

CONSENT = Claim(ClaimKind.CONSENT, "newsletter")
OPT_OUT = Claim(ClaimKind.OPT_OUT, "do_not_contact")


def contradicted(ground: Ground) -> None:
    """Some stop by chat, some in the CRM; then the CRM says yes for all of them, again and again, old and new."""
    ground.one_clock = False
    with inside(ground) as hub:
        by_chat, in_crm = range(20), range(20, 40)
        for index in by_chat:
            ground.says_stop(number(index))
        hub.settle()
        _synced(ground, in_crm, OPT_OUT)
        ground.stopped |= {number(index) for index in in_crm}
        for _ in range(3):
            _synced(ground, range(40), CONSENT)
            hub.advance(3600)
        hub.campaign(ground.lab.people)
        hub.until_over()
        hub.settle()
    ground.hold(ground.count("refused") == 40, f"{ground.count('refused')} of 40 who stopped were refused")


def _synced(ground: Ground, people: range, claim: Claim) -> None:
    known = tuple(ContactSnapshot(str(index), number(index), claims=(claim,)) for index in people)
    with ground.world.db.write() as session:
        run = SyncRun(connection_id=ground.lab.crm.id, started_at=ground.world.now())
        session.add(run)
        session.flush()
        sync.apply_page(ground.world, session, ground.lab.owner, ground.lab.crm, run, Page(known, None))


def erased(ground: Ground) -> None:
    """Ten people are erased while the campaign runs; nothing is authorised for them afterwards."""
    ground.stage()
    ground.start()
    ground.taken(ground.lab.people // 4)
    contacts = [_erase(ground, who) for who in ground.somebody(10)]
    with ground.world.db.read() as session:
        ground.expected -= {token for token in ground.expected if _gone(session, token)}
    ground.finish()
    with ground.world.db.read() as session:
        for contact in contacts:
            late = _allowed_after_erasure(session, contact)
            ground.broken += [Finding(Kind.WITHOUT_BASIS, f"{one} was authorised after erasure") for one in late]


def _erase(ground: Ground, who: str) -> str:
    with ground.world.db.write() as session:
        chain = Chain(session, ground.lab.owner.id, ground.world.now())
        point = session.exec(select(ContactPoint).where(ContactPoint.token == ground.lab.token(who))).one()
        contact = session.get_one(Contact, point.contact_id)
        erasure.erase(ground.world, session, chain, contact, "faults")
        chain.write()
        return contact.id


def _gone(session: Session, token: str) -> bool:
    return session.exec(select(ContactPoint).where(ContactPoint.token == token)).first() is None


def _allowed_after_erasure(session: Session, contact_id: str) -> list[str]:
    erased_at = session.exec(
        select(LedgerRow.seq).where(LedgerRow.contact_id == contact_id, LedgerRow.kind == "erased")
    ).one()
    mine = (DecisionRow.phase == "transmit", DecisionRow.verdict == "ALLOW", col(DecisionRow.seq) > erased_at)
    return list(
        session.exec(
            select(MessageRow.id)
            .join(DecisionRow, col(DecisionRow.message_id) == MessageRow.id)
            .where(MessageRow.contact_id == contact_id, *mine)
        )
    )


def restored(ground: Ground) -> None:
    """The backup knows nothing of twenty stops. Nothing is sent until they were brought back from the journal."""
    ground.stage()
    backup = _backup(ground)
    for who in ground.somebody(20):
        ground.staff_stops(who)
    _bring_back(ground, backup)
    ground.start()
    time.sleep(8)
    ground.hold(ground.vendor.asked() == 0, "something was sent from a database that lacks stops")
    restore.replay(ground.world, ground.lab.owner)
    time.sleep(3)
    ground.hold(ground.vendor.asked() == 0, "the campaign went on before a person said so")
    with ground.world.db.write() as session:
        for campaign in standstill.paused(session, ground.lab.owner.id):
            standstill.release(ground.world, session, campaign, "faults")
    ground.finish()
    ground.hold(ground.count("refused") == 20, f"{ground.count('refused')} of 20 stops bind")


def _backup(ground: Ground) -> str:
    """A copy of the database as it is now; its place."""
    ground.world.db.engine.dispose()
    if ground.backend == "sqlite":
        path = ground.settings.data_dir / "hub.db"
        with closing(ground.world.db.engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ground.world.db.engine.dispose()
        return str(shutil.copy(path, path.with_suffix(".backup")))
    url = make_url(ground.settings.database_url)
    _admin(ground, f"CREATE DATABASE {url.database}_backup TEMPLATE {url.database}")
    return f"{url.database}_backup"


def _bring_back(ground: Ground, backup: str) -> None:
    ground.world.db.engine.dispose()
    if ground.backend == "sqlite":
        path = ground.settings.data_dir / "hub.db"
        for part in ("", "-wal", "-shm"):
            Path(f"{path}{part}").unlink(missing_ok=True)
        shutil.move(backup, path)
        return
    name = make_url(ground.settings.database_url).database
    _admin(ground, f"DROP DATABASE {name} WITH (FORCE)")
    _admin(ground, f"ALTER DATABASE {backup} RENAME TO {name}")


def _admin(ground: Ground, statement: str) -> None:
    assert ground.database is not None
    address = make_url(ground.database.url).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as raw:
        raw.execute(statement.encode())


def clock_jumps(ground: Ground, way: signal.Signals) -> None:
    """The sending process's clock jumps by an hour in the middle, and nobody else's. Back: it is mended after 10 s."""
    ground.one_clock = False
    ground.stage()
    process = ground.start()
    ground.taken(ground.lab.people // 4)
    process.signal(way)
    for who in ground.somebody(5):
        ground.says_stop(who)
    if way is signal.SIGUSR2:  # what was due is due in an hour now
        time.sleep(10)
        process.signal(signal.SIGUSR1)
    ground.finish()
    ground.hold(ground.fastest() <= 1.1 * ground.lab.sender.rate, "the sender's rate was exceeded")


def clocks_apart(ground: Ground) -> None:
    """A second worker joins whose clock is five minutes fast. It must not take what the first one holds."""
    ground.one_clock = False
    ground.stage()
    ground.start()
    ground.taken(10)
    ground.run("worker", offset=timedelta(minutes=5).total_seconds())
    ground.run("schedule", offset=timedelta(minutes=5).total_seconds())
    ground.finish()
    ground.hold(ground.fastest() <= 1.1 * ground.lab.sender.rate, "the sender's rate was exceeded")
    ground.hold(ground.verdict().unknown == 0, "one worker called another's sends interrupted")


_RUNNING = {"rate": 40, "people": 160}
FAULTS = [
    Fault(
        "F15-contradicted",
        "people stop by chat and in the CRM; the CRM then says yes for them, in both orders, three times over",
        "a stop is never overwritten by a sync",
        contradicted,
        ground={"people": 100},
    ),
    Fault(
        "F16-forward",
        "the sending process's clock jumps an hour forward",
        "the sender's rate is kept",
        partial(clock_jumps, way=signal.SIGUSR1),
        ground=_RUNNING,
    ),
    Fault(
        "F16-back",
        "the sending process's clock jumps an hour back, and is put right after 10 s",
        "the sender's rate is kept; the campaign goes on once the clock is right",
        partial(clock_jumps, way=signal.SIGUSR2),
        ground=_RUNNING,
    ),
    Fault(
        "F16-apart",
        "a second worker and schedule join whose clocks are five minutes fast",
        "the sender's rate is kept, nothing is called interrupted that is not",
        clocks_apart,
        SCALED,
        _RUNNING,
    ),
    Fault("F21-erased", "ten people are erased while a campaign runs", "nothing for them", erased, BOTH, _RUNNING),
    Fault(
        "F21-restored",
        "the database is put back to before twenty stops, with a campaign staged",
        "nothing is sent before the stops are back from the journal and a person lets the campaign go on",
        restored,
        ground={"people": 100},
    ),
]
