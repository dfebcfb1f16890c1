# SPDX-License-Identifier: Apache-2.0
"""A shop that holds something of every kind about Anna, and people who ask for their rights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.contract import Receipt
from hub.flows import audit
from hub.flows.audit import Actor
from hub.flows.rights import arrivals, packets, requests
from hub.flows.rights.arrivals import Came
from hub.flows.rights.requests import Way
from hub.flows.roles import Role
from hub.law.rights import Identified, Right
from hub.store.tables import Contact, ContactPoint, MessageRow, Opening, RightsRequest, WorkflowRequest
from tests.forms import Form
from tests.making import ANNA, BEN, Shop, person, phone
from tests.mapped import MappedShop, opted_in

SAID = "Das nervt langsam, Frau Ährenfeld"
STAFF = "Petra Privat"


def held(shop: Shop) -> Contact:
    """Anna is in the CRM with a consent that waits, filled in a form, agreed, got a message, was annoyed, and stopped;
    Ben is there, too."""
    mapped = MappedShop(shop)
    Form(shop).fill(ANNA)
    shop.agree(phone(ANNA))
    shop.agree(phone(BEN))
    mapped.shop.sync(replace(opted_in(), properties=(("firstname", "Änne"),)), person("2", BEN))
    shop.stage("1", "2")
    for _ in range(3):  # notices go first
        shop.settle({one.outgoing.id: Receipt(f"pigeon.{one.outgoing.id}") for one in shop.claim()})
    shop.reply(phone(ANNA), text="Gern, Anna!")
    shop.hear(shop.said(SAID, phone(ANNA)))
    shop.stop(phone(ANNA))
    anna = shop.contact_of(phone(ANNA))
    _rest(shop, anna)
    return anna


def _rest(shop: Shop, anna: Contact) -> None:
    """What takes a vendor of another kind to come by."""
    now = shop.world.now()
    with shop.write() as session:
        point = next(row for row in shop.rows(ContactPoint) if row.contact_id == anna.id)
        session.add(Opening(connection_id=shop.provider.id, point_id=point.id, at=now))
        message = next(row for row in shop.rows(MessageRow) if row.contact_id == anna.id)
        own = {"controller_id": shop.controller.id, "connection_id": shop.crm.id, "message_id": message.id}
        session.add(WorkflowRequest(**own, event="e", record="1", title="gruss", created_at=now))
        looked = Actor("s1", STAFF, Role.PRIVACY, shop.controller.id)
        audit.write(shop.world, session, looked, "people.search", anna.id)


def ask(shop: Shop, contact: Contact, right: Right, **more: Any) -> RightsRequest:
    """Somebody of the staff takes a request."""
    came = Came(**{"way": Way.STAFF, "by": STAFF, "at": shop.world.now(), **more})
    with shop.write() as session:
        return arrivals.enter(shop.world, session, shop.controller, session.get_one(Contact, contact.id), right, came)


def identified(shop: Shop, contact: Contact, right: Right, **more: Any) -> RightsRequest:
    """The same, and it was seen whose it is."""
    row = ask(shop, contact, right, **more)
    with shop.write() as session:
        return requests.identify(shop.world, session, shop.controller, row.id, Identified.OWN_POINT, STAFF)


def packet(shop: Shop, row: RightsRequest) -> bytes:
    with shop.write() as session:
        packets.make(shop.world, session, shop.controller, row.id, STAFF)
    with shop.world.db.read() as session:
        return packets.read(shop.world, session, shop.controller, row.id)
