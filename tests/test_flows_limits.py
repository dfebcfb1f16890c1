# SPDX-License-Identifier: Apache-2.0
"""What the limits ask about a person: how much advertising came, the person's clock, the platform's cap, countries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from hub.contract import (
    BadInput,
    Point,
    PointKind,
    Receipt,
    RecipientCapped,
    RecipientUnreachable,
    Status,
    StatusChanged,
)
from hub.flows import contacts, facts, optin, records
from hub.flows.points import locate, zone_of
from hub.flows.states import State
from hub.law.facts import CountrySignal, Person, SignalKind
from hub.law.policies import load
from hub.law.policy import QuietHours
from tests.making import ANNA, BEN, CONSENT, CONTRACT, SECOND, TOPIC, Shop, bsuid, person, phone

pytest_plugins = ["tests.shops"]
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def of(shop: Shop, point: Point) -> Person:
    with shop.world.db.read() as session:
        row = contacts.find_point(shop.world, session, shop.controller, point)
        assert row is not None
        return facts.people(session, shop.controller, [row.id], shop.world.now())[row.id]


def policy_with(shop: Shop, section: str, **values: Any) -> None:
    assert shop.world.policy is not None
    changed = getattr(shop.world.policy, section).model_copy(update=values)
    shop.world.policy = shop.world.policy.model_copy(update={section: changed})


def send_all(shop: Shop) -> list[str]:
    cleared = shop.claim()
    shop.settle({one.outgoing.id: Receipt(f"pigeon.{one.outgoing.id}") for one in cleared})
    shop.clock.advance(2 * SECOND)
    return [one.outgoing.id for one in cleared]


def page_that_promises(shop: Shop, per_month: int) -> None:
    with shop.write() as session:
        wanted: dict[str, Any] = {"title": TOPIC, "language": "de", "topics": [TOPIC], "per_month": per_month}
        page = optin.create(shop.world, session, shop.controller, shop.sender, **wanted)
        shop.statement = optin.invitation(session, page).statement


# how often


def test_only_what_may_have_arrived_in_thirty_days_is_counted(shop: Shop) -> None:
    shop.reach(ANNA)
    (first,) = send_all(shop)
    assert of(shop, phone(ANNA)).marketing_received == 1
    lost = StatusChanged(
        Status.FAILED, shop.world.now(), message_id=first, error=RecipientUnreachable("gone", code="131026")
    )
    shop.hear(lost)
    assert of(shop, phone(ANNA)).marketing_received == 0
    shop.stage("1")
    send_all(shop)
    shop.clock.advance(29 * DAY)
    assert of(shop, phone(ANNA)).marketing_received == 1
    shop.clock.advance(DAY)
    assert of(shop, phone(ANNA)).marketing_received == 0


def test_answers_are_no_advertising(shop: Shop) -> None:
    shop.reply(phone(ANNA))
    send_all(shop)
    assert of(shop, phone(ANNA)).marketing_received == 0


def test_no_more_than_the_wording_promised_and_again_when_the_oldest_is_a_month_old(shop: Shop) -> None:
    page_that_promises(shop, 1)
    shop.reach(ANNA)
    (first,) = send_all(shop)
    sent = shop.message(first).authorised_at
    assert sent is not None
    shop.stage("1")
    assert not shop.claim()
    second = next(row for row in shop.campaign_messages() if row.id != first)
    assert (second.state, second.reason) == (State.HELD, "POLICY_FREQUENCY_CAP")
    assert second.next_attempt_at == sent + 30 * DAY
    shop.clock.advance(30 * DAY)
    assert send_all(shop) == [second.id]


def test_two_campaigns_in_one_batch_do_not_break_the_promise_together(shop: Shop) -> None:
    page_that_promises(shop, 1)
    shop.reach(ANNA)
    shop.stage("1")
    assert len(shop.claim()) == 1
    assert sorted(row.state for row in shop.campaign_messages()) == [State.AUTHORISED, State.HELD]


def test_promise_stands_in_the_wording(shop: Shop) -> None:
    with shop.write() as session:
        wanted: dict[str, Any] = {"title": TOPIC, "language": "en", "topics": [TOPIC], "per_month": 4}
        page = optin.create(shop.world, session, shop.controller, shop.sender, **wanted)
        wording = optin.invitation(session, page).wording
        assert wording.promised_per_30_days == 4
        assert "4 such messages in 30 days at most" in wording.text
        own = f"{shop.controller.name} schreibt mir per WhatsApp, 14 mal. Widerruf: STOPP."
        with pytest.raises(BadInput, match="is not in the text"):
            optin.create(shop.world, session, shop.controller, shop.sender, text=own, **wanted)


# the platform's cap


@pytest.mark.parametrize("by_status", [False, True])
def test_person_whom_the_platform_caps_gets_no_advertising_for_a_day(shop: Shop, by_status: bool) -> None:
    shop.reach(ANNA)
    capped = shop.claim_one().outgoing.id
    error = RecipientCapped("capped", code="131049")
    if by_status:
        shop.settle({capped: Receipt("pigeon.1")})
        shop.hear(StatusChanged(Status.FAILED, shop.world.now(), message_id=capped, error=error))
    else:
        shop.settle({capped: error})
    assert shop.message(capped).state == State.FAILED
    shop.stage("1")
    assert not shop.claim()
    later = next(row for row in shop.campaign_messages() if row.id != capped)
    assert (later.state, later.reason) == (State.HELD, "PLATFORM_USER_LIMIT")
    until = of(shop, phone(ANNA)).platform_limited_until
    assert later.next_attempt_at == until
    assert until is not None
    assert until - shop.world.now() > 23 * HOUR
    reply = shop.reply(phone(ANNA))
    assert send_all(shop) == [reply], "it is a cap on advertising"
    shop.clock.advance(DAY)
    assert send_all(shop) == [later.id]
    assert not shop.stops(phone(ANNA)), "it says nothing about consent"


# quiet hours


def test_held_for_the_night_and_asked_again_in_the_morning_where_the_person_is(shop: Shop) -> None:
    policy_with(shop, "quiet_hours", enforce=True, sundays=True)
    shop.reach(ANNA)
    night = datetime(2027, 1, 16, 22, 40, tzinfo=UTC)  # a Saturday
    shop.clock.advance(night - shop.world.now())
    assert not shop.claim()
    (row,) = shop.campaign_messages()
    assert (row.state, row.reason) == (State.HELD, "POLICY_QUIET_HOURS")
    assert row.next_attempt_at == datetime(2027, 1, 18, 7, tzinfo=UTC), "Monday, eight in Berlin"
    shop.clock.advance(timedelta(hours=32, minutes=20))
    assert send_all(shop) == [row.id]


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+4915112345671", "Europe/Berlin"),
        ("+436601234567", "Europe/Vienna"),
        ("+12124567890", "America/New_York"),
        ("+34612345678", ""),  # the Canary Islands keep another time
    ],
)
def test_zone_of_a_number_is_known_where_there_is_only_one(number: str, zone: str) -> None:
    assert locate(phone(number)).zone == zone


def test_zone_of_a_username_is_that_of_its_country() -> None:
    assert locate(bsuid("AT.123456")).zone == "Europe/Vienna"
    assert locate(bsuid("US.123456")).zone == ""


@pytest.mark.parametrize(
    ("country", "stated", "zone"),
    [("AT", True, "Europe/Vienna"), ("AT", False, "Europe/Berlin"), ("US", True, ""), ("", False, "Europe/Berlin")],
)
def test_stated_residence_goes_before_the_number(country: str, stated: bool, zone: str) -> None:
    assert zone_of(country, stated, "DE", "Europe/Berlin") == zone


def test_zone_comes_with_the_person(shop: Shop) -> None:
    shop.sync(person("1", ANNA, CONTRACT), person("2", BEN, CONTRACT, country="AT", residence_stated=True))
    assert (of(shop, phone(ANNA)).zone, of(shop, phone(BEN)).zone) == ("Europe/Berlin", "Europe/Vienna")


def test_policy_with_an_unknown_zone_is_refused() -> None:
    hours = load("eu_strict").quiet_hours
    with pytest.raises(ValidationError, match="is no time zone"):
        QuietHours(**{**hours.model_dump(), "zone": "Europe/Entenhausen"})


# countries


def test_every_point_of_a_person_says_where_they_may_be(shop: Shop) -> None:
    shop.hear(shop.said("Hallo", bsuid("AT.1234"), phone(ANNA)))
    for point in (bsuid("AT.1234"), phone(ANNA)):
        assert of(shop, point).countries == (
            CountrySignal(SignalKind.BSUID, "AT"),
            CountrySignal(SignalKind.NUMBER, "DE"),
        )


def test_parent_username_counts_as_one(shop: Shop) -> None:
    parent = Point(PointKind.PARENT_BSUID, "CH.ENT.1")
    shop.hear(shop.said("Hallo", parent))
    assert of(shop, parent).countries == (CountrySignal(SignalKind.BSUID, "CH"),)


def test_country_before_a_move_counts_on_for_the_months_of_the_policy(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT, country="FR"))
    shop.clock.advance(DAY)
    shop.sync(person("1", ANNA, CONSENT, country="AT", residence_stated=True))
    moved = shop.contact_of(phone(ANNA)).moved_at
    assert of(shop, phone(ANNA)).countries == (
        CountrySignal(SignalKind.STATED_RESIDENCE, "AT"),
        CountrySignal(SignalKind.NUMBER, "DE"),
        CountrySignal(SignalKind.FORMER, "FR", moved),
    )
    assert jurisdictions(shop) == ["AT", "DE", "FR"]
    shop.clock.advance(340 * DAY)
    assert jurisdictions(shop) == ["AT", "DE", "FR"]
    shop.clock.advance(30 * DAY)
    assert jurisdictions(shop) == ["AT", "DE"], "the number's country stays for as long as the number"


def jurisdictions(shop: Shop) -> list[str]:
    """Those of a decision on a message sent now."""
    answer = shop.reply(phone(ANNA))
    shop.claim()
    with shop.world.db.read() as session:
        told = records.why(shop.world, session, shop.controller, answer)
    return list(told.decisions[0]["jurisdictions"])


def test_guess_after_a_stated_residence_adds_and_does_not_replace(shop: Shop) -> None:
    shop.sync(person("1", ANNA, CONTRACT, country="AT", residence_stated=True))
    shop.sync(person("1", ANNA, CONTRACT, country="FR"))
    known = {(signal.kind, signal.country) for signal in of(shop, phone(ANNA)).countries}
    assert known == {(SignalKind.CRM, "FR"), (SignalKind.NUMBER, "DE"), (SignalKind.FORMER, "AT")}
