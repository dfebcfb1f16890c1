# SPDX-License-Identifier: Apache-2.0
"""Providers side by side: what a plugin can do, what is publicly known of its vendor, and what the admin has checked.

What is known and what was checked stand apart: nothing here turns the one into the other.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sqlmodel import Session, select

from hub.contract import Can, Fact, ProcessorProfile, Provider, Topic
from hub.flows.processor import known, standing
from hub.flows.processor.standing import Standing
from hub.flows.world import World
from hub.store.tables import Connection, Controller


@dataclass(frozen=True, slots=True)
class Filed:
    """The admin's file on one account."""

    account: str
    standing: Standing
    connection_id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider. `why_not`: why there is no plugin; then it can nothing here."""

    name: str
    title: str
    why_not: str
    can: frozenset[Can]
    facts: dict[Topic, tuple[Fact, ...]]
    to_verify: tuple[str, ...]
    files: tuple[Filed, ...]

    @property
    def unconfirmed(self) -> tuple[Topic, ...]:
        """Topics on which no vendor's own words are known."""
        return tuple(topic for topic in Topic if not any(one.confirmed for one in self.facts.get(topic, ())))


def compare(world: World, session: Session, controller: Controller | None) -> list[Entry]:
    """Every installed provider, then those without a plugin. Without a controller nobody has a file."""
    installed = [
        _entry(world, session, controller, name, cls)
        for name, cls in sorted(world.registry.connectors.items())
        if issubclass(cls, Provider)
    ]
    have = {entry.name for entry in installed}
    return [*installed, *(one for one in without_plugin() if one.name not in have)]


def _entry(world: World, session: Session, controller: Controller | None, name: str, cls: type[Provider[Any]]) -> Entry:
    mine = select(Connection).where(Connection.connector == name)
    rows = session.exec(mine.where(Connection.controller_id == controller.id)).all() if controller else ()
    files_ = tuple(Filed(row.title, standing.of(session, row.id, world.now()), row.id) for row in rows)
    return Entry(name, cls.title, "", cls.can, _known(cls.profile), cls.profile.to_verify, files_)


def _known(profile: ProcessorProfile) -> dict[Topic, tuple[Fact, ...]]:
    return {topic: found for topic in Topic if (found := known.facts(profile, topic))}


def without_plugin() -> list[Entry]:
    """Providers that were looked at, with the reason why there is no plugin."""
    table = tomllib.loads((files("hub.flows") / "providers_without.toml").read_text("utf-8"))
    return [_without(name, **one) for name, one in table.items()]


def _without(name: str, title: str, why: str, facts: list[dict[str, Any]]) -> Entry:
    read = [Fact(**{**one, "topic": Topic(one["topic"])}) for one in facts]
    by = {topic: tuple(one for one in read if one.topic is topic) for topic in Topic}
    return Entry(name, title, why, frozenset(), {topic: found for topic, found in by.items() if found}, (), ())


def plain(entry: Entry) -> dict[str, Any]:
    """An entry as JSON shows it."""
    return {
        "name": entry.name,
        "title": entry.title,
        "plugin": not entry.why_not,
        "why_not": entry.why_not,
        "can": {one.value: one in entry.can for one in Can},
        "known": {topic.value: [_fact(one) for one in found] for topic, found in entry.facts.items()},
        "unconfirmed": [topic.value for topic in entry.unconfirmed],
        "to_verify": list(entry.to_verify),
        "files": [_filed(one) for one in entry.files],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    as_of = fact.as_of.isoformat() if fact.as_of else None
    return {"value": fact.value, "source": fact.source, "as_of": as_of, "confirmed": fact.confirmed}


def _filed(one: Filed) -> dict[str, Any]:
    stands = one.standing
    return {
        "account": one.account,
        "connection": one.connection_id,
        "state": stands.state,
        "sends": stands.sends,
        "version": stands.version,
        "valid_until": stands.valid_until.isoformat() if stands.valid_until else None,
        "missing": list(stands.missing),
        "unchecked": list(stands.unchecked),
        "running_out": list(stands.running_out),
    }
