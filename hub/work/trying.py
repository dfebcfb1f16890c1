# SPDX-License-Identifier: Apache-2.0
"""Reading a CRM's first records to see what fields hold and what a mapping of them would mean. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.bridge import Bridge
from hub.contract import ContactSnapshot, Crm
from hub.flows import trial
from hub.flows.mappings import Mapped
from hub.flows.trial import READ, Sample, Trial
from hub.flows.world import World
from hub.store.tables import Controller


def try_mapping(world: World, bridge: Bridge, controller: Controller, crm: Crm[Any], mapped: Mapped) -> Trial:
    """What a sample of the records would mean. Raises what the CRM's plugin raises."""
    crm.asked = mapped.mapping.properties
    sample = Sample(mapped.mapping)
    for page in bridge.iterate(crm.contacts(None)):
        sample.add(world, page)
        if sample.full:
            break
    with world.db.read() as session:
        return trial.conclude(world, session, controller, mapped, sample.items, sample.read)


def vocabulary(bridge: Bridge, crm: Crm[Any], names: Sequence[str]) -> dict[str, list[str]]:
    """The values that some fields hold in the first records. Raises what the CRM's plugin raises."""
    crm.asked = tuple(dict.fromkeys(names))
    items: list[ContactSnapshot] = []
    for page in bridge.iterate(crm.contacts(None)) if names else ():
        items += page.items
        if len(items) >= READ:
            break
    return trial.vocabulary(items, crm.asked)
