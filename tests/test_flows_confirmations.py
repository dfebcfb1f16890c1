# SPDX-License-Identifier: Apache-2.0
"""A stop is confirmed once, by whatever way it came, and only where a free answer may be sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.contract import Purpose
from hub.flows import courier, review
from hub.flows.review import Verdict
from hub.flows.states import State
from hub.store.tables import MessageRow, Review
from tests.making import ANNA, CONSENT, OPT_OUT, Shop, person, phone

pytest_plugins = ["tests.shops"]

HOUR = timedelta(hours=1)


def confirmations(shop: Shop) -> list[MessageRow]:
    return [row for row in shop.rows(MessageRow) if row.purpose == Purpose.OPT_OUT_CONFIRMATION]


def carry(shop: Shop, *, everything: bool = False) -> None:
    with shop.write() as session:
        courier.stop(
            shop.world,
            session,
            shop.controller,
            number=ANNA,
            by="Kim Theke",
            reason="am Telefon",
            everything=everything,
        )


def find(shop: Shop, verdict: Verdict) -> None:
    with shop.write() as session:
        review.close(shop.world, session, shop.controller, shop.only(Review).id, verdict, "Dana Schutz")


def test_stop_told_to_staff_is_confirmed_while_the_person_is_in_the_chat(shop: Shop) -> None:
    shop.hear(shop.said("Hallo", phone(ANNA)))
    carry(shop)
    (sent,) = [m.outgoing for m in shop.claim() if m.outgoing.purpose is not Purpose.PRIVACY_NOTICE]
    assert (sent.purpose, sent.to) == (Purpose.OPT_OUT_CONFIRMATION, phone(ANNA))


@pytest.mark.parametrize("wrote", [True, False])
def test_stop_told_to_staff_is_not_confirmed_where_no_free_answer_may_be_sent(shop: Shop, wrote: bool) -> None:
    if wrote:
        shop.hear(shop.said("Hallo", phone(ANNA)))
        shop.clock.advance(24 * HOUR)
    else:
        shop.sync(person("1", ANNA, CONSENT))
    carry(shop)
    assert shop.stops(phone(ANNA))
    assert not confirmations(shop)


def test_stop_found_by_a_reviewer_is_confirmed_within_a_day_and_not_later(shop: Shop) -> None:
    shop.hear(shop.said("nervt", phone(ANNA)))
    shop.clock.advance(23 * HOUR)
    find(shop, Verdict.STOP)
    purposes = [m.outgoing.purpose for m in shop.claim()]
    assert purposes.count(Purpose.OPT_OUT_CONFIRMATION) == 1


def test_stop_found_by_a_reviewer_after_the_window_is_kept_in_silence(shop: Shop) -> None:
    shop.hear(shop.said("nervt", phone(ANNA)))
    shop.clock.advance(25 * HOUR)
    find(shop, Verdict.STOP)
    assert not confirmations(shop)


def test_stop_by_chat_its_redelivery_the_crms_echo_and_staff_are_one_confirmation(shop: Shop) -> None:
    shop.sync(person("1", ANNA, CONSENT))
    message = shop.said("STOP", phone(ANNA))
    shop.hear(message, message)
    shop.hear(message)
    shop.clock.advance(HOUR)
    shop.sync(person("1", ANNA, CONSENT, OPT_OUT))
    carry(shop)
    assert len(confirmations(shop)) == 1
    assert len({stop.ledger_id for stop in shop.stops(phone(ANNA))}) == 3, "each is an event of its own"


def test_stop_written_ten_times_is_ten_events_and_one_confirmation_a_day(shop: Shop) -> None:
    for _ in range(10):
        shop.stop(phone(ANNA))
    assert (len(shop.events("objection")), len(confirmations(shop))) == (10, 1)
    shop.clock.advance(24 * HOUR)
    shop.stop(phone(ANNA))
    assert len(confirmations(shop)) == 2


def test_wider_stop_is_confirmed_again_and_once(shop: Shop) -> None:
    for text in ("STOP", "stop everything", "stop everything", "STOP"):
        shop.stop(phone(ANNA), text=text)
    assert len(confirmations(shop)) == 2
    bodies = [cleared.outgoing.content.body for cleared in shop.claim()]  # type: ignore[union-attr]
    assert sorted("Nachrichten" in body for body in bodies) == [False, True]


def test_stop_after_a_consent_in_between_is_confirmed_again(shop: Shop) -> None:
    shop.stop(phone(ANNA))
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    assert len(confirmations(shop)) == 2


def test_confirmation_that_never_left_does_not_count(shop: Shop) -> None:
    shop.stop(phone(ANNA))
    with shop.write() as session:
        (row,) = confirmations(shop)
        row.state = State.FAILED
        session.add(row)
    shop.stop(phone(ANNA))
    assert len(confirmations(shop)) == 2
