# SPDX-License-Identifier: Apache-2.0
"""When a consent that a CRM tells of may enter the ledger: never by its flag, only with all of its proof (legal
reference 2.6, 3.5). The same predicates judge it that judge every consent, and every stop stands in its way."""

from __future__ import annotations

from collections.abc import Iterable

from hub.contract.words import Purpose
from hub.law.consent import faults, lifts_until, newest_complete
from hub.law.decide import RECORD
from hub.law.facts import ANY, Case, Consent, ConsentState, Origin, Scope, WordingFacts
from hub.law.mapping import Reading
from hub.law.question import PURPOSES, Ask, prepare
from hub.law.reasons import RANKS
from hub.law.stops import Binding, binding


def consent(case: Case, reading: Reading, wording: WordingFacts | None) -> Consent:
    """What the record would be as a consent; without a time, as of now."""
    return Consent(
        id="",
        state=ConsentState.GIVEN,
        scope=Scope(case.controller, channel=reading.channel, purpose=reading.purpose),
        expression=reading.expression,
        verification=reading.verification,
        wording=wording,
        event_time=reading.at or case.now,
        origin=Origin.IMPORTED,
    )


def lacks(case: Case, reading: Reading, wording: WordingFacts | None, same_point: bool | None) -> tuple[str, ...]:
    """What keeps a record's yes from being proof, by rank. `same_point`: was it given for the record's own number?

    None: the record does not say, or cannot be read.
    """
    codes = ["CONSENT_UNPROVEN"] if reading.at is None or same_point is None else []
    if same_point is False:
        codes.append("CONSENT_VERIFIED_OTHER_CONTACT_POINT")
    return _ranked([*codes, *_faults(case, consent(case, reading, wording))])


def judge(case: Case, given: Consent) -> tuple[str, ...]:
    """What stands against writing this consent now, by rank; empty for nothing. A stop always does."""
    held = held_by(case, given.wording)
    conflict = ["CLAIM_CONFLICT", *(stop.code for stop in held)] if held else []
    return _ranked([*conflict, *_faults(case, given)])


def held_by(case: Case, wording: WordingFacts | None = None) -> tuple[Binding, ...]:
    """The stops that bind advertising to this person on any topic of the wording, after what the person's own consents
    lift. Without a wording: those that leave no topic free."""
    if case.policy is None:
        return ()
    q = prepare(case, case.policy)
    own = {topic for one in case.person.consents if one.own and one.wording for topic in one.wording.topics}
    held = []
    for topic in sorted(wording.topics if wording else own or {ANY}):
        about = q._replace(ask=Ask(case.controller, ANY, Purpose.MARKETING, topic))
        held.append(binding(case.person, about.ask, lifts_until(about, newest_complete(about))))
    return max(held, key=len, default=()) if wording else min(held, key=len)


def _faults(case: Case, given: Consent) -> tuple[str, ...]:
    if case.policy is None:
        return ("POLICY_UNKNOWN",)
    q = prepare(case, case.policy)
    about = q._replace(ask=_ask(case, given.wording))
    who = [code for check in RECORD if (code := check(about))]
    return (*who, *faults(about, given))


def _ask(case: Case, wording: WordingFacts | None) -> Ask:
    """The most that the text covers: advertising, where it does."""
    purposes = [Purpose(one) for one in wording.purposes if one in PURPOSES] if wording else []
    purpose = Purpose.MARKETING if not purposes or Purpose.MARKETING in purposes else purposes[0]
    return Ask(case.controller, ANY, purpose, wording.topics[0] if wording and wording.topics else ANY)


def _ranked(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(codes), key=RANKS.__getitem__))
