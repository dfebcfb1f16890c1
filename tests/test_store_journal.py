# SPDX-License-Identifier: Apache-2.0
"""The journal beside the database: nothing that forbids is missing from it, whatever happens to whoever writes it."""

from __future__ import annotations

import ast
import multiprocessing
import os
import signal
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import hub
from hub.contract import BadInput
from hub.flows import courier
from hub.flows.permission import EVENT
from hub.flows.world import World, build
from hub.law.facts import RecordState
from hub.proof.chain import GENESIS, leaf, link_hash, merkle_root
from hub.settings import Settings
from hub.store import journal as journals
from hub.store.catch_up import CatchUp
from hub.store.journal import KEPT, LEFT_OUT, Damaged, Journal, Line, Signed
from hub.store.tables import ChainLink, Controller
from tests.backups import backup, restart
from tests.making import ANNA, Shop, phone
from tests.test_restore import bring_back, fault

HUB = Path(hub.__file__).parent
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)


def line(seq: int, record: str = '{"kind":"objection"}', prev: str = GENESIS) -> Line:
    leaves = [leaf("ledger", record)]
    root = merkle_root(leaves)
    digest = link_hash("c", seq, prev, root, 1, AT)
    link = ChainLink(controller_id="c", seq=seq, count=1, root=root, prev_hash=prev, hash=digest, at=AT)
    return Line.of(link, leaves, {0: record}, {})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


def seqs(journal: Journal) -> list[int]:
    return [entry.seq for entry in journal.read("c") if isinstance(entry, Line)]


def test_what_was_appended_is_read_back_as_it_was(journal: Journal) -> None:
    written = [line(1), line(2)]
    journal.append(written)
    assert list(journal.read("c")) == written
    assert journal.controllers() == ["c"]
    assert list(journal.read("nobody")) == []


def test_files_are_closed_to_others(journal: Journal) -> None:
    journal.append([line(1)])
    (file,) = (journal.folder / "c").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_line_torn_by_a_crash_harms_no_other(journal: Journal) -> None:
    journal.append([line(1)])
    (file,) = (journal.folder / "c").iterdir()
    with file.open("ab") as torn:
        torn.write(b'\n{"seq": 2, "at"')
    journal.append([line(3)])
    entries = list(journal.read("c"))
    assert seqs(journal) == [1, 3]
    assert [entry.why for entry in entries if isinstance(entry, Damaged)] == ["cannot be read"]


@pytest.mark.parametrize(
    "change", [(b"objection", b"abjection"), (b'"seq":1', b'"seq":7'), (b'"count":1', b'"count":2')]
)
def test_changed_line_is_damaged(journal: Journal, change: tuple[bytes, bytes]) -> None:
    journal.append([line(1)])
    (file,) = (journal.folder / "c").iterdir()
    file.write_bytes(file.read_bytes().replace(*change))
    (entry,) = journal.read("c")
    assert isinstance(entry, Damaged)
    assert entry.number == 2


