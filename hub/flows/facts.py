# SPDX-License-Identifier: Apache-2.0
"""Gathers what the law asks about people, set by set: a handful of queries for up to some hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from hub.contract import Channel, ClaimKind, Expression
from hub.flows.permission import REASSIGNED
from hub.law.facts import (
    ClaimFact,
    Consent,
    ConsentState,
    CountrySignal,
    Evidence,
    EvidenceKind,
    Person,
    Scope,
    SignalKind,
    Stop,
    Verification,
    WordingFacts,
)
from hub.store.tables import ConsentRow, Contact, ContactPoint, Controller, CrmRecord, StopRow, Wording

# Columns instead of objects: what is read here is read for every message, and objects cost three times as much.
_TARGETS: Any = select(
    col(ContactPoint.id).label("point_id"),
    col(ContactPoint.token),
    col(ContactPoint.country).label("of_number"),
    col(ContactPoint.left_at),
    col(Contact.id).label("contact_id"),
    col(Contact.controller_id),
    col(Contact.country),
    col(Contact.residence_stated),
    col(Contact.last_inbound_at),
    col(Contact.restricted),
    col(Contact.erased_at),
    col(Contact.reassigned_at),
    col(Contact.ambiguous_at),
).join_from(ContactPoint, Contact, col(ContactPoint.contact_id) == col(Contact.id))
_TOKENS = select(col(ContactPoint.contact_id), col(ContactPoint.token))
_CLAIMS = select(col(CrmRecord.contact_id), col(CrmRecord.record), col(CrmRecord.claims))
_STOPS = select(
    col(StopRow.id),
    col(StopRow.token),
    col(StopRow.kind),
    col(StopRow.brand),
    col(StopRow.channel),
    col(StopRow.purpose),
    col(StopRow.topic),
    col(StopRow.event_time),
).where(col(StopRow.left_by) == "")
_CONSENTS = select(
    col(ConsentRow.id),
    col(ConsentRow.token),
    col(ConsentRow.state),
    col(ConsentRow.brand),
    col(ConsentRow.channel),
    col(ConsentRow.purpose),
    col(ConsentRow.topic),
    col(ConsentRow.expression),
    col(ConsentRow.verification),
    col(ConsentRow.wording_id),
    col(ConsentRow.event_time),
    col(ConsentRow.last_used_at),
    col(ConsentRow.expires_at),
)

TOMBSTONE = "tombstone"  # the person was erased: a re-import is refused, a fresh contact by the person is not


@dataclass(frozen=True, slots=True)
class Permission:
    """What the ledger says about some contact points, by token."""

    stops: dict[str, list[Stop]]
    consents: dict[str, list[Consent]]
    tombstones: frozenset[str]
    reassigned: dict[str, datetime] = field(default_factory=dict)  # since when somebody else has it

    def of(self, token: str) -> bool:
        """Does the ledger say anything about this contact point?"""
        return any(token in known for known in (self.stops, self.consents, self.tombstones, self.reassigned))


def permission(session: Session, controller: Controller, tokens: Iterable[str]) -> Permission:
    wanted = list(set(tokens))
    stops: dict[str, list[Stop]] = defaultdict(list)
    consents: dict[str, list[Consent]] = defaultdict(list)
    buried: set[str] = set()
    reassigned: dict[str, datetime] = {}
    for row in session.execute(
        _STOPS.where(col(StopRow.controller_id) == controller.id, col(StopRow.token).in_(wanted))
    ):
        if row.kind == TOMBSTONE:
            buried.add(row.token)
            continue
        if row.kind == REASSIGNED:
            reassigned[row.token] = max(row.event_time, reassigned.get(row.token, row.event_time))
            continue
        scope = Scope(controller.name, row.brand, row.channel, row.purpose, row.topic)
        stops[row.token].append(Stop(row.id, row.kind, scope, row.event_time))
    rows = session.execute(
        _CONSENTS.where(col(ConsentRow.controller_id) == controller.id, col(ConsentRow.token).in_(wanted))
    ).all()
    wordings = _wordings(session, {row.wording_id for row in rows if row.wording_id})
    for consent in rows:
        consents[consent.token].append(_consent(controller, consent, wordings))
    return Permission(stops, consents, frozenset(buried), reassigned)


def _wordings(session: Session, ids: set[str]) -> dict[str, WordingFacts]:
    if not ids:
        return {}
    return {row.id: wording_facts(row) for row in session.scalars(select(Wording).where(col(Wording.id).in_(ids)))}


def wording_facts(row: Wording) -> WordingFacts:
    return WordingFacts(
        id=row.id,
        controllers=tuple(row.controllers),
        channels=tuple(Channel(c) for c in row.channels),
        purposes=tuple(row.purposes),
        topics=tuple(row.topics),
        withdrawal_hint=row.withdrawal_hint,
        valid_from=row.created_at.replace(microsecond=0),  # vendors tell times in whole seconds
    )


def _consent(controller: Controller, row: Any, wordings: dict[str, WordingFacts]) -> Consent:
    return Consent(
        id=row.id,
        state=ConsentState(row.state),
        scope=Scope(controller.name, row.brand, row.channel, row.purpose, row.topic),
        expression=Expression(row.expression),
        verification=Verification(row.verification),
        wording=wordings.get(row.wording_id or ""),
        event_time=row.event_time,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
    )


def claims_of(record: str, stored: Iterable[dict[str, Any]]) -> tuple[ClaimFact, ...]:
    return tuple(
        ClaimFact(
            id=f"{record}:{claim['source_field']}",
            kind=ClaimKind(claim["kind"]),
            channel=Channel(claim["channel"]) if claim.get("channel") else None,
            purpose=claim.get("purpose"),
            claimed_at=datetime.fromisoformat(claim["claimed_at"]) if claim.get("claimed_at") else None,
        )
        for claim in stored
    )


def assessment(controller: Controller) -> tuple[Evidence, ...]:
    """The controller's legitimate-interest assessment, where there is one."""
    if not controller.li_assessment:
        return ()
    kind = EvidenceKind.ASSESSMENT
    return (Evidence(kind, controller.li_assessment, controller.created_at, disclosed=controller.li_disclosed),)


