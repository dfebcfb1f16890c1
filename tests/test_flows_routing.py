# SPDX-License-Identifier: Apache-2.0
"""Which sender carries what: by the policy and the admin's files, never by what a plugin says of its vendor."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from hub.contract import BadInput, Purpose
from hub.flows import accounts, routing
from hub.flows.processor.form import Form, Hosting, Identity
from hub.flows.routing import Wanted
from hub.store.tables import Connection, RoutePolicy, Sender
from hub.testing import processor_files
from tests.carriers import OFFER, Loft, pigeon
from tests.making import ANNA, BEN, Shop, phone

pytest_plugins = ["tests.shops"]


def another(shop: Shop, word: str, **changes: Any) -> Sender:
    """A provider whose file says otherwise."""
    cls = pigeon(Loft(), word)
    shop.world.registry.connectors[word], shop.world.registry.origin[word] = cls, "tests"
    with shop.write() as session:
        account = accounts.connect(shop.world, session, shop.controller, word, {}, word.title())
        sender = accounts.add_sender(session, account, f"{word}-1", f"+49 30 55{len(word)}7654")
        accounts.replace_templates(shop.world, session, account, [OFFER])
        processor_files.approve(shop.world, session, account, filed(shop, **changes))
    return sender


def filed(shop: Shop, *, seat: str = "DE", parent: str = "", hosting: tuple[str, ...] = ("DE",), **more: Any) -> Form:
    made = processor_files.complete(shop.world.now())
    identity = Identity(legal_name="X", address="Y", role="processor", seat=seat, parent_country=parent)
    where = Hosting(regions=hosting, local_storage="none")
    return made.model_copy(update={"identity": identity, "hosting": where, **more})


def rule(shop: Shop, purpose: str = "*", **wanted: Any) -> None:
    with shop.write() as session:
        routing.set_policy(session, shop.controller, purpose, Wanted(**wanted), "Dana", shop.world.now(), "ref")


def choose(shop: Shop, purpose: str = Purpose.MARKETING, named: str = "") -> str:
    with shop.world.db.read() as session:
        return routing.choose(shop.world, session, shop.controller, purpose, named).id


def faults(shop: Shop, sender: Sender, purpose: str = Purpose.MARKETING) -> tuple[str, ...]:
    with shop.world.db.read() as session:
        return routing.offer(shop.world, session, shop.controller, sender, purpose).faults


# what fits


@pytest.mark.parametrize(
    ("file", "wanted", "fault"),
    [
        ({"seat": "NO"}, {"seats": ("EEA",)}, ""),
        ({"seat": "GB"}, {"seats": ("EEA",)}, "seat GB is not in EEA"),
        ({"seat": "GB"}, {"seats": ("EEA", "GB")}, ""),
        ({"seat": "IE", "parent": "US"}, {"parents": ("EEA",)}, "parent US is not in EEA"),
        ({"seat": "DE"}, {"parents": ("EEA",)}, ""),
        ({"hosting": ("DE", "US")}, {"hosting": ("EEA",)}, "hosting US is not in EEA"),
        ({"hosting": ("DE", "FR")}, {"hosting": ("DE", "FR")}, ""),
        ({"purposes": ("SERVICE",)}, {}, "the file does not let MARKETING go through it"),
    ],
)
def test_provider_fits_by_what_its_file_says(
    shop: Shop, file: dict[str, Any], wanted: dict[str, Any], fault: str
) -> None:
    raven = another(shop, "raven", **file)
    rule(shop, **wanted)
    assert faults(shop, raven) == ((fault,) if fault else ())


def test_backup_counts_as_hosting_and_a_parent_without_a_country_as_unknown(shop: Shop) -> None:
    made = filed(shop)
    where = made.hosting.model_copy(update={"backup": ("US",)})
    company = made.identity.model_copy(update={"parent": "Somebody Inc."})
    raven = another(shop, "raven", hosting=("DE",))
    with shop.write() as session:
        account = session.get_one(Connection, raven.connection_id)
        changed = made.model_copy(update={"hosting": where, "identity": company})
        processor_files.approve(shop.world, session, account, changed)
    rule(shop, hosting=("EEA",), parents=("EEA",))
    assert faults(shop, raven) == ("parent not entered is not in EEA", "hosting US is not in EEA")


def test_word_of_a_plugin_makes_nothing_fit(shop: Shop) -> None:
    cls: Any = shop.world.registry.get("pigeon")
    assert cls.profile.seat == "DE"
    shop.file(approve=True, form=filed(shop, seat="US"))
    rule(shop, seats=("EEA",))
    assert faults(shop, shop.sender) == ("seat US is not in EEA",)


# the gate asks too


def test_policy_binds_what_is_queued_already(shop: Shop) -> None:
    shop.reach(ANNA)
    answer = shop.reply(phone(BEN))
    shop.file(approve=True, form=filed(shop, seat="US"))
    rule(shop, Purpose.MARKETING, seats=("EEA",))
    assert [one.outgoing.id for one in shop.claim()] == [answer], "the rule is for advertising alone"
    assert [row.reason for row in shop.campaign_messages()] == ["PROVIDER_RECORD_INCOMPLETE"]


def test_rule_of_a_purpose_goes_before_the_one_for_all(shop: Shop) -> None:
    shop.file(approve=True, form=filed(shop, seat="US"))
    rule(shop, seats=("EEA",))
    rule(shop, Purpose.MARKETING, seats=("US",))
    assert faults(shop, shop.sender) == ()
    assert faults(shop, shop.sender, Purpose.SERVICE) == ("seat US is not in EEA",)


def test_draft_through_a_provider_that_the_policy_leaves_out_is_refused(shop: Shop) -> None:
    shop.file(approve=True, form=filed(shop, seat="US"))
    rule(shop, seats=("EEA",))
    with pytest.raises(BadInput) as problem:
        shop.draft()
    assert problem.value.field == "sender"


# the choice


def test_without_a_policy_the_only_sender_is_meant_and_of_two_one_must_be_named(shop: Shop) -> None:
    assert choose(shop) == shop.sender.id
    raven = another(shop, "raven")
    with pytest.raises(BadInput):
        choose(shop)
    assert choose(shop, named=raven.vendor_id) == raven.id
    assert choose(shop, named=f"+{raven.number}") == raven.id
    with pytest.raises(BadInput):
        choose(shop, named="nobody")


def test_first_preferred_sender_that_can_is_chosen(shop: Shop) -> None:
    raven, crow = another(shop, "raven"), another(shop, "crow", seat="US")
    rule(shop, Purpose.MARKETING, seats=("EEA",), prefer=(crow.id, raven.id, shop.sender.id))
    assert choose(shop) == raven.id, "the first one sits elsewhere"
    with shop.write() as session:
        accounts.pause(session, raven.connection_id, "token revoked")
    assert choose(shop) == shop.sender.id
    shop.file(approve=False)
    with pytest.raises(BadInput) as problem:
        choose(shop)
    assert "MARKETING" in str(problem.value)


# the rule itself


@pytest.mark.parametrize(
    ("purpose", "wanted", "field"),
    [
        ("ADVERTISING", {}, "purpose"),
        ("*", {"seats": ("Germany",)}, "country"),
        ("*", {"hosting": ("de",)}, "country"),
        ("*", {"fallback": True}, "fallback"),
    ],
)
def test_rule_that_makes_no_sense_is_refused(shop: Shop, purpose: str, wanted: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as problem:
        rule(shop, purpose, **wanted)
    assert problem.value.field == field
    assert not shop.rows(RoutePolicy)


def test_every_rule_stands_in_the_ledger_and_the_last_one_counts(shop: Shop) -> None:
    rule(shop, seats=("EEA",))
    rule(shop, hosting=("DE",))
    told = [orjson.loads(row.record) for row in shop.events("route_policy_set")]
    assert [(one["seats"], one["hosting"]) for one in told] == [(["EEA"], []), ([], ["DE"])]
    assert shop.only(RoutePolicy).seats == []
    assert "Dana" not in orjson.dumps(told).decode()
    assert shop.proven()
