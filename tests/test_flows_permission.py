# SPDX-License-Identifier: Apache-2.0
"""Consent given and taken back: time decides, and at the same time the stop wins."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from hub.contract import IdentityChanged, Point, PointKind, PreferenceChanged, Purpose
from hub.flows import records
from hub.law.facts import StopKind
from hub.store.tables import Contact, StopRow
from tests.making import ANNA, BEN, CONSENT, SECOND, TOPIC, VENDOR_ID, Shop, bsuid, person, phone

pytest_plugins = ["tests.shops"]

MINUTE = timedelta(minutes=1)


def now(shop: Shop) -> datetime:
    return shop.world.now().replace(microsecond=0)


def marketing(shop: Shop, *numbers: str) -> list[str]:
    """Who of these would get a campaign now: asked by staging and claiming one."""
    records = [f"r{number}" for number in numbers]
    shop.sync(*(person(r, n, CONSENT) for r, n in zip(records, numbers, strict=True)))
    shop.stage(*records)
    return [m.outgoing.to.value for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING]


def test_stop_withdraws_at_once_and_only_for_that_person(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.agree(phone(BEN))
    shop.stop(phone(ANNA))
    assert marketing(shop, ANNA, BEN) == [BEN]


def test_new_consent_after_a_stop_wins_and_both_stay_in_the_ledger(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shop.agree(phone(ANNA))
    assert marketing(shop, ANNA) == [ANNA]
    assert len(shop.events("consent_given")) == 2
    assert len(shop.events("objection")) == 1


@pytest.mark.parametrize("stop_first", [True, False])
def test_stop_in_the_same_second_wins(shop: Shop, stop_first: bool) -> None:
    at = now(shop)
    said = [shop.said("Stopp", phone(ANNA), at=at), shop.said(shop.statement, phone(ANNA), at=at)]
    for message in said if stop_first else reversed(said):
        shop.hear(message)
    shop.clock.advance(SECOND)
    assert not marketing(shop, ANNA)


def test_older_opt_in_that_arrives_late_does_not_beat_the_stop(shop: Shop) -> None:
    at = now(shop)
    shop.clock.advance(5 * MINUTE)
    shop.hear(shop.said("STOP", phone(ANNA), at=at + 2 * MINUTE))
    shop.hear(shop.said(shop.statement, phone(ANNA), at=at + MINUTE))
    assert not marketing(shop, ANNA)


def test_older_stop_that_arrives_late_does_not_end_a_newer_consent(shop: Shop) -> None:
    at = now(shop)
    shop.clock.advance(5 * MINUTE)
    shop.hear(shop.said(shop.statement, phone(ANNA), at=at + 2 * MINUTE))
    shop.hear(shop.said("STOP", phone(ANNA), at=at + MINUTE))
    assert marketing(shop, ANNA) == [ANNA]


def test_projection_keeps_the_newest_consent_in_every_order(shop: Shop) -> None:
    at = now(shop)
    shop.clock.advance(5 * MINUTE)
    for minutes in (2, 1, 3, 3, 2):
        shop.hear(shop.said(shop.statement, phone(ANNA), at=at + minutes * MINUTE))
    (consent,) = shop.consents(phone(ANNA))
    assert (consent.event_time, consent.topic) == (at + 3 * MINUTE, TOPIC)
    assert shop.proven()


def test_consent_from_the_future_is_none_yet(shop: Shop) -> None:
    shop.hear(shop.said(shop.statement, phone(ANNA), at=now(shop) + MINUTE))
    assert not marketing(shop, ANNA)


# one person, several points


def test_stop_binds_number_and_bsuid_of_a_person(shop: Shop) -> None:
    shop.agree(bsuid(), phone(ANNA))
    shop.stop(bsuid())
    assert [s.kind for s in shop.stops(phone(ANNA))] == [StopKind.OBJECTION_MARKETING]
    assert [s.kind for s in shop.stops(bsuid())] == [StopKind.OBJECTION_MARKETING]
    assert not marketing(shop, ANNA)


@pytest.mark.parametrize("switch", [False, True])
def test_stop_binds_both_points_though_they_came_as_two_people(shop: Shop, switch: bool) -> None:
    shop.hear(shop.said("Hallo", bsuid()))
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONSENT))
    stop = PreferenceChanged(VENDOR_ID, (bsuid(), phone(ANNA)), now(shop), stopped=True)
    shop.hear(stop if switch else shop.said("STOP", bsuid(), phone(ANNA)))
    shop.clock.advance(2 * SECOND)
    assert not marketing(shop, ANNA)
    told_at_once = [r[:3] for r in shop.reports() if r[1] == "withdrawal" and r[3] != "CLAIM_CONFLICT"]
    assert told_at_once == [("17", "withdrawal", "stopped")]
    with shop.world.db.read() as session:
        told = records.why(shop.world, session, shop.controller, ANNA).events
    stopped = "platform_preference" if switch else "objection"
    assert [e["kind"] for e in told] == ["consent_given", "notice_served", "notice_served", "contacts_joined", stopped]


def test_stop_under_the_number_binds_a_bsuid_that_became_known_later(shop: Shop) -> None:
    shop.stop(phone(ANNA), text="Stop everything")
    shop.hear(shop.said("Hallo", bsuid(), phone(ANNA)))
    answer = shop.reply(bsuid())
    shop.claim()
    assert shop.message(answer).reason == "SUPPRESSED_SUBJECT_STOP_ALL"


def test_consent_under_the_bsuid_does_not_reach_the_number(shop: Shop) -> None:
    shop.hear(shop.said("Hallo", bsuid(), phone(ANNA)))
    shop.agree(bsuid())
    assert not marketing(shop, ANNA)


def test_person_known_by_bsuid_alone_can_agree_and_stop(shop: Shop) -> None:
    shop.agree(bsuid())
    assert [c.topic for c in shop.consents(bsuid())] == [TOPIC]
    shop.stop(bsuid())
    confirmation = shop.claim_one().outgoing
    assert (confirmation.to, confirmation.purpose) == (bsuid(), Purpose.OPT_OUT_CONFIRMATION)
    assert len(shop.rows(Contact)) == 1


def test_new_identity_inherits_stops_and_not_consent(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shop.agree(phone(ANNA))
    parent = Point(PointKind.PARENT_BSUID, "DE.99")
    shop.hear(IdentityChanged(VENDOR_ID, (phone(ANNA), bsuid()), (phone(BEN), parent), now(shop)))
    for point in (phone(BEN), parent):
        assert [s.kind for s in shop.stops(point)] == [StopKind.OBJECTION_MARKETING]
        assert not shop.consents(point)
    assert not marketing(shop, BEN)
    assert shop.proven()


def test_new_identity_told_twice_carries_each_stop_once(shop: Shop) -> None:
    shop.agree(bsuid(), phone(ANNA))
    shop.stop(phone(ANNA))
    for _ in range(3):
        shop.hear(IdentityChanged(VENDOR_ID, (phone(ANNA), bsuid()), (phone(BEN),), now(shop)))
    assert len(shop.stops(phone(BEN))) == 1
    assert len(shop.events("stop_carried_over")) == 1


# the app's own switch


def test_switch_in_the_app_stops_and_its_return_resumes_nothing(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONSENT))
    shop.hear(PreferenceChanged(VENDOR_ID, (phone(ANNA),), now(shop), stopped=True))
    shop.clock.advance(2 * SECOND)
    shop.hear(PreferenceChanged(VENDOR_ID, (phone(ANNA),), now(shop), stopped=False))
    assert not marketing(shop, ANNA)
    assert shop.campaign_messages()[0].reason == "SUPPRESSED_PLATFORM_PREFERENCE"
    withdrawals = [r for r in shop.reports() if r[1] == "withdrawal" and r[3] != "CLAIM_CONFLICT"]
    assert withdrawals == [("17", "withdrawal", "stopped", "SUPPRESSED_PLATFORM_PREFERENCE")]


def test_switch_of_somebody_unknown_is_kept_for_later(shop: Shop) -> None:
    shop.hear(PreferenceChanged(VENDOR_ID, (phone(ANNA),), now(shop), stopped=True))
    assert not marketing(shop, ANNA)
    assert shop.stops(phone(ANNA))


# what a stop covers


@pytest.mark.parametrize(
    ("text", "kind", "marketing_only"),
    [("STOP", StopKind.OBJECTION_MARKETING, True), ("Stop everything", StopKind.STOP_ALL, False)],
)
def test_marketing_stop_never_blocks_an_answer_and_stop_all_does(
    shop: Shop, text: str, kind: StopKind, marketing_only: bool
) -> None:
    shop.stop(phone(ANNA), text=text)
    answer = shop.reply(phone(ANNA))
    sent = {m.outgoing.purpose for m in shop.claim()}
    assert shop.only(StopRow).kind == kind
    assert Purpose.OPT_OUT_CONFIRMATION in sent
    assert (Purpose.SERVICE in sent) is marketing_only
    assert (shop.message(answer).reason == "SUPPRESSED_SUBJECT_STOP_ALL") is not marketing_only


def test_unclear_message_freezes_marketing_without_a_word(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONSENT))
    shop.stop(phone(ANNA), text="Warum bekomme ich so viel Werbung?")
    assert [s.kind for s in shop.stops(phone(ANNA))] == [StopKind.UNSURE]
    assert not shop.claim(), "no confirmation: it may not have been a stop"
    assert not shop.reports()
    assert not marketing(shop, ANNA)


def test_ordinary_message_changes_no_permission(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.hear(shop.said("Wann kommt mein Paket? Bitte die Lieferung nicht stoppen.", phone(ANNA)))
    assert not shop.rows(StopRow)
    assert marketing(shop, ANNA) == [ANNA]
