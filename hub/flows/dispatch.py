# SPDX-License-Identifier: Apache-2.0
"""Claim, send, settle. The commit of a claim is the moment a send begins; nothing is ever sent twice on a guess."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import orjson
from sqlalchemy import update
from sqlmodel import Session, col, select

from hub.contract import (
    BadConfig,
    ClearedMessage,
    Content,
    HubError,
    Outgoing,
    Purpose,
    Receipt,
    RecipientCapped,
    RecipientOptedOut,
    Rejected,
    ReportKind,
    Scope,
    TemplateContent,
    TextContent,
    Throttled,
    Unavailable,
)
from hub.flows import accounts, contacts, documents, facts, gate, holds, notices, permission, purge, reports, variants
from hub.flows.campaigns import asked
from hub.flows.states import CampaignState, State
from hub.flows.world import World
from hub.law import content
from hub.law.facts import Case, Decision, Message, Person, Phase, Route, StopKind, Verdict
from hub.law.policy import Policy
from hub.store.ledger import Chain, canonical
from hub.store.tables import (
    Campaign,
    Connection,
    ConsentRow,
    Contact,
    ContactPoint,
    Controller,
    MessageRow,
    Sender,
    TemplateRow,
)
from hub.store.vault import Sealed, seal, unseal

FRESH = timedelta(seconds=2)  # an older authorisation is void and is given anew
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Stale:
    """An authorisation that grew old before the request began: nothing left."""


T = TypeVar("T")
Result = Receipt | HubError | Stale


def claim(world: World, session: Session, sender: Sender, owner: str, limit: int) -> list[ClearedMessage]:
    """Authorise up to `limit` due messages in one transaction: lock, look at the law again, write the decisions."""
    now = world.now()
    chain = Chain(session, sender.controller_id, now)
    world.continuity.meet(sender.controller_id, chain.seq - 1)
    rows = session.exec(
        select(MessageRow)
        .where(
            MessageRow.sender_id == sender.id,
            col(MessageRow.state).in_([State.QUEUED, State.HELD]),
            col(MessageRow.next_attempt_at) <= now,
        )
        .order_by(col(MessageRow.priority), col(MessageRow.next_attempt_at), col(MessageRow.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return []
    desk = _Desk(world, session, chain, sender, owner, rows)
    cleared = [message for row in rows if (message := desk.decide(row))]
    reports.tell(session, desk.refusals, now)
    _mark_used(session, desk.consents, now)
    session.flush()
    chain.write()
    return cleared


def _mark_used(session: Session, consent_ids: Iterable[str], now: datetime) -> None:
    ids = list(consent_ids)
    if ids:
        session.execute(update(ConsentRow).where(col(ConsentRow.id).in_(ids)).values(last_used_at=now))


class _Desk:
    """Decides a batch of one sender's messages, with the facts loaded for all of them at once."""

    def __init__(
        self, world: World, session: Session, chain: Chain, sender: Sender, owner: str, rows: Sequence[MessageRow]
    ) -> None:
        self.world, self.session, self.chain, self.sender, self.owner = world, session, chain, sender, owner
        self.controller = session.get_one(Controller, sender.controller_id)
        self.route = gate.route_of(session, self.controller, sender)
        self.people = facts.people(session, self.controller, [row.point_id for row in rows], world.now())
        self.contacts = _by_id(session, Contact, {row.contact_id for row in rows})
        self.points = _by_id(session, ContactPoint, {row.point_id for row in rows})
        self.campaigns = _by_id(session, Campaign, {row.campaign_id for row in rows if row.campaign_id})
        self._asked: dict[tuple[str, str], tuple[Route, Message]] = {}
        self._documents: dict[tuple[str, str, str], dict[str, str]] = {}
        self.refusals: list[reports.Told] = []
        self.consents: set[str] = set()

    def decide(self, row: MessageRow) -> ClearedMessage | None:
        person = facts.with_evidence(self.people[row.point_id], row.evidence)
        message = self._message(row)
        case = gate.put(self.world, self.controller, Phase.TRANSMIT, person, message, self.route)
        decision = gate.judge(case)
        outgoing = None
        if decision.allowed:
            try:
                outgoing = self._outgoing(row)
            except Sealed:
                decision = gate.denied(decision, "SUBJECT_ERASED")
            except _Empty as empty:
                decision = gate.denied(decision, "PLATFORM_TEMPLATE_INVALID", f"no value for parameter {empty}")
            else:
                decision = gate.vetoed(self.world, outgoing, decision)
        row.decision_id = gate.record(self.chain, case, decision, self._extra(row, case, outgoing), row.id)
        row.changed_at = self.world.now()
        self.session.add(row)
        if decision.allowed and outgoing is not None:
            row.state, row.reason, row.owner, row.authorised_at = State.AUTHORISED, "", self.owner, self.world.now()
            row.basis = decision.basis or ""
            if decision.consent_id:
                self.consents.add(decision.consent_id)
            if row.purpose == Purpose.MARKETING:
                self._count(row, person)
            return gate.clear(outgoing, decision, row.decision_id)
        self._refuse(row, case, decision)
        return None

    def _count(self, row: MessageRow, person: Person) -> None:
        """Another message to the same person may stand further down in this batch."""
        read = self.people[row.point_id]
        counted = (person.marketing_received or 0) + 1
        for point_id, other in self.people.items():
            if other.id == read.id:
                self.people[point_id] = replace(other, marketing_received=counted)

    def _refuse(self, row: MessageRow, case: Case, decision: Decision) -> None:
        row.reason = decision.reasons[0]
        campaign = self.campaigns.get(row.campaign_id or "")
        over = campaign is not None and campaign.state == CampaignState.CANCELLED
        if decision.verdict in (Verdict.HOLD, Verdict.ERROR) and not over:
            row.state, row.next_attempt_at = State.HELD, holds.until(self.session, case, decision)
            return
        row.state = State.REFUSED
        self.refusals.append(reports.Told.of(row, ReportKind.REFUSED, row.state, row.changed_at, reason=row.reason))

    def _message(self, row: MessageRow) -> Message:
        campaign = self.campaigns.get(row.campaign_id or "")
        if campaign is not None:
            variant = variants.carried(campaign, row)
            if (key := (campaign.id, variant.name)) not in self._asked:
                self._asked[key] = asked(self.session, self.controller, campaign, variant)
            return self._asked[key][1]
        if row.template:
            listed = self.session.get(TemplateRow, (self.sender.connection_id, row.template, row.language))
            template = gate.template_facts(self.controller, row.template, listed, row.approved_category)
            return Message(row.purpose, row.topic, template=template)
        return Message(row.purpose, row.topic, free_text_promotional=content.promotional(self._text(row)))

    def _text(self, row: MessageRow) -> str:
        """What an answer says; nothing once it cannot be read any more, since then it is not sent either."""
        try:
            key = contacts.key_of(self.world, self.contacts[row.contact_id])
            return unseal(key, row.text, f"message:{row.id}").decode() if row.text is not None else ""
        except Sealed:
            return ""

    def _outgoing(self, row: MessageRow) -> Outgoing:
        contact, point = self.contacts[row.contact_id], self.points[row.point_id]
        to = contacts.value_of(self.world, contact, point)
        return Outgoing(row.id, self.sender.vendor_id, to, Purpose(row.purpose), self._content(row, contact))

    def _content(self, row: MessageRow, contact: Contact) -> Content:
        key = contacts.key_of(self.world, contact)
        if row.text is not None:
            return TextContent(unseal(key, row.text, f"message:{row.id}").decode())
        if row.parameters is not None:
            filled = orjson.loads(unseal(key, row.parameters, f"parameters:{row.id}"))
            return TemplateContent(row.template, row.language, tuple((name, value) for name, value in filled))
        variant = variants.carried(self.campaigns[row.campaign_id or ""], row)
        profile = orjson.loads(unseal(key, contact.profile, f"profile:{contact.id}")) if contact.profile else {}
        parameters = tuple(
            (name, _filled(name, profile.get(source) or fallback)) for name, source, fallback in variant.parameters
        )
        return TemplateContent(variant.template, variant.language, parameters)

    def _extra(self, row: MessageRow, case: Case, outgoing: Outgoing | None) -> dict[str, object]:
        extra: dict[str, object] = {
            "campaign": row.campaign_id,
            "sender": self.sender.id,
            "connection": self.sender.connection_id,
            "provider_record": self.route.record_id,
            "transfers": [f"{t.tool}>{t.to}" for t in self.route.transfers],
            "token": self.points[row.point_id].token,
            "documents": self._kept(row, case.policy),
        }
        if (templated := self._templated(row)) is not None:
            extra["template"] = f"{templated.template}/{templated.language}"
        if outgoing is not None:
            # a keyed hash: a plain one of a name or number could be guessed
            content = canonical({"content": repr(type(outgoing.content)), "fields": _fields(outgoing.content)})
            extra["content_hmac"] = self.world.vault.reference(self.controller.id, content)
        return extra

    def _templated(self, row: MessageRow) -> Campaign | MessageRow | None:
        """What names the message's template, if it has one."""
        return row if row.template else self.campaigns.get(row.campaign_id or "")

    def _kept(self, row: MessageRow, policy: Policy | None) -> dict[str, str]:
        """The texts that decisions of this batch rest on, by hash. The policy may change within it."""
        templated = self._templated(row)
        named = (templated.template, templated.language) if templated else ("", "")
        rests_on = (*named, policy.id if policy else "")
        if rests_on not in self._documents:
            self._documents[rests_on] = documents.keep(self.world, self.session, self.sender, templated, policy)
        return self._documents[rests_on]


