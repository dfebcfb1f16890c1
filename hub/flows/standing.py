# SPDX-License-Identifier: Apache-2.0
"""How a contact point stands to advertising about a topic: to show it and not to ask in vain, never to send."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sqlmodel import Session

from hub.contract import Purpose
from hub.flows import facts, gate
from hub.flows.world import World
from hub.law.consent import newest_complete
from hub.law.facts import ConsentState, Message, Person, Phase
from hub.law.question import prepare
from hub.law.stops import binding
from hub.store.tables import Controller


class Standing(StrEnum):
    AGREED = "agreed"
    STOPPED = "stopped"
    LAPSED = "lapsed"  # agreed once, and that counts no more
    NONE = "none"


def person(session: Session, controller: Controller, token: str, others: Sequence[str] = ()) -> Person:
    """What the ledger says of a number, known or not. Stops on `others`, the same person's points, bind it too."""
    tokens = list(dict.fromkeys((token, *others)))
    known = facts.permission(session, controller, tokens)
    return Person(
        id="",
        erased=bool(known.tombstones),
        stops=tuple(stop for one in tokens for stop in known.stops.get(one, ())),
        consents=tuple(known.consents.get(token, ())),
    )


def of(world: World, controller: Controller, whose: Person, topic: str) -> Standing:
    """By the same predicates as the gate's."""
    case = gate.put(world, controller, Phase.STAGE, whose, Message(Purpose.MARKETING, topic))
    q = prepare(case, case.policy) if case.policy else None
    consent = newest_complete(q) if q else None
    if q and binding(whose, q.ask, consent.event_time if consent else None):
        return Standing.STOPPED
    if consent is not None:
        return Standing.AGREED
    given = any(one.state is ConsentState.GIVEN and one.scope.topic == topic for one in whose.consents)
    return Standing.LAPSED if given else Standing.NONE
