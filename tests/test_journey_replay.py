# SPDX-License-Identifier: Apache-2.0
"""Every decision of a whole campaign, with people stopping while it runs, is made again and comes out the same."""

from __future__ import annotations

import pytest
from sqlmodel import col, func, select

from hub.flows.replay import replay
from hub.settings import Settings
from hub.store.tables import DecisionRow
from hub.testing.journey import Journey

pytestmark = pytest.mark.timeout(180)


def test_every_decision_of_a_campaign_comes_out_the_same_again(backend: Settings) -> None:
    with Journey(backend, contacts=120, seed=7) as way:
        way.connect()
        way.history()
        way.sync()
        way.draft()
        way.start()
        way.inject_stops(3)
        way.finish()
        asked = select(DecisionRow.verdict, func.count()).where(col(DecisionRow.phase).in_(["stage", "transmit"]))
        with way.world.db.read() as session:
            verdicts = dict(session.exec(asked.group_by(DecisionRow.verdict)).all())
        tally = replay(way.world.db, way.controller.id)
    assert verdicts["ALLOW"] > 20
    assert verdicts["DENY"] > 20
    assert (tally.decisions, tally.same) == (sum(verdicts.values()), sum(verdicts.values()))
    assert not tally.unreadable
