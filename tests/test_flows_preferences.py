# SPDX-License-Identifier: Apache-2.0
"""Preferences: less takes effect at once and binds like any stop of the person; more is never given by a link."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.contract import PointKind, Purpose
from hub.flows import contacts, links, optin, preferences, receipts
from hub.flows.erasure import erase
from hub.flows.links import Opened
from hub.flows.preferences import Held, Wish
from hub.flows.standing import Standing
from hub.law.facts import StopKind
from hub.store.ledger import Chain
from hub.store.tables import ConsentRow, Contact, MessageRow, OptInPage
from tests.making import ANNA, BEN, CONSENT, Shop, bsuid, person, phone

pytest_plugins = ["tests.shops"]

OFFERS, DATES, TIPS = "Angebote", "Termine", "Tipps"


@pytest.fixture
def wide(shop: Shop) -> Shop:
    """Anna agrees to three topics on one page, and is in the CRM."""
    with shop.write() as session:
        page = optin.create(
            shop.world,
            session,
            shop.controller,
            shop.sender,
            title="Alles",
            language="de",
            topics=[OFFERS, DATES, TIPS],
            receipts=True,
        )
        statement = optin.invitation(session, page).statement
    shop.hear(shop.said(statement, phone(ANNA)))
    shop.clock.advance(timedelta(seconds=2))
    shop.claim()  # the receipt leaves
    shop.sync(person("1", ANNA, CONSENT))
    return shop


def token_of(shop: Shop, number: str = ANNA, kind: str = links.PREFERENCES, about: str = "") -> str:
    with shop.world.db.read() as session:
        point = contacts.find_point(shop.world, session, shop.controller, phone(number))
        assert point
        return links.make(shop.world, kind, point, about).rpartition("/")[2]


def opened(shop: Shop, token: str = "") -> Opened | None:
    with shop.world.db.read() as session:
        link = links.read(shop.world, links.PREFERENCES, token or token_of(shop))
        return links.whose(session, link) if link else None


def change(shop: Shop, wish: Wish, *keep: str) -> int:
    with shop.write() as session:
        link = links.read(shop.world, links.PREFERENCES, token_of(shop))
        assert link
        mine = links.whose(session, link)
        assert mine
        made = preferences.change(shop.world, session, mine, wish, keep)
    shop.clock.advance(timedelta(seconds=2))
    return made


def held(shop: Shop) -> Held:
    mine = opened(shop)
    assert mine
    with shop.world.db.read() as session:
        return preferences.held(shop.world, session, mine)


def reached(shop: Shop, topic: str, purpose: str = "MARKETING") -> list[Purpose]:
    shop.stage("1", topic=topic, purpose=purpose)
    return [message.outgoing.purpose for message in shop.claim()]


def test_everything_about_the_permission_is_shown(wide: Shop) -> None:
    now = held(wide)
    assert now.topics == (OFFERS, DATES, TIPS)
    (grant,) = now.grants
    assert grant.wording.topics == sorted([OFFERS, DATES, TIPS])
    assert {stands for _, stands in grant.topics} == {Standing.AGREED}
    assert now.ending == ANNA[-3:]
    assert not now.stops
    assert [page.id for page in now.offers] == [wide.page.id], "the page whose text was not agreed to"


def test_topic_that_is_dropped_is_stopped_and_the_others_go_on(wide: Shop) -> None:
    assert change(wide, Wish.TOPICS, OFFERS, TIPS) == 1
    assert held(wide).topics == (OFFERS, TIPS)
    (stop,) = wide.stops(phone(ANNA))
    assert (stop.kind, stop.channel, stop.purpose, stop.topic) == (
        StopKind.CONSENT_WITHDRAWN,
        "whatsapp",
        "MARKETING",
        DATES,
    )
    assert reached(wide, OFFERS) == [Purpose.MARKETING]
    assert reached(wide, DATES) == []
    assert wide.campaign_messages()[-1].reason == "SUPPRESSED_CONSENT_WITHDRAWN"
    assert wide.proven()


def test_crm_that_knows_only_yes_and_no_hears_of_the_last_topic_alone(wide: Shop) -> None:
    change(wide, Wish.TOPICS, OFFERS)
    assert not wide.reports(), "told of a part, it would stop the rest"
    change(wide, Wish.TOPICS)
    assert [(kind, reason) for _, kind, _, reason in wide.reports()] == [("withdrawal", "SUPPRESSED_CONSENT_WITHDRAWN")]


def test_no_more_advertising_objects_on_every_channel_and_leaves_the_invoice(wide: Shop) -> None:
    assert change(wide, Wish.MARKETING) == 1
    (stop,) = wide.stops(phone(ANNA))
    assert (stop.kind, stop.channel, stop.purpose) == (StopKind.OBJECTION_MARKETING, "*", "MARKETING")
    assert held(wide).topics == ()
    assert reached(wide, OFFERS) == []
    answer = wide.reply(phone(ANNA))
    assert [message.outgoing.id for message in wide.claim()] == [answer]
    told = [reason for _, kind, _, reason in wide.reports() if kind == "withdrawal"]
    assert told == ["SUPPRESSED_OBJECTION_MARKETING"]


def test_no_more_messages_at_all_stops_answers_too(wide: Shop) -> None:
    change(wide, Wish.EVERYTHING)
    assert [stop.kind for stop in wide.stops(phone(ANNA))] == [StopKind.STOP_ALL]
    wide.reply(phone(ANNA))
    assert not wide.claim()


def test_withdrawal_here_binds_every_point_of_the_person(wide: Shop) -> None:
    wide.hear(wide.said("Hallo", phone(ANNA), bsuid()))
    change(wide, Wish.MARKETING)
    assert wide.stops(bsuid())


def test_queued_message_does_not_leave_after_the_click(wide: Shop) -> None:
    wide.stage("1", topic=OFFERS)
    change(wide, Wish.TOPICS, DATES)
    assert not wide.claim()


def test_naming_a_topic_never_begins_it(wide: Shop) -> None:
    change(wide, Wish.TOPICS, OFFERS)
    before = len(wide.events("consent_given"))
    assert change(wide, Wish.TOPICS, OFFERS, DATES, "Gewinnspiele") == 0
    assert held(wide).topics == (OFFERS,)
    assert len(wide.events("consent_given")) == before
    assert {row.topic for row in wide.rows(ConsentRow)} == {OFFERS, DATES, TIPS}


def test_saving_without_a_change_is_no_withdrawal(wide: Shop) -> None:
    assert change(wide, Wish.TOPICS, OFFERS, DATES, TIPS) == 0
    assert not wide.stops(phone(ANNA))


def test_agreeing_anew_in_the_chat_lifts_what_was_dropped(wide: Shop) -> None:
    change(wide, Wish.TOPICS, DATES)
    wide.agree(phone(ANNA))
    assert sorted(held(wide).topics) == [OFFERS, DATES]
    assert len(wide.stops(phone(ANNA))) == 2


def test_link_holds_nothing_that_can_be_read(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    token = token_of(shop)
    contact = shop.contact_of(phone(ANNA))
    for secret in (ANNA, ANNA[3:], contact.id, shop.token(phone(ANNA))):
        assert secret not in token


@pytest.mark.parametrize("spoil", ["cut", "turned", "empty", "long", "other kind"])
def test_link_that_is_not_ours_opens_nothing(shop: Shop, spoil: str) -> None:
    shop.agree(phone(ANNA))
    token = token_of(shop)
    spoiled = {
        "cut": token[:-2],
        "turned": token[:30] + ("A" if token[30] != "A" else "B") + token[31:],
        "empty": "",
        "long": token * 9,
        "other kind": token_of(shop, kind=links.RECEIPT),
    }[spoil]
    assert links.read(shop.world, links.PREFERENCES, spoiled) is None
    assert opened(shop, token) is not None


def test_link_expires(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    token = token_of(shop)
    shop.clock.advance(timedelta(days=30))
    assert opened(shop, token) is None


def test_link_made_behind_another_expires_with_it(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    first = links.read(shop.world, links.PREFERENCES, token_of(shop))
    assert first
    shop.clock.advance(timedelta(days=20))
    mine = opened(shop)
    assert mine
    later = links.make(shop.world, links.RECEIPT, mine.point, "x", like=first).rpartition("/")[2]
    shop.clock.advance(timedelta(days=11))
    assert links.read(shop.world, links.RECEIPT, later) is None


def test_link_opens_nothing_after_erasure_or_for_a_new_holder(shop: Shop) -> None:
    for number in (ANNA, BEN):
        shop.agree(phone(number))
    erased, passed_on = token_of(shop, ANNA), token_of(shop, BEN)
    shop.clock.advance(timedelta(seconds=2))
    with shop.write() as session:
        chain = Chain(session, shop.controller.id, shop.world.now())
        erase(shop.world, session, chain, session.get_one(Contact, shop.contact_of(phone(ANNA)).id), "test")
        chain.write()
        ben = session.get_one(Contact, shop.contact_of(phone(BEN)).id)
        ben.reassigned_at = shop.world.now()
        session.add(ben)
    assert opened(shop, erased) is None
    assert opened(shop, passed_on) is None


def test_person_without_a_number_sees_no_ending(shop: Shop) -> None:
    shop.hear(shop.said(shop.statement, bsuid()))
    with shop.world.db.read() as session:
        point = contacts.find_point(shop.world, session, shop.controller, bsuid())
        assert point
        assert point.kind == PointKind.BSUID
        link = links.read(shop.world, "p", links.make(shop.world, "p", point).rpartition("/")[2])
        assert link
        mine = links.whose(session, link)
        assert mine
        assert preferences.held(shop.world, session, mine).ending == ""


def test_receipt_says_what_was_agreed_and_how_it_stands(wide: Shop) -> None:
    def records() -> list[dict[str, object]]:
        mine = opened(wide)
        assert mine
        with wide.world.db.read() as session:
            return [dict(one.record) for one in receipts.of(wide.world, session, mine)]

    (given,) = records()
    assert given["state"] == "dpv:ConsentGiven"
    assert given["recipients"] == ["Pigeon Ltd", "WhatsApp Ireland Limited", "Paper CRM"]
    change(wide, Wish.TOPICS, OFFERS)
    assert records()[0]["state"] == "dpv:ConsentGiven", "it still stands for one topic"
    change(wide, Wish.TOPICS)
    assert records()[0]["state"] == "dpv:ConsentWithdrawn", "dropped one by one, nothing is left"


def test_receipt_follows_a_consent_where_the_page_wants_it_and_only_there(wide: Shop) -> None:
    (row,) = wide.rows(MessageRow)
    (event,) = wide.events("consent_given")
    assert (row.purpose, row.dedupe, row.state) == (Purpose.SERVICE, f"receipt:{event.id}", "authorised")
    wide.agree(phone(BEN))
    assert len(wide.rows(MessageRow)) == 1


def test_page_closed_or_agreed_to_is_not_offered(wide: Shop) -> None:
    with wide.write() as session:
        row = session.get_one(OptInPage, wide.page.id)
        row.closed_at = wide.world.now()
        session.add(row)
    assert not held(wide).offers


def test_lapsed_consent_is_shown_as_such(wide: Shop) -> None:
    mine = opened(wide)
    assert mine
    wide.clock.advance(timedelta(days=400))
    with wide.world.db.read() as session:
        now = preferences.held(wide.world, session, mine)
    assert {stands for _, stands in now.grants[0].topics} == {Standing.LAPSED}
    assert now.topics == ()
