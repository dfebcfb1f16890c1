# SPDX-License-Identifier: Apache-2.0
"""A case written down, so that it can be decided again years later.

What many cases share (the policy, the message, the route, a wording) is a part of its own, stored once under the
SHA-256 of its JSON; the rest are the facts about one person: pseudonymous ids, kinds and times. Values that are a
type's default are left out, so that facts written before a field existed can still be read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from pydantic import TypeAdapter

from hub.law.facts import Case, Message, Person, Phase, Route, WordingFacts
from hub.law.policy import Policy

_PERSON = TypeAdapter(Person)
_WORDING = TypeAdapter(WordingFacts)
_MESSAGE: TypeAdapter[Message | None] = TypeAdapter(Message | None)
_ROUTE: TypeAdapter[Route | None] = TypeAdapter(Route | None)
_APART: Any = {"consents": {"__all__": {"wording"}}}
_POLICIES = 64  # remembered at once


@dataclass(frozen=True, slots=True)
class Part:
    """What many cases share. `kind` is policy, context or wording."""

    sha256: str
    kind: str
    json: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """A case as facts of its own, and the parts they refer to by hash."""

    facts: dict[str, Any]
    parts: tuple[Part, ...]


def freeze(case: Case) -> Frozen:
    """Write a case down. Its phase is left to whoever keeps the facts."""
    policy = _policy_part(case.policy) if case.policy else None
    context = _context_part(
        case.controller, case.controller_country, policy.sha256 if policy else None, case.message, case.route
    )
    parts = [context, policy] if policy else [context]
    person = _PERSON.dump_python(case.person, mode="json", exclude_defaults=True, exclude=_APART)
    for consent, written in zip(case.person.consents, person.get("consents", ()), strict=True):
        if consent.wording is not None:
            wording = _wording_part(consent.wording)
            written["wording"] = wording.sha256
            parts.append(wording)
    facts = {"now": case.now.isoformat(), "context": context.sha256, "person": person}
    return Frozen(facts | ({"fault": case.fault} if case.fault else {}), tuple(parts))


def _part(kind: str, body: dict[str, Any]) -> Part:
    json = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return Part(hashlib.sha256(json).hexdigest(), kind, json.decode())


@lru_cache(1024)
def _wording_part(wording: WordingFacts) -> Part:
    return _part("wording", _WORDING.dump_python(wording, mode="json"))


@lru_cache(1024)
def _context_part(
    controller: str, country: str, policy: str | None, message: Message | None, route: Route | None
) -> Part:
    body = {
        "controller": controller,
        "controller_country": country,
        "policy": policy,
        "message": _MESSAGE.dump_python(message, mode="json", exclude_defaults=True),
        "route": _ROUTE.dump_python(route, mode="json", exclude_defaults=True),
    }
    return _part("context", body)


_policies: dict[int, tuple[Policy, Part]] = {}


def _policy_part(policy: Policy) -> Part:
    """Remembered by object, since two policies may carry one hash while one of them was changed in memory."""
    known = _policies.get(id(policy))
    if known is None or known[0] is not policy:
        if len(_policies) >= _POLICIES:
            _policies.clear()
        known = _policies[id(policy)] = (policy, _part("policy", policy.model_dump(mode="json")))
    return known[1]


class Forged(ValueError):
    """A part is not what its hash says."""


@dataclass(slots=True)
class Thaw:
    """Reads cases back. `load` gives a part's JSON by hash, or raises `LookupError`; every part is read once.

    `policy` stands in for the recorded ones, for "what if".
    """

    load: Callable[[str], str]
    policy: Policy | None = None
    _contexts: dict[str, dict[str, Any]] = field(default_factory=dict)
    _wordings: dict[str, WordingFacts] = field(default_factory=dict)
    _policies: dict[str, Policy] = field(default_factory=dict)

    def case(self, phase: Phase, facts: Mapping[str, Any]) -> Case:
        """The case that was frozen. Raises `ValueError` (also `Forged`) or `LookupError` when it cannot be read."""
        person = dict(facts["person"])
        if "consents" in person:
            person["consents"] = [
                {**consent, "wording": self._wording(consent.get("wording"))} for consent in person["consents"]
            ]
        return Case(
            phase=phase,
            now=datetime.fromisoformat(facts["now"]),
            person=_PERSON.validate_python(person),
            fault=facts.get("fault", ""),
            **self._context(facts["context"]),
        )

    def _context(self, sha256: str) -> dict[str, Any]:
        if sha256 not in self._contexts:
            body = self._read(sha256)
            self._contexts[sha256] = {
                "controller": body["controller"],
                "controller_country": body["controller_country"],
                "policy": self.policy or self._policy(body["policy"]),
                "message": _MESSAGE.validate_python(body["message"]),
                "route": _ROUTE.validate_python(body["route"]),
            }
        return self._contexts[sha256]

    def _policy(self, sha256: str | None) -> Policy | None:
        if sha256 is None:
            return None
        if sha256 not in self._policies:
            self._policies[sha256] = Policy.model_validate(self._read(sha256))
        return self._policies[sha256]

    def _wording(self, sha256: str | None) -> WordingFacts | None:
        if sha256 is None:
            return None
        if sha256 not in self._wordings:
            self._wordings[sha256] = _WORDING.validate_python(self._read(sha256))
        return self._wordings[sha256]

    def _read(self, sha256: str) -> dict[str, Any]:
        json = self.load(sha256)
        if hashlib.sha256(json.encode()).hexdigest() != sha256:
            raise Forged(f"part {sha256} was changed")
        return dict(orjson.loads(json))
