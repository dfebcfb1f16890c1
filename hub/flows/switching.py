# SPDX-License-Identifier: Apache-2.0
"""From one provider to another without a pause: a number's work is handed over in one transaction, and can return.

Only what was not authorised yet moves; what is on its way stays with whoever sent it, and is settled there. So nothing
is sent twice, and nothing is left behind. Stops, consents and frequency belong to people, not to providers: they go
nowhere. Everything that claims messages opens the same chain first, so that a claim sees all of a switch or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows import routing, variants
from hub.flows.parity import Named
from hub.flows.queue import WAITING
from hub.flows.steering import MOVING
from hub.flows.switch_plan import OVER, Plan, campaigns_of, plan, single
from hub.flows.world import World
from hub.store.ledger import Chain
from hub.store.tables import (
    Campaign,
    Connection,
    Controller,
    MessageRow,
    RoutePolicy,
    RouteSwitch,
    Sender,
    TemplateRow,
    Wording,
)


def switch(
    world: World,
    session: Session,
    sender: Sender,
    to: Sender,
    by: str,
    named: Mapping[Named, Named] | None = None,
    *,
    accept: bool = False,
) -> RouteSwitch:
    """Do it, from the commit on. Raises `BadInput` with all problems, and then nothing was changed."""
    chain = Chain(session, sender.controller_id, world.now())  # first: what the plan sees stays so
    done = _switch(world, session, chain, plan(world, session, sender, to, named, accept=accept), by, "person")
    chain.write()
    return done


def _switch(world: World, session: Session, chain: Chain, made: Plan, by: str, why: str) -> RouteSwitch:
    if made.problems:
        listed = "".join(f"\n  - {one}" for one in made.problems)
        raise BadInput(f"{len(made.problems)} things are in the way:{listed}", field="route", remedy="Mend them first.")
    if not by.strip():
        raise BadInput("is empty", field="by", remedy="Say who decides this.")
    counted = _hand_over(session, made)
    row = RouteSwitch(
        controller_id=made.sender.controller_id,
        from_sender_id=made.sender.id,
        to_sender_id=made.to.id,
        same_number=made.same_number,
        templates=[[*here, *there] for here, there in made.names.items()],
        campaigns=[one.id for one in made.campaigns],
        pages=[one.id for one in made.pages],
        why=why,
        made_by=by.strip(),
        made_at=world.now(),
    )
    session.add(row)
    session.flush()
    _tell(world, chain, row, by, {"singles": counted, "why": why})
    return row


def _hand_over(session: Session, made: Plan) -> int:
    """Campaigns, pages and single messages. Returns how many of the last."""
    for campaign in made.campaigns:
        current = session.get_one(Campaign, campaign.id, with_for_update=True, populate_existing=True)
        if current.sender_id == made.sender.id and current.state not in OVER:
            _rename(session, current, made)
            current.sender_id = made.to.id
            session.add(current)
    session.flush()
    if not made.same_number:
        return 0
    for page in made.pages:
        page.sender_id = made.to.id
        asks = (page.confirm_template, session.get_one(Wording, page.wording_id).language)
        page.confirm_template = made.names.get(asks, asks)[0]
        session.add(page)
    made.sender.moved_to, made.to.moved_to = made.to.id, ""
    session.add_all((made.sender, made.to))
    session.flush()
    return follow(session, made.sender, made.names)


def _rename(session: Session, campaign: Campaign, made: Plan) -> None:
    """Let a campaign name the templates, and their parameters, as they are called there."""
    among = []
    for one in variants.of(campaign):
        there = made.names.get((one.template, one.language), (one.template, one.language))
        listed = session.get_one(TemplateRow, (made.to.connection_id, *there))
        asked = tuple((name, *given[1:]) for name, given in zip(listed.parameters, one.parameters, strict=True))
        among.append(variants.Variant(*there, one.approved_category, asked, one.weight))
    first = among[0]
    campaign.template, campaign.language = first.template, first.language
    campaign.parameters = [list(one) for one in first.parameters]
    if not campaign.variants:
        return
    before, campaign.variants = variants.of(campaign), [one.plain() for one in among]
    for old, new in zip(before, among, strict=True):
        if old.name == new.name:
            continue
        mine = (col(MessageRow.campaign_id) == campaign.id, col(MessageRow.state).in_(WAITING))
        carried = (col(MessageRow.template) == old.template, col(MessageRow.language) == old.language)
        session.execute(update(MessageRow).where(*mine, *carried).values(template=new.template, language=new.language))


def follow(session: Session, sender: Sender, names: Mapping[Named, Named] | None = None) -> int:
    """Single messages that wait at a number that was moved go after it. Returns how many. Call with the chain open."""
    if not sender.moved_to:
        return 0
    for here, there in (names or {}).items():
        carried = (col(MessageRow.template) == here[0], col(MessageRow.language) == here[1])
        values = {"template": there[0], "language": there[1]}
        session.execute(update(MessageRow).where(*single(sender.id), *carried).values(**values))
    moved: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(MessageRow).where(*single(sender.id)).values(sender_id=sender.moved_to)
    )
    return moved.rowcount


def leave(world: World, session: Session, connection: Connection) -> list[RouteSwitch]:
    """An account sends no more: what may fall back does so in the same transaction, before anything is refused."""
    mine = session.exec(select(Sender).where(Sender.connection_id == connection.id)).all()
    return [done for sender in mine for done in fall_back(world, session, sender)]


def tend(world: World) -> None:
    """What came back to a number that was moved goes after it; what waits where nothing can be sent falls back."""
    with world.db.read() as session:
        left = [one for one in session.exec(select(Sender).where(Sender.moved_to != "")) if _waits(session, one)]
        falls = select(RoutePolicy.controller_id).where(col(RoutePolicy.fallback).is_(True))
        going = select(Campaign.sender_id).where(col(Campaign.state).in_(MOVING))
        mine = (col(Sender.controller_id).in_(falls), col(Sender.id).in_(going))
        stuck = [one for one in session.exec(select(Sender).where(*mine)) if _stuck(world, session, one)]
    for sender in left:
        with world.db.write() as session:
            Chain(session, sender.controller_id, world.now())
            follow(session, session.get_one(Sender, sender.id))
    for sender in stuck:
        with world.db.write() as session:
            fall_back(world, session, session.get_one(Sender, sender.id))


def _waits(session: Session, sender: Sender) -> bool:
    soon = col(MessageRow.next_attempt_at).is_not(None)  # so that the index over what waits is used
    return session.exec(select(MessageRow.id).where(*single(sender.id), soon).limit(1)).first() is not None


def _stuck(world: World, session: Session, sender: Sender) -> bool:
    controller = session.get_one(Controller, sender.controller_id)
    purposes = {one.purpose for one in campaigns_of(session, sender, None)}
    return any(not routing.offer(world, session, controller, sender, one).fits for one in purposes)


def last(session: Session, controller: Controller, sender: Sender) -> RouteSwitch:
    """The newest switch to or from a sender that was not returned. Raises `BadInput`."""
    mine = select(RouteSwitch).where(
        RouteSwitch.controller_id == controller.id,
        (col(RouteSwitch.from_sender_id) == sender.id) | (col(RouteSwitch.to_sender_id) == sender.id),
        col(RouteSwitch.returned_at).is_(None),
    )
    row = session.exec(mine.order_by(col(RouteSwitch.made_at).desc()).limit(1)).first()
    if row is None:
        raise BadInput("was not switched, or is back", field="sender", remedy="See `hub route show`.")
    return row


def way_back(world: World, session: Session, row: RouteSwitch, *, accept: bool = False) -> Plan:
    """What a return would do: all of a number that is the same there; else the campaigns that went along."""
    back = {(name, language): (old, of) for old, of, name, language in row.templates}
    here, there = (session.get_one(Sender, one) for one in (row.to_sender_id, row.from_sender_id))
    only = None if row.same_number else row.campaigns
    return plan(world, session, here, there, back, only=only, accept=accept)


def give_back(world: World, session: Session, row: RouteSwitch, by: str, *, accept: bool = False) -> RouteSwitch:
    """Undo a switch for what was not sent meanwhile. Raises `BadInput` as `switch` does."""
    chain = Chain(session, row.controller_id, world.now())
    done = _switch(world, session, chain, way_back(world, session, row, accept=accept), by, "return")
    chain.write()
    row.returned_at = done.returned_at = world.now()
    session.add_all((row, done))
    session.flush()
    return done


def fall_back(world: World, session: Session, sender: Sender) -> list[RouteSwitch]:
    """Campaigns that wait at a sender that cannot send go to the next that can, where their policy allows it.

    One whose templates are not the same there stays. What was authorised stays in any case.
    """
    chain = Chain(session, sender.controller_id, world.now())
    controller = session.get_one(Controller, sender.controller_id)
    rules = routing.policies(session, controller.id)
    done = []
    for campaign in campaigns_of(session, sender, None):
        rule = routing.rule(rules, campaign.purpose)
        if rule is None or not rule.fallback:
            continue
        if routing.offer(world, session, controller, sender, campaign.purpose).fits:
            continue
        others = [one for one in routing.offers(world, session, controller, campaign.purpose) if one.fits]
        for other in (one.sender for one in others if one.sender.id in rule.prefer):
            made = plan(world, session, sender, other, only=[campaign.id])
            if not made.problems:
                done.append(_switch(world, session, chain, made, "hub", "fallback"))
                break
    chain.write()
    return done


def pairs(session: Session, controller: Controller, here: str, there: str) -> list[tuple[Sender, Sender]]:
    """Numbers to switch, each with the one that takes over: by name, or for accounts by equal numbers.

    Raises `BadInput` when that does not say which.
    """
    left, right = (named(session, controller, one) for one in (here, there))
    if len(left) == len(right) == 1:
        return [(left[0], right[0])]
    by_number = {one.number: one for one in right}
    if left and all(one.number in by_number for one in left):
        return [(one, by_number[one.number]) for one in left]
    remedy = "Name numbers: `--from NUMBER --to NUMBER`, by the vendor's id where both have the same number."
    raise BadInput(f"{here} and {there} do not say which number goes where", field="from, to", remedy=remedy)


def named(session: Session, controller: Controller, name: str) -> list[Sender]:
    """By id, vendor's id or number; else all numbers of an account, by its id, title or connector."""
    mine = session.exec(select(Sender, Connection).join(Connection).where(Sender.controller_id == controller.id)).all()
    digits = "".join(c for c in name if c.isdigit()) if not any(c.isalpha() for c in name) else ""
    exact = [one for one, _ in mine if name in (one.id, one.vendor_id) or (digits and digits == one.number)]
    if exact:
        return exact
    found = [one for one, account in mine if name in (account.id, account.title, account.connector)]
    if not found:
        known = ", ".join(f"{one.number} ({account.title}, {one.vendor_id})" for one, account in mine) or "none"
        raise BadInput(f"{name!r} is no number and no account", field="from, to", remedy=f"There are: {known}.")
    return found


def _tell(world: World, chain: Chain, row: RouteSwitch, by: str, more: dict[str, Any]) -> None:
    facts = row.model_dump(include={"from_sender_id", "to_sender_id", "same_number", "campaigns", "pages", "templates"})
    whose = world.vault.reference(row.controller_id, by.strip())
    chain.event("route_switched", world.now(), {"switch": row.id, **facts, **more, "by": whose})
