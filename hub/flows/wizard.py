# SPDX-License-Identifier: Apache-2.0
"""What a dialogue about a CRM's consent fields needs, on the command line as in the console: which fields there are,
which are likely, which texts are registered; and answers made a mapping's file."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tomli_w
from sqlmodel import Session, col, select

from hub.contract import BadInput, Property
from hub.flows import mappings
from hub.flows.candidates import PARTS, propose
from hub.law.mapping import Mapping
from hub.store.tables import Controller, Wording

Parts = dict[str, dict[str, Any]]  # of a mapping, as its file has them


@dataclass(frozen=True, slots=True)
class Ground:
    """What can be answered. `present` is the mapping that counts now, if it can be read."""

    properties: tuple[Property, ...]
    wordings: tuple[Wording, ...]
    present: Mapping | None

    def proposed(self, part: str) -> tuple[Property, ...]:
        """The likeliest first; before them the one that is mapped now."""
        mapped = self.present.parts.get(part) if self.present else None
        now = [one for one in self.properties if mapped and one.name == mapped.property]
        return (*now, *(one for one in propose(part, self.properties) if one not in now))

    def property(self, name: str) -> Property:
        """Also one that the CRM did not list, where it lists none."""
        return next((one for one in self.properties if one.name == name), Property(name))


def ground(session: Session, controller: Controller, connection_id: str, properties: Sequence[Property]) -> Ground:
    """`properties` as the CRM lists them just now."""
    mine = select(Wording).where(Wording.controller_id == controller.id)
    wordings = session.exec(mine.order_by(col(Wording.version).desc())).all()
    row = mappings.latest(session, connection_id)
    present = None
    if row is not None and row.text:
        try:
            present = mappings.read(row.text)
        except BadInput:  # of an older hub: to be made anew
            present = None
    return Ground(tuple(sorted(properties, key=lambda one: one.name.casefold())), tuple(wordings), present)


def compose(parts: Lookup[str, Lookup[str, Any]]) -> str:
    """The file that says this. Raises `BadInput` naming the part and field that cannot be understood."""
    named = {part: dict(parts[part]) for part in PARTS if parts.get(part, {}).get("property")}
    text = tomli_w.dumps(named)
    mappings.read(text)
    return text


def always(flag: Lookup[str, Any], meaning: str) -> dict[str, Any]:
    """A part that says the same of every yes, where the CRM keeps no field for it: read from the yes itself."""
    return {"property": flag.get("property", ""), "values": dict.fromkeys(flag.get("yes", ()), meaning)}
