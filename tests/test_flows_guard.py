# SPDX-License-Identifier: Apache-2.0
"""What a connection may ask of every webhook: a header with a secret, an address on a list."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from hub.contract import BadInput, Forbidden
from hub.flows.guard import MOST, Guard, guard_of, set_header, set_networks
from hub.store.tables import Connection
from tests.making import Shop, everything_stored

pytest_plugins = ["tests.shops"]

SECRET = "a-secret-of-16-or-more"
OFFICE = Guard(networks=(ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")))


def provider(shop: Shop) -> Connection:
    with shop.world.db.read() as session:
        return session.get_one(Connection, shop.provider.id)


def test_guard_of_a_new_connection_admits_everybody(shop: Shop) -> None:
    assert guard_of(shop.world, provider(shop)) == Guard()
    Guard().admit({}, "")


def test_guard_is_kept_sealed(shop: Shop) -> None:
    with shop.write() as session:
        mine = session.get_one(Connection, shop.provider.id)
        set_header(shop.world, session, mine, "X-Hub-Secret", SECRET)
        set_networks(shop.world, session, mine, ["203.0.113.0/24", "203.0.113.0/24", " 198.51.100.7 "])
    kept = guard_of(shop.world, provider(shop))
    assert (kept.header, kept.secret) == ("x-hub-secret", SECRET)
    assert kept.networks == (ip_network("203.0.113.0/24"), ip_network("198.51.100.7/32"))
    stored = everything_stored(shop.world)
    assert not [word for word in (SECRET, "x-hub-secret", "203.0.113") if word in stored]
    assert SECRET not in repr(kept)


def test_guard_taken_away_leaves_nothing(shop: Shop) -> None:
    with shop.write() as session:
        mine = session.get_one(Connection, shop.provider.id)
        set_header(shop.world, session, mine, "X-Hub-Secret", SECRET)
        set_networks(shop.world, session, mine, ["203.0.113.7"])
        set_header(shop.world, session, mine, "")
        assert guard_of(shop.world, mine).networks
        set_networks(shop.world, session, mine, [])
    assert provider(shop).guard is None


def test_guard_of_one_connection_does_not_open_for_another(shop: Shop) -> None:
    with shop.write() as session:
        mine = session.get_one(Connection, shop.provider.id)
        set_header(shop.world, session, mine, "X-Hub-Secret", SECRET)
        other = session.get_one(Connection, shop.crm.id)
        other.guard = mine.guard
        with pytest.raises(Exception, match="does not open"):
            guard_of(shop.world, other)


def test_secret_is_made_where_none_is_given(shop: Shop) -> None:
    with shop.write() as session:
        mine = session.get_one(Connection, shop.provider.id)
        first = set_header(shop.world, session, mine, "X-Hub-Secret").secret
        second = set_header(shop.world, session, mine, "X-Hub-Secret").secret
    assert first != second
    assert len(second) >= 32


@pytest.mark.parametrize("given", ["", "guess", SECRET[:-1], f"{SECRET} ", "é"])
def test_header_that_does_not_hold_the_secret_is_refused(given: str) -> None:
    guard = Guard("x-hub-secret", SECRET)
    guard.admit({"x-hub-secret": SECRET}, "")
    for headers in ({"x-hub-secret": given}, {"another": SECRET}, {}):
        with pytest.raises(Forbidden):
            guard.admit(headers, "203.0.113.7")


@pytest.mark.parametrize("address", ["203.0.113.7", "203.0.113.255", "2001:db8::1", "::ffff:203.0.113.7"])
def test_address_on_the_list_is_admitted(address: str) -> None:
    OFFICE.admit({}, address)


@pytest.mark.parametrize(
    "address", ["203.0.114.7", "2001:db9::1", "::1", "", "unknown", "203.0.113.7:443", "203.0.113"]
)
def test_address_off_the_list_or_unreadable_is_refused(address: str) -> None:
    with pytest.raises(Forbidden) as refused:
        OFFICE.admit({}, address)
    assert not address or address not in str(refused.value)


def test_header_and_address_must_both_fit() -> None:
    guard = Guard("x-hub-secret", SECRET, OFFICE.networks)
    guard.admit({"x-hub-secret": SECRET}, "203.0.113.7")
    for headers, address in (({"x-hub-secret": SECRET}, "192.0.2.1"), ({}, "203.0.113.7")):
        with pytest.raises(Forbidden):
            guard.admit(headers, address)


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "203.0.113.7/24", "example.org", "*", "203.0.113.0/33", ""])
def test_network_that_is_none_or_everybody_is_refused(shop: Shop, network: str) -> None:
    with shop.write() as session, pytest.raises(BadInput):
        set_networks(shop.world, session, session.get_one(Connection, shop.provider.id), ["198.51.100.7", network])
    assert provider(shop).guard is None


def test_list_longer_than_a_webhook_should_wait_for_is_refused(shop: Shop) -> None:
    many = [f"203.0.113.{index}" for index in range(MOST + 1)]
    with shop.write() as session, pytest.raises(BadInput):
        set_networks(shop.world, session, session.get_one(Connection, shop.provider.id), many)


@pytest.mark.parametrize(
    ("name", "secret"),
    [("x secret", SECRET), ("x:", SECRET), ("x", "short"), ("x", "with a space in it"), ("x", "ä" * 20)],
)
def test_header_that_cannot_be_sent_is_refused(shop: Shop, name: str, secret: str) -> None:
    with shop.write() as session, pytest.raises(BadInput):
        set_header(shop.world, session, session.get_one(Connection, shop.provider.id), name, secret)
