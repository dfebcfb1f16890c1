# SPDX-License-Identifier: Apache-2.0
"""Claim: the gate decides about a batch, and its commit is the moment a send begins. Nothing is sent on a guess.

What comes of it is settled in `hub.flows.settling`; whose turn it is says `hub.flows.queue`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from sqlalchemy import bindparam, literal_column, update
from sqlmodel import Session, col, select

from hub.contract import ClearedMessage, Outgoing, Purpose, ReportKind
from hub.flows import envelope, facts, gate, holds, lanes, queue, reports
from hub.flows.asking import Asking
from hub.flows.lanes import Lane
from hub.flows.queue import Waiting
from hub.flows.states import State
from hub.flows.tier import DAY, Tier
from hub.flows.world import World
from hub.law.facts import Case, Decision, Person, Phase, Verdict
from hub.store.direct import run, table
from hub.store.ledger import Chain
from hub.store.sets import among
from hub.store.tables import Campaign, Connection, ConsentRow, Controller, MessageRow, Sender
from hub.store.vault import Sealed

FRESH = timedelta(seconds=2)  # an older authorisation is void and is given anew

_TABLE, _CONSENT = table(MessageRow), table(ConsentRow)
_SIGNED = ("decision_id", "basis", "owner", "sender_id", "authorised_at")
_AUTHORISED = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row"))
    .values(state=State.AUTHORISED, reason="", next_attempt_at=None)
    .values({name: bindparam(f"new_{name}") for name in _SIGNED})
    .values(changed_at=bindparam("new_authorised_at"))
)
_NOT_NOW = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "reason", "decision_id", "next_attempt_at")})
    .values(changed_at=bindparam("new_changed_at"))
)
_LATER = update(_TABLE).where(_TABLE.c.id == bindparam("row")).values(next_attempt_at=bindparam("new_next_attempt_at"))
_USED = update(_CONSENT).where(among(_CONSENT.c.id)).values(last_used_at=bindparam("used_at"))


class Pace(Protocol):
    """The vendor's pace towards one person, by contact point."""

    def wait(self, person: str) -> float: ...
    def take(self, person: str) -> None: ...


def claim(
    world: World,
    session: Session,
    chain: Chain,
    sender: Sender,
    owner: str,
    limit: int,
    pace: Pace | None = None,
    lane: Lane | None = None,
) -> list[ClearedMessage]:
    """Authorise up to `limit` due messages: look at the law again, write the decisions. Call it with the chain open.

    What a limit of the vendor's would refuse is not even asked about: it waits.
    """
    world.continuity.meet(sender.controller_id, chain.seq - 1)
    campaigns = queue.sending(session, sender.id)
    rows = queue.pick(session, lane or Lane(sender.id), campaigns, world.now(), limit, chain.seq)
    if not rows:
        return []
    batch = _Batch(world, session, chain, sender, owner, rows, campaigns, pace)
    cleared = [message for row in rows if not batch.too_soon(row) and (message := batch.decide(row))]
    batch.write()
    return cleared


