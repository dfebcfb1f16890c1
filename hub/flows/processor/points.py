# SPDX-License-Identifier: Apache-2.0
"""The questions that a file on a provider answers, each with its source. A closed list, in the order of the form."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from hub.contract import Topic


@dataclass(frozen=True, slots=True)
class Point:
    """One question. `needed`: it must be answered with ok before the file can be approved; `spare`: or with na."""

    id: str
    section: str
    topic: Topic  # where what is publicly known of it stands
    source: str  # the statute that asks
    en: str
    de: str
    needed: bool = False
    spare: bool = False


def _read() -> dict[str, Point]:
    table = tomllib.loads((files("hub.flows.processor") / "points.toml").read_text("utf-8"))
    return {name: Point(id=name, **{**one, "topic": Topic(one["topic"])}) for name, one in table.items()}


POINTS = _read()
