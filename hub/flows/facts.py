# SPDX-License-Identifier: Apache-2.0
"""Gathers what the law asks about people, set by set: a handful of queries for up to some hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from hub.contract import Channel, ClaimKind, Expression, PointKind, Purpose
from hub.flows import told
from hub.flows.points import zone_of
from hub.flows.states import MAY_HAVE_ARRIVED
from hub.law.facts import (
    ClaimFact,
    Consent,
    ConsentState,
    CountrySignal,
    Evidence,
    EvidenceKind,
    Notice,
    Origin,
    Person,
    Scope,
    SignalKind,
    Stop,
    Verification,
    WordingFacts,
)
from hub.store.direct import fetch, table
from hub.store.sets import among
from hub.store.tables import (
    ConsentRow,
    Contact,
    ContactPoint,
    Controller,
    CrmRecord,
    MessageRow,
    StopRow,
    Wording,
)
from hub.store.tables.columns import UtcTime

RECENT = timedelta(days=30)  # in which advertising to one person is counted

_MESSAGE, _CONTACT, _POINT = table(MessageRow).c, table(Contact).c, table(ContactPoint).c
_RECORD, _STOP, _CONSENT, _WORDING = table(CrmRecord).c, table(StopRow).c, table(ConsentRow).c, table(Wording).c
_RECEIVED = (
    select(func.count())
    .where(
        _MESSAGE.contact_id == _CONTACT.id,
        _MESSAGE.purpose == Purpose.MARKETING,
        _MESSAGE.state.in_(MAY_HAVE_ARRIVED),
        _MESSAGE.authorised_at > bindparam("since", type_=UtcTime),
    )
    .correlate(table(Contact))
    .scalar_subquery()
    .label("received")
)
_TARGETS: Any = select(
    _POINT.id.label("point_id"),
    _POINT.token,
    _POINT.country.label("of_point"),
    _POINT.zone,
    _POINT.left_at,
    _CONTACT.id.label("contact_id"),
    _CONTACT.controller_id,
    _CONTACT.country,
    _CONTACT.residence_stated,
    _CONTACT.former_country,
    _CONTACT.moved_at,
    _CONTACT.last_inbound_at,
    _CONTACT.restricted,
    _CONTACT.erased_at,
    _CONTACT.reassigned_at,
    _CONTACT.marketing_capped_until,
    _CONTACT.ambiguous_at,
    _RECEIVED,
).join_from(table(ContactPoint), table(Contact), _POINT.contact_id == _CONTACT.id)
_TARGETS = _TARGETS.where(among(_POINT.id))
_POINTS = select(_POINT.contact_id, _POINT.token, _POINT.kind, _POINT.country).where(among(_POINT.contact_id))
_RECORDS = select(
    _RECORD.contact_id,
    _RECORD.record,
    _RECORD.claims,
    _RECORD.connection_id,
    _RECORD.first_seen_at,
).where(among(_RECORD.contact_id))
_STOPS = select(
    _STOP.id,
    _STOP.token,
    _STOP.kind,
    _STOP.brand,
    _STOP.channel,
    _STOP.purpose,
    _STOP.topic,
    _STOP.event_time,
).where(_STOP.left_by == "", _STOP.controller_id == bindparam("controller"), among(_STOP.token))
_CONSENTS = select(
    _CONSENT.id,
    _CONSENT.token,
    _CONSENT.state,
    _CONSENT.brand,
    _CONSENT.channel,
    _CONSENT.purpose,
    _CONSENT.topic,
    _CONSENT.expression,
    _CONSENT.verification,
    _CONSENT.origin,
    _CONSENT.wording_id,
    _CONSENT.event_time,
    _CONSENT.last_used_at,
    _CONSENT.expires_at,
).where(_CONSENT.controller_id == bindparam("controller"), among(_CONSENT.token))
_WORDINGS = select(
    _WORDING.id,
    _WORDING.controllers,
    _WORDING.channels,
    _WORDING.purposes,
    _WORDING.topics,
    _WORDING.withdrawal_hint,
    _WORDING.shown_from,
    _WORDING.created_at,
    _WORDING.promised_per_30_days,
).where(among(_WORDING.id))

_SIGNALS = {str(kind): SignalKind.BSUID for kind in (PointKind.BSUID, PointKind.PARENT_BSUID)}

REASSIGNED = "reassigned"  # no stop: from then on, the contact point belongs to somebody else
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
    for row in fetch(session, _STOPS, controller=controller.id, keys=wanted):
        if row.kind == TOMBSTONE:
            buried.add(row.token)
            continue
        if row.kind == REASSIGNED:
            reassigned[row.token] = max(row.event_time, reassigned.get(row.token, row.event_time))
            continue
        scope = _scope(controller.name, row.brand, row.channel, row.purpose, row.topic)
        stops[row.token].append(Stop(row.id, row.kind, scope, row.event_time))
    rows = fetch(session, _CONSENTS, controller=controller.id, keys=wanted)
    wordings = _wordings(session, {row.wording_id for row in rows if row.wording_id})
    for consent in rows:
        consents[consent.token].append(_consent(controller, consent, wordings))
    return Permission(stops, consents, frozenset(buried), reassigned)


def _wordings(session: Session, ids: set[str]) -> dict[str, WordingFacts]:
    if not ids:
        return {}
    return {row.id: wording_facts(row) for row in fetch(session, _WORDINGS, keys=ids)}


def wording_facts(row: Any) -> WordingFacts:
    """`row`: a wording, or a row of its columns."""
    return WordingFacts(
        id=row.id,
        controllers=tuple(row.controllers),
        channels=tuple(Channel(c) for c in row.channels),
        purposes=tuple(row.purposes),
        topics=tuple(row.topics),
        withdrawal_hint=row.withdrawal_hint,
        valid_from=(row.shown_from or row.created_at).replace(microsecond=0),  # vendors tell times in whole seconds
        promised_per_30_days=row.promised_per_30_days,
    )


def _consent(controller: Controller, row: Any, wordings: dict[str, WordingFacts]) -> Consent:
    state, expression, verification, origin = _kind_of_consent(row.state, row.expression, row.verification, row.origin)
    return Consent(
        id=row.id,
        state=state,
        scope=_scope(controller.name, row.brand, row.channel, row.purpose, row.topic),
        expression=expression,
        verification=verification,
        wording=wordings.get(row.wording_id or ""),
        event_time=row.event_time,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        origin=origin,
    )


@lru_cache(1024)
def _scope(controller: str, brand: str, channel: str, purpose: str, topic: str) -> Scope:
    """The same few are read for every message."""
    return Scope(controller, brand, channel, purpose, topic)


@lru_cache(256)
def _kind_of_consent(
    state: str, expression: str, verification: str, origin: str
) -> tuple[ConsentState, Expression, Verification, Origin]:
    """Likewise."""
    return ConsentState(state), Expression(expression), Verification(verification), Origin(origin)


def claims_of(record: str, stored: Iterable[dict[str, Any]]) -> tuple[ClaimFact, ...]:
    return tuple(
        ClaimFact(
            id=f"{record}:{claim['source_field']}",
            kind=ClaimKind(claim["kind"]),
            channel=Channel(claim["channel"]) if claim.get("channel") else None,
            purpose=claim.get("purpose"),
            claimed_at=datetime.fromisoformat(claim["claimed_at"]) if claim.get("claimed_at") else None,
            limited=claim.get("limited", False),
            lacks=tuple(claim.get("lacks", ())),
        )
        for claim in stored
    )


def assessment(controller: Controller) -> tuple[Evidence, ...]:
    """The controller's legitimate-interest assessment, where there is one."""
    if not controller.li_assessment:
        return ()
    kind = EvidenceKind.ASSESSMENT
    return (Evidence(kind, controller.li_assessment, controller.created_at, disclosed=controller.li_disclosed),)