def people(session: Session, controller: Controller, point_ids: Sequence[str]) -> dict[str, Person]:
    """Persons by the id of the contact point that would be written to."""
    targets = session.execute(_TARGETS.where(col(ContactPoint.id).in_(point_ids))).all()
    contact_ids = {target.contact_id for target in targets}
    tokens: dict[str, list[str]] = defaultdict(list)
    for contact_id, token in session.execute(_TOKENS.where(col(ContactPoint.contact_id).in_(contact_ids))):
        tokens[contact_id].append(token)
    claims: dict[str, list[ClaimFact]] = defaultdict(list)
    for contact_id, record, stored in session.execute(_CLAIMS.where(col(CrmRecord.contact_id).in_(contact_ids))):
        claims[contact_id].extend(claims_of(record, stored))
    known = permission(session, controller, [token for group in tokens.values() for token in group])
    return {
        target.point_id: _person(controller, target, tokens[target.contact_id], claims, known) for target in targets
    }


def _person(
    controller: Controller,
    target: Any,
    tokens: list[str],
    claims: dict[str, list[ClaimFact]],
    known: Permission,
) -> Person:
    # stops bind the person on every point; consent holds only for the point it was given on
    consents = tuple(known.consents.get(target.token, ()))
    given = next((c.id for c in consents if c.state is ConsentState.GIVEN), "")
    wrote = f"inbound:{target.contact_id}" if target.last_inbound_at else ""
    return Person(
        id=target.contact_id,
        resolved=target.controller_id == controller.id,
        ambiguous=target.ambiguous_at is not None,
        left=target.left_at is not None,
        erased=target.erased_at is not None,
        restricted=target.restricted,
        reassigned_at=latest(target.reassigned_at, known.reassigned.get(target.token), target.left_at),
        stops=tuple(stop for token in tokens for stop in known.stops.get(token, ())),
        consents=consents,
        claims=tuple(claims.get(target.contact_id, ())),
        countries=countries(target.country, target.residence_stated, target.of_number),
        platform_optin=given or wrote,
        last_inbound_at=target.last_inbound_at,
        evidence=assessment(controller),
    )


def latest(*times: datetime | None) -> datetime | None:
    return max((time for time in times if time is not None), default=None)


def countries(country: str, stated: bool, of_number: str) -> tuple[CountrySignal, ...]:
    """The signals we have about where a person is, strongest first (legal reference 4.3)."""
    kind = SignalKind.STATED_RESIDENCE if stated else SignalKind.CRM
    found = [CountrySignal(kind, country)] if country else []
    if of_number:
        found.append(CountrySignal(SignalKind.NUMBER, of_number))
    return tuple(found)


def with_evidence(person: Person, stored: Iterable[Sequence[str]]) -> Person:
    """A person together with what one message rests on."""
    extra = tuple(
        Evidence(EvidenceKind(kind), evidence_id, datetime.fromisoformat(at)) for kind, evidence_id, at in stored
    )
    return replace(person, evidence=person.evidence + extra) if extra else person
