# SPDX-License-Identifier: Apache-2.0
"""Many opt-ins at once wait for a person, over all pages and restarts of a walk; opt-outs never wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.contract import BadInput, ContactSnapshot
from hub.flows import contacts, erasure, joining, quarantine
from hub.flows.register import Register
from hub.store.ledger import Chain
from hub.store.tables import ClaimedOptIn, ConsentRow, Contact, DecisionRow, OptInBatch, StopRow
from hub.store.vault import unseal
from tests.making import ANNA, BEN, CARLA, CONSENT, CONTRACT, OPT_OUT, Shop, bsuid, number, person, phone
from tests.mapped import MappedShop, opted_in

pytest_plugins = ["tests.shops"]
THREE = (ANNA, BEN, CARLA)


@pytest.fixture
def mapped(shop: Shop) -> MappedShop:
    made = MappedShop(shop)
    made.limit(3)
    return made


def crowd(*numbers: str, **changes: str) -> list[list[ContactSnapshot]]:
    return [[opted_in(f"r{typed}", typed, **changes)] for typed in numbers]


def decide(mapped: MappedShop, *, approve: bool, by: str = "Eva Zweite", reason: str = "looked at twenty") -> None:
    (batch,) = mapped.waiting()
    shop = mapped.shop
    with shop.write() as session:
        quarantine.conclude(shop.world, session, shop.controller, batch.id, approve=approve, by=by, reason=reason)


def reasons(mapped: MappedShop) -> list[str]:
    return [row.record for row in mapped.shop.rows(DecisionRow) if '"SYNC_BULK_QUARANTINED"' in row.record]


def test_opt_ins_below_the_limit_become_consent(mapped: MappedShop) -> None:
    mapped.walk(*crowd(ANNA, BEN))
    assert len(mapped.shop.rows(ConsentRow)) == 2
    assert not mapped.waiting()
    (batch,) = mapped.shop.rows(OptInBatch)
    assert (batch.state, batch.closed_by, batch.outcomes) == ("released", "", {"OK_CONSENT": 2})


def test_as_many_opt_ins_as_the_limit_over_all_pages_all_wait(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE))
    assert not mapped.shop.rows(ConsentRow)
    (batch,) = mapped.waiting()
    assert batch.people == 3
    assert len(mapped.pending()) == 3
    assert len(mapped.shop.events("opt_ins_quarantined")) == 1
    assert len(reasons(mapped)) == 3, "one decision for each"
    assert not mapped.reached(*(f"r{typed}" for typed in THREE))
    assert mapped.shop.proven()


def test_pages_before_a_restart_count_too(mapped: MappedShop) -> None:
    """A walk broke off after its first pages; the next one goes on from there and ends."""
    for typed in (ANNA, BEN):
        mapped.shop.sync(opted_in(f"r{typed}", typed))
    mapped.walk([opted_in(f"r{CARLA}", CARLA)])
    assert not mapped.shop.rows(ConsentRow)
    assert mapped.waiting()[0].people == 3


def test_two_records_of_one_person_are_one_person(mapped: MappedShop) -> None:
    mapped.walk([opted_in("1", ANNA), opted_in("2", ANNA)], [opted_in("3", BEN)])
    assert not mapped.waiting()
    assert len(mapped.shop.events("consent_imported")) == 3


def test_many_people_turned_from_no_to_yes_are_quarantined(mapped: MappedShop) -> None:
    """None of them may be written to anyway; that so many turned at once makes the others doubtful."""
    people = [number(index) for index in range(3)]
    mapped.walk([person(f"r{typed}", typed, CONTRACT, OPT_OUT) for typed in people])
    mapped.walk([person(f"r{typed}", typed, CONTRACT, CONSENT) for typed in people], *crowd(ANNA))
    (batch,) = mapped.waiting()
    assert (batch.people, batch.flipped) == (1, 3)
    assert not mapped.shop.rows(ConsentRow)


def test_opt_outs_of_the_same_walk_act_at_once(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE), [person("out", number(7), OPT_OUT), opted_in("no", number(8), optin="nein")])
    assert mapped.waiting()
    assert {row.token for row in mapped.shop.rows(StopRow)} == {
        mapped.shop.token(phone(number(7))),
        mapped.shop.token(phone(number(8))),
    }


# a person looks


def test_approved_batch_is_judged_again_and_a_stop_given_meanwhile_wins(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE))
    mapped.shop.stop(phone(BEN))
    decide(mapped, approve=True)
    assert not mapped.shop.rows(ConsentRow), "approval itself writes nothing"
    assert mapped.release() == 3
    assert {row.token for row in mapped.shop.rows(ConsentRow)} == {mapped.shop.token(phone(p)) for p in (ANNA, CARLA)}
    (batch,) = mapped.shop.rows(OptInBatch)
    assert batch.outcomes == {"OK_CONSENT": 2, "CLAIM_CONFLICT": 1}
    assert (batch.closed_by, batch.reason) == ("Eva Zweite", "looked at twenty")
    assert (f"r{BEN}", "withdrawal", "stopped", "CLAIM_CONFLICT") in mapped.shop.reports()
    assert not mapped.pending()
    assert "Eva" not in mapped.shop.events("opt_ins_approved")[0].record
    assert mapped.shop.proven()


def test_proof_of_who_was_merged_meanwhile_still_opens(mapped: MappedShop) -> None:
    shop = mapped.shop
    with shop.write() as session:  # the older of two stays: somebody known before the walk
        before, _ = contacts.meet(shop.world, session, shop.controller, [bsuid()])
    mapped.walk(*crowd(*THREE))
    with shop.write() as session:
        gone = session.get_one(Contact, shop.contact_of(phone(BEN)).id)
        chain = Chain(session, shop.controller.id, shop.world.now())
        register = Register(shop.world, session, chain, shop.controller)
        stays = joining.join(register, session.get_one(Contact, before.id), gone, shop.world.now(), {"by": "test"})
        chain.write()
    assert stays.id == before.id
    (row,) = (row for row in mapped.pending() if row.token == shop.token(phone(BEN)))
    assert (row.contact_id, row.evidence is not None) == (stays.id, True)
    assert b"record" in unseal(contacts.key_of(shop.world, stays), row.evidence or b"", f"evidence:{stays.id}")


def test_record_that_says_otherwise_by_then_is_not_taken_over(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE))
    mapped.walk([opted_in(f"r{ANNA}", ANNA, optin="")], [replace(person(f"r{BEN}", ""), deleted=True)])
    decide(mapped, approve=True)
    mapped.release()
    assert {row.token for row in mapped.shop.rows(ConsentRow)} == {mapped.shop.token(phone(CARLA))}


def test_rejected_batch_is_never_taken_over_not_even_one_by_one(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE))
    decide(mapped, approve=False)
    mapped.release()
    assert not mapped.shop.rows(ConsentRow)
    assert all(row.evidence is None for row in mapped.shop.rows(ClaimedOptIn))
    for typed in THREE:
        mapped.walk([replace(opted_in(f"r{typed}", typed), properties=(("firstname", "Neu"),))])
    assert not mapped.shop.rows(ConsentRow)


def test_waiting_person_whose_record_changes_goes_on_waiting(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE))
    mapped.walk([replace(opted_in(f"r{ANNA}", ANNA), properties=(("firstname", "Anna"),))])
    mapped.walk([opted_in(f"r{BEN}", BEN, optin_at="2026-11-01T11:00:00Z", confirmed_at="2026-11-01T11:05:00Z")])
    assert not mapped.shop.rows(ConsentRow)
    assert len(mapped.pending()) == 3


@pytest.mark.parametrize(
    ("by", "reason", "field"), [("", "fine", "by"), ("Eva Zweite", " ", "reason"), (" dana  SCHUTZ", "fine", "by")]
)
def test_approval_needs_a_second_named_person_and_a_reason(
    mapped: MappedShop, by: str, reason: str, field: str
) -> None:
    mapped.walk(*crowd(*THREE))
    with pytest.raises(BadInput) as problem:
        decide(mapped, approve=True, by=by, reason=reason)
    assert problem.value.field == field
    assert mapped.waiting()
    assert mapped.release() == 0


def test_batch_is_decided_once(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE))
    (batch,) = mapped.waiting()
    decide(mapped, approve=False, by="Dana Schutz")
    with pytest.raises(BadInput) as problem, mapped.shop.write() as session:
        quarantine.conclude(
            mapped.shop.world, session, mapped.shop.controller, batch.id, approve=True, by="Eva", reason="after all"
        )
    assert problem.value.field == "batch"


def test_new_mapping_supersedes_what_waits(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE))
    mapped.map()
    assert not mapped.pending()
    assert [row.state for row in mapped.shop.rows(OptInBatch)] == ["superseded"]
    mapped.walk(*crowd(*THREE))
    assert len(mapped.waiting()) == 1, "read anew, and again too many"


def test_release_that_broke_off_goes_on_with_the_next_walk(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE))
    decide(mapped, approve=True)
    mapped.walk([])
    assert len(mapped.shop.rows(ConsentRow)) == 3


def test_erased_person_leaves_the_quarantine(mapped: MappedShop) -> None:
    mapped.walk(*crowd(*THREE))
    contact = mapped.shop.contact_of(phone(ANNA))
    with mapped.shop.write() as session:
        chain = Chain(session, mapped.shop.controller.id, mapped.shop.world.now())
        erasure.erase(mapped.shop.world, session, chain, session.get_one(type(contact), contact.id), "test")
        chain.write()
    assert len(mapped.pending()) == 2
    decide(mapped, approve=True)
    mapped.release()
    assert len(mapped.shop.rows(ConsentRow)) == 2
