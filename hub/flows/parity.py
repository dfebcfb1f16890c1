# SPDX-License-Identifier: Apache-2.0
"""Do two provider accounts have the same templates? What a switch would send must be there, and be the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from hub.contract import BadInput, TemplateState
from hub.store.tables import TemplateRow

Named = tuple[str, str]  # name, language
_PLACE = re.compile(r"\{\{\s*\w+\s*\}\}")


@dataclass(frozen=True, slots=True)
class Pair:
    """A template here and there. `problem`: why it cannot stand in; `differs`: what a person should compare."""

    here: Named
    there: Named
    problem: str = ""
    differs: str = ""


def mapping(given: Iterable[str]) -> dict[Named, Named]:
    """`NAME/LANGUAGE=NAME/LANGUAGE`, as on the command line. Raises `BadInput`."""
    found = {}
    for one in given:
        here, equals, there = one.partition("=")
        names = [tuple(side.rpartition("/")[::2]) for side in (here, there)]
        if not equals or not all(all(name) for name in names):
            raise BadInput(f"{one!r} is incomplete", field="map", remedy="Write NAME/LANGUAGE=NAME/LANGUAGE.")
        (a, b), (c, d) = names
        found[a, b] = (c, d)
    return found


def compare(
    session: Session, from_connection: str, to_connection: str, wanted: Iterable[Named], named: Mapping[Named, Named]
) -> list[Pair]:
    """Each wanted template beside the one that would stand in for it."""
    return [_pair(session, from_connection, to_connection, one, named.get(one, one)) for one in wanted]


def _pair(session: Session, from_connection: str, to_connection: str, here: Named, there: Named) -> Pair:
    old = session.get(TemplateRow, (from_connection, *here))
    new = session.get(TemplateRow, (to_connection, *there))
    if new is None:
        return Pair(here, there, problem="is not there; create it, then `hub templates read`")
    if new.state != TemplateState.APPROVED:
        return Pair(here, there, problem=f"is {new.state} there")
    if old is None:
        return Pair(here, there, problem="is not known here any more, so nothing can be compared")
    if new.category != old.category:
        return Pair(here, there, problem=f"is {new.category} there and {old.category} here")
    if len(new.parameters) != len(old.parameters):
        return Pair(here, there, problem=f"has {len(new.parameters)} parameters there and {len(old.parameters)} here")
    if _plain(new) != _plain(old):
        return Pair(here, there, differs="the text or the buttons differ")
    return Pair(here, there)


def _plain(row: TemplateRow) -> tuple[str, tuple[str, ...]]:
    """What people read; vendors name placeholders differently."""
    return _PLACE.sub("{{}}", row.text).strip(), tuple(row.buttons)
