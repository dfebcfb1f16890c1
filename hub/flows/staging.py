# SPDX-License-Identifier: Apache-2.0
"""From an audience to messages: the gate is asked about everybody, page by page, and who is refused is told why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session

from hub.contract import Purpose, ReportKind
from hub.flows import (
    campaigns,
    documents,
    facts,
    gate,
    happenings,
    notices,
    placing,
    reports,
    steering,
    variants,
    waves,
)
from hub.flows.happenings import Kind
from hub.flows.states import PRIORITY, RESTING, CampaignState, State
from hub.flows.variants import Variant
from hub.flows.world import World
from hub.law.facts import Case, Decision, Message, Person, Phase, Verdict
from hub.store.direct import fetch, insert_all, table
from hub.store.ledger import Chain
from hub.store.sets import among
from hub.store.tables import Campaign, Controller, CrmRecord, MessageRow, NoticeText, Sender, new_id

_STATES = {Verdict.ALLOW: State.QUEUED, Verdict.DENY: State.REFUSED}
BATCH = 1000  # people in one transaction: a stop waits for it to end

_RECORD, _MESSAGE = table(CrmRecord).c, table(MessageRow).c
_MEMBERS = select(_RECORD.record, _RECORD.point_id).where(
    _RECORD.connection_id == bindparam("connection"), among(_RECORD.record)
)
_STAGED = select(_MESSAGE.contact_id).where(_MESSAGE.campaign_id == bindparam("campaign"), among(_MESSAGE.contact_id))


@dataclass(slots=True)
class Asked:
    """The gate's answer about one record, with the variant it was asked for."""

    record: str
    point_id: str
    variant: Variant
    case: Case
    decision: Decision
    evidence: list[list[str]]

    @property
    def person(self) -> Person:
        return self.case.person


class Stager:
    """Asks the gate about some members of an audience, at one moment. Used by preview and staging alike."""

    def __init__(self, world: World, session: Session, campaign: Campaign) -> None:
        self.session, self.campaign = session, campaign
        self.controller = session.get_one(Controller, campaign.controller_id)
        self.places = placing.of(world, campaign)
        self.notice = session.get(NoticeText, campaign.notice_id) if campaign.notice_id else None
        self.variants = variants.of(campaign)
        self.messages: dict[str, Message] = {}
        for variant in self.variants:
            route, message = campaigns.asked(session, self.controller, campaign, variant)
            # the question is who may get it, whether or not it waits for somebody just now
            self.messages[variant.name] = replace(message, approved=True)
        self.sitting = gate.sit(world, self.controller, Phase.STAGE, route)

    def ask(self, records: Sequence[str]) -> tuple[list[Asked], list[str]]:
        """Decisions for those members the hub holds, and the records it does not hold."""
        rows = fetch(self.session, _MEMBERS, connection=self.campaign.connection_id, keys=records)
        people = facts.people(self.session, self.controller, [row.point_id for row in rows], self.sitting.now)
        found = [self._ask(row.record, row.point_id, people[row.point_id]) for row in rows]
        held = {item.record for item in found}
        return found, [record for record in dict.fromkeys(records) if record not in held]  # a CRM may list one twice

    def _ask(self, record: str, point_id: str, person: Person) -> Asked:
        evidence: list[list[str]] = []
        if self.notice is not None:
            evidence = notices.duty(person, self.notice, self.sitting.now)
            person = facts.with_evidence(person, evidence)
        variant = variants.draw(self.campaign.id, self.variants, person.id)
        case = self.sitting.put(person, self.messages[variant.name])
        if case.policy is not None and case.policy.quiet_hours.enforce:
            case = replace(case, now=max(case.now, self.places.at(person.zone)))  # it will not leave in the night
        return Asked(record, point_id, variant, case, gate.judge(case), evidence)


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
        happenings.campaign(world, session, campaign)
        return 0
    stager = Stager(world, session, campaign)
    found, absent = stager.ask(records)
    fresh: dict[str, Asked] = {}
    for item in found:
        fresh.setdefault(item.person.id, item)  # somebody may have several records
    for contact_id in _staged(session, campaign, fresh):
        del fresh[contact_id]
    items = list(fresh.values())
    rows = _messages(stager, items)
    told = _record(world, session, chain, stager, items, rows)
    insert_all(session, MessageRow, rows)
    reports.tell(world, session, campaign.controller_id, told)
    reports.tell_absent(world, session, campaign, absent)
    chain.write()
    campaign.audience_size += len(records)
    campaign.unresolved += len(absent)
    session.add(campaign)
    return len(rows)


