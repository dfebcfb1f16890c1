# SPDX-License-Identifier: Apache-2.0
"""Claim, send, settle: the gate decides at the last moment, and every ending of a send leads where it should."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import orjson
import pytest

from hub.contract import (
    ClearedMessage,
    Outgoing,
    Purpose,
    Receipt,
    Throttled,
    Unavailable,
    Veto,
    hookimpl,
)
from hub.flows.states import State
from hub.store.tables import ConsentRow, DecisionRow, Sender
from hub.work import leases
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CONSENT, Shop, number, person, phone, raising

pytest_plugins = ["tests.shops"]

MINUTE = timedelta(minutes=1)


def now_of(shop: Shop) -> Sender:
    with shop.world.db.read() as session:
        return session.get_one(Sender, shop.sender.id)


# the claim


def test_claim_authorises_and_writes_its_decision_in_one_transaction(shop: Shop) -> None:
    shop.reach(ANNA)
    cleared = shop.claim_one()
    row = shop.message(cleared.outgoing.id)
    assert (row.state, row.owner, row.decision_id) == (State.AUTHORISED, "me", cleared.decision_id)
    (decision,) = [d for d in shop.rows(DecisionRow) if d.phase == "transmit"]
    assert (decision.id, decision.verdict, decision.message_id) == (cleared.decision_id, "ALLOW", row.id)
    said = orjson.loads(decision.record)
    assert (said["basis"], said["basis_iri"]) == ("CONSENT", "eu-gdpr:A6-1-a")
    assert said["consent"] == shop.only(ConsentRow).id
    assert said["content_hmac"]
    assert ANNA.removeprefix("+") not in decision.record
    assert shop.proven()


def test_claim_that_is_rolled_back_leaves_neither_decision_nor_state(shop: Shop) -> None:
    shop.reach(ANNA)
    before = len(shop.rows(DecisionRow))
    with shop.world.db.read() as session:
        assert shop.claim_in(session)
        session.rollback()
    assert len(shop.rows(DecisionRow)) == before
    assert [row.state for row in shop.campaign_messages()] == [State.QUEUED]
    assert shop.proven()


def test_use_of_a_consent_is_noted(shop: Shop) -> None:
    shop.reach(ANNA)
    assert shop.only(ConsentRow).last_used_at is None
    shop.claim_one()
    assert shop.only(ConsentRow).last_used_at is not None


def test_stop_between_staging_and_claim_is_refused_and_reported(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    shop.stop(phone(ANNA))
    assert [m.outgoing.to for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING] == [phone(BEN)]
    refused = [r for r in shop.reports() if r[1] == "refused"]
    assert refused == [("1", "refused", "refused", "SUPPRESSED_OBJECTION_MARKETING")]


def test_stop_after_the_claim_neither_loses_nor_doubles_the_message(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.stop(phone(ANNA))
    shop.settle({sent: Receipt("wamid.1")})
    assert shop.message(sent).state == State.ACCEPTED
    assert [m.outgoing.purpose for m in shop.claim()] == [Purpose.OPT_OUT_CONFIRMATION]


def test_stop_after_the_claim_binds_when_the_send_comes_back(shop: Shop) -> None:
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.stop(phone(ANNA))
    shop.settle({sent: Unavailable("busy")})
    shop.clock.advance(MINUTE)
    assert [m.outgoing.purpose for m in shop.claim()] == [Purpose.OPT_OUT_CONFIRMATION]
    assert shop.message(sent).reason == "SUPPRESSED_OBJECTION_MARKETING"


def test_two_dispatchers_never_claim_one_message(shop: Shop) -> None:
    shop.reach(*(number(index) for index in range(12)))
    claimed: list[ClearedMessage] = []
    gate = threading.Barrier(4)

    def claim(owner: str) -> None:
        gate.wait()
        for _ in range(3):
            claimed.extend(shop.claim(2, owner))

    threads = [threading.Thread(target=claim, args=(f"owner-{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [message.outgoing.id for message in claimed]
    assert len(ids) == len(set(ids)) == 12
    assert shop.proven()


def test_urgent_messages_come_before_a_campaign(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    shop.reply(phone(BEN))
    assert [m.outgoing.purpose for m in shop.claim(1)] == [Purpose.SERVICE]


def test_message_is_not_claimed_before_its_time(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.clock.advance(-MINUTE)
    assert not shop.claim()


# what the message says


def test_missing_property_uses_the_fallback_and_line_breaks_go(shop: Shop) -> None:
    for point in (ANNA, BEN):
        shop.agree(phone(point))
    shop.sync(person("1", ANNA, CONSENT, properties=(("firstname", "Anna\n\tMaria"),)), person("2", BEN, CONSENT))
    shop.stage("1", "2")
    said = {m.outgoing.to.value: m.outgoing.content.parameters for m in shop.claim()}  # type: ignore[union-attr]
    assert said == {ANNA: (("1", "Anna Maria"),), BEN: (("1", "dort"),)}


def test_missing_property_without_a_fallback_is_refused(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1", parameters={"1": "firstname"})
    assert not shop.claim()
    (message,) = shop.campaign_messages()
    assert (message.state, message.reason) == (State.REFUSED, "PLATFORM_TEMPLATE_INVALID")


# who may not send


def test_marketing_without_an_approved_processor_record_is_refused(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.file(approve=False)
    assert not shop.claim()
    assert [row.reason for row in shop.campaign_messages()] == ["PROVIDER_RECORD_INCOMPLETE"]


def test_answer_without_an_approved_processor_record_is_refused_too(shop: Shop) -> None:
    shop.file(approve=False)
    answer = shop.reply(phone(ANNA))
    assert not shop.claim()
    assert shop.message(answer).reason == "PROVIDER_RECORD_INCOMPLETE"


def test_template_that_is_gone_from_the_platform_is_refused(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.set_template(state="GONE")
    assert not shop.claim()
    assert [row.reason for row in shop.campaign_messages()] == ["PLATFORM_TEMPLATE_INVALID"]


def test_policy_that_cannot_be_read_holds_everything_and_loses_nothing(shop: Shop) -> None:
    shop.reach(ANNA)
    policy, shop.world.policy = shop.world.policy, None
    assert not shop.claim()
    assert [(row.state, row.reason) for row in shop.campaign_messages()] == [(State.HELD, "POLICY_UNKNOWN")]
    shop.world.policy = policy
    shop.clock.advance(16 * MINUTE)
    assert len(shop.claim()) == 1


class Budget:
    """A plugin that denies, or breaks, whenever the message goes to somebody else than Ben."""

    def __init__(self, *, breaks: bool) -> None:
        self.breaks = breaks

    @hookimpl
    def hub_veto(self, message: Outgoing) -> Veto | None:
        if message.to.value == BEN:
            return None
        if self.breaks:
            raise ZeroDivisionError(f"for {message.to.value}")
        return Veto("the budget is spent")


@pytest.mark.parametrize(
    ("breaks", "note"),
    [(False, "veto: the budget is spent"), (True, "veto: a plugin's check failed (ZeroDivisionError)")],
)
def test_veto_of_a_plugin_denies_and_so_does_one_that_breaks(shop: Shop, breaks: bool, note: str) -> None:
    shop.world.registry.manager.register(Budget(breaks=breaks))
    shop.reach(ANNA, BEN)
    assert [m.outgoing.to.value for m in shop.claim()] == [BEN]
    refused = next(row for row in shop.campaign_messages() if row.state == State.REFUSED)
    decision = next(d for d in shop.rows(DecisionRow) if d.id == refused.decision_id)
    assert note in orjson.loads(decision.record)["notes"]
    assert ANNA.removeprefix("+") not in decision.record


def test_number_that_was_erased_before_the_claim_is_not_sent_to(shop: Shop) -> None:
    shop.reach(ANNA)
    contact = shop.contact_of(phone(ANNA))
    with shop.write() as session:
        contact.data_key = None
        session.merge(contact)
    assert not shop.claim()
    assert [row.reason for row in shop.campaign_messages()] == ["SUBJECT_ERASED"]


# the dispatcher around it


def test_dispatcher_drains_a_sender_and_settles(shop: Shop, jobs: Jobs) -> None:
    shop.reach(ANNA, BEN)
    assert jobs.dispatcher.drain(shop.sender.id) == 2
    assert sorted(shop.loft.numbers) == [ANNA, BEN]
    assert {row.state for row in shop.campaign_messages()} == {State.ACCEPTED}
    assert jobs.dispatcher.drain(shop.sender.id) == 0


def test_provider_that_breaks_leaves_its_message_unknown_and_sends_the_others(shop: Shop, jobs: Jobs) -> None:
    shop.reach(ANNA, BEN)

    def fly(message: ClearedMessage) -> Receipt:
        if message.outgoing.to == phone(ANNA):
            raise ZeroDivisionError
        return Receipt("pigeon.1")

    shop.loft.fly = fly
    jobs.dispatcher.drain(shop.sender.id)
    states = {shop.message(m.outgoing.id).state for m in shop.loft.sent if m.outgoing.to == phone(ANNA)}
    assert states == {State.UNKNOWN}
    assert sorted(row.state for row in shop.campaign_messages()) == [State.ACCEPTED, State.UNKNOWN]


def test_dispatcher_leaves_a_sender_that_another_process_holds(shop: Shop, jobs: Jobs) -> None:
    shop.reach(ANNA)
    assert leases.take(shop.world, f"sender:{shop.sender.id}:0", "another process", 30.0)
    assert jobs.dispatcher.drain(shop.sender.id) == 0
    assert not shop.loft.sent


def test_throttled_dispatcher_stops_claiming(shop: Shop, jobs: Jobs) -> None:
    shop.loft.fly = raising(Throttled("slow", after=60.0))
    with shop.write() as session:
        session.get_one(Sender, shop.sender.id).rate = 10  # one in a tenth of a second
    shop.reach(*(number(index) for index in range(20)))
    jobs.dispatcher.drain(shop.sender.id)
    assert len(shop.loft.sent) <= 10, "it went on long after it was told to wait"
    assert {row.state for row in shop.campaign_messages()} == {State.QUEUED}


def test_slow_answer_holds_up_nobody(shop: Shop, jobs: Jobs) -> None:
    """The first message is answered only after the last one was sent: batches overlap."""
    everybody = [number(index) for index in range(20)]
    shop.loft.first = threading.Event()

    def fly(message: ClearedMessage) -> Receipt:
        if len(shop.loft.sent) == len(everybody) and shop.loft.first:
            shop.loft.first.set()
        return Receipt(f"pigeon.{message.outgoing.id}")

    shop.loft.fly = fly
    shop.reach(*everybody)
    began = time.monotonic()
    assert jobs.dispatcher.drain(shop.sender.id) == len(everybody)
    assert time.monotonic() - began < 20, "it waited for the first answer"
    assert {row.state for row in shop.campaign_messages()} == {State.ACCEPTED}
