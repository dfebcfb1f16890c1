# SPDX-License-Identifier: Apache-2.0
"""What is publicly known of a provider, by topic, as its plugin says it. It fills nothing in."""

from __future__ import annotations

from collections.abc import Iterator

from hub.contract import Fact, ProcessorProfile, Topic


def facts(profile: ProcessorProfile, topic: Topic) -> tuple[Fact, ...]:
    """A profile's facts on one topic; what only its older, shorter fields say is unconfirmed."""
    told = tuple(fact for fact in profile.facts if fact.topic is topic)
    return told or tuple(Fact(topic, value, profile.source) for value in _short(profile, topic) if value)


def _short(profile: ProcessorProfile, topic: Topic) -> Iterator[str]:
    of: dict[Topic, tuple[str, ...]] = {
        Topic.ENTITY: (profile.legal_entity,),
        Topic.SEAT: (profile.seat,),
        Topic.PARENT: (profile.parent,),
        Topic.HOSTING: profile.regions,
        Topic.SUBPROCESSORS: profile.subprocessors,
        Topic.TRANSFERS: profile.transfers,
    }
    yield from of.get(topic, ())


def line(fact: Fact) -> str:
    """One fact with its source and date; UNCONFIRMED stands first, where it is."""
    told = f"{fact.value} [{fact.source}{f', {fact.as_of}' if fact.as_of else ''}]"
    return told if fact.confirmed else f"UNCONFIRMED: {told}"