def _fields(content: Content) -> list[object]:
    if isinstance(content, TextContent):
        return [content.body]
    return [content.name, content.language, content.parameters]


class _Empty(Exception):
    """A template parameter for which this person has no value and the campaign no fallback."""


def _filled(name: str, value: str) -> str:
    """A parameter's value in one line: WhatsApp refuses line breaks, tabs, runs of spaces and empty ones."""
    line = " ".join(value.split())
    if not line:
        raise _Empty(name)
    return line


def _by_id(session: Session, table: type[T], ids: set[str]) -> dict[str, T]:
    return {row.id: row for row in session.exec(select(table).where(table.id.in_(ids)))}  # type: ignore[attr-defined]


def settle(world: World, session: Session, sender: Sender, results: dict[str, Result]) -> None:
    """Write down what came of a batch."""
    if not results:
        return
    now = world.now()
    chain = Chain(session, sender.controller_id, now)
    rows = session.exec(select(MessageRow).where(col(MessageRow.id).in_(list(results)))).all()
    people = _by_id(session, Contact, {row.contact_id for row in rows})
    told: list[reports.Told] = []
    taken: list[MessageRow] = []
    for row in rows:
        result = results[row.id]
        row.changed_at = now
        session.add(row)
        if isinstance(result, Receipt):
            if _accepted(world, sender, row, people[row.contact_id], result):
                told.append(reports.Told.of(row, ReportKind.STATUS, row.state, now))
                taken.append(row)
        elif row.state not in (State.AUTHORISED, State.UNKNOWN):
            continue  # a status webhook was faster
        elif isinstance(result, Rejected):
            row.state, row.reason = State.FAILED, result.code or type(result).__name__
            told.append(reports.Told.of(row, ReportKind.STATUS, row.state, now, reason=row.reason))
            if isinstance(result, RecipientOptedOut):
                opted_out(world, session, chain, row, now, result.code)
            elif isinstance(result, RecipientCapped):
                capped(session, row, now, result)
        elif isinstance(result, (Stale, Unavailable, BadConfig)):
            _again(world, session, sender, row, result, told)
        else:
            row.state, row.reason = State.UNKNOWN, type(result).__name__
            told.append(reports.Told.of(row, ReportKind.STATUS, row.state, now, reason=row.reason))
    session.flush()
    if taken:
        notices.accepted(session, chain, taken, now)
    reports.tell(session, told, now)
    purge.returned(world, session, chain, session.get_one(Controller, sender.controller_id), rows)
    chain.write()


