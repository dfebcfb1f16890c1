# SPDX-License-Identifier: Apache-2.0
"""From an audience to messages: the gate is asked about everybody, page by page, and who is refused is told why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, insert
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from hub.contract import Purpose, ReportKind
from hub.flows import campaigns, documents, facts, gate, notices, placing, reports, steering, variants, waves
from hub.flows.placing import Placing
from hub.flows.states import PRIORITY, RESTING, CampaignState, State
from hub.flows.variants import Variant
from hub.flows.world import World
from hub.law.facts import Case, Decision, Message, Person, Phase, Verdict
from hub.store.direct import fetch, run, table
from hub.store.ledger import Chain
from hub.store.sets import among
from hub.store.tables import Campaign, Controller, CrmRecord, MessageRow, NoticeText, Sender, new_id

BATCH = 500

_RECORD = table(CrmRecord).c
_MEMBERS = core_select(_RECORD.point_id).where(_RECORD.connection_id == bindparam("connection"), among(_RECORD.record))


@dataclass(slots=True)
class Asked:
    """The gate's answer about one record, with the variant it was asked for."""

    point_id: str
    variant: Variant
    case: Case
    decision: Decision
    evidence: list[list[str]]

    @property
    def person(self) -> Person:
        return self.case.person


class Stager:
    """Asks the gate about an audience, page by page. Used by preview and staging alike."""

    def __init__(self, world: World, session: Session, campaign: Campaign) -> None:
        self.world, self.session, self.campaign = world, session, campaign
        self.controller = session.get_one(Controller, campaign.controller_id)
        self.places = placing.of(world, campaign)
        self.notice = session.get(NoticeText, campaign.notice_id) if campaign.notice_id else None
        self.messages: dict[str, Message] = {}
        for variant in variants.of(campaign):
            self.route, message = campaigns.asked(session, self.controller, campaign, variant)
            # the question is who may get it, whether or not it waits for somebody just now
            self.messages[variant.name] = replace(message, approved=True)

    def ask(self, records: Sequence[str]) -> tuple[list[Asked], int]:
        """Decisions for those members the hub holds, and how many it does not hold."""
        rows = fetch(self.session, _MEMBERS, connection=self.campaign.connection_id, keys=records)
        points = [point_id for (point_id,) in rows]
        people = facts.people(self.session, self.controller, points, self.world.now())
        found = [self._ask(point_id, people[point_id]) for point_id in points]
        return found, len(records) - len(rows)

    def _ask(self, point_id: str, person: Person) -> Asked:
        evidence = notices.duty(person, self.notice, self.world.now()) if self.notice else []
        person = facts.with_evidence(person, evidence)
        variant = variants.drawn(self.campaign, person.id)
        case = gate.put(self.world, self.controller, Phase.STAGE, person, self.messages[variant.name], self.route)
        if case.policy is not None and case.policy.quiet_hours.enforce:
            case = replace(case, now=max(case.now, self.places.at(person.zone)))  # it will not leave in the night
        return Asked(point_id, variant, case, gate.judge(case), evidence)


def begin(world: World, session: Session, campaign_id: str) -> Campaign | None:
    """Take a campaign that is to be staged; None when it is not."""
    campaign = campaigns.locked(session, campaign_id)
    if campaign.state != CampaignState.STAGING:
        return None
    campaign.audience_size = campaign.unresolved = 0
    campaign.begun_at = campaign.begun_at or world.now()
    session.add(campaign)
    return campaign


