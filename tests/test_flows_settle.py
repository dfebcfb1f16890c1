# SPDX-License-Identifier: Apache-2.0
"""How a send ends: accepted, refused for good, later, never known. Each ending leads where it should."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.contract import (
    BadConfig,
    HubError,
    Receipt,
    RecipientOptedOut,
    RecipientUnreachable,
    Status,
    StatusChanged,
    TemplateProblem,
    Throttled,
    Unavailable,
    Uncertain,
)
from hub.contract import Scope as Throttle
from hub.flows import dispatch, queue
from hub.flows.settling import Result, Stale
from hub.flows.states import State
from hub.store.ledger import Chain
from hub.store.tables import Connection, MessageRow, Sender
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, Shop, phone

pytest_plugins = ["tests.shops"]


def now_of(shop: Shop) -> Sender:
    with shop.world.db.read() as session:
        return session.get_one(Sender, shop.sender.id)


def outcome(shop: Shop, result: Result) -> MessageRow:
    """What becomes of one message whose send ended so."""
    shop.reach(ANNA)
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: result})
    return shop.message(sent)


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
    for _ in range(7):
        sent = shop.claim_one().outgoing.id
        shop.settle({sent: Unavailable("down")})
        row = shop.message(sent)
        assert row.next_attempt_at is not None
        waits.append(round((row.next_attempt_at - row.changed_at).total_seconds()))
        shop.clock.advance(timedelta(hours=1))
    assert waits == [2, 4, 8, 16, 32, 64, 128]
    shop.settle({shop.claim_one().outgoing.id: Unavailable("down")})
    row = shop.message(sent)
    assert (row.state, row.reason, row.next_attempt_at) == (State.FAILED, "Unavailable", None)
    assert not shop.claim()


@pytest.mark.parametrize(
    ("scope", "sender_rests"), [(Throttle.SENDER, True), (Throttle.ACCOUNT, True), (Throttle.PAIR, False)]
)
def test_throttle_rests_whom_it_names_and_costs_no_attempt(shop: Shop, scope: Throttle, sender_rests: bool) -> None:
    row = outcome(shop, Throttled("slow", after=9.0, scope=scope))
    assert row.attempts == 0
    with shop.world.db.read() as session:
        pause = queue.pause_of(session, now_of(shop), shop.world.now())
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
        chain = Chain(session, shop.controller.id, shop.world.now())
        assert dispatch.orphans(shop.world, session, chain, now_of(shop), "alive") == 1
    assert (shop.message(first.outgoing.id).state, shop.message(first.outgoing.id).reason) == ("unknown", "interrupted")
    assert shop.message(mine.outgoing.id).state == State.AUTHORISED
    assert ("1", "status", "unknown", "interrupted") in shop.reports()
