# SPDX-License-Identifier: Apache-2.0
"""What goes back to the CRM: withdrawals first, one outcome per record, and every failure tried again for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.contract import BadConfig, Outcome, Receipt, Report, ReportKind, Status, StatusChanged, Throttled
from hub.flows import handover, reports
from hub.store.tables import Connection, ReportRow
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CONSENT, SECOND, Shop, number, person, phone, raising

pytest_plugins = ["tests.shops"]


def one_report(shop: Shop) -> None:
    """A withdrawal, since that is the smallest piece of news."""
    shop.sync(person("17", ANNA, CONSENT))
    shop.stop(phone(ANNA))


def test_withdrawals_go_first_then_what_happened_in_its_order(shop: Shop, jobs: Jobs) -> None:
    shop.reach(ANNA, BEN)
    for cleared in shop.claim():
        shop.settle({cleared.outgoing.id: Receipt(f"wamid.{cleared.outgoing.id}")})
        shop.hear(StatusChanged(Status.DELIVERED, shop.world.now(), message_id=cleared.outgoing.id))
    shop.clock.advance(SECOND)
    shop.stop(phone(BEN))
    assert jobs.report(shop.crm.id) == 5
    told = [(r.record, r.kind, r.status) for r in shop.paper.told]
    assert told[0] == ("2", ReportKind.WITHDRAWAL, "stopped")
    for record in ("1", "2"):
        mine = [status for who, kind, status in told if who == record and kind is ReportKind.STATUS]
        assert mine == ["accepted", "delivered"]
    assert jobs.report(shop.crm.id) == 0


def test_report_names_campaign_basis_and_reason(shop: Shop, jobs: Jobs) -> None:
    shop.reach(ANNA, BEN)
    shop.file(approve=False)
    shop.claim(1)
    shop.file(approve=True)
    sent = shop.claim_one().outgoing.id
    shop.settle({sent: Receipt("wamid.1")})
    jobs.report(shop.crm.id)
    said = {(r.kind, r.status, r.reason, r.basis, r.campaign) for r in shop.paper.told}
    assert said == {
        (ReportKind.REFUSED, "refused", "PROVIDER_RECORD_INCOMPLETE", "", "Herbst"),
        (ReportKind.STATUS, "accepted", "", "CONSENT", "Herbst"),
    }


def test_status_goes_to_every_record_of_the_person(shop: Shop, jobs: Jobs) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", ANNA, CONSENT))
    shop.stage("1")
    shop.settle({shop.claim_one().outgoing.id: Receipt("wamid.1")})
    jobs.report(shop.crm.id)
    assert [(r.record, r.status) for r in shop.paper.told] == [("1", "accepted"), ("2", "accepted")]


def test_same_news_told_again_adds_nothing(shop: Shop, jobs: Jobs) -> None:
    one_report(shop)
    (row,) = shop.rows(ReportRow)
    jobs.report(shop.crm.id)
    reference, now = row.key.removesuffix(f":{shop.crm.id}:17"), shop.world.now()
    with shop.write() as session:
        reports.tell_withdrawal(session, row.contact_id, reference, row.reason, row.at, now)
    assert shop.only(ReportRow).state == "done"
    assert jobs.report(shop.crm.id) == 0
    assert len(shop.paper.told) == 1


def test_outcome_is_kept_per_record(shop: Shop, jobs: Jobs) -> None:
    shop.sync(*(person(record, ANNA, CONSENT) for record in ("17", "18", "19")))
    shop.stop(phone(ANNA))
    answers = {"17": ("", False), "18": ("record was archived", False), "19": ("locked", True)}

    def reply(report: Report) -> Outcome:
        error, retry = answers[report.record]
        return Outcome(report.key, error, retry)

    shop.paper.reply = reply
    assert jobs.report(shop.crm.id) == 1
    states = {row.record: (row.state, row.error, row.attempts) for row in shop.rows(ReportRow)}
    assert states == {
        "17": ("done", "", 1),
        "18": ("failed", "record was archived", 1),
        "19": ("pending", "locked", 1),
    }


def test_retry_waits_longer_each_time_and_fails_in_the_end(shop: Shop, jobs: Jobs) -> None:
    one_report(shop)
    shop.paper.reply = lambda report: Outcome(report.key, "locked", retry=True)
    waits = []
    for _ in range(12):
        before = shop.world.now()
        jobs.report(shop.crm.id)
        row = shop.only(ReportRow)
        if row.state == "failed":
            break
        waits.append(round((row.next_attempt_at - before).total_seconds()))
        shop.clock.advance(timedelta(hours=2))
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert (row.attempts, row.error, len(shop.paper.told)) == (10, "locked", 10)


def test_plugin_that_forgets_an_outcome_is_asked_again_and_not_at_once(shop: Shop, jobs: Jobs) -> None:
    one_report(shop)
    shop.paper.reply = lambda report: None
    assert jobs.report(shop.crm.id) == 0
    assert len(shop.paper.told) == 1
    shop.paper.reply = lambda report: Outcome(report.key)
    shop.clock.advance(3 * SECOND)
    assert jobs.report(shop.crm.id) == 1


@pytest.mark.parametrize(
    ("error", "wait", "paused"),
    [(Throttled("slow", after=7.0), 7, ""), (BadConfig("token revoked"), 60, "token revoked")],
)
def test_crm_that_refuses_the_call_is_left_alone_for_a_while(
    shop: Shop, jobs: Jobs, error: Throttled | BadConfig, wait: int, paused: str
) -> None:
    one_report(shop)
    shop.paper.reply = raising(error)
    before = shop.world.now()
    assert jobs.report(shop.crm.id) == 0
    with shop.world.db.read() as session:
        crm = session.get_one(Connection, shop.crm.id)
    assert crm.next_report_at is not None
    assert round((crm.next_report_at - before).total_seconds()) == wait
    assert crm.paused_why == paused
    assert (shop.only(ReportRow).state, shop.only(ReportRow).attempts) == ("pending", 0)


def test_many_reports_go_out_in_batches(shop: Shop, jobs: Jobs) -> None:
    people = [person(str(index), number(index % 3), CONSENT) for index in range(230)]
    shop.sync(*people)
    for index in range(3):
        shop.stop(phone(number(index)))
    sizes: list[int] = []
    with shop.world.db.read() as session:
        sizes.append(len(handover.due(shop.world, session, shop.crm.id)))
    assert sizes == [handover.BATCH]
    assert jobs.report(shop.crm.id) == 230
    assert len({r.key for r in shop.paper.told}) == 230
