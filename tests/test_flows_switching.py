# SPDX-License-Identifier: Apache-2.0
"""From one provider to another: what is checked first, what moves, what stays, and that nothing is lost or doubled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.contract import BadInput, PlatformCategory, Purpose, Rejected, TemplateState, Throttled
from hub.flows import accounts, drafts, inbound, routing, staging, switching
from hub.flows.processor import versions
from hub.flows.states import State
from hub.flows.switch_plan import Plan, plan
from hub.plugins import emulators
from hub.store.tables import Campaign, Connection, MessageRow, OptInPage, RouteSwitch, Sender
from hub.testing import processor_files
from hub.testing.emulator import Fault, serve
from hub.work.crew import Crew
from tests.carriers import BODY, OFFER, Loft, pigeon
from tests.making import ANNA, BEN, CARLA, CONSENT, VENDOR_ID, Shop, number, person, phone

pytest_plugins = ["tests.shops"]

SAME, OTHER = "+49 30 1234567", "+49 30 7654321"


def second(shop: Shop, typed: str = SAME, *, templates: Any = (OFFER,), word: str = "raven") -> tuple[Sender, Loft]:
    """Another provider with an approved file, and a number there."""
    loft = Loft()
    cls = pigeon(loft, word)
    shop.world.registry.connectors[word], shop.world.registry.origin[word] = cls, "tests"
    with shop.write() as session:
        account = accounts.connect(shop.world, session, shop.controller, word, {}, word.title())
        sender = accounts.add_sender(session, account, f"{word}-1", typed)
        accounts.replace_templates(shop.world, session, account, templates)
        processor_files.approve(shop.world, session, account)
    return sender, loft


def planned(shop: Shop, to: Sender, **more: Any) -> Plan:
    with shop.world.db.read() as session:
        return plan(
            shop.world, session, session.get_one(Sender, shop.sender.id), session.get_one(Sender, to.id), **more
        )


def switch(shop: Shop, to: Sender, named: Any = None, **more: Any) -> RouteSwitch:
    with shop.write() as session:
        here, there = session.get_one(Sender, shop.sender.id), session.get_one(Sender, to.id)
        return switching.switch(shop.world, session, here, there, "Dana", named, **more)


def give_back(shop: Shop, row: RouteSwitch) -> RouteSwitch:
    with shop.write() as session:
        return switching.give_back(shop.world, session, session.get_one(RouteSwitch, row.id), "Dana")


def claim(shop: Shop, sender: Sender, limit: int = 50) -> list[str]:
    shop.sender, before = sender, shop.sender
    try:
        return [one.outgoing.id for one in shop.claim(limit)]
    finally:
        shop.sender = before


# the plan


def test_plan_changes_nothing_and_says_what_would_move(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    shop.reply(phone(CARLA))
    raven, _ = second(shop)
    made = planned(shop, raven)
    assert (made.same_number, made.messages, made.singles, len(made.pages), made.problems) == (True, 2, 1, 1, ())
    assert [(pair.here, pair.problem) for pair in made.pairs] == [((OFFER.name, "de"), "")]
    assert {row.sender_id for row in shop.rows(MessageRow)} == {shop.sender.id}


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ((), "is not there"),
        ((replace(OFFER, state=TemplateState.PAUSED),), "is PAUSED"),
        ((replace(OFFER, category=PlatformCategory.UTILITY),), "is UTILITY there"),
        ((replace(OFFER, parameters=("1", "2")),), "2 parameters there and 1 here"),
        ((replace(OFFER, text=f"{BODY} Jetzt!"),), "the text or the buttons differ"),
    ],
)
def test_template_that_is_not_the_same_there_is_in_the_way(shop: Shop, there: Any, said: str) -> None:
    shop.reach(ANNA)
    raven, _ = second(shop, templates=there)
    (problem,) = planned(shop, raven).problems
    assert said in problem
    with pytest.raises(BadInput) as refused:
        switch(shop, raven)
    assert said in str(refused.value)
    assert not shop.rows(RouteSwitch)
    assert {row.sender_id for row in shop.rows(Campaign)} == {shop.sender.id}


def test_text_that_differs_goes_once_somebody_accepted_it_and_placeholders_may_be_named(shop: Shop) -> None:
    shop.reach(ANNA)
    raven, _ = second(shop, templates=(replace(OFFER, text=BODY.replace("{{1}}", "{{name}}")),))
    assert planned(shop, raven).problems == ()
    crow, _ = second(shop, templates=(replace(OFFER, text=f"{BODY} Jetzt!"),), word="crow")
    assert planned(shop, crow, accept=True).problems == ()


@pytest.mark.parametrize("do", [versions.reopen, versions.suspend, versions.end])
def test_provider_without_a_valid_file_takes_nothing_over(shop: Shop, do: Callable[..., Any]) -> None:
    shop.reach(ANNA)
    raven, _ = second(shop)
    with shop.write() as session:
        account = session.get_one(Connection, raven.connection_id)
        do(shop.world, session, account, "Dana", "why")
    (problem,) = planned(shop, raven).problems
    assert "the file is" in problem


def test_paused_provider_takes_nothing_over(shop: Shop) -> None:
    shop.reach(ANNA)
    raven, _ = second(shop)
    with shop.write() as session:
        accounts.pause(session, raven.connection_id, "token revoked")
    assert planned(shop, raven).problems == ("it is paused: token revoked",)


def test_number_hands_over_to_itself_never(shop: Shop) -> None:
    assert planned(shop, shop.sender).problems == ("both are the same sender",)


# what moves


def test_running_campaign_goes_on_at_the_other_provider_and_nobody_gets_it_twice(shop: Shop) -> None:
    shop.reach(ANNA, BEN, CARLA)
    (first,) = shop.claim(1)  # on its way while the route is switched
    raven, _ = second(shop)
    switch(shop, raven)
    assert shop.claim() == []
    rest = claim(shop, raven)
    assert len(rest) == 2
    assert first.outgoing.id not in rest
    sent_by = {row.id: row.sender_id for row in shop.campaign_messages()}
    assert Counter(sent_by.values()) == {shop.sender.id: 1, raven.id: 2}


def test_message_on_its_way_is_settled_by_who_sent_it_and_what_came_back_goes_by_the_new_way(
    shop: Shop,
) -> None:
    shop.reach(ANNA, BEN)
    one, two = (message.outgoing.id for message in shop.claim())
    raven, _ = second(shop)
    switch(shop, raven)
    shop.settle({one: Rejected("no"), two: Throttled("slower", after=0)})
    shop.clock.advance(timedelta(minutes=20))
    assert claim(shop, raven) == [two]
    assert shop.message(one).state == State.FAILED
    assert shop.message(two).sender_id == raven.id


def test_templates_and_parameters_with_other_names_are_mapped(shop: Shop) -> None:
    shop.reach(ANNA)
    there = replace(OFFER, name="angebot_neu", parameters=("vorname",), text=BODY.replace("{{1}}", "{{vorname}}"))
    raven, loft = second(shop, templates=(there,))
    assert planned(shop, raven).problems
    named = {(OFFER.name, "de"): ("angebot_neu", "de")}
    row = switch(shop, raven, named)
    shop.sender, before = raven, shop.sender
    content: Any = shop.claim_one().outgoing.content
    assert (content.name, content.parameters) == ("angebot_neu", (("vorname", "dort"),))
    shop.sender = before
    assert row.templates == [[OFFER.name, "de", "angebot_neu", "de"]]
    give_back(shop, row)
    campaign = shop.rows(Campaign)[-1]
    assert (campaign.template, campaign.parameters) == (OFFER.name, [["1", "firstname", "dort"]])
    assert not loft.sent


def test_variants_keep_their_people_under_their_new_names(shop: Shop) -> None:
    other = replace(OFFER, name="angebot_b")
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, shop.provider, [OFFER, other])
    people = [number(index) for index in range(20)]
    for typed in people:
        shop.agree(phone(typed))
    shop.sync(*(person(str(i), typed, CONSENT) for i, typed in enumerate(people)))
    shop.stage(*map(str, range(20)), plan=drafts.Plan(beside=(drafts.Beside("angebot_b", "de"),), any_hour=True))
    drawn = Counter(row.template for row in shop.campaign_messages())
    raven, _ = second(shop, templates=(replace(OFFER, name="a"), replace(OFFER, name="b")))
    switch(shop, raven, {(OFFER.name, "de"): ("a", "de"), ("angebot_b", "de"): ("b", "de")})
    assert Counter(row.template for row in shop.campaign_messages()) == {
        "a": drawn[OFFER.name],
        "b": drawn["angebot_b"],
    }
    assert len(claim(shop, raven)) == 20


# conversations


def test_number_that_moved_keeps_its_conversations_pages_stops_and_consents(shop: Shop) -> None:
    shop.reach(ANNA)
    waiting = shop.reply(phone(BEN))
    raven, loft = second(shop)
    switch(shop, raven)
    assert shop.message(waiting).sender_id == raven.id
    assert shop.only(OptInPage).sender_id == raven.id
    shop.agree(phone(CARLA))  # told by the old provider: its webhooks may come late
    assert len(shop.consents(phone(CARLA))) == 1
    shop.stop(phone(ANNA))  # the same
    assert shop.stops(phone(ANNA))
    sent = claim(shop, raven)
    assert waiting in sent
    assert not any(row.campaign_id for row in shop.rows(MessageRow) if row.id in sent)
    answers = {row.sender_id for row in shop.rows(MessageRow) if row.purpose == Purpose.OPT_OUT_CONFIRMATION}
    assert answers == {raven.id}
    loft.read = lambda letter: []
    with shop.write() as session:
        account = session.get_one(Connection, raven.connection_id)
        said = replace(shop.said("STOP", phone(CARLA)), sender="raven-1")
        inbound.apply(shop.world, session, account, [said])
    assert shop.stops(phone(CARLA))


def test_number_that_differs_leaves_conversations_and_pages_where_they_are(shop: Shop) -> None:
    shop.reach(ANNA)
    waiting = shop.reply(phone(BEN))
    raven, _ = second(shop, OTHER)
    made = planned(shop, raven)
    assert len(made.stays) == 3
    switch(shop, raven)
    assert shop.only(OptInPage).sender_id == shop.sender.id
    assert [one.outgoing.id for one in shop.claim()] == [waiting]
    assert len(claim(shop, raven)) == 1


def test_answer_that_came_back_to_a_moved_number_goes_after_it(shop: Shop) -> None:
    waiting = shop.reply(phone(BEN))
    assert [one.outgoing.id for one in shop.claim()] == [waiting]
    raven, _ = second(shop)
    switch(shop, raven)
    shop.settle({waiting: Throttled("slower", after=0)})
    shop.clock.advance(timedelta(minutes=20))
    assert claim(shop, raven) == []
    switching.tend(shop.world)
    assert claim(shop, raven) == [waiting]


# back again


def test_return_brings_back_what_has_not_left(shop: Shop) -> None:
    shop.reach(ANNA, BEN, CARLA)
    raven, _ = second(shop)
    row = switch(shop, raven)
    (sent,) = claim(shop, raven, 1)
    give_back(shop, row)
    assert claim(shop, raven) == []
    assert len(shop.claim()) == 2
    assert shop.message(sent).sender_id == raven.id
    with shop.world.db.read() as session, pytest.raises(BadInput):
        switching.last(session, shop.controller, session.get_one(Sender, raven.id))
    assert shop.proven()
    assert len(shop.events("route_switched")) == 2


def test_return_leaves_a_number_of_its_own_with_its_own_campaigns(shop: Shop) -> None:
    shop.reach(ANNA)
    raven, _ = second(shop, OTHER)
    row = switch(shop, raven)
    own = shop.draft(title="Eigene", sender=raven)
    give_back(shop, row)
    where = {campaign.id: campaign.sender_id for campaign in shop.rows(Campaign)}
    assert where.pop(own.id) == raven.id
    assert set(where.values()) == {shop.sender.id}


def test_draft_for_a_number_that_was_moved_is_refused(shop: Shop) -> None:
    raven, _ = second(shop)
    switch(shop, raven)
    with shop.world.db.read() as session:
        shop.sender = session.get_one(Sender, shop.sender.id)
    with pytest.raises(BadInput) as problem:
        shop.draft()
    assert problem.value.field == "sender"


# which number goes where


def test_numbers_are_paired_by_name_or_by_being_the_same(shop: Shop) -> None:
    raven, _ = second(shop)
    with shop.write() as session:
        extra = accounts.add_sender(session, shop.provider, "9", OTHER)
        pairs = switching.pairs
        assert [(a.id, b.id) for a, b in pairs(session, shop.controller, VENDOR_ID, "raven-1")] == [
            (shop.sender.id, raven.id)
        ]
        with pytest.raises(BadInput):
            pairs(session, shop.controller, "pigeon", "raven")
        other = accounts.add_sender(session, session.get_one(Connection, raven.connection_id), "raven-2", OTHER)
        found = {(a.id, b.id) for a, b in pairs(session, shop.controller, "pigeon", "raven")}
        assert found == {(shop.sender.id, raven.id), (extra.id, other.id)}
        with pytest.raises(BadInput):
            pairs(session, shop.controller, "nobody", "raven")


# fallback


def prefer(shop: Shop, *senders: Sender, fallback: bool = True, purpose: str = "MARKETING", **more: Any) -> None:
    with shop.write() as session:
        wanted = routing.Wanted(prefer=tuple(one.id for one in senders), fallback=fallback, **more)
        routing.set_policy(session, shop.controller, purpose, wanted, "Dana", shop.world.now(), "ref")


def banned(shop: Shop) -> None:
    with shop.write() as session:
        session.get_one(Sender, shop.sender.id).paused_why = "banned"


def test_campaign_at_a_number_that_cannot_send_falls_back_and_what_left_stays(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    (left,) = shop.claim(1)
    raven, _ = second(shop, OTHER)
    prefer(shop, shop.sender, raven)
    switching.tend(shop.world)
    assert claim(shop, raven) == [], "it can send, so it keeps what is its own"
    banned(shop)
    switching.tend(shop.world)
    sent = claim(shop, raven)
    assert len(sent) == 1
    assert left.outgoing.id not in sent
    assert shop.only(RouteSwitch).why == "fallback"


@pytest.mark.parametrize("why", ["not allowed", "other template", "no file"])
def test_campaign_stays_where_its_policy_or_the_other_provider_does_not_fit(shop: Shop, why: str) -> None:
    shop.reach(ANNA)
    raven, _ = second(shop, OTHER, templates=() if why == "other template" else (OFFER,))
    prefer(shop, shop.sender, raven, fallback=why != "not allowed")
    if why == "no file":
        with shop.write() as session:
            versions.end(shop.world, session, session.get_one(Connection, raven.connection_id), "Dana", "over")
    banned(shop)
    switching.tend(shop.world)
    assert not shop.rows(RouteSwitch)
    assert claim(shop, raven) == []


def test_provider_that_is_suspended_hands_over_before_anything_is_refused(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    raven, _ = second(shop, OTHER)
    prefer(shop, shop.sender, raven)
    with shop.write() as session:
        account = session.get_one(Connection, shop.provider.id)
        versions.suspend(shop.world, session, account, "Dana", "a breach")
        (done,) = switching.leave(shop.world, session, account)
    assert done.to_sender_id == raven.id
    assert shop.claim() == []
    assert len(claim(shop, raven)) == 2
    assert shop.proven()


# under load


def until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "nothing moves any more"
        time.sleep(0.02)


@pytest.fixture
def vendors(shop: Shop) -> Iterator[tuple[list[Any], list[Sender]]]:
    """Two emulated Meta accounts with the same number and template, each with an approved file."""
    with ExitStack() as stack:
        metas, senders = [], []
        for seed in (1, 2):
            meta: Any = emulators()["meta"].load()(seed=seed, throughput=1000, pair_rate=False)
            meta.add_template(OFFER.name, "de", category="MARKETING", body=BODY)
            meta.faults.append(Fault("latency", match="POST .*/messages", seconds=0.1))
            url = stack.enter_context(serve(meta.app()))
            settings = {"waba_id": meta.waba_id, "access_token": meta.access_token, "app_secret": meta.app_secret}
            with shop.write() as session:
                account = accounts.connect(
                    shop.world,
                    session,
                    shop.controller,
                    "meta",
                    {**settings, "verify_token": meta.verify_token, "base_url": url},
                    f"Meta {seed}",
                )
                sender = accounts.add_sender(session, account, meta.phone_number_id, meta.display_number, rate=120)
                accounts.replace_templates(shop.world, session, account, [OFFER])
                processor_files.approve(shop.world, session, account)
            metas.append(meta)
            senders.append(sender)
        yield metas, senders


def test_route_switched_and_returned_under_load_loses_nothing_and_doubles_nothing(
    shop: Shop, vendors: tuple[list[Any], list[Sender]]
) -> None:
    metas, (left, right) = vendors
    people = [number(index) for index in range(500)]
    at = shop.world.now().replace(microsecond=0)
    shop.hear(*(shop.said(shop.statement, phone(one), at=at) for one in people))
    shop.clock.advance(timedelta(seconds=2))
    shop.sync(*(person(str(index), one, CONSENT) for index, one in enumerate(people)))
    shop.stage(*map(str, range(len(people))), sender=left)
    with shop.write() as session:  # everybody is staged
        staging.end(shop.world, session, shop.rows(Campaign)[-1].id)
    shop.sender = left

    def sent(index: int) -> int:
        return len(metas[index].received)

    with Crew(shop.world) as crew:
        crew.nudges.dispatch.send(left.id)
        until(lambda: sent(0) >= 60)
        row = switch(shop, right)
        until(lambda: sent(1) >= 60)
        stopped = people[-5:]
        shop.hear(*(shop.said("STOP", phone(one)) for one in stopped))
        give_back(shop, row)
        before = sent(0)
        until(lambda: sent(0) >= before + 60)
        switch(shop, right)
        until(lambda: not any(row.state in (State.QUEUED, State.AUTHORISED) for row in shop.campaign_messages()))
    got = Counter(one.to for meta in metas for one in meta.received)
    states = Counter(row.state for row in shop.campaign_messages())
    refused = states[State.REFUSED]
    assert max(got.values()) == 1, "doubled"
    assert len(got) + refused == len(people), "lost"
    assert states[State.ACCEPTED] == len(got)
    assert refused <= len(stopped)
    assert min(sent(0), sent(1)) >= 60
    through = zip(metas, (left, right), strict=True)
    of = {one.opaque: sender.id for meta, sender in through for one in meta.received}
    assert all(row.sender_id == of[row.id] for row in shop.campaign_messages() if row.state == State.ACCEPTED)
    assert shop.proven()
