# SPDX-License-Identifier: Apache-2.0
"""Stop rules: how many failed, how many stopped us, what the platform thinks of it. A breach pauses the campaign."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, and_, col, func, select

from hub.contract import BadInput
from hub.flows import steering, variants
from hub.flows.facts import REASSIGNED, TOMBSTONE
from hub.flows.states import State
from hub.flows.steering import Why
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.store.ledger import Chain
from hub.store.tables import Campaign, ContactPoint, MessageRow, Sender, StopRow

_ARRIVED = (State.ACCEPTED, State.SENT, State.DELIVERED, State.READ)
_FAILED = (State.FAILED, State.UNKNOWN)  # of the latter nobody knows, and that is no success
_NO_WORD = (TOMBSTONE, REASSIGNED, StopKind.UNSURE)  # such rows are no decision of the person


@dataclass(frozen=True, slots=True)
class Rules:
    """When a campaign stops by itself. Rates in per cent of what left; None: no such rule.

    sample: messages that must have left before a rate means anything. A canary is judged whatever its size.
    quality: the platform pauses or rates down the sender or the template.
    """

    errors: float | None = None
    opt_outs: float | None = None
    quality: bool = False
    sample: int = 100

    @property
    def any(self) -> bool:
        return self.errors is not None or self.opt_outs is not None

    def check(self) -> None:
        """Raises `BadInput` for a rate that is none."""
        for name, rate in (("max-errors", self.errors), ("max-opt-outs", self.opt_outs)):
            if rate is not None and not 0 <= rate <= 100:
                raise BadInput(f"{rate} is no percentage", field=name, remedy="Give a number from 0 to 100.")
        if self.sample < 1:
            raise BadInput(f"{self.sample} is too small", field="sample", remedy="Give a number from 1 on.")

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, campaign: Campaign) -> Rules:
        return cls(**campaign.rules)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the messages that left. `stopped`: people who stopped us after they had got theirs."""

    left: int
    failed: int
    stopped: int

    def breach(self, rules: Rules, sample: int) -> tuple[Why, str] | None:
        """The rule that is broken, and its counts in words."""
        if self.left < max(sample, 1):
            return None
        for rule, count, most, verb in (
            (Why.ERRORS, self.failed, rules.errors, "failed"),
            (Why.OPT_OUTS, self.stopped, rules.opt_outs, "opted out"),
        ):
            if most is not None and count * 100 > most * self.left:
                return rule, f"{count} of {self.left} {verb} ({count * 100 / self.left:.1f} %, at most {most:g} %)"
        return None


def count(session: Session, campaign: Campaign, since: datetime | None = None, wave: int | None = None) -> Counts:
    """Messages that left after `since`, of one wave or of all."""
    mine: list[Any] = [MessageRow.campaign_id == campaign.id, col(MessageRow.state).in_([*_ARRIVED, *_FAILED])]
    mine += [col(MessageRow.authorised_at) > since] if since else []
    mine += [MessageRow.wave == wave] if wave is not None else []
    states = dict(
        session.exec(select(MessageRow.state, func.count()).where(*mine).group_by(col(MessageRow.state))).all()
    )
    stopped = sum(_stopped(session, campaign, mine).values())
    return Counts(sum(states.values()), sum(states.get(state, 0) for state in _FAILED), stopped)


def opt_outs(session: Session, campaign: Campaign) -> dict[str, int]:
    """People who stopped us after they had got the campaign, by the variant they got."""
    found = _stopped(session, campaign, [MessageRow.campaign_id == campaign.id])
    own = variants.of(campaign)[0].name
    return {f"{name}/{language}" if name else own: number for (name, language), number in found.items()}


def _stopped(session: Session, campaign: Campaign, mine: Iterable[Any]) -> dict[tuple[str, str], int]:
    """From the few stops since the start to the messages, not the other way round."""
    heard = (
        select(ContactPoint.contact_id, func.max(StopRow.event_time).label("at"))
        .join(StopRow, and_(col(StopRow.token) == ContactPoint.token, StopRow.controller_id == campaign.controller_id))
        .where(
            col(StopRow.event_time) >= (campaign.begun_at or campaign.created_at).replace(microsecond=0),
            col(StopRow.kind).not_in(_NO_WORD),
            StopRow.left_by == "",
            StopRow.told_by == "",  # a CRM's field says nothing of when
        )
        .group_by(col(ContactPoint.contact_id))
        .subquery()
    )
    rows = session.exec(
        select(MessageRow.template, MessageRow.language, func.count())
        .join(heard, heard.c.contact_id == MessageRow.contact_id)
        .where(*mine, col(MessageRow.state).in_(_ARRIVED), heard.c.at >= MessageRow.authorised_at)
        .group_by(col(MessageRow.template), col(MessageRow.language))
    ).all()
    return {(template, language): number for template, language, number in rows}


def look(world: World, session: Session, campaign: Campaign) -> tuple[Why, str] | None:
    """The rate that is broken now, with its counts."""
    rules = Rules.of(campaign)
    if not rules.any:
        return None
    return count(session, campaign, campaign.watched_from).breach(rules, rules.sample)


def troubled(
    world: World, session: Session, chain: Chain, connection_id: str, what: str, *, sender: str = "", template: str = ""
) -> None:
    """The platform pauses or rates down a template (NAME/LANGUAGE), or a sender (vendor's id; empty: all of them)."""
    on = select(Sender.id).where(Sender.connection_id == connection_id)
    on = on.where(Sender.vendor_id == sender) if sender else on
    moving = select(Campaign).where(col(Campaign.state).in_(steering.MOVING), col(Campaign.sender_id).in_(on))
    for campaign in session.exec(moving.order_by(Campaign.id)).all():
        hit = not template or template in {one.name for one in variants.of(campaign)}
        if hit and Rules.of(campaign).quality:
            steering.hold(world, session, chain, campaign, Why.QUALITY, what[:300])
