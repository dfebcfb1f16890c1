# SPDX-License-Identifier: Apache-2.0
"""Claim, send, settle: the gate decides at the last moment, and every ending of a send leads where it should."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest

from hub.bridge import Bridge
from hub.contract import (
    BadConfig,
    ClearedMessage,
    HubError,
    Outgoing,
    Purpose,
    Receipt,
    RecipientOptedOut,
    RecipientUnreachable,
    Status,
    StatusChanged,
    TemplateProblem,
    Throttled,
    Unavailable,
    Uncertain,
    Veto,
    hookimpl,
)
from hub.contract import Scope as Throttle
from hub.flows import dispatch
from hub.flows.dispatch import Result, Stale
from hub.flows.states import State
from hub.flows.world import World
from hub.store.tables import Connection, ConsentRow, DecisionRow, MessageRow, Sender
from hub.work import leases
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CONSENT, OFFER, Shop, number, person, phone, raising

MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


@pytest.fixture
def jobs(shop: Shop) -> Iterator[Jobs]:
    with Bridge(connections=1) as bridge:
        yield Jobs(shop.world, bridge)


def now_of(shop: Shop) -> Sender:
    with shop.world.db.read() as session:
        return session.get_one(Sender, shop.sender.id)


def outcome(shop: Shop, result: Result) -> MessageRow:
    """What becomes of one message whose send ended so."""
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: result})
    return shop.message(sent)


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
        assert dispatch.claim(shop.world, session, now_of(shop), "me", 5)
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
    shop.reply(BEN)
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


# who may not send


def test_marketing_without_an_approved_processor_record_is_refused(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.file(approve=False)
    assert not shop.claim()
    assert [row.reason for row in shop.campaign_messages()] == ["PROVIDER_RECORD_INCOMPLETE"]


def test_answer_without_an_approved_processor_record_is_refused_too(shop: Shop) -> None:
    shop.file(approve=False)
    answer = shop.reply(ANNA)
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


# how a send ends


@pytest.mark.parametrize(
    ("result", "state", "reason"),
    [
        (Receipt("wamid.1"), State.ACCEPTED, ""),
        (Receipt("wamid.1", note="held_for_quality_assessment"), State.ACCEPTED, "held_for_quality_assessment"),
        (RecipientUnreachable("not on WhatsApp", code="131026"), State.FAILED, "131026"),
        (TemplateProblem("paused"), State.FAILED, "TemplateProblem"),
        (RecipientOptedOut("stopped", code="131050"), State.FAILED, "131050"),
        (Uncertain("no answer"), State.UNKNOWN, "Uncertain"),
        (Stale(), State.QUEUED, ""),
        (Unavailable("down"), State.QUEUED, ""),
        (Throttled("slow", after=9.0), State.QUEUED, ""),
        (BadConfig("token revoked"), State.QUEUED, ""),
        (HubError("something new"), State.UNKNOWN, "HubError"),
    ],
)
def test_ending_of_a_send_leads_to_its_state(shop: Shop, result: Result, state: State, reason: str) -> None:
    row = outcome(shop, result)
    assert (row.state, row.reason) == (state, reason)


def test_receipt_is_kept_sealed_and_found_by_its_reference(shop: Shop) -> None:
    row = outcome(shop, Receipt("wamid.HBgNNDkxNTExMjM0NTY3MRUC"))
    assert row.provider_id is not None
    assert b"wamid" not in row.provider_id
    assert row.reference == shop.world.vault.reference(shop.controller.id, "wamid.HBgNNDkxNTExMjM0NTY3MRUC")


def test_stale_authorisation_is_given_anew_at_once(shop: Shop) -> None:
    row = outcome(shop, Stale())
    assert row.attempts == 0
    again = shop.claim_one()
    assert again.outgoing.id == row.id
    assert again.decision_id != row.decision_id


def test_unavailable_waits_longer_each_time_and_gives_up_after_eight(shop: Shop) -> None:
    shop.reach(ANNA)
    waits = []
    for _ in range(8):
        sent = shop.claim_one().outgoing.id
        shop.settle({sent: Unavailable("down")})
        row = shop.message(sent)
        assert row.next_attempt_at is not None
        waits.append(round((row.next_attempt_at - row.changed_at).total_seconds()))
        shop.clock.advance(timedelta(hours=1))
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256]
    assert (row.state, row.reason) == (State.FAILED, "Unavailable")
    assert not shop.claim()


@pytest.mark.parametrize(
    ("scope", "sender_rests"), [(Throttle.SENDER, True), (Throttle.ACCOUNT, True), (Throttle.PAIR, False)]
)
def test_throttle_rests_whom_it_names_and_costs_no_attempt(shop: Shop, scope: Throttle, sender_rests: bool) -> None:
    row = outcome(shop, Throttled("slow", after=9.0, scope=scope))
    assert row.attempts == 0
    with shop.world.db.read() as session:
        pause = dispatch.pause_of(session, now_of(shop), shop.world.now())
    assert (8 < pause <= 9) if sender_rests else pause == 0
    assert not shop.claim(), "not before the wait is over"
    shop.clock.advance(10 * timedelta(seconds=1))
    assert len(shop.claim()) == 1


def test_bad_config_rests_the_account_until_a_human_acts(shop: Shop, jobs: Jobs) -> None:
    outcome(shop, BadConfig("token revoked"))
    shop.clock.advance(timedelta(days=1))
    assert jobs.dispatcher.drain(shop.sender.id) == 0
    with shop.world.db.read() as session:
        assert session.get_one(Connection, shop.provider.id).paused_why == "token revoked"
    assert not shop.loft.sent


def test_opt_out_as_an_answer_is_an_objection_for_everybody(shop: Shop) -> None:
    outcome(shop, RecipientOptedOut("stopped", code="131050"))
    assert [s.kind for s in shop.stops(phone(ANNA))] == ["platform_preference"]
    assert ("1", "withdrawal", "stopped", "SUPPRESSED_PLATFORM_PREFERENCE") in shop.reports()


# unknown


def test_unknown_is_never_sent_again_and_a_status_resolves_it(shop: Shop) -> None:
    row = outcome(shop, Uncertain("no answer"))
    shop.clock.advance(timedelta(days=2))
    assert not shop.claim()
    shop.hear(StatusChanged(Status.DELIVERED, shop.world.now(), message_id=row.id))
    assert shop.message(row.id).state == State.DELIVERED


def test_late_receipt_of_an_unknown_message_still_counts(shop: Shop) -> None:
    row = outcome(shop, Uncertain("no answer"))
    shop.settle({row.id: Receipt("wamid.1")})
    assert shop.message(row.id).state == State.ACCEPTED


def test_late_failure_does_not_undo_what_a_status_said(shop: Shop) -> None:
    row = outcome(shop, Uncertain("no answer"))
    shop.hear(StatusChanged(Status.READ, shop.world.now(), message_id=row.id))
    for result in (Unavailable("down"), RecipientUnreachable("gone"), Uncertain("no answer"), Stale()):
        shop.settle({row.id: result})
    assert shop.message(row.id).state == State.READ


def test_sends_of_a_dead_dispatcher_become_unknown_and_are_reported(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    (first,) = shop.claim(1, "dead")
    (mine,) = shop.claim(1, "alive")
    with shop.write() as session:
        assert dispatch.orphans(shop.world, session, now_of(shop), "alive") == 1
    assert (shop.message(first.outgoing.id).state, shop.message(first.outgoing.id).reason) == ("unknown", "interrupted")
    assert shop.message(mine.outgoing.id).state == State.AUTHORISED
    assert ("1", "status", "unknown", "interrupted") in shop.reports()


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
    assert leases.take(shop.world, f"sender:{shop.sender.id}", "another process", 30.0)
    assert jobs.dispatcher.drain(shop.sender.id) == 0
    assert not shop.loft.sent


def test_throttled_dispatcher_stops_claiming(shop: Shop, jobs: Jobs) -> None:
    shop.loft.fly = raising(Throttled("slow", after=60.0))
    shop.reach(*(number(index) for index in range(20)))
    jobs.dispatcher.drain(shop.sender.id)
    assert len(shop.loft.sent) <= 8, "one batch of a tenth of the rate"
    assert {row.state for row in shop.campaign_messages()} == {State.QUEUED}
    assert OFFER.name