def stage_page(world: World, session: Session, campaign: Campaign, records: Sequence[str]) -> int:
    """Make message rows for a page of members. Returns how many; none for a campaign that rests by now."""
    chain = Chain(session, campaign.controller_id, world.now())
    campaign = campaigns.locked(session, campaign.id)
    if campaign.state in RESTING:
        return 0
    if steering.needs_second(world, campaign, campaign.audience_size + len(records)):
        campaign.state = CampaignState.WAITING  # it grew since it was started
        session.add(campaign)
        return 0
    stager = Stager(world, session, campaign)
    found, unresolved = stager.ask(records)
    have = _staged(session, campaign, [item.person.id for item in found])
    fresh = [item for item in found if not (item.person.id in have or have.add(item.person.id))]  # type: ignore[func-returns-value]
    rows = [_message(world, campaign, stager.places, item) for item in fresh]
    told = _record(world, session, chain, campaign, fresh, rows)
    if rows:
        run(session, insert(table(MessageRow)), rows)
    reports.tell(session, told, world.now())
    chain.write()
    campaign.audience_size += len(records)
    campaign.unresolved += unresolved
    session.add(campaign)
    return len(rows)


def end(world: World, session: Session, campaign_id: str) -> None:
    """Everybody was asked about: let it run, or only its first wave."""
    campaign = campaigns.locked(session, campaign_id)
    if campaign.state != CampaignState.STAGING:
        return  # somebody paused or cancelled it meanwhile
    campaign.state = CampaignState.RUNNING
    session.add(campaign)
    if campaign.canary and campaign.canary_at is None:
        waves.open_canary(world, session, campaign)


def _staged(session: Session, campaign: Campaign, contact_ids: list[str]) -> set[str]:
    mine = select(MessageRow.contact_id).where(MessageRow.campaign_id == campaign.id)
    return set(session.exec(mine.where(col(MessageRow.contact_id).in_(contact_ids))))


def _record(
    world: World, session: Session, chain: Chain, campaign: Campaign, items: list[Asked], rows: list[dict[str, Any]]
) -> list[reports.Told]:
    """Write down who is refused or held. Returns what the CRM shall know."""
    sender = session.get_one(Sender, campaign.sender_id)
    kept: dict[tuple[str, str], dict[str, str]] = {}  # the policy may change within a page
    told: list[reports.Told] = []
    for item, row in zip(items, rows, strict=True):
        if item.decision.verdict is Verdict.ALLOW:
            continue
        rests_on = (item.decision.policy, item.variant.name)
        if rests_on not in kept:
            kept[rests_on] = documents.keep(world, session, sender, item.variant, item.case.policy)
        extra = {"campaign": campaign.id, "template": item.variant.name, "documents": kept[rests_on]}
        row["decision_id"] = gate.record(chain, item.case, item.decision, extra, row["id"])
        status, reason = row["state"], row["reason"]
        told.append(
            reports.Told(
                row["id"], item.person.id, campaign.id, "", ReportKind.REFUSED, status, world.now(), reason=reason
            )
        )
    return told


def _message(world: World, campaign: Campaign, places: Placing, item: Asked) -> dict[str, Any]:
    # held: the gate is asked again, once the fact is there or the engine works again
    state = {Verdict.ALLOW: State.QUEUED, Verdict.DENY: State.REFUSED}.get(item.decision.verdict, State.HELD)
    now = world.now()
    first = campaign.canary == 0  # nobody is chosen for a canary before everybody is known
    split = item.variant if campaign.variants else None
    return {
        "id": new_id(),
        "controller_id": campaign.controller_id,
        "campaign_id": campaign.id,
        "sender_id": campaign.sender_id,
        "contact_id": item.person.id,
        "point_id": item.point_id,
        "purpose": campaign.purpose,
        "topic": campaign.topic,
        "template": split.template if split else "",  # else the campaign names it
        "language": split.language if split else "",
        "approved_category": split.approved_category if split else "",
        "evidence": item.evidence,
        "notice_id": campaign.notice_id,
        "state": state,
        "reason": "" if state is State.QUEUED else item.decision.reasons[0],
        "decision_id": "",
        "basis": "",
        "priority": PRIORITY[Purpose(campaign.purpose)],
        "attempts": 0,
        "owner": "",
        "reference": "",
        "wave": waves.FIRST if first else waves.REST,
        "next_attempt_at": places.at(item.person.zone) if first and state is not State.REFUSED else None,
        "created_at": now,
        "changed_at": now,
    }
