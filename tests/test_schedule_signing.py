# SPDX-License-Identifier: Apache-2.0
"""The schedule signs what has ended, without being asked."""

from __future__ import annotations

from datetime import timedelta

from hub.flows.world import World
from hub.store.tables import DailyRoot
from hub.work.crew import Crew
from hub.work.schedule import Schedule
from tests.making import ANNA, Shop, phone


def test_schedule_signs_a_day_once_it_has_ended(world: World) -> None:
    shop = Shop(world)
    with Crew(world, works=False, schedules=False) as crew:
        schedule = Schedule(world, crew.nudges)
        shop.agree(phone(ANNA))
        schedule.sign()
        assert shop.rows(DailyRoot) == []
        shop.clock.advance(timedelta(days=1))
        schedule.sign()
        schedule.sign()
    assert len(shop.rows(DailyRoot)) == 1
