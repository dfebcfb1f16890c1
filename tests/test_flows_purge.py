# SPDX-License-Identifier: Apache-2.0
"""What waits in the queue ends with the stop itself, and what the stop does not bind stays."""

from __future__ import annotations

import orjson
import pytest

from hub.contract import Purpose, StatusChanged, Throttled
from hub.contract import Status as Word
from hub.flows import campaigns, courier
from hub.flows.settling import Stale
from hub.flows.states import State
from hub.store.tables import Campaign, DecisionRow, MessageRow
from tests.making import ANNA, BEN, CONSENT, OPT_OUT, SECOND, Shop, bsuid, person, phone

pytest_plugins = ["tests.shops"]

OBJECTED = "SUPPRESSED_OBJECTION_MARKETING"


def marketing(shop: Shop) -> list[tuple[str, str]]:
    return [(row.state, row.reason) for row in shop.campaign_messages()]


def test_stop_ends_the_persons_queued_messages_and_nobody_elses(shop: Shop) -> None:
    campaign = shop.reach(ANNA, BEN)
    shop.stop(phone(ANNA))
    assert sorted(marketing(shop)) == [(State.QUEUED, ""), (State.REFUSED, OBJECTED)]
    with shop.world.db.read() as session:
        progress = campaigns.progress(session, session.get_one(Campaign, campaign.id))
    assert (progress.states, progress.refused) == ({"queued": 1, "refused": 1}, {OBJECTED: 1})
    assert ("1", "refused", "refused", OBJECTED) in shop.reports()


def test_message_that_a_stop_ends_was_decided_by_the_gate_and_names_the_stop(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.stop(phone(ANNA))
    (message,) = shop.campaign_messages()
    (decision,) = (row for row in shop.rows(DecisionRow) if row.id == message.decision_id)
    assert (decision.verdict, decision.message_id) == ("DENY", message.id)
    assert orjson.loads(decision.record)["stops"] == [shop.stops(phone(ANNA))[0].id]
    assert shop.proven()


@pytest.mark.parametrize("text", ["nervt", "Ich widerspreche der Werbung", "alles stoppen"])
def test_whatever_freezes_or_stops_empties_the_queue(shop: Shop, text: str) -> None:
    shop.reach(ANNA)
    shop.stop(phone(ANNA), text=text)
    assert [state for state, _ in marketing(shop)] == [State.REFUSED]


def test_stop_told_to_staff_and_stop_in_the_crm_empty_the_queue(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    with shop.write() as session:
        courier.stop(shop.world, session, shop.controller, number=ANNA, by="Kim Theke", reason="am Telefon")
    assert sorted(state for state, _ in marketing(shop)) == [State.QUEUED, State.REFUSED]
    shop.sync(person("2", BEN, CONSENT, OPT_OUT))
    assert [state for state, _ in marketing(shop)] == [State.REFUSED] * 2


def test_stop_of_marketing_leaves_the_answer_and_stop_of_everything_ends_it(shop: Shop) -> None:
    shop.reach(ANNA)
    answer = shop.reply(phone(ANNA))
    shop.stop(phone(ANNA))
    assert shop.message(answer).state == State.QUEUED
    shop.stop(phone(ANNA), text="stop everything")
    assert (shop.message(answer).state, shop.message(answer).reason) == (State.REFUSED, "SUPPRESSED_SUBJECT_STOP_ALL")


def test_confirmation_of_the_stop_outlives_it(shop: Shop) -> None:
    shop.stop(phone(ANNA), text="STOP")
    shop.stop(phone(ANNA), text="stop everything")
    waiting = [row for row in shop.rows(MessageRow) if row.state == State.QUEUED]
    assert {row.purpose for row in waiting} == {Purpose.OPT_OUT_CONFIRMATION}


def test_stop_that_arrives_after_a_newer_consent_ends_nothing(shop: Shop) -> None:
    before = shop.world.now().replace(microsecond=0)
    shop.clock.advance(60 * SECOND)
    shop.reach(ANNA)
    shop.stop(phone(ANNA), at=before)
    assert marketing(shop) == [(State.QUEUED, "")]
    assert [cleared.outgoing.purpose for cleared in shop.claim()].count(Purpose.MARKETING) == 1


@pytest.mark.parametrize("result", [Throttled("slow", after=600.0), Stale()])
def test_message_that_comes_back_after_a_stop_does_not_wait_again(shop: Shop, result: Throttled | Stale) -> None:
    shop.reach(ANNA, BEN)
    first, second = (cleared.outgoing for cleared in shop.claim())
    shop.stop(phone(ANNA))
    assert {state for state, _ in marketing(shop)} == {State.AUTHORISED}, "what has begun cannot be called back"
    shop.settle({first.id: result, second.id: result})
    to = {shop.message(one.id).state: one.to for one in (first, second)}
    assert to == {State.REFUSED: phone(ANNA), State.QUEUED: phone(BEN)}


def test_stop_reaches_messages_to_another_point_of_the_person(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.hear(shop.said("Hallo", phone(ANNA), bsuid()))
    shop.stop(bsuid())
    assert [state for state, _ in marketing(shop)] == [State.REFUSED]


def test_message_that_has_left_stays_as_it_is(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.hear(StatusChanged(Word.SENT, shop.world.now(), message_id=sent))
    shop.stop(phone(ANNA))
    assert marketing(shop) == [(State.SENT, "")]