def test_full_file_is_followed_by_the_next(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_FULL", 300)
    monkeypatch.setattr(journals, "_TAIL", 600)
    for seq in range(1, 6):
        journal.append([line(seq)])
    assert len(list((journal.folder / "c").iterdir())) == 5
    assert seqs(journal) == [1, 2, 3, 4, 5]
    lines, mark = journal.since("c", None)
    assert [one.seq for one in lines] == [5], "only the end is read"
    journal.append([line(6)])
    assert [one.seq for one in journal.since("c", mark)[0]] == [6]


def test_line_longer_than_the_window_is_still_the_last(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_TAIL", 100)
    journal.append([line(1), line(2)])
    assert [one.seq for one in journal.since("c", None)[0]][-1:] == [2]


def test_line_still_being_written_is_read_later(journal: Journal) -> None:
    journal.append([line(1)])
    _, mark = journal.since("c", None)
    (file,) = (journal.folder / "c").iterdir()
    whole = file.read_bytes()
    journal.append([line(2)])
    later = file.read_bytes()
    file.write_bytes(later[: len(whole) + 40])
    lines, mark = journal.since("c", mark)
    assert not lines
    file.write_bytes(later)
    assert [one.seq for one in journal.since("c", mark)[0]] == [2]


def _append_many(folder: Path, start: int) -> None:
    mine = Journal(folder)
    for seq in range(start, start + 200):
        mine.append([line(seq, '{"kind":"objection","filler":"' + "x" * 3000 + '"}')])


def test_two_processes_append_at_once_and_no_line_is_broken(journal: Journal) -> None:
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_append_many, args=(journal.folder, start)) for start in (1, 1001)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert not [entry for entry in journal.read("c") if isinstance(entry, Damaged)]
    assert sorted(seqs(journal)) == [*range(1, 201), *range(1001, 1201)]


# with a database


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


class Dying(Journal):
    """The process dies between its commit and the journal."""

    def append(self, entries: Iterable[Line | Signed]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def _stop_and_die(settings: Settings, controller_id: str) -> None:
    world = build(settings)
    world.db.journal = Dying(settings.journal)
    with world.db.write() as session:
        owner = session.get_one(Controller, controller_id)
        courier.stop(world, session, owner, number=ANNA, by="staff", reason="letter")


def test_kill_between_commit_and_journal_is_made_good(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    own = shop.world.db.journal
    assert own is not None
    with backup(shop) as saved:
        before = own.since(shop.controller.id, None)[0][-1].seq
        victim = multiprocessing.get_context("spawn").Process(
            target=_stop_and_die, args=(shop.world.settings, shop.controller.id)
        )
        victim.start()
        victim.join()
        assert victim.exitcode == -signal.SIGKILL
        assert len(shop.stops(phone(ANNA))) == 1, "it was committed"
        assert own.since(shop.controller.id, None)[0][-1].seq == before, "and not journaled"
        restart(shop)
        assert CatchUp(shop.world.db, own, shop.controller.id).run() == 1
        saved.restore(shop)
        assert fault(shop)
        assert bring_back(shop).events == {"objection": 1}
        assert len(shop.stops(phone(ANNA))) == 1


def test_journal_that_cannot_be_written_undoes_no_stop(shop: Shop) -> None:
    own = shop.world.db.journal
    assert own is not None
    folder = own.folder / shop.controller.id
    aside = folder.rename(folder.with_name("aside"))
    folder.write_text("in the way")
    shop.stop(phone(ANNA))
    assert len(shop.stops(phone(ANNA))) == 1
    folder.unlink()
    aside.rename(folder)
    assert CatchUp(shop.world.db, own, shop.controller.id).run() >= 1
    assert any(entry.events for entry in own.read(shop.controller.id) if isinstance(entry, Line))


def test_journal_that_cannot_be_read_is_a_fault(shop: Shop) -> None:
    own = shop.world.db.journal
    assert own is not None
    file = own.folder / shop.controller.id / "0001.jsonl"
    file.unlink()
    file.mkdir()
    assert "cannot be read" in fault(shop)


def test_line_made_from_the_database_is_the_one_that_was_written(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.claim()
    shop.stop(phone(ANNA))
    own = shop.world.db.journal
    assert own is not None
    written = list(own.read(shop.controller.id))
    copy = Journal(own.folder.with_name("copy"))
    CatchUp(shop.world.db, copy, shop.controller.id).run()
    assert list(copy.read(shop.controller.id)) == written


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="HUB_JOURNAL_DIR"):
        build(Settings(data_dir=tmp_path, journal_dir=str(tmp_path / "file" / "below")))


def test_every_kind_of_event_is_kept_or_left_out_on_purpose() -> None:
    """A new kind must be placed in one of the two tables of the journal."""
    kinds = set(EVENT.values())
    for path in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "event"
            if called and node.args and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
                kinds.add(str(node.args[0].value))  # type: ignore[attr-defined]
    kinds |= {f"processor_{state}" for state in RecordState}
    assert "erased" in kinds
    assert not kinds - (KEPT | LEFT_OUT)
    assert not KEPT & LEFT_OUT
