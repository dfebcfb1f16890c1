# SPDX-License-Identifier: Apache-2.0
"""Campaigns of the fault lab that the hub itself stages: their audience is a range of people."""

from __future__ import annotations

from hub.flows import steering
from hub.store.tables import Campaign
from hub.testing.lab import Lab, number


def draft(lab: Lab, title: str = "faults", first: int = 0, last: int | None = None) -> Campaign:
    """Not started yet. For people `first` up to, not with, `last`; everybody, unless said otherwise."""
    return lab.draft(title, f"{first}:{lab.people if last is None else last}")


def launch(lab: Lab, campaign: Campaign) -> None:
    """Let it run: the schedule has it staged."""
    with lab.world.db.write() as session:
        steering.start(lab.world, session, session.get_one(Campaign, campaign.id))


def tokens(lab: Lab, first: int, last: int) -> frozenset[str]:
    """Who these people are in the hub's database."""
    return frozenset(lab.token(number(index)) for index in range(first, last))
