# SPDX-License-Identifier: Apache-2.0
"""The one gate: asks the law, writes down its answer, and clears what may be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from sqlmodel import Session

from hub.contract import ClearedMessage, Outgoing, PlatformCategory, TemplateState
from hub.flows import routing
from hub.flows.processor.versions import in_force
from hub.flows.world import World
from hub.law import content
from hub.law.decide import decide
from hub.law.facts import (
    Case,
    Decision,
    Message,
    Person,
    Phase,
    RecordState,
    Route,
    TemplateFacts,
    Transfer,
    Verdict,
)
from hub.law.policy import Policy
from hub.law.snapshot import freeze
from hub.store.ledger import Chain
from hub.store.tables import Controller, ProcessorRecord, RoutePolicy, Sender, TemplateRow

ENGINE_VERSION = version("consent-hub")


@dataclass(frozen=True, slots=True)
class Sitting:
    """Questions put at one moment: under one policy, about one way of sending."""

    phase: Phase
    now: datetime
    policy: Policy | None
    controller: str
    country: str
    route: Route | None
    fault: str

    def put(self, person: Person, message: Message | None = None) -> Case:
        """One question to the law."""
        return Case(
            phase=self.phase,
            now=self.now,
            policy=self.policy,
            controller=self.controller,
            controller_country=self.country,
            person=person,
            message=message,
            route=self.route,
            fault=self.fault,
        )


def sit(world: World, controller: Controller, phase: Phase, route: Route | None = None) -> Sitting:
    """Now, under the policy that decides now."""
    policy, fault = world.policy_for(controller.id), world.continuity.fault(controller.id)
    return Sitting(phase, world.now(), policy, controller.name, controller.country, route, fault)


def put(
    world: World,
    controller: Controller,
    phase: Phase,
    person: Person,
    message: Message | None = None,
    route: Route | None = None,
) -> Case:
    """One question to the law, now."""
    return sit(world, controller, phase, route).put(person, message)


def judge(case: Case) -> Decision:
    """The law's answer."""
    return decide(case)


def clear(outgoing: Outgoing, decision: Decision, decision_id: str) -> ClearedMessage:
    """The only place that makes a `ClearedMessage`. Raises `ValueError` unless the decision allows."""
    if not decision.allowed:
        raise ValueError("only an ALLOW can be cleared")
    return ClearedMessage(outgoing, decision_id)


def vetoed(world: World, outgoing: Outgoing, decision: Decision) -> Decision:
    """The decision after plugins had their say. They can only deny."""
    if not decision.allowed:
        return decision
    veto = world.registry.veto(outgoing)
    return denied(decision, "POLICY_NOT_APPROVED", f"veto: {veto.why}") if veto else decision


def denied(decision: Decision, reason: str, *notes: str) -> Decision:
    """The same decision, turned into a refusal for a fact that only came up on the way out."""
    return replace(decision, verdict=Verdict.DENY, reasons=(reason,), notes=(*decision.notes, *notes), overruled=True)


def refused(case: Case, reasons: Sequence[str]) -> Decision:
    """The no to taking over what a CRM claims, whether or not its record may be stored."""
    return replace(judge(case), verdict=Verdict.DENY, reasons=tuple(reasons), basis=None, overruled=True)


def record(chain: Chain, case: Case, decision: Decision, extra: dict[str, Any], message_id: str | None = None) -> str:
    """Write a decision with all it rests on (legal reference 4.6), so that it can be made again. Returns its id.

    No text, no number.
    """
    frozen = freeze(case)
    for part in frozen.parts:
        chain.part(part.sha256, part.kind, part.json)
    facts = {
        **answer(decision),
        "signals": [[s.kind, s.country] for s in case.person.countries],
        "policy": decision.policy,
        "engine_version": ENGINE_VERSION,  # which code judged; no part of what a replay compares
        "facts": frozen.facts,
        **extra,
    }
    return chain.decision(case.phase, decision.verdict, facts, contact_id=case.person.id, message_id=message_id)


def answer(decision: Decision) -> dict[str, Any]:
    """What was decided, as a record says it; the verdict and the policy stand beside it."""
    return {
        "reasons": decision.reasons,
        "notes": decision.notes,
        "basis": decision.basis,
        "basis_iri": decision.basis.iri if decision.basis else None,
        "consent": decision.consent_id or None,
        "evidence": decision.evidence_ids,
        "stops": decision.stop_ids,
        "jurisdictions": decision.jurisdictions,
        "purpose": decision.purpose,
        "overruled": decision.overruled,
    }


def route_of(session: Session, controller: Controller, sender: Sender) -> Route:
    """Through whom a sender's messages go, as the admin's file on that provider stands now."""
    rules = routing.policies(session, controller.id)
    return route(controller, sender, in_force(session, sender.connection_id), rules)


def route(
    controller: Controller, sender: Sender, record: ProcessorRecord | None, rules: Mapping[str, RoutePolicy]
) -> Route:
    """The same with the file and the routing policy at hand."""
    return Route(
        sender_id=sender.id,
        sender_controller=controller.name if sender.controller_id == controller.id else "",
        official_api=record.official_api if record else False,
        coexistence=sender.coexistence,
        record_id=f"{record.id}:v{record.version}" if record else "",
        record_state=RecordState(record.state) if record else None,
        dpa_signed=bool(record and record.dpa_signed_on),
        record_valid_until=record.valid_until if record else None,
        subprocessors_approved=bool(record and record.subprocessors_approved),
        transfers=tuple(Transfer(**{**t, **_times(t)}) for t in record.transfers) if record else (),
        purposes=routing.carries(rules, record),
    )


def _times(transfer: dict[str, Any]) -> dict[str, Any]:
    names = ("valid_until", "tia_review_at")
    return {name: datetime.fromisoformat(transfer[name]) for name in names if transfer.get(name)}


def template_facts(controller: Controller, name: str, row: TemplateRow | None, approved: str) -> TemplateFacts:
    """A template as the law sees it. A row of None means that the platform does not list it (any more)."""
    category = PlatformCategory(approved)
    if row is None:
        return TemplateFacts(name, TemplateState.GONE, category, category, False, False, False)
    shows_way_out, names_sender, promotional = _lint(row.text, tuple(row.buttons), controller.name)
    return TemplateFacts(
        id=f"{row.name}/{row.language}",
        state=TemplateState.PENDING if row.stale else TemplateState(row.state),
        category=PlatformCategory(row.category),
        approved_category=category,
        stop_hint=shows_way_out,
        sender_identity=names_sender,
        promotional=promotional,
    )


@lru_cache(1024)
def _lint(text: str, buttons: tuple[str, ...], name: str) -> tuple[bool, bool, bool]:
    """The same text is asked about with every batch."""
    return content.stop_hint(text, buttons), content.names_sender(text, [name]), content.promotional(text, buttons)
