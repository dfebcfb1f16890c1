# SPDX-License-Identifier: Apache-2.0
"""Signed daily roots: made once, in order, and whoever rewrites the past is found even with a well-made chain."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows import signing
from hub.flows.world import World
from hub.store import ledger
from hub.store.ledger import Chain
from hub.store.tables import ChainHead, ChainLink, DailyRoot, DecisionRow, LedgerRow, SigningKey
from tests.making import ANNA, BEN, Shop, phone

DAY = timedelta(days=1)


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def sign(shop: Shop, *, today: bool = False) -> list[DailyRoot]:
    return signing.sign_days(shop.world, shop.controller.id, today=today)


def check(shop: Shop) -> signing.SignedRoots:
    with shop.world.db.read() as session:
        return signing.verify_roots(session, shop.controller.id)


def links(shop: Shop) -> int:
    return len(shop.rows(ChainLink))


def test_sign_waits_until_the_day_has_ended(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    assert sign(shop) == []
    shop.clock.advance(DAY)
    (root,) = sign(shop)
    assert (root.first_seq, root.last_seq) == (1, links(shop))
    assert check(shop) == signing.SignedRoots(1, links(shop))


def test_sign_twice_makes_nothing_new(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    assert len(sign(shop, today=True)) == 1
    assert sign(shop, today=True) == []
    assert len(shop.rows(DailyRoot)) == 1


def test_sign_on_demand_continues_later_where_it_ended(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    (first,) = sign(shop, today=True)
    shop.agree(phone(BEN))
    (second,) = sign(shop, today=True)
    assert second.first_seq == first.last_seq + 1
    assert check(shop) == signing.SignedRoots(2, links(shop))


def test_each_day_gets_its_own_root(shop: Shop) -> None:
    for number in (ANNA, BEN):
        shop.agree(phone(number))
        shop.clock.advance(DAY)
    days = [root.day for root in sign(shop)]
    assert days == sorted(set(days))
    assert len(days) == 2


def test_signing_without_a_key_says_how_to_make_one(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with shop.write() as session:
        session.execute(delete(SigningKey))
    with pytest.raises(BadInput, match="hub ledger key --new"):
        sign(shop, today=True)


def test_new_key_signs_and_the_old_one_still_verifies(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    (old,) = sign(shop, today=True)
    shop.clock.advance(timedelta(seconds=1))
    with shop.write() as session:
        key = signing.replace_key(shop.world, session, shop.controller.id)
    (new,) = sign(shop, today=True)
    assert (old.key_id, new.key_id) == (sign_key_ids(shop)[1], key.id)
    assert check(shop) == signing.SignedRoots(2, links(shop))
    assert len(shop.events("signing_key_made")) == 1


def sign_key_ids(shop: Shop) -> list[str]:
    with shop.world.db.read() as session:
        return [key.id for key in signing.keys(session, shop.controller.id)]


def test_private_key_lies_sealed(shop: Shop) -> None:
    with shop.world.db.read() as session:
        _, private = signing.open_key(shop.world, session, shop.controller.id)
    assert private.private_bytes_raw() not in shop.only(SigningKey).private


def rebuild_without(session: Session, shop: Shop, kept: int) -> None:
    """Cut the chain after some links and mend its head, so that the chain alone shows nothing."""
    for table in (LedgerRow, DecisionRow, ChainLink):
        session.execute(delete(table).where(col(table.seq) > kept))
    last = session.exec(select(ChainLink).where(ChainLink.seq == kept)).one()
    session.execute(update(ChainHead).values(seq=kept, hash=last.hash))


def test_chain_cut_and_mended_after_signing_is_found(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.agree(phone(BEN))
    sign(shop, today=True)
    with shop.write() as session:
        rebuild_cut(session)
        rebuild_without(session, shop, 1)
    assert shop.proven(), "the chain alone shows nothing"
    assert "not the one that was signed" in check(shop).problem


def rebuild_cut(session: Session) -> None:
    """What refers to the rows that will go."""
    for name in ("notice_served", "consent", "stop"):
        session.connection().exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608


def test_history_written_anew_after_signing_is_found(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    sign(shop, today=True)
    with shop.write() as session:
        rebuild_cut(session)
        for table in (LedgerRow, DecisionRow, ChainLink):
            session.execute(delete(table))
        session.execute(update(ChainHead).values(seq=0, hash=ledger.GENESIS))
        session.flush()
        session.expire_all()
        chain = Chain(session, shop.controller.id, shop.world.now())
        chain.event("consent_given", shop.world.now(), {"made": "up"})
        chain.write()
    assert shop.proven()
    assert "not the one that was signed" in check(shop).problem


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"head": "0" * 64}, "signature does not hold"),
        ({"last_seq": 1}, "signature does not hold"),
        ({"signature": "AAAA"}, "signature does not hold"),
    ],
)
def test_root_that_was_changed_is_found(shop: Shop, change: dict[str, object], found: str) -> None:
    shop.agree(phone(ANNA))
    shop.agree(phone(BEN))
    sign(shop, today=True)
    with shop.write() as session:
        session.execute(update(DailyRoot).values(**change))
    assert found in check(shop).problem


def test_root_that_was_removed_is_found(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    sign(shop, today=True)
    shop.agree(phone(BEN))
    sign(shop, today=True)
    with shop.write() as session:
        session.execute(delete(DailyRoot).where(col(DailyRoot.first_seq) == 1))
    assert "one is missing" in check(shop).problem