@dataclass(slots=True)
class _Known:
    """What is known of one person besides the contact itself."""

    tokens: list[str] = field(default_factory=list)
    points: list[tuple[str, str]] = field(default_factory=list)  # kind and country of each
    claims: list[ClaimFact] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)


def people(session: Session, controller: Controller, point_ids: Sequence[str], now: datetime) -> dict[str, Person]:
    """Persons by the id of the contact point that would be written to."""
    targets = fetch(session, _TARGETS, keys=point_ids, since=now - RECENT)
    contact_ids = {target.contact_id for target in targets}
    known: dict[str, _Known] = defaultdict(_Known)
    for contact_id, token, kind, country in fetch(session, _POINTS, keys=contact_ids):
        known[contact_id].tokens.append(token)
        known[contact_id].points.append((kind, country))
    stated = told.crms(session, controller)
    for row in fetch(session, _RECORDS, keys=contact_ids):
        of = known[row.contact_id]
        of.claims += claims_of(row.record, row.claims)
        of.connections.append(row.connection_id)
        of.notices += stated.notices(row.connection_id, row.first_seen_at)
    tokens = [token for of in known.values() for token in of.tokens]
    granted, served = permission(session, controller, tokens), told.served(session, tokens)
    for of in known.values():
        of.notices += (notice for token in of.tokens for notice in served.get(token, ()))
    shared = _Shared(controller.id, granted, stated, assessment(controller))
    return {target.point_id: _person(target, known[target.contact_id], shared) for target in targets}


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all people of one question have in common."""

    controller_id: str
    granted: Permission
    stated: told.Crms
    assessed: tuple[Evidence, ...]


def _person(target: Any, of: _Known, shared: _Shared) -> Person:
    granted = shared.granted
    # stops bind the person on every point; consent holds only for the point it was given on
    consents = tuple(granted.consents.get(target.token, ()))
    given = next((c.id for c in consents if c.state is ConsentState.GIVEN), "") if consents else ""
    wrote = f"inbound:{target.contact_id}" if target.last_inbound_at else ""
    return Person(
        id=target.contact_id,
        resolved=target.controller_id == shared.controller_id,
        ambiguous=target.ambiguous_at is not None,
        left=target.left_at is not None,
        erased=target.erased_at is not None,
        restricted=target.restricted,
        reassigned_at=latest(target.reassigned_at, granted.reassigned.get(target.token), target.left_at),
        stops=tuple([stop for token in of.tokens for stop in granted.stops.get(token, ())]),
        consents=consents,
        claims=tuple(of.claims),
        countries=countries(
            target.country, target.residence_stated, of.points, former=target.former_country, moved_at=target.moved_at
        ),
        platform_optin=given or wrote,
        last_inbound_at=target.last_inbound_at,
        evidence=shared.assessed,
        source=shared.stated.source(of.connections, wrote=target.last_inbound_at is not None),
        notices=tuple(of.notices),
        zone=zone_of(target.country, target.residence_stated, target.of_point, target.zone),
        marketing_received=target.received,
        platform_limited_until=target.marketing_capped_until,
    )


def latest(*times: datetime | None) -> datetime | None:
    return max((time for time in times if time is not None), default=None)


def countries(
    country: str,
    stated: bool,
    points: Iterable[tuple[str, str]],
    *,
    former: str = "",
    moved_at: datetime | None = None,
) -> tuple[CountrySignal, ...]:
    """The signals we have about where a person is, strongest first (legal reference 4.3)."""
    found = _signals(country, stated, tuple(points))
    return (*found, CountrySignal(SignalKind.FORMER, former, moved_at)) if former else found


@lru_cache(1024)
def _signals(country: str, stated: bool, points: tuple[tuple[str, str], ...]) -> tuple[CountrySignal, ...]:
    """Most people of an audience share them."""
    kind = SignalKind.STATED_RESIDENCE if stated else SignalKind.CRM
    found = [CountrySignal(kind, country)] if country else []
    of_points = {(_SIGNALS.get(kind, SignalKind.NUMBER), country) for kind, country in points if country}
    return (*found, *(CountrySignal(kind, country) for kind, country in sorted(of_points)))


def with_evidence(person: Person, stored: Iterable[Sequence[str]]) -> Person:
    """A person together with what one message rests on."""
    extra = tuple(
        Evidence(EvidenceKind(kind), evidence_id, datetime.fromisoformat(at)) for kind, evidence_id, at in stored
    )
    if not extra:
        return person
    # who asked to be asked has given the general permission that Meta's policy wants, for this one message
    asked = next((evidence.id for evidence in extra if evidence.kind is EvidenceKind.OPT_IN_ATTEMPT), "")
    return replace(person, evidence=person.evidence + extra, platform_optin=person.platform_optin or asked)
