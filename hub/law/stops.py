# SPDX-License-Identifier: Apache-2.0
"""Step 3: which stops bind what is asked for (legal reference 2.7, 4.5).

A stop at a wider scope binds all narrower ones. Where the message names no brand or topic, a stop for any of them
binds, since nobody can say that it is not the one meant. What cannot be read binds everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub.contract.words import Channel, ClaimKind, Purpose
from hub.law.facts import ANY, ConsentState, Person, Scope, Stop, StopKind
from hub.law.question import Ask

MARKETING = frozenset({Purpose.MARKETING})
# "Stop everything" leaves only what the law itself orders to be told.
ALL_BUT_DUTIES = frozenset(Purpose) - {Purpose.LEGAL, Purpose.PRIVACY_NOTICE, Purpose.OPT_OUT_CONFIRMATION}
_OTHER_CHANNELS = frozenset(Channel) - {Channel.WHATSAPP}
_WIDE = (ANY, "")
_SAID_NO = (ConsentState.WITHDRAWN, ConsentState.REFUSED)


@dataclass(frozen=True, slots=True)
class _Reach:
    """What a kind binds when its scope names no purpose, and which purposes its scope may name."""

    code: str
    unnamed: frozenset[Purpose]
    named: frozenset[Purpose]


_REACH: dict[str, _Reach] = {
    StopKind.OBJECTION_MARKETING: _Reach("SUPPRESSED_OBJECTION_MARKETING", MARKETING, MARKETING),
    StopKind.CONSENT_WITHDRAWN: _Reach("SUPPRESSED_CONSENT_WITHDRAWN", MARKETING, ALL_BUT_DUTIES),
    StopKind.STOP_ALL: _Reach("SUPPRESSED_SUBJECT_STOP_ALL", ALL_BUT_DUTIES, ALL_BUT_DUTIES),
    # Art. 21(1) also ends every legitimate interest; `bases` asks `ends_interest` for that.
    StopKind.OBJECTION_21_1: _Reach("SUPPRESSED_OBJECTION_21_1", MARKETING, MARKETING),
    StopKind.PLATFORM_PREFERENCE: _Reach("SUPPRESSED_PLATFORM_PREFERENCE", MARKETING, MARKETING),
    StopKind.BLOCKLIST_NATIONAL: _Reach("SUPPRESSED_BLOCKLIST_NATIONAL", MARKETING, MARKETING),
    StopKind.CLAIM_CRM: _Reach("SUPPRESSED_CLAIM_CRM", MARKETING, MARKETING),
    # An unclear message is read as an objection until a person has read it: the code fits what it may be.
    StopKind.UNSURE: _Reach("SUPPRESSED_OBJECTION_MARKETING", MARKETING, MARKETING),
}
_END_INTEREST = (StopKind.OBJECTION_21_1, StopKind.STOP_ALL)
UNKNOWN_KIND = "SUPPRESSED_UNKNOWN_KIND"


def code_of(kind: str) -> str:
    """The reason code of a stop kind."""
    reach = _REACH.get(kind)
    return reach.code if reach else UNKNOWN_KIND


@dataclass(frozen=True, slots=True)
class Binding:
    """A stop that binds, and the code that says so."""

    id: str
    code: str


def binding(person: Person, ask: Ask, lifted_until: datetime | None) -> tuple[Binding, ...]:
    """The stops that bind. `lifted_until`: time of the newest complete consent for exactly what is asked.

    Such a consent lifts every stop that is strictly older; at equal times the stop wins. An unreadable stop is
    lifted by nothing, since nobody can say what it asks for.
    """
    if not (person.stops or person.consents or person.claims):
        return ()
    found = []
    for stop in _expressions(person):
        code = _binds(stop, ask)
        if code and (code == UNKNOWN_KIND or lifted_until is None or stop.event_time >= lifted_until):
            found.append(Binding(stop.id, code))
    if _untold_claim(person):
        found += [Binding(claim, "SUPPRESSED_CLAIM_CRM") for claim in _opt_out_claims(person, ask)]
    return tuple(found)


def ends_interest(person: Person, ask: Ask) -> str | None:
    """The code of a stop that ends a legitimate interest, whatever the purpose: Art. 21(1), or "stop everything"."""
    for stop in person.stops:
        reach = _REACH.get(stop.kind)
        if _meets(stop.scope, ask):
            if reach is None:
                return UNKNOWN_KIND
            if stop.kind in _END_INTEREST:
                return reach.code
    return None


def conflicts(person: Person, bound: tuple[Binding, ...]) -> tuple[str, ...]:
    """A CRM says yes later than the stop that binds. The stop wins; somebody must look (C-129/21)."""
    times = [stop.event_time for stop in _expressions(person) if any(stop.id == held.id for held in bound)]
    for claim in person.claims:
        if (
            claim.kind is ClaimKind.CONSENT
            and claim.claimed_at is not None
            and any(claim.claimed_at > t for t in times)
        ):
            return ("CLAIM_CONFLICT",)
    return ()


def last_no(person: Person, ask: Ask) -> datetime | None:
    """When the person last said no to marketing here, lifted or not."""
    marketing = Ask(ask.controller, ask.brand, Purpose.MARKETING, ask.topic)
    return max((stop.event_time for stop in _expressions(person) if _binds(stop, marketing)), default=None)


def _expressions(person: Person) -> Iterator[Stop]:
    """All stops, and consents whose own state says that the person took them back or refused."""
    yield from person.stops
    for consent in person.consents:
        if consent.state in _SAID_NO:
            yield Stop(consent.id, StopKind.CONSENT_WITHDRAWN, consent.scope, consent.event_time)


def _binds(stop: Stop, ask: Ask) -> str | None:
    if not _meets(stop.scope, ask):
        return None
    reach = _REACH.get(stop.kind)
    if reach is None:
        return UNKNOWN_KIND
    named = stop.scope.purpose
    if ask.purpose is None:
        return reach.code
    # A purpose that this kind cannot mean, or that cannot be read, is no narrowing.
    bound = ask.purpose == named if named in reach.named else ask.purpose in reach.unnamed
    return reach.code if bound else None


def _meets(scope: Scope, ask: Ask) -> bool:
    """Controller, brand, channel and topic; the purpose is a matter of the kind."""
    return (
        (scope.controller in _WIDE or scope.controller == ask.controller)
        and (scope.brand in _WIDE or ask.brand in (ANY, scope.brand))
        and (scope.topic in _WIDE or ask.topic in (ANY, scope.topic))
        and scope.channel not in _OTHER_CHANNELS
    )


def _untold_claim(person: Person) -> bool:
    """Normally sync has made a stop of each opt-out claim, dated when we learned it. If not, the claim itself binds."""
    return not any(stop.kind == StopKind.CLAIM_CRM for stop in person.stops)


def _opt_out_claims(person: Person, ask: Ask) -> Iterator[str]:
    if ask.purpose not in (Purpose.MARKETING, None):
        return
    for claim in person.claims:
        if claim.kind is ClaimKind.OPT_OUT and claim.channel in (None, Channel.WHATSAPP):
            yield claim.id
