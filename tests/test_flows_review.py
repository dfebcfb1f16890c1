# SPDX-License-Identifier: Apache-2.0
"""What a person must read, and stops that staff carry."""

from __future__ import annotations

import pytest

from hub.contract import BadInput, MessageReceived, Purpose
from hub.flows import courier, review
from hub.flows.review import Verdict
from hub.flows.world import World
from hub.law.facts import ANY, StopKind
from hub.store.tables import Review
from tests.making import ANNA, BEN, CONSENT, SECOND, VENDOR_ID, Shop, person, phone


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def decide(shop: Shop, verdict: Verdict, row: Review | None = None) -> None:
    with shop.write() as session:
        row = row or shop.only(Review)
        review.close(shop.world, session, shop.controller, row.id, verdict, "Dana Schutz")


def kinds(shop: Shop) -> list[str]:
    return [stop.kind for stop in shop.stops(phone(ANNA))]


def test_unclear_message_freezes_and_waits_for_a_person(shop: Shop) -> None:
    message = shop.said("Das nervt langsam", phone(ANNA))
    shop.hear(message)
    shop.hear(message)
    assert kinds(shop) == [StopKind.UNSURE]
    row = shop.only(Review)
    assert (row.kind, row.closed_at) == (review.UNCLEAR, None)
    with shop.write() as session:
        assert [r.id for r in review.waiting(session, shop.controller)] == [row.id]
        assert review.words(shop.world, session, row) == "Das nervt langsam"


def test_no_stop_lifts_the_freeze_of_that_message_alone(shop: Shop) -> None:
    shop.stop(phone(ANNA), text="STOP")
    shop.stop(phone(ANNA), text="nervt")
    shop.stop(phone(ANNA), text="Kein Interesse")
    first, second = shop.rows(Review)
    decide(shop, Verdict.NO_STOP, first)
    assert sorted(kinds(shop)) == sorted([StopKind.OBJECTION_MARKETING, StopKind.UNSURE])
    decide(shop, Verdict.NO_STOP, second)
    assert kinds(shop) == [StopKind.OBJECTION_MARKETING]
    assert len(shop.events("unclear_message_cleared")) == 2
    assert shop.proven()


def test_person_is_reachable_again_once_the_freeze_is_lifted(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONSENT))
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA), text="nervt")
    shop.stage("17")
    assert shop.claim() == []
    decide(shop, Verdict.NO_STOP)
    shop.stage("17")
    assert [cleared.outgoing.to for cleared in shop.claim()] == [phone(ANNA)]


@pytest.mark.parametrize(
    ("verdict", "kind"), [(Verdict.STOP, StopKind.OBJECTION_MARKETING), (Verdict.STOP_ALL, StopKind.STOP_ALL)]
)
def test_stop_found_by_a_person_is_dated_by_the_message_and_told(shop: Shop, verdict: Verdict, kind: StopKind) -> None:
    shop.sync(person("17", ANNA, CONSENT))
    shop.stop(phone(ANNA), text="nervt")
    shop.clock.advance(3600 * SECOND)
    decide(shop, verdict)
    (stop,) = (row for row in shop.stops(phone(ANNA)) if row.kind == kind)
    assert stop.event_time == shop.only(Review).said_at
    assert [(record, word) for record, word, *_ in shop.reports()] == [("17", "withdrawal")]


def test_closed_review_is_not_decided_again(shop: Shop) -> None:
    shop.stop(phone(ANNA), text="nervt")
    row = shop.only(Review)
    decide(shop, Verdict.STOP, row)
    with pytest.raises(BadInput, match="not open"):
        decide(shop, Verdict.NO_STOP, row)
    assert StopKind.UNSURE in kinds(shop), "a freeze that was confirmed stays"


@pytest.mark.parametrize(
    ("text", "kind", "stops"),
    [
        ("Welche Daten habt ihr über mich?", "access", []),
        ("Löscht meine Daten", "erasure", [StopKind.OBJECTION_MARKETING]),
    ],
)
def test_request_beside_a_stop_waits_for_a_person(shop: Shop, text: str, kind: str, stops: list[StopKind]) -> None:
    message = shop.said(text, phone(ANNA))
    shop.hear(message)
    shop.hear(message)
    assert (shop.only(Review).kind, kinds(shop)) == (kind, stops)
    assert len(shop.events("request_heard")) == (not stops)
    with pytest.raises(BadInput, match="does not fit"):
        decide(shop, Verdict.NO_STOP)
    decide(shop, Verdict.DONE)
    assert kinds(shop) == stops
    assert shop.proven()


def test_end_of_a_contract_freezes_marketing_and_opens_a_task(shop: Shop) -> None:
    shop.stop(phone(ANNA), text="Ich kündige meinen Vertrag")
    assert kinds(shop) == [StopKind.UNSURE]
    assert sorted(row.kind for row in shop.rows(Review)) == ["termination", review.UNCLEAR]


def test_reaction_of_displeasure_is_unclear(shop: Shop) -> None:
    for emoji in ("👍", "👎", ""):
        shop.hear(shop.said(emoji, phone(ANNA), kind="reaction"))
        shop.clock.advance(2 * SECOND)
    assert kinds(shop) == [StopKind.UNSURE]
    assert shop.only(Review).kind == review.UNCLEAR


def test_button_that_says_stop_stops(shop: Shop) -> None:
    at = shop.world.now().replace(microsecond=0)
    pressed = MessageReceived(VENDOR_ID, (phone(ANNA),), at, "wamid.b", "button", "Keine Werbung", "STOP_PROMOTIONS")
    shop.hear(pressed)
    assert kinds(shop) == [StopKind.OBJECTION_MARKETING]


def test_objection_binds_every_channel_and_a_stop_this_one(shop: Shop) -> None:
    shop.stop(phone(ANNA), text="Ich widerspreche der Werbung")
    shop.stop(phone(BEN), text="STOP")
    assert [row.channel for row in shop.stops(phone(ANNA)) + shop.stops(phone(BEN))] == [ANY, "whatsapp"]


# what staff carry


def carry(shop: Shop, **who: str) -> bool:
    with shop.write() as session:
        return courier.stop(shop.world, session, shop.controller, by="Kim Theke", reason="am Telefon", **who)


@pytest.mark.parametrize("who", [{"number": ANNA}, {"number": "0151 12345671"}, {"record": "17"}])
def test_stop_told_to_staff_binds_at_once(shop: Shop, who: dict[str, str]) -> None:
    shop.reach(ANNA)
    if "record" in who:
        shop.sync(person("17", ANNA, CONSENT))
    assert carry(shop, **who)
    (stop,) = shop.stops(phone(ANNA))
    assert (stop.kind, stop.channel, stop.purpose) == (StopKind.OBJECTION_MARKETING, ANY, Purpose.MARKETING)
    assert [cleared.outgoing.purpose for cleared in shop.claim()] == [Purpose.OPT_OUT_CONFIRMATION]
    (event,) = shop.events("objection")
    assert "Kim Theke" in event.record
    assert shop.proven()


def test_stop_told_to_staff_binds_a_number_nobody_knows_yet(shop: Shop) -> None:
    assert carry(shop, number=BEN)
    shop.sync(person("18", BEN, CONSENT))
    assert [row.kind for row in shop.stops(phone(BEN))] == [StopKind.OBJECTION_MARKETING]


@pytest.mark.parametrize("who", [{}, {"number": ANNA, "record": "17"}, {"number": "12"}, {"record": "nobody"}])
def test_stop_for_nobody_in_particular_is_refused(shop: Shop, who: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        carry(shop, **who)
