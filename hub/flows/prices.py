# SPDX-License-Identifier: Apache-2.0
"""What messages cost by the admin's own price list. A price that is not in it is not guessed."""

from __future__ import annotations

import csv
import io
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import phonenumbers
from sqlmodel import Session, col, select

from hub.contract import BadInput, PlatformCategory
from hub.store.tables import Controller, Price

EVERYWHERE = "*"
_COLUMNS = ("country", "category", "price", "currency", "valid_from")
_REMEDY = "See docs/campaigns.md for how a price list looks."


@dataclass(slots=True)
class Cost:
    """What a campaign may come to, by currency. `unknown`: messages without a price, by country."""

    low: dict[str, Decimal] = field(default_factory=dict)
    high: dict[str, Decimal] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Charged:
    """Messages by country and category. `sure` will be charged; `maybe` may be free, or held and sent later."""

    sure: Counter[tuple[str, str]] = field(default_factory=Counter)
    maybe: Counter[tuple[str, str]] = field(default_factory=Counter)


Prices = Mapping[tuple[str, str], tuple[Decimal, str]]


def cost(charged: Charged, prices: Prices) -> Cost:
    """Low: what is sure. High: also what may be."""
    found = Cost()
    for counted, sides in ((charged.sure, (found.low, found.high)), (charged.maybe, (found.high,))):
        for (country, category), count in counted.items():
            known = prices.get((country, category)) or prices.get((EVERYWHERE, category))
            if known is None:
                found.unknown[country or "unknown country"] += count
                continue
            price, currency = known
            for side in sides:
                side[currency] = side.get(currency, Decimal()) + price * count
    for currency in found.high:
        found.low.setdefault(currency, Decimal())
    return found


def current(session: Session, controller: Controller, day: date) -> dict[tuple[str, str], tuple[Decimal, str]]:
    """The prices of a day, by country and category."""
    rows = session.exec(
        select(Price)
        .where(Price.controller_id == controller.id, Price.valid_from <= day)
        .order_by(col(Price.valid_from))
    )
    return {(row.country, row.category): (Decimal(row.price), row.currency) for row in rows}


def every(session: Session, controller: Controller) -> list[Price]:
    """The whole list, with former and coming prices."""
    order = (Price.country, Price.category, Price.valid_from)
    return list(session.exec(select(Price).where(Price.controller_id == controller.id).order_by(*map(col, order))))


def load(session: Session, controller: Controller, raw: bytes, kind: str) -> int:
    """Read a price list (`toml` or `csv`). One of the same day is replaced, others stay. Returns how many prices.

    Raises `BadInput` naming the line; then nothing is stored.
    """
    rows = [price for number, entry in _entries(raw, kind) for price in _read(controller, number, entry)]
    if not rows:
        raise BadInput("has no price in it", field="file", remedy=_REMEDY)
    twice = [key for key, count in Counter((p.country, p.category, p.valid_from) for p in rows).items() if count > 1]
    if twice:
        raise BadInput(f"names {twice[0][0]} {twice[0][1]} twice", field="file", remedy="Leave one of them out.")
    for row in rows:
        session.merge(row)
    session.flush()
    return len(rows)


def _entries(raw: bytes, kind: str) -> Iterable[tuple[int, dict[str, Any]]]:
    try:
        text = raw.decode("utf-8-sig")
        if kind == "csv":
            dialect = ";" if ";" in text.partition("\n")[0] else ","
            return list(enumerate(csv.DictReader(io.StringIO(text), delimiter=dialect), 2))
        if kind == "toml":
            file = tomllib.loads(text, parse_float=Decimal)
            shared = {name: file[name] for name in _COLUMNS if name in file}
            return [(number, {**shared, **entry}) for number, entry in enumerate(file.get("price", []), 1)]
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise BadInput(f"cannot be read: {error}", field="file", remedy=_REMEDY) from None
    raise BadInput(f"is a .{kind}", field="file", remedy="Give a .toml or a .csv file.")


def _read(controller: Controller, number: int, entry: Mapping[str, Any]) -> list[Price]:
    try:
        category = PlatformCategory(str(entry.get("category", "")).strip().upper()).value
        amount = _amount(entry.get("price"))
        given = entry.get("valid_from")
        since = given if isinstance(given, date) else date.fromisoformat(str(given or "").strip())
    except (ValueError, InvalidOperation):
        wanted = f"{', '.join(PlatformCategory)}; 0.0123; 2026-12-01"
        raise BadInput(f"entry {number} cannot be read", field="file", remedy=f"Write it as: {wanted}.") from None
    currency = str(entry.get("currency") or "").strip().upper()
    if len(currency) != 3 or not currency.isalpha():
        raise BadInput(f"entry {number} has no currency", field="file", remedy="Write three letters, such as EUR.")
    return [
        Price(
            controller_id=controller.id,
            country=country,
            category=category,
            valid_from=since,
            price=str(amount),
            currency=currency,
        )
        for country in _countries(number, str(entry.get("country") or "").strip())
    ]


def _amount(given: Any) -> Decimal:
    """Raises `InvalidOperation` or `ValueError`. A comma is a decimal one."""
    amount = Decimal(str(given).strip().replace(",", "."))
    if not amount.is_finite() or amount < 0:
        raise ValueError("a price is 0 or more")
    return amount


def _countries(number: int, given: str) -> list[str]:
    """An ISO code, or every country that shares a calling prefix."""
    if given == EVERYWHERE:
        return [EVERYWHERE]
    if given.startswith("+") and given[1:].isdecimal():
        found = [code for code in phonenumbers.region_codes_for_country_code(int(given[1:])) if code.isalpha()]
        if found:
            return sorted(found)
    elif given.upper() in phonenumbers.SUPPORTED_REGIONS:
        return [given.upper()]
    remedy = "Write a code such as DE, a prefix such as +49, or * for all others."
    raise BadInput(f"entry {number}: {given!r} is no country", field="file", remedy=remedy)