class _Batch:
    """Decides a batch of one sender's messages, with the facts loaded for all of them at once."""

    def __init__(
        self,
        world: World,
        session: Session,
        chain: Chain,
        sender: Sender,
        owner: str,
        rows: Sequence[Waiting],
        campaigns: Sequence[Campaign],
        pace: Pace | None,
    ) -> None:
        self.world, self.session, self.chain, self.sender, self.owner = world, session, chain, sender, owner
        self.now = world.now()
        self.controller = session.get_one(Controller, sender.controller_id)
        self.asking = Asking(world, session, self.controller, sender)
        points = [row.point_id for row in rows]
        self.people = facts.people(session, self.controller, points, self.now)
        self.letters = envelope.letters(session, points)
        self.campaigns = {campaign.id: campaign for campaign in campaigns}
        self.pace = pace
        connection = session.get_one(Connection, sender.connection_id)
        self.tier = Tier(session, connection.id, connection.tier, self.now, points)
        self._several = {who for who, count in Counter(row.contact_id for row in rows).items() if count > 1}
        self._authorised: list[dict[str, Any]] = []
        self._not_now: list[dict[str, Any]] = []
        self._later: list[dict[str, Any]] = []
        self._refusals: list[reports.Told] = []
        self._consents: set[str] = set()

    def too_soon(self, row: Waiting) -> bool:
        """Would the vendor's pace towards this person, or the account's tier, refuse it? Then it waits."""
        wait = self.pace.wait(row.point_id) if self.pace else 0.0
        until = self.now + timedelta(seconds=wait) if wait else None
        if until is None and self._opens(row):
            until = self.tier.full(row.point_id)
        if until is not None:
            self._later.append({"row": row.id, "new_next_attempt_at": until})
        return until is not None

    def _opens(self, row: Waiting) -> bool:
        """Do we write first, outside the service window that a message of theirs opens?"""
        last = self.people[row.point_id].last_inbound_at
        return row.text is None and (last is None or self.now - last >= DAY)

    def decide(self, row: Waiting) -> ClearedMessage | None:
        campaign = self.campaigns.get(row.campaign_id)
        person = facts.with_evidence(self.people[row.point_id], row.evidence)
        text = partial(envelope.text_of, self.world, self.letters[row.point_id], row)
        message = self.asking.message(row, campaign, text)
        case = gate.put(self.world, self.controller, Phase.TRANSMIT, person, message, self.asking.route)
        decision, outgoing = gate.judge(case), None
        if decision.allowed:
            decision, outgoing = self._address(row, campaign, decision)
        decision_id = gate.record(self.chain, case, decision, self._extra(row, campaign, case, outgoing), row.id)
        if not decision.allowed or outgoing is None:
            self._refuse(row, case, decision, decision_id)
            return None
        self._authorised.append(
            {
                "row": row.id,
                "new_decision_id": decision_id,
                "new_basis": decision.basis or "",
                "new_owner": self.owner,
                "new_sender_id": self.sender.id,  # its campaign may have been moved to it
                "new_authorised_at": self.now,
            }
        )
        if self._opens(row):
            self.tier.take(row.point_id)
        if self.pace:
            self.pace.take(row.point_id)
        if decision.consent_id:
            self._consents.add(decision.consent_id)
        if row.purpose == Purpose.MARKETING and row.contact_id in self._several:
            self._count(row, person)
        return gate.clear(outgoing, decision, decision_id)

    def _address(self, row: Waiting, campaign: Campaign | None, decision: Decision) -> tuple[Decision, Outgoing | None]:
        """The number and the text are opened only now; then plugins may object."""
        try:
            outgoing = envelope.address(self.world, self.sender, self.letters[row.point_id], row, campaign)
        except Sealed:
            return gate.denied(decision, "SUBJECT_ERASED"), None
        except envelope.Empty as empty:
            return gate.denied(decision, "PLATFORM_TEMPLATE_INVALID", f"no value for parameter {empty}"), None
        return gate.vetoed(self.world, outgoing, decision), outgoing

    def _count(self, row: Waiting, person: Person) -> None:
        """Another message to the same person stands further down in this batch."""
        read = self.people[row.point_id]
        counted = (person.marketing_received or 0) + 1
        for point_id, other in self.people.items():
            if other.id == read.id:
                self.people[point_id] = replace(other, marketing_received=counted)

    def _refuse(self, row: Waiting, case: Case, decision: Decision, decision_id: str) -> None:
        waits = decision.verdict in (Verdict.HOLD, Verdict.ERROR)
        reason, state = decision.reasons[0], State.HELD if waits else State.REFUSED
        self._not_now.append(
            {
                "row": row.id,
                "new_state": state,
                "new_reason": reason,
                "new_decision_id": decision_id,
                "new_next_attempt_at": holds.until(self.session, case, decision) if waits else None,
                "new_changed_at": self.now,
            }
        )
        if not waits:
            self._refusals.append(reports.Told.of(row, ReportKind.REFUSED, state, self.now, reason=reason))

    def _extra(
        self, row: Waiting, campaign: Campaign | None, case: Case, outgoing: Outgoing | None
    ) -> dict[str, object]:
        route = self.asking.route
        extra: dict[str, object] = {
            "campaign": row.campaign_id,
            "sender": self.sender.id,
            "connection": self.sender.connection_id,
            "provider_record": route.record_id,
            "transfers": [f"{t.tool}>{t.to}" for t in route.transfers],
            "token": self.letters[row.point_id].token,
            "documents": self.asking.documents(row, campaign, case.policy),
        }
        if template := self.asking.named(row, campaign):
            extra["template"] = template
        if outgoing is not None:
            extra["content_hmac"] = envelope.content_hmac(self.world, self.controller.id, outgoing)
        return extra

    def write(self) -> None:
        changed = ((_AUTHORISED, self._authorised), (_NOT_NOW, self._not_now), (_LATER, self._later))
        for statement, changes in changed:
            if changes:
                run(self.session, statement, changes)
        self.tier.write()
        if self._consents:
            run(self.session, _USED, {"keys": sorted(self._consents), "used_at": self.now})
        reports.tell(self.world, self.session, self.controller.id, self._refusals)


def authorised(statement: Any) -> Any:
    """Only messages on their way. Literal, so that the index over them is used."""
    return statement.where(col(MessageRow.state) == literal_column("'authorised'"))


def orphans(world: World, session: Session, chain: Chain, sender: Sender, owner: str) -> int:
    """A dispatcher died between claim and settle: nobody knows what left. Called by the next lease holder.

    The open chain orders this after whatever settles.
    """
    now = world.now()
    alive = {owner, *lanes.held(session, sender.id, now).values()}
    left = authorised(select(MessageRow)).where(
        MessageRow.sender_id == sender.id, col(MessageRow.owner).not_in(sorted(alive))
    )
    rows = session.exec(left).all()
    for row in rows:
        row.state, row.reason, row.changed_at = State.UNKNOWN, "interrupted", now
        session.add(row)
    session.flush()
    told = [reports.Told.of(r, ReportKind.STATUS, r.state, now, reason=r.reason) for r in rows]
    reports.tell(world, session, sender.controller_id, told)
    return len(rows)
