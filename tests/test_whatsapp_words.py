# SPDX-License-Identifier: Apache-2.0
"""A vendor's own words become errors that say what happens next; times are read whoever writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.contract import BadConfig, HubError, RecipientCapped, Rejected, Scope, Throttled, Unavailable
from hub.whatsapp.reading import instant
from hub.whatsapp.words import Word

OTHERWISE = datetime(2000, 1, 1, tzinfo=UTC)


def word(kind: type[HubError], after: float = 1.0, scope: Scope = Scope.SENDER) -> Word:
    return Word("TOO_MUCH", kind, "Too much.", "Zu viel.", after, scope)


@pytest.mark.parametrize("kind", [BadConfig, Unavailable, Rejected, Throttled, RecipientCapped])
def test_word_becomes_the_error_of_its_kind_and_names_the_vendor(kind: type[HubError]) -> None:
    error = word(kind).error("Acme")
    assert type(error) is kind
    assert str(error) == "Acme TOO_MUCH: Too much."


def test_word_of_a_refusal_is_kept_as_its_code() -> None:
    assert getattr(word(Rejected).error("Acme"), "code", "") == "TOO_MUCH"


def test_wait_is_the_vendors_own_wish_where_there_is_one() -> None:
    throttled = word(Throttled, after=60.0, scope=Scope.ACCOUNT)
    waits = [
        error.after for error in (throttled.error("Acme"), throttled.error("Acme", 7.0)) if isinstance(error, Throttled)
    ]
    assert waits == [60.0, 7.0]
    assert getattr(throttled.error("Acme"), "scope", "") is Scope.ACCOUNT


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2026-11-21T08:05:45Z", datetime(2026, 11, 21, 8, 5, 45, tzinfo=UTC)),
        ("2026-11-21T08:05:45.123456789Z", datetime(2026, 11, 21, 8, 5, 45, 123456, tzinfo=UTC)),
        ("2026-11-21T10:05:45+0200", datetime(2026, 11, 21, 8, 5, 45, tzinfo=UTC)),
        ("2026-11-21T08:05:45", datetime(2026, 11, 21, 8, 5, 45, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", OTHERWISE),
        ("9999-12-31T23:59:59-14:00", OTHERWISE),
        ("yesterday", OTHERWISE),
        (None, OTHERWISE),
    ],
)
def test_time_is_read_or_replaced(given: object, read: datetime) -> None:
    assert instant(given, OTHERWISE) == read
