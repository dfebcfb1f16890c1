# SPDX-License-Identifier: Apache-2.0
"""Campaigns: made from a CRM audience, previewed and staged through the same gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from hub.contract import BadInput, Purpose, ReportKind
from hub.flows import documents, facts, gate, notices, reports
from hub.flows.states import ENDED, OPEN, PRIORITY, CampaignState, State
from hub.flows.world import World
from hub.law import content
from hub.law.facts import Case, Decision, Message, Person, Phase, Route, Verdict
from hub.store.ledger import Chain
from hub.store.tables import (
    Campaign,
    Connection,
    Controller,
    CrmRecord,
    MessageRow,
    NoticeText,
    Sender,
    TemplateRow,
    new_id,
)

BATCH = 500
NOT_HELD = "SYNC_NO_BASIS"  # a member the hub stores nothing about: no basis for it, or no usable number


def create(
    world: World,
    session: Session,
    controller: Controller,
    *,
    title: str,
    crm: Connection,
    audience: str,
    sender: Sender,
    template: str,
    language: str,
    purpose: str,
    topic: str,
    parameters: Mapping[str, str],
    notice: str = "",
) -> Campaign:
    """A draft. `parameters` maps a template's parameter to `property` or `property|fallback`. Raises `BadInput`.

    `notice` is the notice that a template of purpose PRIVACY_NOTICE links to, and so serves.
    """
    if purpose not in set(Purpose):
        raise BadInput(f"{purpose!r} is no purpose", field="purpose", remedy=f"Use one of: {', '.join(Purpose)}.")
    if purpose == Purpose.MARKETING and topic in ("", "*"):
        raise BadInput(
            "is empty", field="topic", remedy="Name the topic that people consented to, as their wording does."
        )
    row = session.get(TemplateRow, (sender.connection_id, template, language))
    if row is None:
        known = session.exec(select(TemplateRow).where(TemplateRow.connection_id == sender.connection_id)).all()
        names = ", ".join(f"{t.name} ({t.language})" for t in known) or "none; run `hub templates` first"
        raise BadInput(f"there is no {template} ({language})", field="template", remedy=f"There are: {names}.")
    missing = [name for name in row.parameters if name not in parameters]
    extra = [name for name in parameters if name not in row.parameters]
    if missing or extra:
        wanted = ", ".join(row.parameters) or "none"
        raise BadInput(f"{', '.join(missing + extra)} does not fit", field="parameters", remedy=f"Wanted: {wanted}.")
    campaign = Campaign(
        controller_id=controller.id,
        connection_id=crm.id,
        sender_id=sender.id,
        title=title or template,
        audience=audience,
        purpose=purpose,
        topic=topic or "*",
        template=template,
        language=language,
        approved_category=row.category,
        notice_id=_notice(session, controller, purpose, notice, row),
        parameters=[[name, *parameters[name].partition("|")[::2]] for name in row.parameters],
        state=CampaignState.DRAFT,
        created_at=world.now(),
    )
    session.add(campaign)
    session.flush()
    return campaign


def _notice(session: Session, controller: Controller, purpose: str, notice: str, template: TemplateRow) -> str | None:
    if purpose != Purpose.PRIVACY_NOTICE:
        if notice:
            raise BadInput("is of another purpose", field="notice", remedy="Use --purpose PRIVACY_NOTICE.")
        return None
    found = notices.find(session, controller, notice)
    if notices.path(found.id) not in template.text:
        remedy = f"Put the link that ends in {notices.path(found.id)} into the template."
        raise BadInput("is not what the template leads to", field="notice", remedy=remedy)
    return found.id


@dataclass(slots=True)
class Preview:
    """What a campaign would come to. `reachable` counts people, `audience` counts records of the CRM."""

    audience: int = 0
    reachable: int = 0
    same_person: int = 0  # records of somebody who is in the audience already
    blocked: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Asked:
    record: CrmRecord
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
        self.route, self.message = asked(session, self.controller, campaign)
        self.notice = session.get(NoticeText, campaign.notice_id) if campaign.notice_id else None

    def ask(self, records: Sequence[str]) -> tuple[list[_Asked], int]:
        """Decisions for those members the hub holds, and how many it does not hold."""
        rows = self.session.exec(
            select(CrmRecord).where(
                CrmRecord.connection_id == self.campaign.connection_id, col(CrmRecord.record).in_(records)
            )
        ).all()
        people = facts.people(self.session, self.controller, [row.point_id for row in rows], self.world.now())
        found = [self._ask(row, people[row.point_id]) for row in rows]
        return found, len(records) - len(rows)

    def _ask(self, row: CrmRecord, person: Person) -> _Asked:
        evidence = notices.duty(person, self.notice, self.world.now()) if self.notice else []
        person = facts.with_evidence(person, evidence)
        case = gate.put(self.world, self.controller, Phase.STAGE, person, self.message, self.route)
        return _Asked(row, case, gate.judge(case), evidence)


def asked(session: Session, controller: Controller, campaign: Campaign) -> tuple[Route, Message]:
    """A campaign as the law sees it."""
    sender = session.get_one(Sender, campaign.sender_id)
    row = session.get(TemplateRow, (sender.connection_id, campaign.template, campaign.language))
    template = gate.template_facts(controller, campaign.template, row, campaign.approved_category)
    running = campaign.state not in ENDED
    reveals = row is not None and content.sensitive(row.text, row.buttons)
    message = Message(campaign.purpose, campaign.topic, template=template, special_category=reveals, approved=running)
    return gate.route_of(session, controller, sender), message


def preview_page(stager: Stager, records: Sequence[str], seen: set[str], preview: Preview) -> None:
    """Count a page of members. Nobody is written to and nothing is stored."""
    preview.audience += len(records)
    found, unresolved = stager.ask(records)
    if unresolved:
        preview.blocked[NOT_HELD] += unresolved
    for item in found:
        if item.person.id in seen:
            preview.same_person += 1
            continue
        seen.add(item.person.id)
        if item.decision.allowed:
            preview.reachable += 1
        else:
            preview.blocked[item.decision.reasons[0]] += 1


def stage_page(world: World, session: Session, campaign: Campaign, records: Sequence[str]) -> int:
    """Make message rows for a page of members. Returns how many; none for a campaign that was ended meanwhile."""
    if campaign.state in ENDED:
        return 0
    chain = Chain(session, campaign.controller_id, world.now())
    stager = Stager(world, session, campaign)
    found, unresolved = stager.ask(records)
    ids = [item.person.id for item in found]
    have = set(
        session.exec(
            select(MessageRow.contact_id).where(
                MessageRow.campaign_id == campaign.id, col(MessageRow.contact_id).in_(ids)
            )
        )
    )
    sender = session.get_one(Sender, campaign.sender_id)
    under = {item.decision.policy: item.case.policy for item in found}  # it may change within a page
    kept = {name: documents.keep(world, session, sender, campaign, policy) for name, policy in under.items()}
    told: list[reports.Told] = []
    rows: list[dict[str, Any]] = []
    for item in found:
        if item.person.id in have:
            continue
        have.add(item.person.id)
        row = _message(world, campaign, item)
        rows.append(row)
        if item.decision.verdict is not Verdict.ALLOW:
            documented = kept[item.decision.policy]
            extra = {"campaign": campaign.id, "template": campaign.template, "documents": documented}
            row["decision_id"] = gate.record(chain, item.case, item.decision, extra, row["id"])
            told.append(
                reports.Told(
                    row["id"],
                    item.person.id,
                    campaign.id,
                    "",
                    ReportKind.REFUSED,
                    row["state"],
                    world.now(),
                    reason=row["reason"],
                )
            )
    if rows:
        session.execute(insert(MessageRow), rows)
    reports.tell(session, told, world.now())
    chain.write()
    campaign.audience_size += len(records)
    campaign.unresolved += unresolved
    session.add(campaign)
    return len(rows)


def _message(world: World, campaign: Campaign, item: _Asked) -> dict[str, Any]:
    # held: the gate is asked again, once the fact is there or the engine works again
    state = {Verdict.ALLOW: State.QUEUED, Verdict.DENY: State.REFUSED}.get(item.decision.verdict, State.HELD)
    now = world.now()
    return {
        "id": new_id(),
        "controller_id": campaign.controller_id,
        "campaign_id": campaign.id,
        "sender_id": campaign.sender_id,
        "contact_id": item.person.id,
        "point_id": item.record.point_id,
        "purpose": campaign.purpose,
        "topic": campaign.topic,
        "template": "",  # the campaign names it
        "language": "",
        "approved_category": "",
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
        "next_attempt_at": now,
        "created_at": now,
        "changed_at": now,
    }


def start(world: World, session: Session, campaign: Campaign, at: datetime | None = None) -> None:
    """Let a draft run. Raises `BadInput` when it runs already or has ended."""
    if campaign.state == CampaignState.PAUSED:
        remedy = "See `hub restore release --help`, or cancel it."
        raise BadInput("is paused since the database was restored", field="campaign", remedy=remedy)
    if campaign.state != CampaignState.DRAFT:
        raise BadInput(f"is {campaign.state}", field="campaign", remedy="Only a draft can be started; make a new one.")
    campaign.state = CampaignState.STAGING
    campaign.start_at = at or world.now()
    session.add(campaign)


def cancel(session: Session, campaign: Campaign, now: datetime) -> int:
    """Stop what has not left yet. Returns how many messages that were; what comes back later the gate refuses."""
    rows = session.exec(
        select(MessageRow)
        .where(MessageRow.campaign_id == campaign.id, col(MessageRow.state).in_([State.QUEUED, State.HELD]))
        .with_for_update()  # what a dispatcher is claiming now is not ours any more
    ).all()
    for row in rows:
        row.state, row.reason, row.changed_at = State.REFUSED, "POLICY_NOT_APPROVED", now
        session.add(row)
    campaign.state, campaign.finished_at = CampaignState.CANCELLED, now
    session.add(campaign)
    return len(rows)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a campaign stands. `states` counts messages by state, `refused` by reason."""

    campaign: Campaign
    states: dict[str, int]
    refused: dict[str, int]


def progress(session: Session, campaign: Campaign) -> Progress:
    counted = session.exec(
        select(MessageRow.state, MessageRow.reason, func.count())
        .where(MessageRow.campaign_id == campaign.id)
        .group_by(col(MessageRow.state), col(MessageRow.reason))
    ).all()
    states: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for state, reason, count in counted:
        states[state] += count
        if state == State.REFUSED:
            refused[reason] += count
    if campaign.unresolved:
        refused[NOT_HELD] += campaign.unresolved
    return Progress(campaign, dict(states), dict(refused))


def finish(world: World, session: Session, campaign: Campaign) -> bool:
    """Close a running campaign when nothing of it is open."""
    still = session.exec(
        select(MessageRow.id).where(MessageRow.campaign_id == campaign.id, col(MessageRow.state).in_(OPEN)).limit(1)
    ).first()
    if still is None:
        campaign.state, campaign.finished_at = CampaignState.DONE, world.now()
        session.add(campaign)
    return still is None