def end(world: World, session: Session, campaign_id: str) -> None:
    """Everybody was asked about: let it run, or only its first wave."""
    happenings.turn(world, session, session.get_one(Campaign, campaign_id).controller_id, Kind.CAMPAIGN)
    campaign = campaigns.locked(session, campaign_id)
    if campaign.state != CampaignState.STAGING:
        return  # somebody paused or cancelled it meanwhile
    campaign.state = CampaignState.RUNNING
    session.add(campaign)
    happenings.campaign(world, session, campaign)
    reports.overtake(session, campaign)
    if campaign.canary and campaign.canary_at is None:
        waves.open_canary(world, session, campaign)


def _staged(session: Session, campaign: Campaign, contact_ids: Iterable[str]) -> list[str]:
    """Who has a message of the campaign already."""
    return [contact_id for (contact_id,) in fetch(session, _STAGED, campaign=campaign.id, keys=contact_ids)]


def _record(
    world: World, session: Session, chain: Chain, stager: Stager, items: list[Asked], rows: list[dict[str, Any]]
) -> list[reports.Told]:
    """Write down who is refused or held. Returns what the CRM shall know."""
    sender, campaign_id, at = session.get_one(Sender, stager.campaign.sender_id), stager.campaign.id, stager.sitting.now
    kept: dict[str, dict[str, str]] = {}
    told: list[reports.Told] = []
    for item, row in zip(items, rows, strict=True):
        if item.decision.verdict is Verdict.ALLOW:
            continue
        name = item.variant.name
        if name not in kept:
            kept[name] = documents.keep(world, session, sender, item.variant, item.case.policy)
        extra = {"campaign": campaign_id, "template": name, "documents": kept[name]}
        row["decision_id"] = gate.record(chain, item.case, item.decision, extra, row["id"])
        status, reason = row["state"], row["reason"]
        told.append(
            reports.Told(row["id"], item.person.id, campaign_id, "", ReportKind.REFUSED, status, at, reason=reason)
        )
    return told


def _messages(stager: Stager, items: Iterable[Asked]) -> list[dict[str, Any]]:
    """A row for each. `HELD`: the gate is asked again, once the fact is there or the engine works again."""
    campaign, now = stager.campaign, stager.sitting.now
    first = campaign.canary == 0  # nobody is chosen for a canary before everybody is known
    shared = {
        "controller_id": campaign.controller_id,
        "campaign_id": campaign.id,
        "sender_id": campaign.sender_id,
        "purpose": campaign.purpose,
        "topic": campaign.topic,
        "template": "",  # the campaign names it,
        "language": "",
        "approved_category": "",
        "notice_id": campaign.notice_id,
        "decision_id": "",
        "basis": "",
        "priority": PRIORITY[Purpose(campaign.purpose)],
        "attempts": 0,
        "throttled": 0,
        "owner": "",
        "reference": "",
        "wave": waves.FIRST if first else waves.REST,
        "created_at": now,
        "changed_at": now,
    }
    split = {one.name: one.asked._asdict() for one in stager.variants} if campaign.variants else {}  # or its variant
    rows = []
    for item in items:
        state = _STATES.get(item.decision.verdict, State.HELD)
        own = {
            "id": new_id(),
            "contact_id": item.person.id,
            "point_id": item.point_id,
            "evidence": item.evidence,
            "state": state,
            "reason": "" if state is State.QUEUED else item.decision.reasons[0],
            "next_attempt_at": stager.places.at(item.person.zone) if first and state is not State.REFUSED else None,
        }
        rows.append(shared | own | split.get(item.variant.name, {}))
    return rows
