# SPDX-License-Identifier: Apache-2.0
"""A CRM workflow asks for one message: sent once, judged like any other, and the workflow learns what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.contract import Event, Option, Purpose, Receipt, SendRequested, TemplateContent
from hub.flows import inbound, workflows
from hub.flows.inbound import Applied
from hub.flows.states import State
from hub.law.reasons import REASONS
from hub.store.tables import Connection, LedgerRow, MessageRow, ReportRow, WorkflowRequest
from hub.work.jobs import Jobs
from tests.carriers import OFFER
from tests.making import ANNA, CONSENT, TOPIC, Shop, person, phone

pytest_plugins = ["tests.shops"]

NOON = timedelta(hours=12)


def wants(shop: Shop, event: str = "run-1", record: str = "1", **changes: object) -> SendRequested:
    asked = SendRequested(
        event,
        record,
        OFFER.name,
        Purpose.MARKETING,
        shop.world.now(),
        topic=TOPIC,
        parameters=(("1", "Anna"),),
        callback="call-1",
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def hear(shop: Shop, *events: Event) -> Applied:
    with shop.write() as session:
        return inbound.apply(shop.world, session, session.get_one(Connection, shop.crm.id), events)


def at_noon(shop: Shop) -> None:
    """Advertising by a workflow keeps quiet hours, and tests run at night too."""
    now: datetime = shop.world.now()
    shop.clock.advance(now.replace(hour=11, minute=0) + timedelta(days=1) - now)


@pytest.fixture
def anna(shop: Shop) -> Shop:
    """She consented, and is record 1."""
    at_noon(shop)
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    return shop


def answers(shop: Shop) -> list[tuple[str, str, str, str]]:
    rows = [row for row in shop.rows(ReportRow) if row.kind in ("status", "refused")]
    return [(row.record, row.status, row.reason, row.callback) for row in sorted(rows, key=lambda row: row.rank)]


def test_workflow_gets_its_message_and_learns_that_it_was_taken(anna: Shop, jobs: Jobs) -> None:
    assert hear(anna, wants(anna)).senders == {anna.sender.id}
    sent = anna.claim_one().outgoing
    assert sent.content == TemplateContent(OFFER.name, OFFER.language, (("1", "Anna"),))
    anna.settle({sent.id: Receipt("wamid.1")})
    assert answers(anna) == [("1", "accepted", "", "call-1")]
    jobs.report(anna.crm.id)
    assert [report.callback for report in anna.paper.told if report.status == "accepted"] == ["call-1"]


def test_workflow_that_asks_again_gets_one_message(anna: Shop) -> None:
    hear(anna, wants(anna))
    hear(anna, wants(anna), wants(anna))
    assert len(anna.rows(MessageRow)) == len(anna.rows(WorkflowRequest)) == 1
    hear(anna, wants(anna, "run-2"))
    assert len(anna.rows(MessageRow)) == 2


def test_workflow_for_somebody_without_consent_learns_why_nothing_is_sent(shop: Shop) -> None:
    at_noon(shop)
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    shop.stop(phone(ANNA))
    shop.claim()  # the confirmation
    hear(shop, wants(shop))
    assert shop.claim() == []
    ((record, status, reason, callback),) = answers(shop)
    assert (record, status, callback) == ("1", "refused", "call-1")
    assert reason.startswith("SUPPRESSED_")


def test_workflow_faster_than_the_sync_waits_for_it(shop: Shop) -> None:
    at_noon(shop)
    shop.agree(phone(ANNA))
    early = wants(shop)
    applied = hear(shop, early)
    assert applied.early == (early,)
    assert applied.sync
    assert shop.rows(WorkflowRequest) == []
    shop.sync(person("1", ANNA, CONSENT))
    assert hear(shop, early).early == ()
    assert len(shop.claim()) == 1


def test_workflow_for_a_record_that_never_comes_is_refused(shop: Shop) -> None:
    asked = wants(shop)
    shop.clock.advance(workflows.PATIENCE)
    assert hear(shop, asked).early == ()
    assert answers(shop) == [("1", "refused", "SUBJECT_UNRESOLVED", "call-1")]
    (event,) = shop.events("workflow_refused")
    assert isinstance(event, LedgerRow)
    assert shop.proven()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"purpose": "FUN"}, "PURPOSE_UNKNOWN"),
        ({"topic": ""}, "CONSENT_TOPIC_NOT_COVERED"),
        ({"template": "unheard"}, "PLATFORM_TEMPLATE_INVALID"),
        ({"template": f"{OFFER.name}/fr"}, "PLATFORM_TEMPLATE_INVALID"),
        ({"parameters": (("1", "  "),)}, "PLATFORM_TEMPLATE_INVALID"),
    ],
)
def test_workflow_that_asks_wrongly_is_refused_with_a_reason(
    anna: Shop, changes: dict[str, object], reason: str
) -> None:
    hear(anna, wants(anna, **changes))
    assert anna.rows(MessageRow) == []
    assert answers(anna) == [("1", "refused", reason, "call-1")]
    assert reason in {one.code for one in REASONS}


def test_advertising_by_a_workflow_keeps_quiet_hours(anna: Shop) -> None:
    anna.clock.advance(NOON)  # about midnight in Germany
    hear(anna, wants(anna))
    assert anna.claim() == []
    row = anna.only(MessageRow)
    assert (row.state, row.reason) == (State.HELD, "POLICY_QUIET_HOURS")
    assert answers(anna) == []  # it may still be sent: the workflow waits
    anna.clock.advance(NOON)
    assert len(anna.claim()) == 1


def test_options_are_what_the_account_has(shop: Shop) -> None:
    with shop.world.db.read() as session:
        offered = workflows.options(session, shop.crm)
    assert offered.templates == (Option(f"{OFFER.name}/{OFFER.language}", f"{OFFER.name} ({OFFER.language})"),)
    assert Purpose.MARKETING in {one.value for one in offered.purposes}
    assert Purpose.OPT_OUT_CONFIRMATION not in {one.value for one in offered.purposes}
    assert [one.value for one in offered.topics] == [TOPIC]


def test_consent_goes_to_every_crm_that_knows_the_person(shop: Shop) -> None:
    shop.sync(person("1", ANNA, CONSENT), person("2", ANNA, CONSENT))
    shop.agree(phone(ANNA))
    given = [(row.record, row.kind, row.status, row.basis) for row in shop.rows(ReportRow)]
    assert sorted(given) == [("1", "consent", "given", "CONSENT"), ("2", "consent", "given", "CONSENT")]
    (event,) = shop.events("consent_given")
    assert {row.evidence for row in shop.rows(ReportRow)} == {event.id}
