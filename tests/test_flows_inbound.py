# SPDX-License-Identifier: Apache-2.0
"""Webhooks in our words: withdrawals first, statuses only forward, and nothing twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from hub.contract import (
    ContactChanged,
    Echoed,
    HubError,
    MessageReceived,
    PlatformCategory,
    PrivacyDeletion,
    Purpose,
    Receipt,
    RecipientOptedOut,
    RecipientUnreachable,
    SenderChanged,
    Status,
    StatusChanged,
    TemplateChanged,
    TemplateState,
    Unknown,
)
from hub.flows import accounts, queue
from hub.flows.states import State
from hub.law.facts import StopKind
from hub.store.tables import Contact, MessageEvent, MessageRow, Sender, TemplateRow
from tests.carriers import OFFER
from tests.making import ANNA, BEN, CONSENT, SECOND, VENDOR_ID, Shop, bsuid, number, person, phone

pytest_plugins = ["tests.shops"]

OPTED_OUT = RecipientOptedOut("the person stopped marketing messages", code="131050")


def now(shop: Shop) -> datetime:
    return shop.world.now().replace(microsecond=0)


def status(shop: Shop, message_id: str, word: Status, seconds: int = 0, error: HubError | None = None) -> StatusChanged:
    return StatusChanged(word, now(shop) + seconds * SECOND, message_id=message_id, error=error)


# withdrawals


def test_stop_is_confirmed_exactly_once_however_often_it_comes(shop: Shop) -> None:
    shop.hear(shop.said("Hallo", phone(ANNA)))
    at = now(shop)
    shop.clock.advance(10 * SECOND)
    story = [shop.said("STOP", phone(ANNA), at=at + 4 * SECOND, wamid="wamid.stop")] * 5
    story += [shop.said(shop.statement, phone(ANNA), at=at + 2 * SECOND, wamid="wamid.yes")] * 2
    story += [shop.said("Danke", phone(ANNA), at=at + 6 * SECOND, wamid="wamid.thanks")]
    random.Random(4).shuffle(story)
    for message in story:
        shop.hear(message)
    notice, confirmation = sorted((cleared.outgoing for cleared in shop.claim()), key=lambda m: m.purpose, reverse=True)
    assert (notice.purpose, notice.to) == (Purpose.PRIVACY_NOTICE, phone(ANNA))
    assert (confirmation.purpose, confirmation.to) == (Purpose.OPT_OUT_CONFIRMATION, phone(ANNA))
    assert len(shop.stops(phone(ANNA))) == 1
    assert shop.proven()


def test_stop_redelivered_after_a_new_point_became_known_is_confirmed_once(shop: Shop) -> None:
    stop = shop.said("STOP", phone(ANNA))
    shop.hear(stop)
    shop.hear(shop.said("Danke", phone(ANNA), bsuid()))
    shop.hear(stop)
    purposes = [cleared.outgoing.purpose for cleared in shop.claim()]
    assert sorted(purposes) == [Purpose.OPT_OUT_CONFIRMATION, Purpose.PRIVACY_NOTICE]
    assert shop.stops(bsuid()), "the second time, the stop reaches the new point too"


@pytest.mark.parametrize(("to", "words"), [(ANNA, "keine Werbung mehr"), ("+33612345678", "no more advertising")])
def test_confirmation_speaks_the_language_of_the_number(shop: Shop, to: str, words: str) -> None:
    shop.stop(phone(to))
    content = shop.claim_one().outgoing.content
    assert words in content.body  # type: ignore[union-attr]


def test_withdrawal_is_told_to_every_record_of_the_person(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONSENT), person("18", ANNA, CONSENT), person("19", BEN, CONSENT))
    shop.stop(phone(ANNA))
    expected = "SUPPRESSED_OBJECTION_MARKETING"
    assert shop.reports() == [(record, "withdrawal", "stopped", expected) for record in ("17", "18")]


def test_stop_heard_together_with_statuses_is_applied_first(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.hear(status(shop, sent, Status.DELIVERED, -5), shop.said("STOP", phone(ANNA)))
    kinds = [row.kind for row in shop.events("consent_given") + shop.events("objection")]
    assert kinds == ["consent_given", "objection"]
    assert shop.message(sent).state == State.DELIVERED


def test_words_of_a_person_lie_sealed(shop: Shop) -> None:
    shop.stop(phone(ANNA), text="Bitte keine Werbung mehr, Frau Blaubart!")
    (event,) = shop.events("objection")
    assert event.evidence is not None
    assert b"Blaubart" not in event.evidence
    assert "Blaubart" not in event.record


def test_message_to_a_number_that_is_not_ours_is_left_alone_unless_it_says_stop(shop: Shop) -> None:
    shop.hear(MessageReceived("elsewhere", (phone(ANNA),), now(shop), "wamid.1", "text", "Hallo"))
    shop.hear(shop.said("STOP"))
    assert not shop.rows(Contact)


@pytest.mark.parametrize(("kind", "opens"), [("text", True), ("image", True), ("reaction", False), ("system", False)])
def test_only_real_messages_open_the_service_window(shop: Shop, kind: str, opens: bool) -> None:
    shop.hear(shop.said("", phone(ANNA), kind=kind))
    assert (shop.only(Contact).last_inbound_at is not None) is opens


# statuses


def test_statuses_in_every_order_end_at_read(shop: Shop) -> None:
    orders = list(permutations((Status.SENT, Status.DELIVERED, Status.READ)))
    shop.reach(*(number(index) for index in range(len(orders))))
    for cleared, order in zip(shop.claim(), orders, strict=True):
        for said in [status(shop, cleared.outgoing.id, word) for word in order]:
            shop.hear(said)
            shop.hear(said)
    assert {row.state for row in shop.campaign_messages()} == {State.READ}
    assert len(shop.rows(MessageEvent)) == 3 * len(orders)


def test_failure_after_delivery_is_kept_as_an_event(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.hear(status(shop, sent, Status.DELIVERED))
    shop.hear(status(shop, sent, Status.FAILED, 1, RecipientUnreachable("gone", code="131026")))
    assert (shop.message(sent).state, shop.message(sent).reason) == (State.DELIVERED, "")
    assert [(e.status, e.code) for e in shop.rows(MessageEvent)] == [("delivered", ""), ("failed", "131026")]


def test_status_before_the_receipt_is_not_undone_by_it(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.hear(status(shop, sent, Status.DELIVERED))
    shop.settle({sent: Receipt("wamid.9")})
    assert shop.message(sent).state == State.DELIVERED
    shop.hear(StatusChanged(Status.READ, now(shop), provider_message_id="wamid.9"))
    assert shop.message(sent).state == State.READ


def test_status_that_knows_only_the_vendors_id_finds_its_message(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: Receipt("wamid.HBgLNDkxNTE")})
    shop.hear(StatusChanged(Status.SENT, now(shop), provider_message_id="wamid.HBgLNDkxNTE"))
    shop.hear(StatusChanged(Status.READ, now(shop), provider_message_id="wamid.somebody-elses"))
    assert shop.message(sent).state == State.SENT


def test_status_of_another_companys_message_changes_nothing(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    other = Shop(shop.world, "Andere Handels GmbH", ("paper2", "pigeon2"))
    other.hear(status(other, sent, Status.READ))
    assert shop.message(sent).state == State.AUTHORISED


def test_failed_status_tells_the_crm_the_vendors_code(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.hear(status(shop, sent, Status.FAILED, 0, RecipientUnreachable("gone", code="131026")))
    assert shop.reports()[-1] == ("1", "status", "failed", "131026")


@pytest.mark.parametrize("before", [None, Status.DELIVERED])
def test_opt_out_at_the_platform_is_an_objection_whatever_came_before(shop: Shop, before: Status | None) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    if before:
        shop.hear(status(shop, sent, before))
    said = status(shop, sent, Status.FAILED, 1, OPTED_OUT)
    for _ in range(3):
        shop.hear(said)
    (stop,) = shop.stops(phone(ANNA))
    assert stop.kind == StopKind.PLATFORM_PREFERENCE
    withdrawals = [r for r in shop.reports() if r[1] == "withdrawal"]
    assert withdrawals == [("1", "withdrawal", "stopped", "SUPPRESSED_PLATFORM_PREFERENCE")]
    shop.clock.advance(2 * SECOND)
    shop.stage("1")
    assert not shop.claim()


# accounts and templates


def can_send(shop: Shop) -> dict[str, bool]:
    with shop.world.db.read() as session:
        senders = [session.get_one(Sender, s.id) for s in shop.rows(Sender)]
        return {s.vendor_id: queue.pause_of(session, s, shop.world.now()) == 0 for s in senders}


def test_trouble_with_the_account_pauses_every_sender_and_with_one_number_only_that(shop: Shop) -> None:
    with shop.write() as session:
        accounts.add_sender(session, shop.provider, "second", "+49 30 7654321")
    shop.hear(SenderChanged(VENDOR_ID, "quality is low", now(shop)))
    assert can_send(shop) == {VENDOR_ID: True, "second": True}
    shop.hear(SenderChanged("second", "banned", now(shop), can_send=False))
    assert can_send(shop) == {VENDOR_ID: True, "second": False}
    shop.hear(SenderChanged("", "account restricted", now(shop), can_send=False))
    assert can_send(shop) == {VENDOR_ID: False, "second": False}
    assert {s.paused_why for s in shop.rows(Sender)} == {"account restricted"}


def test_a_message_from_the_app_on_the_same_number_stops_that_sender(shop: Shop) -> None:
    shop.hear(Echoed("another", now(shop)))
    assert can_send(shop) == {VENDOR_ID: True}
    shop.hear(Echoed(VENDOR_ID, now(shop)))
    assert can_send(shop) == {VENDOR_ID: False}
    assert [sender.coexistence for sender in shop.rows(Sender)] == [True]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda at: TemplateChanged(OFFER.name, "de", at, state=TemplateState.PAUSED), "PLATFORM_TEMPLATE_INVALID"),
        (
            lambda at: TemplateChanged(OFFER.name, "de", at, category=PlatformCategory.UTILITY),
            "PLATFORM_CATEGORY_DRIFT",
        ),
    ],
)
def test_template_that_moved_after_staging_is_not_sent(
    shop: Shop, change: Callable[[datetime], TemplateChanged], reason: str
) -> None:
    shop.reach(ANNA)
    shop.hear(change(now(shop)), TemplateChanged("unheard-of", "de", now(shop), state=TemplateState.PAUSED))
    assert not shop.claim()
    (row,) = shop.campaign_messages()
    assert (row.state, row.reason) == (State.REFUSED, reason)
    assert len(shop.rows(TemplateRow)) == 1


def test_changes_in_the_crm_ask_for_a_sync(shop: Shop) -> None:
    assert not shop.hear(Unknown("something new", now(shop))).sync
    assert shop.hear(ContactChanged("17", now(shop))).sync
    assert shop.hear(PrivacyDeletion("17", now(shop))).sync


def test_stop_names_the_sender_that_has_something_to_send(shop: Shop) -> None:
    assert shop.hear(shop.said("STOP", phone(ANNA))).senders == {shop.sender.id}
    shop.agree(phone(BEN))
    assert not shop.hear(shop.said("Hallo", phone(BEN))).senders
    assert shop.only(MessageRow).next_attempt_at <= shop.world.now() + timedelta(seconds=1)  # type: ignore[operator]
