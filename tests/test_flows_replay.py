# SPDX-License-Identifier: Apache-2.0
"""The policy time machine, over what a shop really decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from hub.contract import Receipt
from hub.flows import replay as machine
from hub.flows.replay import Tally, Turn, replay
from hub.flows.world import World
from hub.law.policies import load
from hub.law.policy import Policy, parse
from hub.store.tables import DecisionRow, FactPart
from tests.making import ANNA, BEN, CARLA, CONSENT, CONTRACT, SECOND, Shop, person, phone

STRICT = files("hub.law.policies").joinpath("eu_strict.toml").read_bytes()


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def policy(old: bytes, new: bytes) -> Policy:
    assert old in STRICT
    return parse(STRICT.replace(old, new, 1))


def decisions(shop: Shop) -> list[DecisionRow]:
    return [row for row in shop.rows(DecisionRow) if row.phase in ("stage", "transmit")]


def again(shop: Shop, **options: Any) -> Tally:
    return replay(shop.world.db, shop.controller.id, **options)


def history(shop: Shop) -> None:
    """A yes, a no, a no after staging, a yes again, an answer, and people nobody asked."""
    for typed in (ANNA, BEN, CARLA):
        shop.agree(phone(typed))
    shop.stop(phone(BEN))
    shop.sync(
        person("1", ANNA, CONSENT),
        person("2", BEN, CONSENT),
        person("3", CARLA, CONTRACT),
        person("4", "0151 99999999"),
    )
    shop.stage("1", "2", "3", "4")
    shop.stop(phone(CARLA))
    shop.reply(phone(ANNA))
    shop.settle({message.outgoing.id: Receipt(message.outgoing.id) for message in shop.claim()})
    shop.clock.advance(SECOND)
    shop.agree(phone(BEN))
    shop.stage("1", "2", "3", title="Winter")
    shop.claim()


def test_same_policy_gives_every_answer_again(shop: Shop) -> None:
    history(shop)
    rows = decisions(shop)
    assert {row.verdict for row in rows} == {"ALLOW", "DENY"}
    assert {row.phase for row in rows} == {"stage", "transmit"}
    tally = again(shop)
    assert (tally.decisions, tally.same) == (len(rows), len(rows))
    assert not tally.turns
    assert not tally.unreadable


def test_answer_overruled_by_a_veto_comes_out_as_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    class Veto:
        why = "budget"

    monkeypatch.setattr(shop.world.registry, "veto", lambda outgoing: Veto())
    shop.reach(ANNA)
    assert not shop.claim()
    (row,) = decisions(shop)
    assert orjson.loads(row.record)["overruled"] is True
    assert again(shop).same == 1
    stricter = again(shop, policy=policy(b"invalid = []", b'invalid = ["A45-3"]'))
    assert stricter.turns == {Turn("DENY", "POLICY_NOT_APPROVED", "DENY", "TRANSFER_MECHANISM_INVALID"): 1}
    assert stricter.flips == 0


def test_stricter_policy_lists_what_would_flip_and_why(shop: Shop) -> None:
    history(shop)
    allowed = {row.id for row in decisions(shop) if row.verdict == "ALLOW"}
    tally = again(shop, policy=policy(b"invalid = []", b'invalid = ["A45-3>US"]'))
    flips = {turn: count for turn, count in tally.turns.items() if turn.flips}
    assert sum(flips.values()) == tally.flips == len(allowed)
    assert {(turn.was, turn.now, turn.now_reason) for turn in flips} == {
        ("ALLOW", "DENY", "TRANSFER_MECHANISM_INVALID")
    }
    shown = [example for turn in flips for example in tally.examples[turn]]
    assert {example.decision for example in shown} <= allowed
    assert all(example.now == ("TRANSFER_MECHANISM_INVALID",) for example in shown)


def test_time_that_has_passed_since_changes_nothing(shop: Shop) -> None:
    history(shop)
    shop.clock.advance(timedelta(days=900))
    assert again(shop).same == len(decisions(shop))


def test_unused_consents_are_measured_at_the_time_of_the_decision(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.clock.advance(timedelta(days=40))
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    shop.claim_one()
    mild, hard = (policy(b"max_unused_days = 365", b"max_unused_days = %d" % days) for days in (41, 39))
    assert again(shop, policy=mild).flips == 0
    assert again(shop, policy=hard).turns == {Turn("ALLOW", "OK_CONSENT", "DENY", "CONSENT_STALE_UNUSED"): 1}


def test_replay_since_a_date_leaves_out_what_was_before(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.claim_one()
    shop.clock.advance(timedelta(days=10))
    shop.reply(phone(ANNA))
    shop.claim_one()
    assert again(shop, since=shop.world.now() - timedelta(days=1)).decisions == 1
    assert again(shop, since=shop.world.now() - timedelta(days=11)).decisions == 2
    assert again(shop, since=shop.world.now() + timedelta(days=1)) == Tally()


def test_replay_writes_nothing(shop: Shop) -> None:
    history(shop)
    before = (shop.rows(DecisionRow), shop.rows(FactPart))
    again(shop, policy=load("uk"))
    assert (shop.rows(DecisionRow), shop.rows(FactPart)) == before
    assert shop.proven()


def test_what_decisions_share_is_stored_once(shop: Shop) -> None:
    history(shop)
    kinds = [part.kind for part in shop.rows(FactPart)]
    assert (kinds.count("policy"), kinds.count("wording")) == (1, 1)
    judged = [row for row in shop.rows(DecisionRow) if "facts" in orjson.loads(row.record)]  # a refused claim too
    assert kinds.count("context") == len({row_context(row) for row in judged}) < len(judged)


def row_context(row: DecisionRow) -> str:
    return str(orjson.loads(row.record)["facts"]["context"])


def test_no_number_name_or_text_is_in_what_is_stored(shop: Shop) -> None:
    history(shop)
    stored = "".join([*(row.record for row in decisions(shop)), *(part.json_text for part in shop.rows(FactPart))])
    secrets = [ANNA, BEN, CARLA, "Gern, wir sehen nach", "Keine Werbung mehr", shop.statement]
    assert [secret for secret in secrets if secret in stored or secret.lstrip("+") in stored] == []


def test_forged_and_missing_parts_are_counted_not_believed(shop: Shop) -> None:
    history(shop)
    with shop.write() as session:
        lax = update(FactPart).where(col(FactPart.kind) == "policy").values(json_text='{"name": "lax"}')
        session.execute(lax)
    forged = again(shop)
    assert forged.same == 0
    assert forged.unreadable == {"Forged": forged.decisions}
    with shop.write() as session:
        session.execute(delete(FactPart))
    assert again(shop).unreadable == {"LookupError": forged.decisions}


def change(edit: Callable[[dict[str, Any]], None], shop: Shop) -> None:
    with shop.write() as session:
        row = session.get_one(DecisionRow, decisions(shop)[0].id)
        record = orjson.loads(row.record)
        edit(record)
        row.record = orjson.dumps(record).decode()
        session.add(row)


def test_decision_without_facts_is_counted_apart(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.claim_one()
    change(lambda record: record.pop("facts"), shop)
    assert again(shop).unreadable == {"no facts were recorded": 1}


def test_answer_that_its_facts_do_not_give_is_found(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.claim_one()
    change(lambda record: record.update(basis="CONTRACT"), shop)
    tally = again(shop)
    assert (tally.same, sum(tally.turns.values())) == (0, 1)


def test_several_processes_come_to_the_same_tally(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    history(shop)
    shop.claim()
    monkeypatch.setattr(machine, "_WORTH", 1)
    other = policy(b"invalid = []", b'invalid = ["A45-3>US"]')
    alone, together = again(shop, policy=other), again(shop, policy=other, workers=2)
    assert (together.decisions, together.same, together.turns) == (alone.decisions, alone.same, alone.turns)


def test_another_companys_decisions_are_left_alone(shop: Shop, world: World) -> None:
    history(shop)
    other = Shop(world, "Andere AG", ("paper2", "pigeon2"))
    assert again(other) == Tally()
