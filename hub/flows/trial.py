# SPDX-License-Identifier: Apache-2.0
"""What a mapping would mean, tried on records of the CRM before it counts. Nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlmodel import Session

from hub.contract import ContactSnapshot, Page
from hub.flows import contacts, facts, gate, imports
from hub.flows.mappings import Mapped
from hub.flows.points import Located, read_number
from hub.flows.world import World
from hub.law import imported
from hub.law.facts import Person, Phase
from hub.law.mapping import Mapping, Says, read
from hub.store.tables import Controller

MOST = 100  # records of a sample
READ = 1000  # records looked at to find those that say something


class Means(StrEnum):
    """What one record would come to."""

    CONSENT = "consent"  # all of its proof is there
    CLAIM = "claim"  # it says yes, and cannot prove it
    OPT_OUT = "opt_out"
    NOTHING = "nothing"
    UNUSABLE = "unusable"  # no number that can be written to


@dataclass(frozen=True, slots=True)
class Tried:
    """One record: `codes` say why a yes stays a claim, `why` what is wrong with a number. Never the number itself."""

    record: str = field(repr=False)
    row: int | None
    means: Means
    codes: tuple[str, ...] = ()
    why: str = ""


@dataclass(slots=True)
class Trial:
    """A sample and what it means. `read` records were looked at for it; `lacks` counts codes, several per record."""

    read: int = 0
    records: list[Tried] = field(default_factory=list)
    bases: Counter[str] = field(default_factory=Counter)

    def of(self, means: Means) -> int:
        return sum(one.means is means for one in self.records)

    @property
    def means(self) -> dict[Means, int]:
        return {means: self.of(means) for means in Means}

    @property
    def lacks(self) -> Counter[str]:
        return Counter(code for one in self.records for code in one.codes)


@dataclass(slots=True)
class Sample:
    """Up to `MOST` records of a CRM, first those that say yes or no, so that a preview shows more than empty fields."""

    mapping: Mapping
    read: int = 0
    speaking: list[ContactSnapshot] = field(default_factory=list)
    silent: list[ContactSnapshot] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return len(self.speaking) >= MOST or self.read >= READ

    @property
    def items(self) -> list[ContactSnapshot]:
        return [*self.speaking, *self.silent][:MOST]

    def add(self, world: World, page: Page[ContactSnapshot]) -> None:
        for item in page.items:
            if self.full:
                return
            if item.deleted:
                continue
            self.read += 1
            into = self.speaking if _speaks(self.mapping, item, world) else self.silent
            into.append(item)


def _speaks(mapping: Mapping, item: ContactSnapshot, world: World) -> bool:
    if mapping.consent is None:
        return bool(item.evidence)
    return read(mapping, dict(item.evidence), world.now()).says is not Says.UNKNOWN


def conclude(
    world: World, session: Session, controller: Controller, mapped: Mapped, items: Sequence[ContactSnapshot], read: int
) -> Trial:
    """What these records would mean now."""
    trial = Trial(read)
    for item in items:
        trial.records.append(_tried(world, session, controller, mapped, item, trial.bases))
    return trial


def _tried(
    world: World,
    session: Session,
    controller: Controller,
    mapped: Mapped,
    item: ContactSnapshot,
    bases: Counter[str],
) -> Tried:
    located = read_number(item.phone, item.country or controller.country)
    if not isinstance(located, Located):
        return Tried(item.record, item.row, Means.UNUSABLE, why=located)
    told = imports.opt_in(mapped, imports.reading(world, mapped, item), item, located, controller.country)
    if told.reading.basis is not None:
        bases[told.reading.basis] += 1
    if told.reading.says is not Says.YES:
        silent = told.reading.says is Says.UNKNOWN
        return Tried(item.record, item.row, Means.NOTHING if silent else Means.OPT_OUT)
    case = gate.put(world, controller, Phase.SYNC_IN, _person(world, session, controller, located))
    codes = told.lacks(case) or (("CLAIM_CONFLICT",) if imported.held_by(case, told.text) else ())
    return Tried(item.record, item.row, Means.CLAIM if codes else Means.CONSENT, codes)


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


def vocabulary(items: Iterable[ContactSnapshot], names: Sequence[str]) -> dict[str, list[str]]:
    """The values that fields hold, the most frequent first: those of two records or more. What only one person has may
    be a name or an address, and nobody needs to see it here."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    for item in items:
        for name, value in item.evidence:
            if name in counts:
                counts[name][value.strip()] += 1
    return {
        name: [value for value, times in found.most_common(_WORDS) if times > 1 and len(value) <= _LONGEST]
        for name, found in counts.items()
    }


_WORDS, _LONGEST = 20, 100
