# SPDX-License-Identifier: Apache-2.0
"""The conflict table of the legal reference, 4.5: its rows about what CRMs claim, one test each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.contract import Channel, Claim, ClaimKind
from hub.flows import accounts
from hub.store.tables import Connection, StopRow
from tests.carriers import Paper, paper_crm
from tests.making import ANNA, CONSENT, CONTRACT, OPT_OUT, SECOND, Shop, person, phone
from tests.mapped import MappedShop, opted_in

pytest_plugins = ["tests.shops"]

MAIL = replace(OPT_OUT, source_field="email_opt_out", channel=Channel.EMAIL)
NEWSLETTER = replace(MAIL, source_field="newsletter_autumn", limited=True)


def other_crm(shop: Shop) -> Connection:
    """A second CRM of the same company."""
    cls = paper_crm(Paper(), "cards")
    shop.world.registry.connectors[cls.name], shop.world.registry.origin[cls.name] = cls, "tests"
    with shop.write() as session:
        return accounts.connect(shop.world, session, shop.controller, "cards", {}, "Cards")


def syncing(shop: Shop, crm: Connection, *people: object) -> None:
    mine, shop.crm = shop.crm, crm
    shop.sync(*people)  # type: ignore[arg-type]
    shop.crm = mine


def reached(shop: Shop, *records: str) -> list[str]:
    shop.stage(*records)
    return [m.outgoing.to.value for m in shop.claim() if m.outgoing.purpose == "MARKETING"]


def now(shop: Shop) -> datetime:
    return shop.world.now().replace(microsecond=0)


def withdrawals(shop: Shop) -> list[tuple[str, str]]:
    return [(record, reason) for record, kind, _, reason in shop.reports() if kind == "withdrawal"]


def test_crm_opt_in_against_a_later_withdrawal(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    at = now(shop)
    shop.stop(phone(ANNA), at=at)
    shop.sync(person("1", ANNA, replace(CONSENT, claimed_at=at - timedelta(hours=1))))
    assert not reached(shop, "1")
    assert withdrawals(shop) == [("1", "CLAIM_CONFLICT")]


def test_crm_opt_in_of_today_against_a_withdrawal_of_last_month(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shop.clock.advance(timedelta(days=30))
    shop.sync(person("1", ANNA, replace(CONSENT, claimed_at=now(shop))))
    assert not reached(shop, "1")
    assert withdrawals(shop) == [("1", "CLAIM_CONFLICT")], "the opt-out goes back to the CRM"
    other = replace(CONSENT, claimed_at=now(shop) - timedelta(days=1))
    shop.sync(person("1", ANNA, other))
    assert len(withdrawals(shop)) == 2, "each new claim is answered"
    shop.sync(person("1", ANNA, other, country="DE"))
    assert len(withdrawals(shop)) == 2, "the same claim is answered once"


@pytest.mark.parametrize("claimed", ["same", "unknown"])
def test_crm_opt_in_at_the_same_or_an_unknown_time(shop: Shop, claimed: str) -> None:
    at = now(shop)
    shop.sync(person("1", ANNA, CONTRACT))
    shop.stop(phone(ANNA), at=at)
    shop.sync(person("1", ANNA, CONTRACT, replace(CONSENT, claimed_at=at if claimed == "same" else None)))
    assert not reached(shop, "1")
    assert ("1", "CLAIM_CONFLICT") in withdrawals(shop)


def test_crm_opt_out_against_an_earlier_consent_of_the_person(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONTRACT, replace(OPT_OUT, claimed_at=now(shop))))
    assert not reached(shop, "1")


def test_crm_opt_out_against_a_later_consent_of_the_person(shop: Shop) -> None:
    before = now(shop)
    shop.clock.advance(2 * SECOND)
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONTRACT, replace(OPT_OUT, claimed_at=before)))
    assert reached(shop, "1") == [ANNA]


def test_crm_opt_out_of_unknown_time_wins(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONTRACT, OPT_OUT))
    assert not reached(shop, "1")


def test_crm_opt_out_dated_in_the_future_counts_from_now_and_no_longer(shop: Shop) -> None:
    shop.sync(person("1", ANNA, CONTRACT, replace(OPT_OUT, claimed_at=now(shop) + timedelta(days=400))))
    (stop,) = shop.stops(phone(ANNA))
    assert stop.event_time <= shop.world.now()
    shop.clock.advance(2 * SECOND)
    shop.agree(phone(ANNA))
    assert reached(shop, "1") == [ANNA]


@pytest.mark.parametrize("opt_out_first", [True, False])
def test_two_crms_disagree_and_both_know_it_in_the_end(shop: Shop, opt_out_first: bool) -> None:
    """The least permissive wins. Who said no knows it; who says yes is told."""
    cards = other_crm(shop)
    yes = (shop.crm, person("1", ANNA, CONSENT))
    no = (cards, person("c9", ANNA, CONTRACT, OPT_OUT))
    for crm, said in (no, yes) if opt_out_first else (yes, no):
        syncing(shop, crm, said)
    assert not reached(shop, "1")
    assert withdrawals(shop) == [("1", "CLAIM_CONFLICT" if opt_out_first else "SUPPRESSED_CLAIM_CRM")]


def test_record_that_is_new_learns_that_its_person_had_stopped(shop: Shop) -> None:
    """A CRM that is connected later, or makes a record later, knows as much as the others. It claims no consent."""
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    for country in ("DE", "AT"):
        shop.sync(person("1", ANNA, CONTRACT, country=country), person("2", ANNA, OPT_OUT, CONTRACT))
    assert withdrawals(shop) == [("1", "SUPPRESSED_OBJECTION_MARKETING"), ("1", "SUPPRESSED_CLAIM_CRM")]
    shop.clock.advance(2 * SECOND)
    shop.agree(phone(ANNA))
    syncing(shop, other_crm(shop), person("c9", ANNA, CONTRACT))
    assert len(withdrawals(shop)) == 2, "a stop that the person has lifted is none"


def test_opt_out_of_a_second_crm_is_a_new_objection(shop: Shop) -> None:
    shop.sync(person("1", ANNA, OPT_OUT))
    shop.clock.advance(2 * SECOND)
    shop.agree(phone(ANNA))
    syncing(shop, other_crm(shop), person("c9", ANNA, OPT_OUT))
    shop.sync(person("7", ANNA, CONTRACT))
    assert not reached(shop, "7")


def test_opt_out_of_a_record_that_is_not_stored_is_one_objection_however_often_read(shop: Shop) -> None:
    for _ in range(3):
        shop.sync(person("1", ANNA, OPT_OUT))
        shop.clock.advance(2 * SECOND)
    assert len(shop.stops(phone(ANNA))) == 1


def test_deleted_and_imported_again_is_still_stopped_though_the_new_record_proves_an_opt_in(shop: Shop) -> None:
    mapped = MappedShop(shop)
    mapped.walk([opted_in("1", ANNA, OPT_OUT)])
    mapped.walk([replace(person("1", ""), deleted=True)])
    shop.clock.advance(timedelta(days=1))
    mapped.walk([opted_in("900", ANNA)])
    assert not reached(shop, "900")
    assert not shop.events("consent_imported")
    assert ("900", "CLAIM_CONFLICT") in withdrawals(shop)


def test_email_unsubscribe_of_all_marketing_or_unclear_scope_stops_whatsapp_too(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONTRACT, MAIL))
    (stop,) = shop.stops(phone(ANNA))
    assert (stop.channel, stop.purpose) == ("*", "MARKETING")
    assert not reached(shop, "1")


def test_email_unsubscribe_of_clearly_one_newsletter_has_no_effect_on_whatsapp(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONTRACT, NEWSLETTER))
    assert [stop.channel for stop in shop.stops(phone(ANNA))] == ["email"]
    assert reached(shop, "1") == [ANNA]


def test_every_opt_out_of_a_record_counts_not_only_the_first(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONTRACT, NEWSLETTER, replace(OPT_OUT, channel=Channel.WHATSAPP)))
    assert {stop.channel for stop in shop.stops(phone(ANNA))} == {"email", "whatsapp"}
    assert not reached(shop, "1")


def test_opt_out_that_is_added_later_is_new_beside_one_that_stays(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONTRACT, NEWSLETTER))
    shop.sync(person("1", ANNA, CONTRACT, NEWSLETTER, OPT_OUT))
    assert len(shop.rows(StopRow)) == 2
    assert not reached(shop, "1")


def test_opt_in_by_staff_is_a_claim(shop: Shop) -> None:
    shop.sync(person("1", ANNA, Claim(ClaimKind.CONSENT, "customer_said_yes", claimed_at=now(shop))))
    assert not reached(shop, "1")
    assert shop.campaign_messages()[0].reason == "CONSENT_UNPROVEN"


def test_opt_out_by_staff_is_effective_at_once(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    shop.sync(person("1", ANNA, CONSENT, Claim(ClaimKind.OPT_OUT, "customer_said_stop")))
    assert not [m for m in shop.claim() if m.outgoing.purpose == "MARKETING"], "also for what was queued before"
