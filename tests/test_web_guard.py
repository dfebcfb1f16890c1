# SPDX-License-Identifier: Apache-2.0
"""The door asks for a connection's header and address before the plugin looks at anything."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from hub.cli.run import proxies
from hub.flows.guard import set_header, set_networks
from hub.settings import Settings
from hub.store.tables import Connection, Inbox
from hub.testing.emulator import serve
from hub.web import door
from hub.web.app import build
from tests.making import Shop

pytest_plugins = ["tests.shops"]

SECRET = "a-secret-of-16-or-more"


class House:
    """A served hub."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.base = shop, ""

    def guard(self, header: str = "", networks: tuple[str, ...] = ()) -> None:
        with self.shop.write() as session:
            mine = session.get_one(Connection, self.shop.provider.id)
            set_header(self.shop.world, session, mine, header, SECRET)
            set_networks(self.shop.world, session, mine, networks)

    def post(self, body: bytes = b"{}", **headers: str) -> int:
        url = f"{self.base}/in/{self.shop.provider.door}"
        return httpx.post(url, content=body, headers=headers, timeout=20).status_code


@pytest.fixture
def house(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(door, "REMEMBER", -1.0)
    made = House(shop)
    with serve(build(shop.world, lambda _: None)) as made.base:
        yield made


def test_webhook_without_a_guard_is_taken(house: House) -> None:
    assert house.post() == 200


def test_webhook_without_the_header_is_refused_though_the_plugin_asks_for_nothing(house: House) -> None:
    house.guard("X-Hub-Secret")
    assert house.post() == 401
    assert house.post(**{"x-hub-secret": "guess"}) == 401
    assert not house.shop.rows(Inbox)
    assert house.post(**{"X-HUB-SECRET": SECRET}) == 200


def test_webhook_from_an_address_off_the_list_is_refused(house: House) -> None:
    house.guard(networks=("203.0.113.0/24",))
    assert house.post() == 401
    assert not house.shop.rows(Inbox)
    house.guard(networks=("127.0.0.0/8",))
    assert house.post() == 200


def test_webhook_that_names_another_address_itself_is_not_believed(house: House) -> None:
    house.guard(networks=("203.0.113.0/24",))
    assert house.post(**{"x-forwarded-for": "203.0.113.7"}) == 401


def test_webhook_through_a_trusted_proxy_counts_as_from_the_caller(house: House) -> None:
    house.guard(networks=("203.0.113.0/24",))
    trusted = proxies(Settings(trusted_proxies="127.0.0.1"))["forwarded_allow_ips"]
    app = build(house.shop.world, lambda _: None)
    with serve(ProxyHeadersMiddleware(app, trusted)) as house.base:  # what uvicorn puts before the hub
        assert house.post(**{"x-forwarded-for": "203.0.113.7"}) == 200
        # the caller wrote the first one, the proxy the second
        assert house.post(b"[]", **{"x-forwarded-for": "203.0.113.7, 192.0.2.1"}) == 401
        assert house.post(b"[]") == 401


def test_proxies_are_trusted_only_where_the_setting_names_them() -> None:
    assert proxies(Settings()) == {"proxy_headers": False, "forwarded_allow_ips": ""}
    named = proxies(Settings(trusted_proxies="127.0.0.1, 10.0.0.0/8"))
    assert named == {"proxy_headers": True, "forwarded_allow_ips": "127.0.0.1/32,10.0.0.0/8"}


@pytest.mark.parametrize("given", ["*", "0.0.0.0/0", "::/0", "proxy.example.org", "10.0.0.1/8"])
def test_proxies_that_would_be_everybody_or_nobody_are_refused(given: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        Settings(trusted_proxies=given)
