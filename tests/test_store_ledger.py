# SPDX-License-Identifier: Apache-2.0
"""The ledger: whatever is changed, moved, cut or slipped in afterwards is found and named."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session, col, select

from hub.store import ledger
from hub.store.db import Database
from hub.store.ledger import GENESIS, Chain, merkle_root
from hub.store.tables import ChainHead, ChainLink, Controller, DecisionRow, LedgerRow

NOW = datetime(2026, 11, 2, 12, 30, 15, 123456, tzinfo=UTC)
C = "controller-1"

Tamper = Callable[[Session], None]


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    database.migrate()
    with database.write() as session:
        for name in (C, "controller-2"):
            session.add(Controller(id=name, name=name, country="DE", created_at=NOW))
            session.flush()
            session.add(ChainHead(controller_id=name, seq=0, hash=GENESIS))
    yield database
    database.close()


def append(db: Database, controller: str = C, events: int = 2, decisions: int = 2, times: int = 1) -> None:
    """A link for each time."""
    for _ in range(times):
        with db.write() as session:
            chain = Chain(session, controller, NOW)
            for number in range(events):
                chain.event("consent", NOW, {"n": number}, contact_id="p1", token="t1", evidence=b"sealed")
            for number in range(decisions):
                chain.decision("transmit", "ALLOW", {"n": number}, contact_id="p1", message_id="m1")
            chain.write()


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.fixture
def chained(tmp_path: Path) -> Iterator[Database]:
    """Three links of two events and two decisions each. What is tampered with is the same on every database."""
    with opened(f"sqlite:///{tmp_path / 'hub.db'}") as database:
        append(database, times=3)
        yield database


def verify(db: Database, controller: str = C) -> ledger.Verification:
    with db.read() as session:
        return ledger.verify(session, controller)


# appending


def test_verify_of_an_empty_chain_holds(db: Database) -> None:
    assert verify(db) == ledger.Verification(0, 0, GENESIS, "")


def test_verify_of_an_untouched_chain_holds(db: Database) -> None:
    append(db, times=3)
    found = verify(db)
    assert (found.links, found.rows, found.problem) == (3, 12, "")
    with db.read() as session:
        head = session.get(ChainHead, C)
        assert head is not None
        assert head.hash == found.head


def test_append_of_nothing_makes_no_link(chained: Database) -> None:
    before = verify(chained)
    append(chained, events=0, decisions=0)
    assert verify(chained) == before


def test_append_rolled_back_leaves_the_chain_whole(db: Database) -> None:
    append(db)
    before = verify(db)

    def append_and_fail() -> None:
        with db.write() as session:
            chain = Chain(session, C, NOW)
            chain.event("consent", NOW, {})
            chain.write()
            raise KeyError("after")

    with pytest.raises(KeyError):
        append_and_fail()
    assert verify(db) == before
    append(db)
    assert verify(db).links == 2


def test_append_with_a_time_of_another_zone_holds(db: Database) -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))
    with db.write() as session:
        chain = Chain(session, C, berlin)
        chain.event("consent", berlin, {"at": berlin})
        chain.write()
    assert verify(db).problem == ""
    with db.read() as session:
        record = session.exec(select(LedgerRow.record)).one()
    assert '"event_time":"2026-11-02T12:30:15.123456' in record, "stored in UTC"


def test_append_with_a_time_without_a_zone_is_refused(db: Database) -> None:
    with pytest.raises(TypeError), db.write() as session:
        Chain(session, C, NOW).event("consent", NOW.replace(tzinfo=None), {})
    assert verify(db).rows == 0


def test_chains_of_two_controllers_are_apart(chained: Database) -> None:
    append(chained, "controller-2", events=1, decisions=0)
    assert (verify(chained).links, verify(chained, "controller-2").links) == (3, 1)
    assert verify(chained, "controller-2").head != verify(chained).head


def test_row_ids_are_given_back_and_found(db: Database) -> None:
    with db.write() as session:
        chain = Chain(session, C, NOW)
        event = chain.event("consent", NOW, {})
        decision = chain.decision("stage", "DENY", {})
        chain.write()
    with db.read() as session:
        assert session.get(LedgerRow, event) is not None
        assert session.get(DecisionRow, decision) is not None


# tampering: each is done with plain SQL, behind the code's back


def ledger_row(session: Session, seq: int, position: int) -> LedgerRow:
    return session.exec(select(LedgerRow).where(LedgerRow.seq == seq, LedgerRow.position == position)).one()


def decision_row(session: Session, seq: int, position: int) -> DecisionRow:
    return session.exec(select(DecisionRow).where(DecisionRow.seq == seq, DecisionRow.position == position)).one()


def changed_record(session: Session) -> None:
    row = ledger_row(session, 2, 1)
    row.record = row.record.replace('"n":1', '"n":7')
    session.add(row)


def changed_decision(session: Session) -> None:
    row = decision_row(session, 2, 2)
    row.record, row.verdict = row.record.replace("ALLOW", "DENY"), "DENY"
    session.add(row)


def deleted_row(session: Session) -> None:
    session.delete(ledger_row(session, 2, 0))


def deleted_last_row_of_a_link(session: Session) -> None:
    session.delete(decision_row(session, 2, 3))


def swapped_rows(session: Session) -> None:
    one, two = ledger_row(session, 2, 0), ledger_row(session, 2, 1)
    one.position, two.position = 1, 0
    session.add_all([one, two])


def swapped_links(session: Session) -> None:
    one, two = (session.exec(select(ChainLink).where(ChainLink.seq == seq)).one() for seq in (1, 2))
    session.execute(update(ChainLink).where(col(ChainLink.id) == one.id).values(seq=99))
    session.execute(update(ChainLink).where(col(ChainLink.id) == two.id).values(seq=1))
    session.execute(update(ChainLink).where(col(ChainLink.id) == one.id).values(seq=2))
    for table in (LedgerRow, DecisionRow):
        for old, new in ((1, 99), (2, 1), (99, 2)):
            session.execute(update(table).where(col(table.seq) == old).values(seq=new))


def moved_to_another_link(session: Session) -> None:
    row = decision_row(session, 3, 3)
    row.seq, row.position = 2, 4
    session.add(row)


def slipped_in_row(session: Session) -> None:
    row = decision_row(session, 2, 3)
    session.add(DecisionRow(**{**row.model_dump(), "id": "forged", "position": 4}))


def slipped_in_row_before_the_start(session: Session) -> None:
    row = decision_row(session, 2, 3)
    session.add(DecisionRow(**{**row.model_dump(), "id": "forged", "seq": -7, "position": 0}))


def changed_link_root(session: Session) -> None:
    session.execute(update(ChainLink).where(col(ChainLink.seq) == 2).values(root=GENESIS))


def changed_link_time(session: Session) -> None:
    session.execute(update(ChainLink).where(col(ChainLink.seq) == 2).values(at=NOW + timedelta(microseconds=1)))


def changed_link_hash(session: Session) -> None:
    session.execute(update(ChainLink).where(col(ChainLink.seq) == 2).values(hash="f" * 64))


def changed_link_count(session: Session) -> None:
    session.execute(update(ChainLink).where(col(ChainLink.seq) == 2).values(count=5))


def deleted_link(session: Session) -> None:
    session.delete(session.exec(select(ChainLink).where(ChainLink.seq == 2)).one())


def cut_end(session: Session) -> None:
    """Link, rows: everything of the last transaction. Only the head still knows."""
    for table in (LedgerRow, DecisionRow, ChainLink):
        for row in session.exec(select(table).where(col(table.seq) == 3)):
            session.delete(row)


def cut_link_only(session: Session) -> None:
    session.delete(session.exec(select(ChainLink).where(ChainLink.seq == 3)).one())
    link = session.exec(select(ChainLink).where(ChainLink.seq == 2)).one()
    session.execute(update(ChainHead).where(col(ChainHead.controller_id) == C).values(seq=2, hash=link.hash))


def deleted_head(session: Session) -> None:
    session.delete(session.get(ChainHead, C))


def unreadable_record(session: Session) -> None:
    row = ledger_row(session, 2, 0)
    row.record = "torn"
    session.add(row)


def record_that_is_no_object(session: Session) -> None:
    row = ledger_row(session, 2, 0)
    row.record = "7"
    session.add(row)


TAMPERING: list[tuple[Tamper, str]] = [
    (changed_record, "link 2: its rows were changed"),
    (changed_decision, "link 2: its rows were changed"),
    (deleted_row, "out of place"),
    (deleted_last_row_of_a_link, "link 2: its rows were changed, added or removed"),
    (swapped_rows, "link 2: its rows were changed"),
    (swapped_links, "link 1 is missing or out of place"),
    (moved_to_another_link, "link 2: its rows were changed, added or removed"),
    (slipped_in_row, "decision forged: id was changed"),
    (slipped_in_row_before_the_start, "link 1: its rows were changed, added or removed"),
    (changed_link_root, "link 2"),
    (changed_link_time, "link 2 was changed"),
    (changed_link_hash, "link 2 was changed"),
    (changed_link_count, "link 2"),
    (deleted_link, "link 2 is missing or out of place"),
    (cut_end, "the end of the chain was cut off"),
    (cut_link_only, "belongs to no link"),
    (deleted_head, "the end of the chain was cut off"),
    (unreadable_record, "cannot be read"),
    (record_that_is_no_object, "cannot be read"),
]


@pytest.mark.parametrize(("tamper", "said"), TAMPERING, ids=[tamper.__name__ for tamper, _ in TAMPERING])
def test_verify_finds_and_names(chained: Database, tamper: Tamper, said: str) -> None:
    with chained.write() as session:
        tamper(session)
    found = verify(chained)
    assert said in found.problem
    assert found.links <= 3


LEDGER_COLUMNS = {
    "kind": "withdrawn",
    "contact_id": "p2",
    "token": "t2",
    "id": "other",
    "controller_id": "controller-2",
}
DECISION_COLUMNS = {"phase": "stage", "verdict": "DENY", "contact_id": None, "message_id": None, "id": "other"}


@pytest.mark.parametrize(("column", "value"), LEDGER_COLUMNS.items())
def test_verify_finds_a_changed_column_of_an_event(chained: Database, column: str, value: str) -> None:
    with chained.write() as session:
        row_id = ledger_row(session, 2, 0).id
        session.execute(update(LedgerRow).where(col(LedgerRow.id) == row_id).values({column: value}))
    assert verify(chained).problem


@pytest.mark.parametrize(("column", "value"), DECISION_COLUMNS.items())
def test_verify_finds_and_names_a_changed_column_of_a_decision(
    chained: Database, column: str, value: str | None
) -> None:
    with chained.write() as session:
        row_id = decision_row(session, 2, 2).id
        session.execute(update(DecisionRow).where(col(DecisionRow.id) == row_id).values({column: value}))
    assert f"{column.removesuffix('_id')} was changed" in verify(chained).problem


def test_verify_finds_changed_evidence(db: Database) -> None:
    append(db, times=2)
    with db.write() as session:
        row = ledger_row(session, 2, 0)
        row.evidence = b"other"
        session.add(row)
    assert "its evidence was changed" in verify(db).problem


def test_verify_holds_after_evidence_was_destroyed_by_erasure(db: Database) -> None:
    append(db, times=2)
    with db.write() as session:
        row = ledger_row(session, 2, 0)
        row.evidence = None
        session.add(row)
    assert verify(db).problem == ""


def test_verify_finds_evidence_that_was_never_recorded(db: Database) -> None:
    with db.write() as session:
        chain = Chain(session, C, NOW)
        chain.event("consent", NOW, {})
        chain.write()
    with db.write() as session:
        session.execute(update(LedgerRow).values(evidence=b"made up"))
    assert "its evidence was changed" in verify(db).problem


def test_verify_reads_chains_longer_than_a_page(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_PAGE", 2)
    append(db, events=3, decisions=2, times=5)
    assert (verify(db).links, verify(db).rows, verify(db).problem) == (5, 25, "")


def test_verify_during_appends_raises_no_false_alarm(db: Database) -> None:
    append(db)
    before = verify(db)
    with db.read() as session:
        session.exec(select(ChainLink)).all()  # the moment that this session sees
        append(db)
        assert ledger.verify(session, C) == before


# concurrency


def test_concurrent_appenders_give_one_unbroken_chain(db: Database) -> None:
    threads, times = 6, 8
    together = threading.Barrier(threads)

    def work(_: int) -> None:
        together.wait()
        append(db, events=1, decisions=1, times=times)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    found = verify(db)
    assert (found.links, found.rows, found.problem) == (threads * times, threads * times * 2, "")


def test_opened_chain_keeps_others_out_until_commit(db: Database) -> None:
    opened, order = threading.Event(), list[str]()

    def late() -> None:
        opened.wait()
        append(db)
        order.append("second")

    thread = threading.Thread(target=late)
    thread.start()
    with db.write() as session:
        chain = Chain(session, C, NOW)
        opened.set()
        thread.join(timeout=0.3)  # time enough to come between, if it could
        assert thread.is_alive()
        chain.event("withdrawal", NOW, {})
        chain.write()
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]
    assert verify(db).problem == ""


# the arithmetic, against a second, plain implementation


def plain_root(leaves: list[str]) -> str:
    """Recursive: split at the largest power of two below the length; an odd end moves up unpaired."""
    if not leaves:
        return "0" * 64
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    pair = f"node|{plain_root(leaves[:half])}|{plain_root(leaves[half:])}"
    return hashlib.sha256(pair.encode()).hexdigest()


leaves = st.lists(st.integers(0, 2**256 - 1).map(lambda n: f"{n:064x}"), max_size=70)


@given(leaves)
def test_merkle_root_equals_a_plain_implementation(given_leaves: list[str]) -> None:
    assert merkle_root(given_leaves) == plain_root(given_leaves)


@given(leaves.filter(bool), st.data())
def test_merkle_root_changes_with_any_leaf(given_leaves: list[str], chosen: st.DataObject) -> None:
    index = chosen.draw(st.integers(0, len(given_leaves) - 1))
    changed = [*given_leaves[:index], hashlib.sha256(b"x").hexdigest(), *given_leaves[index + 1 :]]
    assert merkle_root(changed) != merkle_root(given_leaves)