def _accepted(world: World, sender: Sender, row: MessageRow, contact: Contact, receipt: Receipt) -> bool:
    """Keep the provider's id. False when a status was faster and has said that it was accepted."""
    row.reference = world.vault.reference(sender.controller_id, receipt.provider_message_id)
    try:
        key = contacts.key_of(world, contact)
        row.provider_id = seal(key, receipt.provider_message_id.encode(), f"provider:{row.id}")
    except Sealed:
        pass  # erased meanwhile: the id is not kept either
    first = row.state in (State.AUTHORISED, State.UNKNOWN)
    if first:
        row.state, row.reason = State.ACCEPTED, receipt.note
    return first


def _again(
    world: World,
    session: Session,
    sender: Sender,
    row: MessageRow,
    result: Stale | Unavailable | BadConfig,
    told: list[reports.Told],
) -> None:
    """Nothing was accepted: back into the queue, later."""
    now = world.now()
    row.state, row.owner = State.QUEUED, ""
    if isinstance(result, Stale):
        return
    row.attempts += 1
    if isinstance(result, BadConfig):
        accounts.pause(session, sender.connection_id, str(result))
        row.next_attempt_at = now + timedelta(minutes=1)
        return
    wait = result.after if isinstance(result, Throttled) else min(2.0**row.attempts, 900.0)
    row.next_attempt_at = now + timedelta(seconds=wait)
    if isinstance(result, Throttled):
        row.attempts -= 1  # too fast is our mistake, not the message's
        if result.scope is not Scope.PAIR:
            sender.paused_until = max(row.next_attempt_at, sender.paused_until or now)
            session.add(sender)
    elif row.attempts >= _TRIES:
        row.state, row.reason = State.FAILED, "Unavailable"
        told.append(reports.Told.of(row, ReportKind.STATUS, row.state, now, reason=row.reason))


