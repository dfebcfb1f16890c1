# SPDX-License-Identifier: Apache-2.0
"""Random histories of people, through the real flows on SQLite, against what the people themselves know.

The machine keeps three people who write, say yes and no, change and lose numbers; a CRM that imports, merges and errs;
and staff who join, split and keep apart. After every step it asks the gate about every contact point.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pydantic import SecretStr
from sqlmodel import SQLModel

from hub.contract import (
    BadInput,
    ContactsMerged,
    ContactSnapshot,
    IdentityChanged,
    Point,
    PreferenceChanged,
    PrivacyDeletion,
    Purpose,
)
from hub.flows import campaigns, clerk, contacts, facts, gate, inbound
from hub.flows.clerk import Word
from hub.flows.world import World, build
from hub.law.facts import Decision, Evidence, EvidenceKind, Message, Person, Phase
from hub.plugins import load
from hub.settings import Settings
from hub.store.tables import ConsentRow, Contact, ContactPoint, CrmRecord, StopRow
from hub.store.vault import generate
from hub.testing.clock import Clock
from tests.making import CONSENT, CONTRACT, OPT_OUT, SECOND, TOPIC, VENDOR_ID, Shop, bsuid, number, person, phone

WORD = Word("Dana Schutz", "called back")
PERMISSION = (
    "SUPPRESSED_",
    "CONSENT_",
    "SUBJECT_",
    "CONTACT_POINT_",
    "BASIS_",
)  # what this is about; no clock, no quota
HUMANS, RECORDS, NUMBERS = range(3), ("r1", "r2", "r3"), range(5)
skews = st.sampled_from([0, 0, 0, -1, -30, -30, 7])  # seconds by which a vendor's clock is off
picks = st.integers(0, 5)
humans, records, numbers = st.sampled_from(HUMANS), st.sampled_from(RECORDS), st.sampled_from(NUMBERS)


@pytest.fixture
def town(migrated_sqlite: Path, tmp_path: Path) -> Iterator[World]:
    (tmp_path / "hub.db").write_bytes(Path(migrated_sqlite).read_bytes())
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    world = build(Settings(data_dir=tmp_path, database_url=url, keys=SecretStr(generate())))
    yield world
    world.db.close()


@dataclass
class Said:
    """What the holder of a point said, and on which other points the same no counts."""

    yes: datetime | None = None
    no: set[datetime] = field(default_factory=set)
    group: int = 0  # points that the platform showed to be one person's


@dataclass
class Human:
    number: Point | None
    bsuid: Point

    @property
    def points(self) -> tuple[Point, ...]:
        return (self.number, self.bsuid) if self.number else (self.bsuid,)


class Histories(RuleBasedStateMachine):
    town: World

    def __init__(self) -> None:
        super().__init__()
        world = replace(self.town, clock=Clock(), registry=load())
        self.shop = Shop(world)
        self.campaign, self.other_topic = self.shop.draft(), self.shop.draft(topic="Reisen")
        self.shop.clock.advance(timedelta(minutes=5))
        self.ids, self.groups, self.revision = count(1), count(1), count(1)
        self.said: dict[Point, Said] = {}
        self.people = [Human(phone(number(i)), self.new_bsuid()) for i in HUMANS]
        for human in self.people:
            for point in human.points:
                self.said[point] = Said(group=next(self.groups))

    def new_bsuid(self) -> Point:
        return bsuid(f"DE.{next(self.ids)}")

    def now(self) -> datetime:
        return self.shop.world.now().replace(microsecond=0)

    def go_on(self) -> None:
        self.shop.clock.advance(2 * SECOND)

    # what people know of each other's words

    def link(self, points: tuple[Point, ...]) -> None:
        groups = {self.said[point].group for point in points}
        joined = [said for said in self.said.values() if said.group in groups]
        no = {at for said in joined for at in said.no}
        for said in joined:
            said.no, said.group = set(no), min(groups)

    def note_no(self, points: tuple[Point, ...], at: datetime) -> None:
        for said in self.in_groups({self.said[point].group for point in points}):
            said.no.add(at)

    def in_groups(self, groups: set[int]) -> list[Said]:
        return [said for said in self.said.values() if said.group in groups]

    def forget(self, point: Point) -> None:
        """Erased, or lost: nobody knows any more what this point belonged to; the no stays."""
        said = self.said.get(point)
        if said is not None:
            said.yes, said.group = None, next(self.groups)

    def end_consents(self, points: Iterable[Point], until: datetime) -> None:
        """Whatever was agreed to so far needs to be given anew."""
        for said in (self.said[point] for point in points if point in self.said):
            if said.yes is not None and said.yes <= until:
                said.yes = None

    def owners(self) -> dict[str, list[Point]]:
        """Whom the hub takes to be one person: every contact, with those of its points that somebody has."""
        points = {self.shop.token(point): point for point in self.said}
        found: dict[str, list[Point]] = {}
        for row in self.shop.rows(ContactPoint):
            found.setdefault(row.contact_id, []).extend([points[row.token]] if row.token in points else [])
        return found

    @contextmanager
    def on_somebodys_word(self) -> Iterator[None]:
        """Contacts that are joined without the platform's word keep what all of them agreed to."""
        before, names = self.owners(), {row.id: row.contact_id for row in self.shop.rows(ContactPoint)}
        yield
        joined: dict[str, set[str]] = {}
        for row in self.shop.rows(ContactPoint):
            joined.setdefault(row.contact_id, set()).add(names[row.id])
        for parts in joined.values():
            silent = {one for one in parts if not any(self.said[point].yes for point in before[one])}
            for one in parts:
                if silent - {one}:
                    self.end_consents(before[one], self.shop.world.now() + timedelta(days=1))

    # people

    @rule(
        who=humans,
        both=st.booleans(),
        first=st.booleans(),
        word=st.sampled_from(["yes", "no", "switch", "hello"]),
        off=skews,
    )
    def speak(self, who: int, both: bool, first: bool, word: str, off: int) -> None:
        human, at = self.people[who], self.now() + timedelta(seconds=off)
        points = human.points if first else human.points[::-1]
        points = points if both else points[:1]
        self.link(points)
        if word == "switch":
            self.shop.hear(PreferenceChanged(VENDOR_ID, points, at, stopped=True))
        else:
            text = {"yes": self.shop.statement, "no": "STOP", "hello": "Hallo"}[word]
            self.shop.hear(self.shop.said(text, *points, at=at))
        fresh = all(at > (known.yes or at - SECOND) for known in self.said.values())
        if word == "yes":
            self.said[points[0]].yes = max(at, self.said[points[0]].yes or at)
        elif word != "hello":
            self.note_no(points, at)
        self.go_on()
        if word == "yes" and off == 0 and fresh:
            self.a_new_yes_counts(points[0], at)

    def a_new_yes_counts(self, point: Point, at: datetime) -> None:
        """Over-blocking is a bug too: whoever said yes last of all is not refused, unless nobody knows who is who."""
        contact = self.shop.contact_of(point)
        stops = [row.event_time for row in self.shop.rows(StopRow)]
        if contact.ambiguous_at is None and all(at > stop for stop in stops):
            answer = self.ask(point, self.campaign.id)
            assert not objections(answer), answer.reasons

    @rule(who=humans, shape=st.sampled_from(["both", "number", "bsuid"]), again=st.booleans())
    def change(self, who: int, shape: str, again: bool) -> None:
        human = self.people[who]
        if human.number is None and shape != "bsuid":
            return
        self.link(human.points) if shape == "both" else None
        old = {"both": human.points, "number": human.points[:1], "bsuid": (human.bsuid,)}[shape]
        groups = {self.said[point].group for point in old}
        no = {at for said in self.in_groups(groups) for at in said.no}
        taken = {one.number for one in self.people}
        free = next((n for n in map(phone, map(number, NUMBERS)) if n not in taken), None)
        if free is None and shape != "bsuid":
            return
        new = {"both": (free, self.new_bsuid()), "number": (free,), "bsuid": (self.new_bsuid(),)}[shape]
        at, group = self.now(), min(groups)
        known_here = any(self.row(point) for point in old)
        event = IdentityChanged(VENDOR_ID, old, tuple(p for p in new if p), at)
        for _ in range(2 if again else 1):
            self.shop.hear(event)
        for point in old:
            del self.said[point]
        for point in event.new:
            # of somebody the hub does not know it keeps no points, and so not that they belong together
            self.said[point] = Said(no=set(no), group=group if known_here else next(self.groups))
        known = [point for point in human.points if point in self.said and self.said[point].group in groups]
        self.end_consents(known, at)
        human.number = next((p for p in event.new if p.kind == "e164"), human.number)
        human.bsuid = next((p for p in event.new if p.kind == "bsuid"), human.bsuid)
        self.go_on()

    @rule(who=humans, late=st.booleans())
    def lose(self, who: int, late: bool) -> None:
        """The number goes to nobody, and staff hear of it; perhaps a last stop from it arrives afterwards."""
        human, at = self.people[who], self.now() - SECOND
        if human.number is None:
            return
        point, group = human.number, self.said.pop(human.number).group
        human.number = None
        with suppress(BadInput):  # the hub knows nothing of it
            self.by_staff(clerk.recycled, point.value, WORD)
            if late:
                self.shop.hear(self.shop.said("STOP", point, at=at))
                for said in self.in_groups({group}):
                    said.no.add(at)
        self.go_on()

    @rule(who=humans)
    def take_over(self, who: int) -> None:
        """A number that nobody has becomes somebody's."""
        human, taken = self.people[who], {one.number for one in self.people}
        free = [n for n in map(phone, map(number, NUMBERS)) if n not in taken]
        if human.number is None and free:
            human.number = free[-1]
            self.said[human.number] = Said(group=next(self.groups))

    # the CRM

    @rule(record=records, which=numbers, opt_out=st.booleans())
    def import_(self, record: str, which: int, opt_out: bool) -> None:
        claims = (CONTRACT, CONSENT, OPT_OUT) if opt_out else (CONTRACT, CONSENT)
        name = (("firstname", str(next(self.revision))),)
        self.shop.sync(person(record, number(which), *claims, properties=name))
        self.go_on()

    @rule(record=records)
    def delete(self, record: str) -> None:
        self.shop.sync(ContactSnapshot(record=record, deleted=True))

    @rule(record=records)
    def erase(self, record: str) -> None:
        owners = [row.contact_id for row in self.shop.rows(CrmRecord) if row.record == record]
        gone = [p for p in self.said if owners and (row := self.row(p)) is not None and row.contact_id == owners[0]]
        self.from_crm(PrivacyDeletion(record, self.now()))
        for point in gone:
            self.forget(point)

    @rule(stays=records, goes=records)
    def merge(self, stays: str, goes: str) -> None:
        if stays != goes:
            with self.on_somebodys_word():
                self.from_crm(ContactsMerged(stays, (goes,), self.now()))

    def from_crm(self, event: ContactsMerged | PrivacyDeletion) -> None:
        with self.shop.write() as session:
            inbound.apply(self.shop.world, session, self.shop.crm, [event])
        self.go_on()

    # staff

    def by_staff(self, act, *words, **more):  # type: ignore[no-untyped-def]
        with self.shop.write() as session:
            return act(self.shop.world, session, self.shop.controller, *words, **more)

    @rule(one=picks, other=picks)
    def join(self, one: int, other: int) -> None:
        known = sorted({row.contact_id for row in self.shop.rows(ContactPoint)})
        if known:
            with suppress(BadInput), self.on_somebodys_word():  # the same, or erased
                self.by_staff(clerk.join_people, known[one % len(known)], known[other % len(known)], WORD)
        self.go_on()

    @rule(which=numbers)
    def split(self, which: int) -> None:
        point, before = phone(number(which)), self.owners()
        try:
            alone = not self.by_staff(clerk.part, WORD, number=point.value)
        except BadInput:
            return
        (together,) = [points for points in before.values() if point in points] or [[]]
        self.end_consents(together, self.shop.world.now() + timedelta(days=1))
        if point in self.said and not alone:  # what the platform shows again later is one person's again
            self.said[point].group = next(self.groups)
        self.go_on()

    @rule(together=st.booleans())
    def end_doubts(self, together: bool) -> None:
        with self.shop.world.db.read() as session:
            found = clerk.doubtful(session, self.shop.controller)
        for doubt in found[:1]:
            if together:
                with self.on_somebodys_word():
                    self.by_staff(clerk.join_people, doubt.one, doubt.other, WORD)
                continue
            owners = self.owners()
            self.by_staff(clerk.keep_apart, doubt.one, doubt.other, WORD)
            for one in (doubt.one, doubt.other):
                self.end_consents(owners[one], self.shop.world.now() + timedelta(days=1))
        self.go_on()

    # what always holds

    @invariant()
    def nobody_is_written_to_against_their_last_word(self) -> None:
        tokens = {self.shop.token(point): point for point in self.said}
        people = {contact.id: contact for contact in self.shop.rows(Contact)}
        for row, (marketing, off_topic, order) in self.asked():
            contact = people[row.contact_id]
            assert objections(off_topic), "a consent never widens"
            point = tokens.get(row.token)
            if row.left_at is not None or point is None:
                assert objections(marketing)
            else:
                said = self.said[point]
                if not objections(marketing):
                    assert said.yes is not None, "nobody said yes here"
                    assert all(said.yes > no for no in said.no), "the last word was a no"
                    assert self.given_here(marketing, row), "a consent holds for its own point and topic"
            if row.left_at is not None:
                assert "CONTACT_POINT_REASSIGNED" in order.reasons
            elif contact.ambiguous_at is None and contact.erased_at is None:
                assert not objections(order), "what is no advertising is not blocked"

    @invariant()
    def everybody_is_kept_once_and_provably(self) -> None:
        live = {contact.id for contact in self.shop.rows(Contact) if contact.merged_into is None}
        assert {row.contact_id for row in self.shop.rows(ContactPoint)} <= live
        assert {row.contact_id for row in self.shop.rows(ConsentRow)} <= live
        assert {row.contact_id for row in self.shop.rows(CrmRecord)} <= live

    def teardown(self) -> None:
        assert self.shop.proven()
        with self.town.db.write() as session:
            for table in reversed(SQLModel.metadata.sorted_tables):
                session.connection().execute(table.delete())

    # asking

    def row(self, point: Point) -> ContactPoint | None:
        with self.shop.world.db.read() as session:
            return contacts.find_point(self.shop.world, session, self.shop.controller, point)

    def ask(self, point: Point, campaign_id: str) -> Decision:
        (answers,) = [answers for row, answers in self.asked() if row.token == self.shop.token(point)]
        return answers[0]

    def given_here(self, answer: Decision, row: ContactPoint) -> bool:
        return any(
            c.id == answer.consent_id and c.token == row.token and c.topic == TOPIC for c in self.shop.rows(ConsentRow)
        )

    def asked(self) -> Iterator[tuple[ContactPoint, list[Decision]]]:
        """Advertising on the topic that people agree to, on another one, and an order confirmation."""
        world, controller = self.shop.world, self.shop.controller
        rows = self.shop.rows(ContactPoint)
        with world.db.read() as session:
            people = facts.people(session, controller, [row.id for row in rows], world.now())
            wanted = [campaigns.asked(session, controller, one) for one in (self.campaign, self.other_topic)]
        order = Evidence(EvidenceKind.CONTRACT, "order-1", world.now(), necessary=True)
        for row in rows:
            found: Person = replace(people[row.id], evidence=(order,))
            asked = [*wanted, (wanted[0][0], Message(Purpose.UTILITY))]
            puts = [gate.put(world, controller, Phase.STAGE, found, message, route) for route, message in asked]
            yield row, [gate.judge(case) for case in puts]


def objections(answer: Decision) -> set[str]:
    return {code for code in answer.reasons if code.startswith(PERMISSION)}


def test_in_no_history_is_anybody_written_to_against_their_last_word(town: World) -> None:
    class Here(Histories):
        pass

    Here.town = town
    quick = settings(
        report_multiple_bugs=False,
        max_examples=int(os.environ.get("HUB_TEST_HISTORIES", "40")),
        derandomize="HUB_TEST_HISTORIES" not in os.environ,  # the same histories, unless somebody looks for new ones
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(Here, settings=quick)
