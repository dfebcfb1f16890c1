# SPDX-License-Identifier: Apache-2.0
"""CRMs that tell what changes: applied at once, behind a cursor of its own, and never instead of the sync."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from hub.contract import BadConfig, Changes, ContactSnapshot, Throttled, Unavailable
from hub.flows import accounts
from hub.store.tables import Connection, CrmRecord, SyncRun
from hub.work import leases
from hub.work.jobs import Jobs
from hub.work.listening import lease_of
from tests.making import ANNA, BEN, CONTRACT, OPT_OUT, Shop, person, phone

pytest_plugins = ["tests.shops"]

ANNAS, BENS = person("1", ANNA, CONTRACT), person("2", BEN, CONTRACT)
STOPPED = person("1", ANNA, CONTRACT, OPT_OUT)


class Line:
    """What the paper CRM tells. `heard` are the cursors with which the hub began."""

    def __init__(self, shop: Shop, jobs: Jobs) -> None:
        self.shop, self.jobs = shop, jobs
        self.heard: list[str | None] = []

    def tells(self, *pages: Changes, then: Exception | None = None, first: Callable[[], object] = lambda: None) -> None:
        """Listen to these pages; `first` happens before them."""

        def telling(since: str | None) -> AsyncIterator[Changes]:
            self.heard.append(since)
            return self._tell(pages, then, first)

        self.shop.paper.telling = telling
        self.jobs.listener.listen(self.shop.crm.id)

    async def _tell(
        self, pages: tuple[Changes, ...], then: Exception | None, first: Callable[[], object]
    ) -> AsyncIterator[Changes]:
        await asyncio.to_thread(first)
        for page in pages:
            yield page
        if then:
            raise then

    @property
    def crm(self) -> Connection:
        with self.shop.world.db.read() as session:
            return session.get_one(Connection, self.shop.crm.id)

    def records(self) -> set[str]:
        return {row.record for row in self.shop.rows(CrmRecord)}


@pytest.fixture
def line(shop: Shop, jobs: Jobs) -> Line:
    return Line(shop, jobs)


def said(cursor: str, *people: ContactSnapshot, gap: bool = False) -> Changes:
    return Changes(people, cursor, gap=gap)


def test_what_is_told_acts_at_once_and_the_sync_stays_where_it_is(line: Line) -> None:
    due = line.crm.next_sync_at
    line.tells(said("a", ANNAS, BENS), said("b", STOPPED), said("c"))
    assert line.records() == {"1", "2"}
    assert len(line.shop.stops(phone(ANNA))) == 1
    assert (line.crm.change_cursor, line.crm.sync_cursor, line.crm.next_sync_at) == ("c", None, due)
    (run,) = line.shop.rows(SyncRun)
    assert (run.seen, run.admitted, run.error) == (3, 3, "")
    assert run.finished_at is not None
    assert line.shop.proven()


def test_it_goes_on_behind_what_was_applied(line: Line) -> None:
    line.tells(said("a", ANNAS), then=Unavailable("cut"))
    line.tells(said("b", BENS))
    assert line.heard == [None, "a"]
    assert line.records() == {"1", "2"}


def test_page_that_could_not_be_applied_is_told_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.tells(said("a", ANNAS))
    with monkeypatch.context() as broken:
        broken.setattr("hub.flows.changes.sync.apply_page", lambda *_: 1 / 0)
        line.tells(said("b", STOPPED))
    assert (line.crm.change_cursor, line.shop.stops(phone(ANNA))) == ("a", [])
    line.tells(said("b", STOPPED))
    assert line.heard[-1] == "a"
    assert len(line.shop.stops(phone(ANNA))) == 1


def test_gap_is_read_by_a_sync_at_once(line: Line) -> None:
    line.tells(said("a", gap=True))
    assert line.crm.next_sync_at is not None
    assert line.crm.next_sync_at <= line.shop.clock.now()
    assert line.shop.rows(SyncRun) == [], "nothing was read"


def test_gap_during_a_sync_is_read_after_it(line: Line) -> None:
    line.shop.paper.pages = [Changes((ANNAS,), "1")]
    line.jobs.sync(line.shop.crm.id, lambda _: line.tells(said("a", gap=True)))
    assert line.crm.next_sync_at is not None
    assert line.crm.next_sync_at <= line.shop.clock.now()


def test_deleted_and_merged_records_are_gone(line: Line) -> None:
    gone = ContactSnapshot("2", deleted=True, merged_into="1")
    line.tells(said("a", ANNAS, BENS), said("b", gone))
    assert line.records() == {"1"}
    assert line.shop.proven()


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(Unavailable("cut"), 10), (Throttled("slow", after=700), 700), (BadConfig("no right"), 900), (KeyError("x"), 10)],
    ids=["unavailable", "throttled", "bad config", "bug"],
)
def test_trouble_is_shown_waits_and_pauses_nothing(line: Line, error: Exception, seconds: int) -> None:
    line.tells(said("a", ANNAS), then=error)
    found, now = line.crm, line.shop.clock.now()
    assert found.listen_error
    assert found.paused_why == ""
    assert found.next_listen_at is not None
    assert abs(found.next_listen_at - now - timedelta(seconds=seconds)) < timedelta(seconds=9)
    line.tells(said("a"))
    assert line.crm.listen_error == "", "it stands again"


def test_crm_that_tells_nothing_is_not_asked_again(line: Line) -> None:
    assert line.crm.next_listen_at is not None
    line.jobs.listener.listen(line.shop.crm.id)
    assert line.crm.next_listen_at is None
    with line.shop.write() as session:
        accounts.change(line.shop.world, session, session.get_one(Connection, line.shop.crm.id), {})
    assert line.crm.next_listen_at is not None, "other settings may have it tell"


def test_only_one_process_listens(line: Line) -> None:
    assert leases.take(line.shop.world, lease_of(line.shop.crm.id), "another", 30)
    line.tells(said("a", ANNAS))
    assert (line.heard, line.records()) == ([], set())


def test_paused_or_changed_account_is_opened_anew(line: Line) -> None:
    def pause() -> None:
        with line.shop.write() as session:
            accounts.pause(session, line.shop.crm.id, "an admin looks at it")

    line.tells(said("a", ANNAS), said("b", BENS), first=pause)
    assert (line.crm.change_cursor, line.records()) == ("a", {"1"})
    assert line.crm.next_listen_at is not None
    assert line.crm.next_listen_at <= line.shop.clock.now()
