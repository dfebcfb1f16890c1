# SPDX-License-Identifier: Apache-2.0
"""Requests of people: by when, whose, what is carried out, who has to be told, and an answer with all that is held."""

from __future__ import annotations

from datetime import date, timedelta

import orjson
import pytest
from sqlalchemy import LargeBinary
from sqlmodel import SQLModel

from hub import letters
from hub.contract import BadInput, Outcome, PrivacyDeletion
from hub.flows import handover, inbound
from hub.flows.art30.content import ACTIVITIES
from hub.flows.rights import arrivals, packets, receipts, requests
from hub.flows.rights.held import SECTIONS
from hub.flows.rights.left_out import NOT_OF_A_PERSON, OPENED
from hub.flows.rights.requests import State
from hub.law.rights import Delay, Handed, Refusal, Right, due
from hub.store.tables import (
    Contact,
    DecisionRow,
    LedgerRow,
    MessageRow,
    ReportRow,
    Review,
    RightsPacket,
    RightsReceipt,
    RightsRequest,
)
from tests.asking import SAID, STAFF, ask, held, identified, packet
from tests.making import ANNA, BEN, Shop, everything_stored, phone

pytest_plugins = ["tests.shops"]
one_database = pytest.mark.parametrize("street", ["sqlite"], indirect=True)
PLACED = {table for section in SECTIONS for table in section.tables}


# by when


