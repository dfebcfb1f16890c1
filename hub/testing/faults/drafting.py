# SPDX-License-Identifier: Apache-2.0
"""Campaigns of the fault lab that the hub itself stages: their audience is how many people the CRM holds."""

from __future__ import annotations

from hub.contract import Purpose
from hub.flows import campaigns
from hub.store.tables import Campaign
from hub.testing.lab import TEMPLATE, TOPIC, Lab


def draft(lab: Lab, title: str = "faults", audience: str = "") -> Campaign:
    """Not started yet. audience: everybody, unless said otherwise."""
    with lab.world.db.write() as session:
        return campaigns.create(
            lab.world,
            session,
            lab.owner,
            title=title,
            crm=lab.crm,
            audience=audience or str(lab.people),
            sender=lab.sender,
            template=TEMPLATE,
            language="de",
            purpose=Purpose.MARKETING,
            topic=TOPIC,
            parameters={},
        )


def launch(lab: Lab, campaign: Campaign) -> None:
    """Let it run: the schedule has it staged."""
    with lab.world.db.write() as session:
        campaigns.start(lab.world, session, session.get_one(Campaign, campaign.id))
