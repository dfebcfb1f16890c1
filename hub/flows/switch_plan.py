# SPDX-License-Identifier: Apache-2.0
"""What a switch of provider would move, what stays, and what is in the way. Looks, and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, func, select

from hub.contract import Purpose
from hub.flows import parity, routing, variants
from hub.flows.parity import Named, Pair
from hub.flows.queue import WAITING
from hub.flows.states import CampaignState
from hub.flows.world import World
from hub.store.tables import Campaign, Controller, MessageRow, OptInPage, Sender, TemplateRow, Wording

OVER = (CampaignState.DONE, CampaignState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a switch would do. `problems` keep it from being done; `stays` is what remains with the old sender."""

    sender: Sender
    to: Sender
    campaigns: tuple[Campaign, ...]
    pages: tuple[OptInPage, ...]
    pairs: tuple[Pair, ...]
    messages: int  # of the campaigns, waiting
    singles: int  # answers and other single messages, waiting
    problems: tuple[str, ...]
    stays: tuple[str, ...] = ()
    names: dict[Named, Named] = field(default_factory=dict)

    @property
    def same_number(self) -> bool:
        return self.sender.number == self.to.number


def plan(
    world: World,
    session: Session,
    sender: Sender,
    to: Sender,
    named: Mapping[Named, Named] | None = None,
    *,
    only: Sequence[str] | None = None,
    accept: bool = False,
) -> Plan:
    """Look at everything and change nothing. `named` maps templates that have another name there.

    `only`: these campaigns, by id, where not all go. `accept`: templates whose text differs are taken as they are.
    """
    named = dict(named or {})
    of_it = campaigns_of(session, sender, only)
    same = sender.number == to.number
    pages = _pages(session, sender) if same and only is None else ()
    singles = _singles(session, sender) if same and only is None else []
    wanted: dict[Named, None] = {}
    for campaign in of_it:
        wanted |= {(one.template, one.language): None for one in variants.of(campaign)}
    for page, language in pages:
        if page.confirm_template:
            wanted[page.confirm_template, language] = None
    wanted |= {(row.template, row.language): None for row in singles if row.template}
    pairs = parity.compare(session, sender.connection_id, to.connection_id, wanted, named)
    problems = [*_unfit(world, session, sender, to, of_it), *_unequal(pairs, accept)]
    problems += _renamed_singles(session, sender, to, singles, named)
    return Plan(
        sender=sender,
        to=to,
        campaigns=of_it,
        pages=tuple(page for page, _ in pages),
        pairs=tuple(pairs),
        messages=_waiting(session, of_it),
        singles=len(singles),
        problems=tuple(problems),
        stays=tuple(_stays(session, sender, same)),
        names={pair.here: pair.there for pair in pairs if pair.here != pair.there},
    )


def campaigns_of(session: Session, sender: Sender, only: Sequence[str] | None) -> tuple[Campaign, ...]:
    """Those of a sender that are not over; `only` these."""
    mine = select(Campaign).where(col(Campaign.sender_id) == sender.id, col(Campaign.state).not_in(OVER))
    if only is not None:
        mine = mine.where(col(Campaign.id).in_(only))
    return tuple(session.exec(mine.order_by(col(Campaign.id))))


def _pages(session: Session, sender: Sender) -> tuple[tuple[OptInPage, str], ...]:
    mine = select(OptInPage, Wording.language).join(Wording).where(OptInPage.sender_id == sender.id)
    return tuple((page, language) for page, language in session.exec(mine))


def _singles(session: Session, sender: Sender) -> list[MessageRow]:
    return list(session.exec(select(MessageRow).where(*single(sender.id))))


def single(sender_id: str) -> tuple[Any, ...]:
    """Conditions: a sender's messages without a campaign that wait."""
    waits = col(MessageRow.state).in_(WAITING)
    return (col(MessageRow.sender_id) == sender_id, col(MessageRow.campaign_id).is_(None), waits)


def _waiting(session: Session, campaigns: Sequence[Campaign]) -> int:
    ids = [one.id for one in campaigns]
    waits = (col(MessageRow.campaign_id).in_(ids), col(MessageRow.state).in_(WAITING))
    return session.exec(select(func.count()).select_from(MessageRow).where(*waits)).one()


def _unfit(world: World, session: Session, sender: Sender, to: Sender, campaigns: Sequence[Campaign]) -> list[str]:
    """Why the other sender must not, or cannot, carry this."""
    if sender.id == to.id:
        return ["both are the same sender"]
    if sender.controller_id != to.controller_id:
        return ["they belong to two controllers"]
    if to.moved_to not in ("", sender.id):
        return ["the number was moved from there; return it first"]
    controller = session.get_one(Controller, sender.controller_id)
    found: dict[str, None] = {}
    for purpose in sorted({one.purpose for one in campaigns}) or [Purpose.SERVICE]:
        there = routing.offer(world, session, controller, to, purpose)
        found |= dict.fromkeys([*there.faults, *([f"it is paused: {there.paused}"] if there.paused else [])])
    return list(found)


def _unequal(pairs: Sequence[Pair], accept: bool) -> list[str]:
    found = []
    for pair in pairs:
        name = "/".join(pair.there)
        if pair.problem:
            found.append(f"template {name} {pair.problem}")
        elif pair.differs and not accept:
            found.append(f"template {name}: {pair.differs}; compare them, then accept it")
    return found


def _renamed_singles(
    session: Session, sender: Sender, to: Sender, singles: Sequence[MessageRow], named: Mapping[Named, Named]
) -> list[str]:
    """Their values lie sealed under each person's key, by the parameter's name: that must be the same there."""
    found: dict[str, None] = {}
    for name in {(row.template, row.language) for row in singles if row.template}:
        here = session.get(TemplateRow, (sender.connection_id, *name))
        there = session.get(TemplateRow, (to.connection_id, *named.get(name, name)))
        if here and there and here.parameters != there.parameters:
            found[f"template {'/'.join(name)}: messages wait whose parameters have other names there"] = None
    return list(found)


def _stays(session: Session, sender: Sender, same: bool) -> list[str]:
    if same:
        return []
    singles = len(_singles(session, sender))
    pages = len(_pages(session, sender))
    found = ["conversations: a service window is open only with the number that the person wrote to"]
    found += [f"{singles} single messages that wait"] if singles else []
    found += [f"{pages} opt-in pages: their links lead to the old number"] if pages else []
    return found
