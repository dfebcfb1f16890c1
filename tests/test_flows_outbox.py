# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hub.contract import Outcome, ReportKind
from hub.flows import outbox
from hub.flows.outbox import Waiting
from hub.store.tables import Connection
from hub.work.jobs import Jobs
from tests.making import ANNA, CONSENT, Shop, person, phone

pytest_plugins = ["tests.shops"]


def waiting(shop: Shop) -> list[Waiting]:
    with shop.world.db.read() as session:
        return outbox.waiting(session, shop.controller)


def test_withdrawal_stays_visible_until_the_crm_confirmed_it(shop: Shop, jobs: Jobs) -> None:
    shop.sync(person("1", ANNA, CONSENT))
    assert waiting(shop) == []
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    assert [(one.kind, one.pending, one.failed) for one in waiting(shop)] == [
        (ReportKind.WITHDRAWAL, 1, 0),
        (ReportKind.CONSENT, 1, 0),
    ]
    shop.paper.reply = lambda report: Outcome(report.key, "record is locked")
    jobs.report(shop.crm.id)
    assert [(one.pending, one.failed, one.error) for one in waiting(shop)] == [(0, 1, "record is locked")] * 2
    with shop.write() as session:
        assert outbox.retry(shop.world, session, session.get_one(Connection, shop.crm.id)) == 2
    shop.paper.reply = lambda report: Outcome(report.key)
    assert jobs.report(shop.crm.id) == 2
    assert waiting(shop) == []