@pytest.mark.parametrize(
    ("received", "months", "expected"),
    [
        (date(2026, 3, 1), 1, date(2026, 4, 1)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
    ],
)
def test_month_is_counted_by_the_calendar(received: date, months: int, expected: date) -> None:
    assert due(received, months) == expected


# everything that is held


def test_every_table_is_in_the_packet_or_has_a_reason_why_not() -> None:
    every = {mapper.class_ for mapper in SQLModel._sa_registry.mappers}
    every = {cls for cls in every if cls.__module__.startswith("hub.store.tables")}
    assert {cls.__name__ for cls in every} == {cls.__name__ for cls in PLACED | NOT_OF_A_PERSON.keys()}
    assert not PLACED & NOT_OF_A_PERSON.keys()
    assert all(len(why) > 15 for why in NOT_OF_A_PERSON.values())


def test_table_that_points_to_a_person_is_never_left_out() -> None:
    people = {"contact.id", "contact_point.id", "message.id", "rights_request.id"}
    named = {"contact_id", "point_id", "token", "message_id", "record"}
    unfounded = {"OptInPage.token", "FormerCode.token", "Visit.token"}  # codes of pages, and cookies of staff
    wrong = []
    for cls in NOT_OF_A_PERSON:
        for column in cls.__table__.columns:  # type: ignore[attr-defined]
            points = {key.target_fullname for key in column.foreign_keys} & people
            if (points or column.name in named) and f"{cls.__name__}.{column.name}" not in unfounded:
                wrong.append(str(column))
    assert wrong == []


def test_every_sealed_column_is_opened_or_has_a_reason_why_not() -> None:
    sealed = {
        str(column)
        for cls in PLACED
        for column in cls.__table__.columns  # type: ignore[attr-defined]
        if isinstance(column.type, LargeBinary)
    }
    assert sealed == OPENED.keys()


def test_every_part_belongs_to_an_activity_of_the_art_30_record() -> None:
    assert {part for one in ACTIVITIES for part in one.holds} == {section.name for section in SECTIONS}


def test_packet_holds_every_row_of_the_person_and_nothing_of_another(shop: Shop) -> None:
    anna = held(shop)
    ask(shop, anna, Right.RECTIFICATION, words="Ich heiße Anne")
    row = identified(shop, anna, Right.ACCESS)
    rows_then = {table: shop.rows(table) for table in (MessageRow, DecisionRow, LedgerRow)}
    body = packet(shop, row)
    data = orjson.loads(body)["data"]
    assert [name for name, rows in data.items() if not rows] == []
    told = body.decode()
    for secret in (ANNA, SAID, "Gern, Anna!", "Änne", "Ich heiße Anne"):
        assert secret in told
    assert BEN not in told
    assert STAFF not in told
    ben = shop.contact_of(phone(BEN))
    parts = {MessageRow: "messages", DecisionRow: "decisions", LedgerRow: "events"}
    for table, rows in rows_then.items():
        mine = {one.id for one in rows if one.contact_id == anna.id}
        others = {one.id for one in rows if one.contact_id == ben.id}
        assert mine <= {one["id"] for one in data[parts[table]]}
        assert mine
        assert others
        assert {identity for identity in others if identity in told} == set()


def test_packet_says_what_for_on_which_basis_to_whom_and_whence(shop: Shop) -> None:
    anna = held(shop)
    about = orjson.loads(packet(shop, identified(shop, anna, Right.ACCESS)))["about"]
    used = {one["purpose"]: {basis["basis"] for basis in one["bases"]} for one in about["purposes"]}
    assert used["MARKETING"] == {"CONSENT"}
    assert used["STORING"] == {"CONSENT", "CONTRACT"}
    assert {one["kind"] for one in about["recipients"]} == {"crm", "provider"}
    provider = next(one for one in about["recipients"] if one["kind"] == "provider")
    assert provider["legal_name"]
    assert {one["people_from"] for one in about["sources"]} >= {"person"}
    assert about["storage"]["consent_years"] == 3


def test_portability_holds_what_the_person_gave_and_no_more(shop: Shop) -> None:
    anna = held(shop)
    found = orjson.loads(packet(shop, identified(shop, anna, Right.PORTABILITY)))["data"]
    assert set(found) == {section.name for section in SECTIONS if section.provided}
    assert "decisions" not in found
    assert any(row.get("said", {}).get("text") == SAID for row in found["events"])


@one_database
@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
def test_answer_is_set_as_pdf(shop: Shop, language: str, right: Right) -> None:
    made = letters.answer(packet(shop, identified(shop, held(shop), right)), language)
    assert made.startswith(b"%PDF-")
    assert b"answer.json" in made


# one request, step by step


def test_access_is_answered_only_with_a_packet_and_after_the_identity(shop: Shop) -> None:
    anna = held(shop)
    row = ask(shop, anna, Right.ACCESS)
    assert (row.state, row.due_on) == (State.OPEN, due(shop.world.now().date(), 1))
    with shop.write() as session, pytest.raises(BadInput, match="is open"):
        packets.make(shop.world, session, shop.controller, row.id, STAFF)
    with shop.write() as session, pytest.raises(BadInput, match="identified"):
        requests.answer(shop.world, session, shop.controller, row.id, Handed.LETTER, STAFF)
    row = identified(shop, anna, Right.ACCESS)
    with shop.write() as session, pytest.raises(BadInput, match="packet"):
        requests.answer(shop.world, session, shop.controller, row.id, Handed.LETTER, STAFF)
    packet(shop, row)
    with shop.write() as session:
        done = requests.answer(shop.world, session, shop.controller, row.id, Handed.LETTER, STAFF)
    assert done.state == State.ANSWERED
    assert done.answered_with == shop.only(RightsPacket).sha256
    for kind in ("right_requested", "right_identified", "right_packet_made", "right_answered"):
        assert shop.events(kind), kind
    with shop.write() as session, pytest.raises(BadInput, match="answered"):
        requests.answer(shop.world, session, shop.controller, row.id, Handed.LETTER, STAFF)
    assert shop.proven()


def test_extension_counts_from_the_day_it_came_and_only_in_time(shop: Shop) -> None:
    anna = held(shop)
    row = ask(shop, anna, Right.ACCESS)
    first = row.due_on
    with shop.write() as session:
        late = requests.extend(shop.world, session, shop.controller, row.id, Delay.NUMBER, "Es dauert.", STAFF)
    assert late.due_on == due(row.received_at.date(), 3)
    with shop.write() as session, pytest.raises(BadInput, match="already"):
        requests.extend(shop.world, session, shop.controller, row.id, Delay.NUMBER, "Noch länger.", STAFF)
    other = ask(shop, anna, Right.ACCESS)
    shop.clock.advance(timedelta(days=(first - shop.world.now().date()).days + 1))
    with shop.write() as session, pytest.raises(BadInput, match="overdue"):
        requests.extend(shop.world, session, shop.controller, other.id, Delay.NUMBER, "Es dauert.", STAFF)
    with shop.world.db.read() as session:
        kept = requests.find(session, shop.controller, row.id)
        assert requests.words(shop.world, session, kept, "delay_told") == "Es dauert."
    assert "Es dauert." not in everything_stored(shop.world)


def test_refusal_needs_what_the_person_was_told(shop: Shop) -> None:
    row = ask(shop, held(shop), Right.ACCESS)
    with shop.write() as session, pytest.raises(BadInput, match="told"):
        requests.refuse(shop.world, session, shop.controller, row.id, Refusal.EXCESSIVE, " ", STAFF)
    with shop.write() as session:
        done = requests.refuse(shop.world, session, shop.controller, row.id, Refusal.EXCESSIVE, "Zum 9. Mal.", STAFF)
    assert (done.state, done.refusal) == (State.REFUSED, "excessive")
    assert not shop.events("right_answered")


# what is carried out, and who has to know


@pytest.mark.parametrize(
    ("right", "kind"), [(Right.OBJECTION, "objection_marketing"), (Right.WITHDRAWAL, "consent_withdrawn")]
)
def test_no_to_advertising_counts_at_once_and_every_crm_is_told_until_it_confirms(
    shop: Shop, right: Right, kind: str
) -> None:
    shop.reach(ANNA)
    anna = shop.contact_of(phone(ANNA))
    row = ask(shop, anna, right)
    assert [stop.kind for stop in shop.stops(phone(ANNA))] == [kind]
    assert shop.claim() == []
    (waiting,) = _receipts(shop, row)
    assert (waiting.title, waiting.confirmed, waiting.by_hand) == (shop.crm.title, False, False)
    (report,) = [one for one in shop.rows(ReportRow) if one.key.startswith(f"right:{row.id}:")]
    with shop.write() as session:
        handover.settle(shop.world, session, [Outcome(report.key, "forbidden", retry=False)])
    with shop.write() as session:
        assert receipts.follow(shop.world, session) == 1
    assert [one.state for one in shop.rows(ReportRow) if one.key == report.key] == ["pending"]
    with shop.write() as session:
        handover.settle(shop.world, session, [Outcome(report.key)])
    assert [one.confirmed for one in _receipts(shop, row)] == [True]
    with shop.write() as session:
        assert receipts.follow(shop.world, session) == 0
    assert shop.only(RightsReceipt).confirmed_at is not None


def test_erasure_destroys_what_is_readable_and_waits_for_every_system(shop: Shop) -> None:
    anna = held(shop)
    before = identified(shop, anna, Right.ACCESS)
    packet(shop, before)
    row = identified(shop, anna, Right.ERASURE, words="Alles löschen, bitte.")
    with shop.write() as session:
        requests.carry_out(shop.world, session, shop.controller, row.id, STAFF)
    assert next(one for one in shop.rows(Contact) if one.id == anna.id).erased_at is not None
    assert shop.rows(RightsPacket) == []
    waiting = _receipts(shop, row)
    assert sorted(one.title for one in waiting) == sorted([shop.crm.title, shop.provider.title])
    assert all(one.by_hand for one in waiting)
    with shop.write() as session:
        requests.answer(shop.world, session, shop.controller, row.id, Handed.LETTER, STAFF)
        inbound.apply(shop.world, session, shop.crm, [PrivacyDeletion("1", shop.world.now())])
    assert {one.title for one in _receipts(shop, row) if one.confirmed} == {shop.crm.title}
    (left,) = [one for one in _receipts(shop, row) if not one.confirmed]
    with shop.write() as session:
        receipts.confirm(shop.world, session, shop.controller, left.row.id, STAFF)
    assert all(one.confirmed for one in _receipts(shop, row))
    with shop.world.db.read() as session:
        assert requests.words(shop.world, session, requests.find(session, shop.controller, row.id)) == ""


def test_erasure_by_a_crm_is_in_the_register_and_the_other_systems_wait(shop: Shop) -> None:
    held(shop)
    with shop.write() as session:
        inbound.apply(shop.world, session, shop.crm, [PrivacyDeletion("1", shop.world.now())])
    row = shop.only(RightsRequest)
    assert (row.kind, row.state, row.way, row.handed) == (Right.ERASURE, State.ANSWERED, "crm", "crm")
    assert {one.title: one.confirmed for one in _receipts(shop, row)} == {
        shop.crm.title: True,
        shop.provider.title: False,
    }


def test_restriction_keeps_and_sends_nothing_until_it_is_lifted(shop: Shop) -> None:
    shop.reach(ANNA)
    row = identified(shop, shop.contact_of(phone(ANNA)), Right.RESTRICTION)
    with shop.write() as session:
        requests.carry_out(shop.world, session, shop.controller, row.id, STAFF)
    assert shop.claim() == []
    assert shop.contact_of(phone(ANNA)).restricted
    with shop.write() as session:
        requests.lift(shop.world, session, shop.controller, row.id, "Wir heben es auf.", STAFF)
    assert not shop.contact_of(phone(ANNA)).restricted
    assert shop.events("restriction_lifted")


def test_request_heard_in_the_chat_counts_from_the_day_it_was_written(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.hear(shop.said("Bitte löschen Sie alle meine Daten.", phone(ANNA)))
    heard = next(row for row in shop.rows(Review) if row.kind == "erasure")
    shop.clock.advance(timedelta(days=3))
    with shop.write() as session:
        row = arrivals.from_message(shop.world, session, shop.controller, heard.id, STAFF)
        assert requests.words(shop.world, session, row) == "Bitte löschen Sie alle meine Daten."
    assert (row.kind, row.way, row.due_on) == (Right.ERASURE, "message", due(heard.said_at.date(), 1))
    assert all(one.closed_at for one in shop.rows(Review) if one.kind == "erasure")


def test_request_of_another_company_is_unknown(shop: Shop) -> None:
    row = ask(shop, held(shop), Right.ACCESS)
    other = Shop(shop.world, "Andere GmbH", ("papyrus", "raven"))
    with other.write() as session, pytest.raises(BadInput, match="not known"):
        requests.ask_identity(other.world, session, other.controller, row.id, STAFF)


def _receipts(shop: Shop, row: RightsRequest) -> list[receipts.Receipt]:
    with shop.world.db.read() as session:
        return receipts.of(session, session.get_one(RightsRequest, row.id))
