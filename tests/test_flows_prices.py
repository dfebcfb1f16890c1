# SPDX-License-Identifier: Apache-2.0
"""The admin's price list, and what a preview says by it: who, when, how much; and what it does not know."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from hub.contract import BadInput
from hub.flows import prices
from hub.flows.drafts import Plan
from hub.flows.prices import Charged, Cost
from hub.flows.watch import Rules
from hub.store.tables import Connection, MessageRow, Price, Sender
from hub.work.jobs import Jobs
from tests.making import CONSENT, CONTRACT, Shop, number, person, phone

pytest_plugins = ["tests.shops"]

LIST = b"""
currency = "EUR"
valid_from = 2026-01-01

[[price]]
country = "DE"
category = "MARKETING"
price = 0.1131

[[price]]
country = "+43"
category = "marketing"
price = "0.09"
"""
CSV = "country;category;price;currency;valid_from\nDE;MARKETING;0,1131;EUR;2026-01-01\n*;UTILITY;0,05;CHF;2026-02-01\n"
TODAY = date(2026, 6, 1)


def load(shop: Shop, raw: bytes, kind: str = "toml") -> int:
    with shop.write() as session:
        return prices.load(session, shop.controller, raw, kind)


def current(shop: Shop, day: date = TODAY) -> dict[tuple[str, str], tuple[Decimal, str]]:
    with shop.world.db.read() as session:
        return prices.current(session, shop.controller, day)


# the list


def test_list_is_read_from_toml_and_csv_to_the_last_digit(shop: Shop) -> None:
    assert load(shop, LIST) == 2
    assert current(shop) == {
        ("DE", "MARKETING"): (Decimal("0.1131"), "EUR"),
        ("AT", "MARKETING"): (Decimal("0.09"), "EUR"),
    }
    assert load(shop, CSV.encode("utf-8-sig"), "csv") == 2
    assert current(shop)["*", "UTILITY"] == (Decimal("0.05"), "CHF")
    assert load(shop, CSV.replace(";", ",").replace("0,1", "0.1").replace("0,05", "0.05").encode(), "csv") == 2
    assert current(shop)["DE", "MARKETING"] == (Decimal("0.1131"), "EUR")


def test_price_counts_from_its_day_and_former_ones_stay(shop: Shop) -> None:
    load(shop, LIST)
    load(shop, LIST.replace(b"2026-01-01", b"2026-07-01").replace(b"0.1131", b"0.2"))
    assert current(shop)["DE", "MARKETING"][0] == Decimal("0.1131")
    assert current(shop, date(2026, 7, 1))["DE", "MARKETING"][0] == Decimal("0.2")
    assert current(shop, date(2025, 12, 31)) == {}
    load(shop, LIST.replace(b"0.1131", b"0.3"))
    assert current(shop)["DE", "MARKETING"][0] == Decimal("0.3"), "the same day is replaced"
    assert len(shop.rows(Price)) == 4


def test_shared_prefix_means_every_country_of_it(shop: Shop) -> None:
    load(shop, LIST.replace(b'"+43"', b'"+1"'))
    assert {("US", "MARKETING"), ("CA", "MARKETING")} <= current(shop).keys()


@pytest.mark.parametrize(
    ("raw", "kind", "said"),
    [
        (LIST.replace(b"0.1131", b"-1"), "toml", "entry 1 cannot be read"),
        (LIST.replace(b"0.1131", b'"cheap"'), "toml", "entry 1 cannot be read"),
        (LIST.replace(b"0.1131", b"nan"), "toml", "entry 1 cannot be read"),
        (LIST.replace(b'"marketing"', b'"ADVERTS"'), "toml", "entry 2 cannot be read"),
        (LIST.replace(b'"DE"', b'"Germany"'), "toml", "'Germany' is no country"),
        (LIST.replace(b'"+43"', b'"+999999"'), "toml", "is no country"),
        (LIST.replace(b'"EUR"', b'"Euro"'), "toml", "has no currency"),
        (LIST.replace(b"2026-01-01", b'"soon"'), "toml", "entry 1 cannot be read"),
        (LIST.replace(b'"+43"', b'"DE"'), "toml", "DE MARKETING twice"),
        (b"", "toml", "no price"),
        (b"price = 3", "toml", "cannot be read"),
        (b"\xff\xfe", "csv", "cannot be read"),
        (b"country;category\nDE;MARKETING\n", "csv", "entry 2 cannot be read"),
        (LIST, "xlsx", "is a .xlsx"),
    ],
)
def test_list_with_a_mistake_stores_nothing(shop: Shop, raw: bytes, kind: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        load(shop, raw, kind)
    assert not shop.rows(Price)


def test_cost_is_a_range_and_names_what_it_does_not_know() -> None:
    known = {("DE", "MARKETING"): (Decimal("0.1"), "EUR"), ("*", "UTILITY"): (Decimal("0.05"), "CHF")}
    sure = Counter({("DE", "MARKETING"): 100, ("FR", "MARKETING"): 3})
    maybe = Counter({("DE", "MARKETING"): 20, ("AT", "UTILITY"): 10, ("FR", "MARKETING"): 1})
    assert prices.cost(Charged(sure, maybe), known) == Cost(
        low={"EUR": Decimal(10), "CHF": Decimal(0)},
        high={"EUR": Decimal(12), "CHF": Decimal("0.5")},
        unknown=Counter({"FR": 4}),
    )


# the preview


def everybody(shop: Shop) -> None:
    """Three in Germany and one in Austria agreed, one did not; one of those three got eight messages already."""
    people = [number(12_345_600 + index) for index in range(3)] + ["+436601234567"]
    for typed in people:
        shop.agree(phone(typed))
    shop.sync(*(person(str(index), typed, CONSENT) for index, typed in enumerate(people)))
    shop.sync(person("9", number(99_999_999), CONTRACT))
    shop.paper.lists = {"all": [("0", "1", "2", "3", "9", "10")]}


def test_preview_says_who_when_and_how_much(shop: Shop, jobs: Jobs) -> None:
    everybody(shop)
    load(shop, LIST.replace(b'"+43"', b'"FR"'))
    noon = datetime(2027, 1, 13, 12, tzinfo=UTC)
    shop.clock.advance(noon - shop.world.now())
    seen = jobs.preview(shop.draft(plan=Plan()))
    assert (seen.reachable, seen.held) == (4, 0)
    assert seen.zones == {"Europe/Berlin": 3, "Europe/Vienna": 1}
    assert seen.cost == Cost({"EUR": Decimal("0.3393")}, {"EUR": Decimal("0.3393")}, Counter({"AT": 1}))
    assert seen.forecast.first is not None
    assert seen.forecast.finish is not None
    assert seen.forecast.finish - seen.forecast.first < timedelta(seconds=1)
    assert not shop.campaign_messages()


def test_preview_in_the_night_looks_at_the_morning(shop: Shop, jobs: Jobs) -> None:
    everybody(shop)
    night = datetime(2027, 1, 13, 22, tzinfo=UTC)
    shop.clock.advance(night - shop.world.now())
    seen = jobs.preview(shop.draft(plan=Plan()))
    assert seen.reachable == 4
    assert seen.forecast.first == datetime(2027, 1, 14, 7, tzinfo=UTC)
    later = jobs.preview(shop.draft(plan=Plan()), at=datetime(2027, 1, 15, 12, tzinfo=UTC))
    assert later.forecast.first == datetime(2027, 1, 15, 12, tzinfo=UTC)


def test_held_people_cost_perhaps(shop: Shop, jobs: Jobs) -> None:
    everybody(shop)
    load(shop, LIST)
    policy = shop.world.policy
    assert policy is not None
    cap = policy.frequency.model_copy(update={"per_30_days": 1})
    shop.world.policy = policy.model_copy(update={"frequency": cap})
    shop.stage("0")
    assert len(shop.claim()) == 1
    seen = jobs.preview(shop.draft(plan=Plan(any_hour=True)))
    assert (seen.reachable, seen.held, seen.blocked["POLICY_FREQUENCY_CAP"]) == (3, 1, 1)
    assert (seen.cost.low, seen.cost.high) == ({"EUR": Decimal("0.3162")}, {"EUR": Decimal("0.4293")})


def test_limits_of_sender_account_and_other_campaigns_are_seen(shop: Shop, jobs: Jobs) -> None:
    everybody(shop)
    with shop.write() as session:
        session.get_one(Sender, shop.sender.id).rate = 1
        session.get_one(Connection, shop.provider.id).tier = 1000
    busy = shop.stage("0", "1")
    assert busy.id
    campaign = shop.draft(plan=Plan(any_hour=True))
    seen = jobs.preview(campaign)
    assert seen.pace is not None
    assert (seen.pace.rate, seen.pace.tier, seen.pace.others, seen.pace.reached) == (0.98, 1000, (2,), ())
    assert seen.forecast.finish is not None
    assert timedelta(seconds=5) < seen.forecast.finish - shop.world.now() < timedelta(seconds=7)
    shop.clock.advance(timedelta(days=2))  # whoever wrote within a day may be answered without counting
    sent = shop.claim(1)
    assert sum(count for _, count in (jobs.preview(campaign).pace or seen.pace).reached) == len(sent)


def test_canary_shows_in_the_forecast(shop: Shop, jobs: Jobs) -> None:
    everybody(shop)
    plan = Plan(any_hour=True, canary=2, canary_wait=timedelta(hours=3), rules=Rules(errors=5.0))
    finish = jobs.preview(shop.draft(plan=plan)).forecast.finish
    assert finish is not None
    assert finish - shop.world.now() > timedelta(hours=2, minutes=59)


def test_preview_reads_page_by_page(shop: Shop, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody(shop)
    shop.paper.lists = {"all": [("0",), ("1", "9"), ("2", "3"), ("0", "10")]}
    seen = jobs.preview(shop.draft(plan=Plan(any_hour=True)))
    assert (seen.audience, seen.reachable, seen.same_person) == (7, 4, 1)
    assert not [row for row in shop.rows(MessageRow) if row.campaign_id]
