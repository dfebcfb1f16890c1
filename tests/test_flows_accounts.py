# SPDX-License-Identifier: Apache-2.0
"""Accounts: settings are checked and sealed, and what cannot be used is named with its remedy."""

from __future__ import annotations

from typing import Any

import pytest

from hub.bridge import Bridge
from hub.contract import BadInput
from hub.flows import accounts
from hub.flows import world as worlds
from hub.flows.accounts import SealedMemory
from hub.store.tables import Connection, Controller, Sender, TemplateRow
from hub.work.jobs import Jobs
from tests.making import COMPANY, Shop, everything_stored

pytest_plugins = ["tests.shops"]

META = {
    "waba_id": "102290129340398",
    "access_token": "EAA-secret-token",
    "app_secret": "deep-secret",
    "verify_token": "a-text-of-our-own",
}


def connect(shop: Shop, connector: str, config: dict[str, Any], title: str = "") -> Connection:
    with shop.write() as session:
        return accounts.connect(shop.world, session, shop.controller, connector, config, title)


@pytest.mark.parametrize(
    ("name", "country", "field"),
    [("", "DE", "controller"), (COMPANY, "DE", "controller"), ("Neu AG", "Germany", "country")],
)
def test_controller_that_cannot_be_made_is_named(shop: Shop, name: str, country: str, field: str) -> None:
    with pytest.raises(BadInput) as problem, shop.write() as session:
        accounts.make_controller(shop.world, session, name, country)
    assert problem.value.field == field


def test_the_only_controller_is_meant_and_of_two_one_must_be_named(shop: Shop) -> None:
    with shop.world.db.read() as session:
        assert worlds.controller(session).id == shop.controller.id
    with shop.write() as session:
        accounts.make_controller(shop.world, session, "Zweite AG", "at")
    with shop.world.db.read() as session:
        assert worlds.controller(session, "Zweite AG").country == "AT"
        with pytest.raises(BadInput) as problem:
            worlds.controller(session)
    assert COMPANY in problem.value.remedy


def test_settings_of_an_account_lie_sealed_and_come_back(shop: Shop) -> None:
    connection = connect(shop, "meta", META)
    stored = everything_stored(shop.world)
    assert "EAA-secret-token" not in stored
    assert "deep-secret" not in stored
    assert b"secret" not in connection.config
    with Bridge(connections=1) as bridge:
        live = accounts.open_connector(shop.world, connection, bridge.http)
    assert live.config.access_token.get_secret_value() == "EAA-secret-token"


@pytest.mark.parametrize(
    ("connector", "config", "field"),
    [
        ("unheard", {}, "connector"),
        ("meta", {}, "waba_id"),
        ("meta", META | {"waba_id": "not digits"}, "waba_id"),
        ("meta", META | {"colour": "green"}, "colour"),
    ],
)
def test_account_that_cannot_be_connected_names_the_setting_and_no_secret(
    shop: Shop, connector: str, config: dict[str, Any], field: str
) -> None:
    before = len(shop.rows(Connection))
    with pytest.raises(BadInput) as problem:
        connect(shop, connector, config)
    assert problem.value.field == field
    assert problem.value.remedy
    assert "secret" not in str(problem.value)
    assert len(shop.rows(Connection)) == before


def test_memory_of_a_connection_is_its_own_and_sealed(shop: Shop) -> None:
    mine, other = SealedMemory(shop.world, shop.crm.id), SealedMemory(shop.world, shop.provider.id)
    mine.set("token", "very-secret")
    mine.set("scope", "contacts")
    assert (mine.get("token"), mine.get("scope"), other.get("token")) == ("very-secret", "contacts", None)
    assert "very-secret" not in everything_stored(shop.world)


def test_connection_is_found_by_id_title_or_connector_and_never_by_guess(shop: Shop) -> None:
    named = connect(shop, "meta", META, "Shop number")
    second = connect(shop, "meta", META, "Second number")
    with shop.world.db.read() as session:
        for name, wanted in (("Shop number", named), (second.id, second), ("paper", shop.crm)):
            assert accounts.find_connection(session, shop.controller, name).id == wanted.id
        for name in ("meta", "unheard"):
            with pytest.raises(BadInput) as problem:
                accounts.find_connection(session, shop.controller, name)
            assert "Second number" in problem.value.remedy


@pytest.mark.parametrize(
    ("vendor_id", "number", "rate", "field"),
    [
        ("", "+49 30 1", 80, "sender"),
        ("7", "", 80, "sender"),
        ("7", "+49 30 1", 0, "rate"),
        ("106540352242922", "+49 30 1", 9, "sender"),
    ],
)
def test_sender_that_cannot_be_added_is_named(shop: Shop, vendor_id: str, number: str, rate: int, field: str) -> None:
    with pytest.raises(BadInput) as problem, shop.write() as session:
        accounts.add_sender(session, shop.provider, vendor_id, number, rate=rate)
    assert problem.value.field == field
    assert len(shop.rows(Sender)) == 1


def test_paused_account_and_its_numbers_work_again_after_a_human_acted(shop: Shop) -> None:
    with shop.write() as session:
        accounts.pause(session, shop.provider.id, "token revoked")
        sender = session.get_one(Sender, shop.sender.id)
        sender.paused_why = "banned"
        session.add(sender)
    with shop.write() as session:
        accounts.resume(session, session.get_one(Connection, shop.provider.id))
    assert {row.paused_why for row in shop.rows(Connection)} == {""}
    assert shop.only(Sender).paused_why == ""


def test_templates_are_what_the_platform_lists_now(shop: Shop) -> None:
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, shop.provider, [])
    assert not shop.rows(TemplateRow)
    with Bridge(connections=1) as bridge:
        assert Jobs(shop.world, bridge).templates(shop.provider.id) == 1
    assert shop.only(TemplateRow).name == "angebot"


def test_templates_of_a_crm_are_no_templates(shop: Shop) -> None:
    with Bridge(connections=1) as bridge, pytest.raises(BadInput) as problem:
        Jobs(shop.world, bridge).templates(shop.crm.id)
    assert problem.value.field == "connection"


def test_company_names_are_kept_as_written(shop: Shop) -> None:
    assert [(c.name, c.country) for c in shop.rows(Controller)] == [(COMPANY, "DE")]


def test_limits_are_set_for_the_number_and_its_account(shop: Shop) -> None:
    with shop.write() as session:
        accounts.limit(session, session.get_one(Sender, shop.sender.id), rate=250, people="2000")
    with shop.world.db.read() as session:
        assert session.get_one(Sender, shop.sender.id).rate == 250
        assert session.get_one(Connection, shop.provider.id).tier == 2000
    with shop.write() as session:
        accounts.limit(session, session.get_one(Sender, shop.sender.id), people="none")
        assert session.get_one(Connection, shop.provider.id).tier is None


@pytest.mark.parametrize(
    ("rate", "people", "field"),
    [
        (None, "", "rate, people or lanes"),
        (0, "", "rate"),
        (1001, "", "rate"),
        (None, "many", "people"),
        (None, "0", "people"),
    ],
)
def test_limit_that_makes_no_sense_is_refused_and_changes_nothing(
    shop: Shop, rate: int | None, people: str, field: str
) -> None:
    with pytest.raises(BadInput) as refused, shop.write() as session:
        accounts.limit(session, session.get_one(Sender, shop.sender.id), rate=rate, people=people)
    assert refused.value.field == field
    with shop.world.db.read() as session:
        assert session.get_one(Sender, shop.sender.id).rate == 80
