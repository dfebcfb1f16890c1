# SPDX-License-Identifier: Apache-2.0
"""What is new on a page: a record that says what it said before is known by its fingerprint, and left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from hub.contract import Claim, ContactSnapshot
from hub.flows import imports
from hub.flows.admission import Record, place_of
from hub.flows.mappings import Mapped
from hub.flows.points import read_number
from hub.flows.world import World
from hub.law.mapping import Reading
from hub.store.ledger import digest
from hub.store.tables import Controller


@dataclass(slots=True)
class Read:
    """A batch, read. `deleted`: records that the CRM has no more. `unusable`: place and reason."""

    fresh: list[Record] = field(default_factory=list)
    unchanged: int = 0
    deleted: list[str] = field(default_factory=list)
    unusable: list[tuple[str, str]] = field(default_factory=list)


class Reader:
    """Reads records for one controller, with what the admin approved as the meaning of its CRM's fields."""

    def __init__(self, world: World, controller: Controller, mapped: Mapped | None) -> None:
        self._world, self._id, self._home, self._mapped = world, controller.id, controller.country, mapped

    def read(self, items: Iterable[ContactSnapshot], stored: Mapping[str, Any]) -> Read:
        """`stored` are the rows of those records that the hub holds, by record."""
        found = Read()
        for item in items:
            before = stored.get(item.record)
            if item.deleted:
                found.deleted.append(item.record)
                continue
            reading = imports.reading(self._world, self._mapped, item) if self._mapped else None
            if self._mapped and reading:
                item = replace(item, claims=(*item.claims, *imports.claims(self._mapped, reading)))
            fingerprint = self._fingerprint(item)
            if before is not None and before.fingerprint == fingerprint:
                found.unchanged += 1
                continue
            record = self._record(item, reading, fingerprint)
            if isinstance(record, str):
                found.unusable.append((place_of(item), record))
            else:
                found.fresh.append(record)
        return found

    def _fingerprint(self, item: ContactSnapshot) -> str:
        """Of all that is looked at, as it stands in the CRM; under the newest key of the ring."""
        said = [
            (one.kind, one.source_field, one.channel, one.purpose, one.claimed_at, one.evidence, one.limited)
            for one in item.claims
        ]
        by = (item.evidence, self._mapped.id) if self._mapped else ()
        body = (item.phone, item.country, self._home, item.residence_stated, said, item.properties, *by)
        return self._world.vault.reference(self._id, digest(orjson.dumps(body)))

    def _record(self, item: ContactSnapshot, reading: Reading | None, fingerprint: str) -> Record | str:
        """Or why its number cannot be used."""
        located = read_number(item.phone, item.country or self._home)
        if isinstance(located, str):
            return located
        told = imports.opt_in(self._mapped, reading, item, located, self._home) if self._mapped and reading else None
        tokens = self._world.vault.tokens(self._id, located.point)
        claims = [_stored(claim) for claim in item.claims]
        return Record(item, located, tokens[0], tokens, claims, fingerprint, told)


def _stored(claim: Claim) -> dict[str, Any]:
    return {
        "kind": claim.kind,
        "source_field": claim.source_field,
        "channel": claim.channel,
        "purpose": claim.purpose,
        "claimed_at": claim.claimed_at.isoformat() if claim.claimed_at else None,
        "evidence": claim.evidence,
        "limited": claim.limited,
    }
