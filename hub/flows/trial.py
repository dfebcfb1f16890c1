# SPDX-License-Identifier: Apache-2.0
"""What a mapping would mean, tried on records of the CRM before it counts. Nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from hub.contract import ContactSnapshot
from hub.flows import contacts, facts, gate, imports
from hub.flows.mappings import Mapped
from hub.flows.points import Located, read_number
from hub.flows.world import World
from hub.law import imported
from hub.law.facts import Person, Phase
from hub.law.mapping import Says
from hub.store.tables import Controller

MOST = 100


@dataclass(slots=True)
class Trial:
    """Counts of records. `proven` would become consent; `lacks` counts reason codes, several per record."""

    seen: int = 0
    unusable: int = 0  # no number that can be written to
    says: Counter[str] = field(default_factory=Counter)
    bases: Counter[str] = field(default_factory=Counter)
    proven: int = 0
    lacks: Counter[str] = field(default_factory=Counter)


def count(
    world: World,
    session: Session,
    controller: Controller,
    mapped: Mapped,
    items: Sequence[ContactSnapshot],
    trial: Trial,
) -> None:
    """Add some records to a trial."""
    for item in items:
        trial.seen += 1
        located = read_number(item.phone, item.country or controller.country)
        if not isinstance(located, Located):
            trial.unusable += 1
            continue
        told = imports.opt_in(mapped, imports.reading(world, mapped, item), item, located, controller.country)
        trial.says[told.reading.says] += 1
        if told.reading.basis is not None:
            trial.bases[told.reading.basis] += 1
        if told.reading.says is not Says.YES:
            continue
        case = gate.put(world, controller, Phase.SYNC_IN, _person(world, session, controller, located))
        codes = told.lacks(case) or (("CLAIM_CONFLICT",) if imported.held_by(case, told.text) else ())
        trial.lacks.update(codes)
        trial.proven += not codes


def _person(world: World, session: Session, controller: Controller, located: Located) -> Person:
    """Who is known by that number, else what is known of the number alone."""
    point = contacts.find_point(world, session, controller, located.point)
    if point is not None:
        return facts.people(session, controller, [point.id], world.now())[point.id]
    tokens = world.vault.tokens(controller.id, located.point)
    known = facts.permission(session, controller, tokens)
    return Person(
        id="",
        erased=bool(known.tombstones),
        stops=tuple(stop for token in tokens for stop in known.stops.get(token, ())),
        countries=facts.countries("", False, [(located.point.kind, located.country)]),
    )