def capped(session: Session, row: MessageRow, at: datetime, error: RecipientCapped) -> None:
    """The platform takes no advertising for this person for now; until then none is tried."""
    contact = session.get_one(Contact, row.contact_id)
    until = at + timedelta(seconds=error.after)
    contact.marketing_capped_until = max(until, contact.marketing_capped_until or until)
    session.add(contact)


def opted_out(world: World, session: Session, chain: Chain, row: MessageRow, at: datetime, code: str) -> None:
    """The platform says that the person stopped us: an objection, and news for the CRM."""
    controller = session.get_one(Controller, row.controller_id)
    tokens = contacts.tokens_of(session, row.contact_id)
    source = {"message": row.id, "code": code}
    kind = StopKind.PLATFORM_PREFERENCE
    reach = permission.MARKETING_ON_WHATSAPP
    if permission.stop(world, session, chain, controller, tokens, kind, at, reach, source, contact_id=row.contact_id):
        reason = "SUPPRESSED_PLATFORM_PREFERENCE"
        reports.tell_withdrawal(session, row.contact_id, f"stop:{row.id}", reason, at, world.now())


def orphans(world: World, session: Session, sender: Sender, owner: str) -> int:
    """A dispatcher died between claim and settle: nobody knows what left. Called by the next lease holder."""
    now = world.now()
    Chain(session, sender.controller_id, now)  # its lock orders this after whatever settles
    rows = session.exec(
        select(MessageRow).where(
            MessageRow.sender_id == sender.id, MessageRow.state == State.AUTHORISED, MessageRow.owner != owner
        )
    ).all()
    for row in rows:
        row.state, row.reason, row.changed_at = State.UNKNOWN, "interrupted", now
        session.add(row)
    session.flush()
    reports.tell(session, [reports.Told.of(r, ReportKind.STATUS, r.state, now, reason=r.reason) for r in rows], now)
    return len(rows)


def pause_of(session: Session, sender: Sender, now: datetime) -> float:
    """Seconds for which the sender or its account rests; infinite where a human must act. 0: it may send."""
    connection = session.get_one(Connection, sender.connection_id)
    if connection.paused_why or sender.paused_why:
        return math.inf
    return max(0.0, (sender.paused_until - now).total_seconds()) if sender.paused_until else 0.0


def due(session: Session, sender_id: str, now: datetime) -> bool:
    """Does a sender have anything to claim?"""
    row = session.exec(
        select(MessageRow.id)
        .where(
            MessageRow.sender_id == sender_id,
            col(MessageRow.state).in_([State.QUEUED, State.HELD]),
            col(MessageRow.next_attempt_at) <= now,
        )
        .limit(1)
    ).first()
    return row is not None
