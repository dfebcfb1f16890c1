# SPDX-License-Identifier: Apache-2.0
"""The judge of a fault: what the provider received against what the hub says it did. Pure: a history in, counts out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.flows.states import MAY_HAVE_ARRIVED, OPEN, State

# an authorisation is void after 2 s; the rest is the way to the provider on a busy machine
LATEST = timedelta(seconds=3)


class Kind(StrEnum):
    """What may be wrong. All but `BROKEN` are counted."""

    LOST = "lost"
    WITHOUT_BASIS = "without_basis"
    DOUBLED = "doubled"
    UNEXPLAINED = "unexplained"  # an unknown without a reason
    BROKEN = "broken"  # a criterion of the fault itself does not hold


@dataclass(frozen=True, slots=True)
class Request:
    """One request with a message, as the provider received it. `to` is a token. `taken`: the provider accepted it."""

    at: datetime
    message: str
    to: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Allowed:
    """The gate let a message go: one authorisation, at its place in the ledger. `at`: when its transaction began."""

    message: str
    seq: int
    at: datetime
    committed: datetime


@dataclass(frozen=True, slots=True)
class Stopped:
    """A person's stop, at its place in the ledger."""

    to: str
    seq: int
    committed: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as the hub keeps it. `campaign` is empty for answers and notices."""

    id: str
    to: str
    campaign: str
    marketing: bool
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """All that happened. `expected`: who must have a message in the campaign.

    statuses_arrive: the provider's statuses were delivered, so what it took must be known to be accepted.
    one_clock: provider and hub shared a clock, so their times may be compared.
    chain: what is wrong with the ledger; empty when it verifies.
    """

    requests: tuple[Request, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    stopped: tuple[Stopped, ...] = ()
    messages: tuple[Kept, ...] = ()
    expected: frozenset[str] = frozenset()
    statuses_arrive: bool = True
    one_clock: bool = True
    chain: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `what` names message ids, never people."""

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a history comes to. Passed only without any finding; `unknown` counts explained unknowns too."""

    findings: tuple[Finding, ...]
    unknown: int
    requests: int = 0

    def count(self, kind: Kind) -> int:
        return sum(finding.kind is kind for finding in self.findings)

    @property
    def passed(self) -> bool:
        return not self.findings


def judge(history: History) -> Verdict:
    """Look for everything that must never be."""
    findings = [
        *_lost(history),
        *_without_authorisation(history),
        *_after_stop(history),
        *_doubled(history),
        *_unexplained(history),
    ]
    if history.chain:
        findings.append(Finding(Kind.BROKEN, f"the ledger does not verify: {history.chain}"))
    unknown = sum(message.state == State.UNKNOWN for message in history.messages)
    return Verdict(tuple(findings), unknown, len(history.requests))


def _lost(history: History) -> Iterator[Finding]:
    taken = {request.message for request in history.requests if request.taken}
    reached = {message.to for message in history.messages if message.campaign}
    for _ in history.expected - reached:
        yield Finding(Kind.LOST, "somebody of the audience has no message")
    for message in history.messages:
        if message.campaign and message.state in OPEN:
            yield Finding(Kind.LOST, f"{message.id} never ended: {message.state}")
        elif message.id in taken and not _known_to_have_left(message, history.statuses_arrive):
            yield Finding(Kind.LOST, f"{message.id} was taken by the provider, and the hub says {message.state}")
        elif message.id not in taken and message.state in _ACCEPTED:
            yield Finding(Kind.LOST, f"{message.id} is said to be {message.state}, and the provider never took it")


_ACCEPTED = frozenset(MAY_HAVE_ARRIVED) - {State.AUTHORISED, State.UNKNOWN}


def _known_to_have_left(message: Kept, statuses_arrive: bool) -> bool:
    if message.state == State.UNKNOWN:
        return not statuses_arrive
    return message.state in _ACCEPTED or message.state == State.FAILED  # failed after it was accepted


def _without_authorisation(history: History) -> Iterator[Finding]:
    """Each request needs an authorisation of its own, given before it and not older than it may be."""
    given: dict[str, list[Allowed]] = defaultdict(list)
    for allowed in sorted(history.allowed, key=lambda one: one.seq):
        given[allowed.message].append(allowed)
    made: Counter[str] = Counter()
    for request in sorted(history.requests, key=lambda one: one.at):
        mine = given[request.message]
        made[request.message] += 1
        if made[request.message] > len(mine):
            yield Finding(Kind.WITHOUT_BASIS, f"{request.message}: a request without an authorisation of its own")
        elif history.one_clock and not _fresh(request.at, mine):
            yield Finding(Kind.WITHOUT_BASIS, f"{request.message}: its authorisation came later or was void")


def _fresh(at: datetime, given: list[Allowed]) -> bool:
    return any(allowed.at <= at <= allowed.committed + LATEST for allowed in given)


def _after_stop(history: History) -> Iterator[Finding]:
    """Commit order is the ledger's order, whatever clocks say."""
    stopped: dict[str, Stopped] = {}
    for stop in sorted(history.stopped, key=lambda one: one.seq):
        stopped.setdefault(stop.to, stop)
    marketing = {message.id: message for message in history.messages if message.marketing}
    for allowed in history.allowed:
        message = marketing.get(allowed.message)
        stop_of = stopped.get(message.to) if message else None
        if stop_of is not None and allowed.seq > stop_of.seq:
            yield Finding(Kind.WITHOUT_BASIS, f"{allowed.message} was authorised after its person's stop")
    for request in history.requests if history.one_clock else ():
        message = marketing.get(request.message)
        stop_of = stopped.get(message.to) if message else None
        if stop_of is not None and request.at > stop_of.committed + LATEST:
            yield Finding(Kind.WITHOUT_BASIS, f"{request.message} left long after its person's stop")


def _doubled(history: History) -> Iterator[Finding]:
    campaign = {message.id: message.campaign for message in history.messages}
    taken = [request for request in history.requests if request.taken]
    for message_id, times in Counter(request.message for request in taken).items():
        for _ in range(times - 1):
            yield Finding(Kind.DOUBLED, f"{message_id} was taken twice")
    once = {request.message: request.to for request in taken if campaign.get(request.message)}
    for times in Counter((campaign[message_id], to) for message_id, to in once.items()).values():
        for _ in range(times - 1):
            yield Finding(Kind.DOUBLED, "one person got two messages of one campaign")


def _unexplained(history: History) -> Iterator[Finding]:
    for message in history.messages:
        if message.state == State.UNKNOWN and not message.reason:
            yield Finding(Kind.UNEXPLAINED, f"{message.id} is unknown, and nobody says why")
