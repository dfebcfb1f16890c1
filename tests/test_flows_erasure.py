# SPDX-License-Identifier: Apache-2.0
"""Erasure: nothing readable stays, the stops do, and nobody comes back by an import."""

from __future__ import annotations

import pytest

from hub.contract import PrivacyDeletion
from hub.flows import inbound
from hub.flows.states import State
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.store import ledger
from hub.store.tables import Contact, CrmRecord, LedgerRow, StopRow
from hub.store.vault import Sealed
from tests.making import ANNA, CONSENT, Shop, person, phone


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def erase_anna(shop: Shop) -> None:
    with shop.write() as session:
        inbound.apply(shop.world, session, shop.crm, [PrivacyDeletion("anna", shop.world.now())])
    assert any(contact.erased_at for contact in shop.rows(Contact))


def test_erased_person_is_not_written_to_and_stays_unreadable(shop: Shop) -> None:
    shop.sync(person("anna", ANNA, CONSENT))
    shop.agree(phone(ANNA))
    shop.stage("anna")
    erase_anna(shop)
    assert not shop.claim()
    (message,) = shop.campaign_messages()
    assert (message.state, message.reason) == (State.REFUSED, "SUBJECT_ERASED")
    contact = shop.only(Contact)
    with pytest.raises(Sealed):
        shop.world.vault.key_of(contact.id, contact.data_key)
    (given,) = shop.events("consent_given")
    assert given.evidence is not None, "the chain keeps the bytes; nobody can open them"
    assert shop.proven()


def test_import_of_an_erased_person_is_refused(shop: Shop) -> None:
    shop.sync(person("anna", ANNA, CONSENT))
    erase_anna(shop)
    counts = shop.sync(person("anna", ANNA, CONSENT))
    assert counts.excluded == {"SYNC_TOMBSTONE_HIT": 1}
    assert not shop.rows(CrmRecord)


def test_stop_outlives_erasure_and_binds_when_the_person_comes_back(shop: Shop) -> None:
    shop.sync(person("anna", ANNA, CONSENT))
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    erase_anna(shop)
    shop.hear(shop.said("Hallo, ich bin wieder da", phone(ANNA)))
    back = shop.contact_of(phone(ANNA))
    assert back.erased_at is None
    assert StopKind.OBJECTION_MARKETING in {stop.kind for stop in shop.stops(phone(ANNA))}


def test_erasure_repeated_changes_nothing(shop: Shop) -> None:
    shop.sync(person("anna", ANNA, CONSENT))
    erase_anna(shop)
    events, stops = len(shop.rows(LedgerRow)), len(shop.rows(StopRow))
    erase_anna(shop)
    assert (len(shop.rows(LedgerRow)), len(shop.rows(StopRow))) == (events, stops)
    with shop.world.db.read() as session:
        assert ledger.verify(session, shop.only(Contact).controller_id).ok
