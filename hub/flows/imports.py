# SPDX-License-Identifier: Apache-2.0
"""A record read by the approved mapping: what it claims, and what its yes lacks to be proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.contract import Channel, Claim, ClaimKind, ContactSnapshot
from hub.flows import facts
from hub.flows.mappings import Mapped
from hub.flows.points import Located, read_number
from hub.flows.world import World
from hub.law import imported
from hub.law.facts import Case, WordingFacts
from hub.law.mapping import Reading, Says, read
from hub.store.tables import Wording


@dataclass(frozen=True, slots=True)
class OptIn:
    """A record's consent as mapped. `same_point`: was it given for the record's own number; None: it does not say."""

    reading: Reading
    same_point: bool | None
    wording: Wording | None

    @property
    def yes(self) -> bool:
        return self.reading.says is Says.YES

    @property
    def text(self) -> WordingFacts | None:
        return facts.wording_facts(self.wording) if self.wording else None

    def lacks(self, case: Case) -> tuple[str, ...]:
        """Reason codes; empty when all of its proof is there."""
        return imported.lacks(case, self.reading, self.text, self.same_point)


def reading(world: World, mapped: Mapped, item: ContactSnapshot) -> Reading:
    """What a record says, by the mapping."""
    return read(mapped.mapping, dict(item.evidence), world.now())


def opt_in(mapped: Mapped, reading: Reading, item: ContactSnapshot, located: Located, region: str) -> OptIn:
    """The same, of a record whose number is `located`; national numbers in it are of `region`."""
    point = read_number(reading.point, item.country or region)
    same = point.point.value == located.point.value if isinstance(point, Located) else None
    return OptIn(reading, same, mapped.wordings.get(reading.wording))


def claims(mapped: Mapped, reading: Reading) -> list[Claim]:
    """What the record says, in the words of claims. A no is dated when we see it: the mapped time is that of a yes."""
    mapping = mapped.mapping
    channel = Channel(reading.channel) if mapping.channel and reading.channel in set(Channel) else None
    found = []
    if mapping.consent and reading.says is Says.YES:
        found.append(Claim(ClaimKind.CONSENT, mapping.consent.property, channel, claimed_at=reading.at))
    if mapping.consent and reading.says is Says.NO:
        found.append(Claim(ClaimKind.OPT_OUT, mapping.consent.property, channel))
    if mapping.basis and reading.basis is not None:
        found.append(Claim(reading.basis, mapping.basis.property))
    return found


def weigh(mapped: Mapped, stored: Sequence[dict[str, Any]], told: OptIn, case: Case) -> None:
    """Note on a record's mapped yes, in its claims as they are stored, what it lacks."""
    if not told.yes or mapped.mapping.consent is None:
        return
    for claim in stored:
        if claim["kind"] == ClaimKind.CONSENT and claim["source_field"] == mapped.mapping.consent.property:
            claim["lacks"] = list(told.lacks(case))
