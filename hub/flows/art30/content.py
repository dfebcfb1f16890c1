# SPDX-License-Identifier: Apache-2.0
"""What the record says (Art. 30(1)(a) to (g) GDPR; legal reference 5.2), read from the live configuration.

Only what is in use is listed: an activity without an account, a purpose that no provider carries, stand nowhere. What
no configuration knows (addresses, the data protection officer) people add; see `Said`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from hub.contract import LegalBasis, Provider, Purpose
from hub.flows.processor.form import ALL
from hub.flows.processor.versions import form_of, in_force
from hub.flows.rights import around
from hub.flows.world import World
from hub.law.facts import RecordState
from hub.law.policy import Policy
from hub.law.purposes import RULES
from hub.store.tables import Connection, Controller, Sender, Staff, Wording

FORMAT = "consent-hub/art30/1"


class Said(BaseModel):
    """What only people can say."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    contact: str = Field("", max_length=2000, description="Address and contact of the controller")
    representative: str = Field("", max_length=2000, description="Representative in the EU (Art. 27 GDPR)")
    joint: str = Field("", max_length=2000, description="Joint controllers (Art. 26 GDPR)")
    dpo: str = Field("", max_length=2000, description="Data protection officer")
    dpia: str = Field("", max_length=2000, description="Impact assessment (Art. 35 GDPR): its id, or why there is none")
    measures: str = Field("", max_length=8000, description="Further measures (Art. 32 GDPR): hosting, staff, backups")


@dataclass(frozen=True, slots=True)
class Activity:
    """One processing activity: what for, which parts of the packet it fills, what limits its time."""

    id: str
    purposes: tuple[Purpose, ...]
    holds: tuple[str, ...]  # sections of `hub.flows.rights.held`
    kept: tuple[str, ...] = ()  # names of `around.storage`
    bases: tuple[LegalBasis, ...] = ()  # beside those of the purposes


_DUTY = (LegalBasis.LEGAL_OBLIGATION,)
_STORING = (LegalBasis.CONSENT, LegalBasis.CONTRACT, LegalBasis.LEGITIMATE_INTEREST)
_MESSAGES = ("messages", "decisions", "openings", "reports", "workflows")
_TIMES = ("content_days", "delivery_days", "deny_days", "webhook_days")
_CONTRACT = (Purpose.UTILITY, Purpose.AUTHENTICATION, Purpose.PRE_CONTRACT, Purpose.LEGAL)
_ASKING = (Purpose.OPT_IN_CONFIRMATION, Purpose.OPT_OUT_CONFIRMATION, Purpose.PRIVACY_NOTICE)
_CONSENT = ("consents", "opt_ins_claimed", "forms", "notices", "reviews")
ACTIVITIES = (
    Activity("sync", (), ("person", "contact_points", "crm_records"), (), _STORING),
    Activity("consent", _ASKING, _CONSENT, ("consent_years",), _DUTY),
    Activity("marketing", (Purpose.MARKETING,), _MESSAGES, _TIMES),
    Activity("transactional", _CONTRACT, _MESSAGES, _TIMES),
    Activity("service", (Purpose.SERVICE,), _MESSAGES, _TIMES),
    Activity("stops", (), ("stops",), ("stop_review_years",), _DUTY),
    Activity("rights", (), ("requests",), ("request_years",), _DUTY),
    Activity("ledger", (), ("events", "decisions", "looked_at"), ("consent_years", "deny_days"), _DUTY),
)


def now(world: World, session: Session, controller: Controller, said: Said) -> dict[str, Any]:
    """The record as the configuration stands. Holds no personal data but of the officer and contacts named in it."""
    mine = select(Connection).where(Connection.controller_id == controller.id).order_by(col(Connection.id))
    connections = session.exec(mine).all()
    recipients = [around.recipient(world, one, session) for one in connections]
    carried = set(_carried(world, session, connections))
    asks = session.exec(select(Wording.id).where(Wording.controller_id == controller.id).limit(1)).first() is not None
    policy = world.policy_for(controller.id)
    barred = _barred(controller, policy)
    storage = around.storage(world, controller.id)
    activities = [
        _entry(one, carried, recipients, storage, barred)
        for one in ACTIVITIES
        if _used(one, asks=asks, carried=carried, recipients=recipients)
    ]
    return {
        "format": FORMAT,
        "controller": controller.model_dump(include={"name", "country", "li_assessment"}) | said.model_dump(),
        "activities": activities,
        "recipients": recipients,
        "sources": {one["title"]: c.source for one, c in zip(recipients, connections, strict=True) if _reads(one)},
        "storage": storage,
        "measures": _measures(world, session, controller),
        "policy": policy.id if policy else "",
    }


def _reads(recipient: dict[str, Any]) -> bool:
    return bool(recipient["kind"] == "crm")


def _carried(world: World, session: Session, connections: Any) -> Iterator[Purpose]:
    """The purposes that an approved provider with a number carries."""
    for one in connections:
        cls = world.registry.connectors.get(one.connector)
        record = in_force(session, one.id) if cls is not None and issubclass(cls, Provider) else None
        if record is None or record.state != RecordState.APPROVED:
            continue
        if session.exec(select(Sender.id).where(Sender.connection_id == one.id).limit(1)).first():
            wanted = form_of(record).purposes
            yield from (purpose for purpose in Purpose if ALL in wanted or purpose in wanted)


def _used(one: Activity, *, asks: bool, carried: set[Purpose], recipients: list[dict[str, Any]]) -> bool:
    match one.id:
        case "sync":
            return any(_reads(recipient) for recipient in recipients)
        case "consent":
            return asks or bool(carried)
        case _ if one.purposes:
            return bool(carried & set(one.purposes))
        case _:
            return bool(recipients)


def _entry(
    one: Activity,
    carried: set[Purpose],
    recipients: list[dict[str, Any]],
    storage: dict[str, int],
    barred: set[LegalBasis],
) -> dict[str, Any]:
    purposes = [purpose for purpose in one.purposes if purpose in carried]
    told = [r for r in recipients if r["kind"] == "crm" or one.id != "sync"] if one.id != "ledger" else []
    bases = {basis for purpose in purposes for basis in _bases(purpose)} | set(one.bases)
    bases -= barred if one.id != "consent" else set()  # the question after a form is no matter of an assessment
    return {
        "id": one.id,
        "purposes": [purpose.value for purpose in purposes],
        "bases": [{"basis": basis.value, "iri": basis.iri} for basis in LegalBasis if basis in bases],
        "subjects": ["contacts"] if one.id != "service" else ["contacts", "writers"],
        "data": list(one.holds),
        "categories": around.categories(told),
        "recipients": [r["title"] for r in told],
        "storage": {name: storage[name] for name in one.kept if name in storage},
    }


def _barred(controller: Controller, policy: Policy | None) -> set[LegalBasis]:
    """Bases that this company does not use."""
    soft = policy is not None and policy.soft_opt_in.enabled
    interest = bool(controller.li_assessment)
    barred = {LegalBasis.EPRIVACY_13_2: soft, LegalBasis.LEGITIMATE_INTEREST: interest}
    return {basis for basis, used in barred.items() if not used}


def _bases(purpose: Purpose) -> Iterator[LegalBasis]:
    rule = RULES[purpose]
    if rule.consent:
        yield LegalBasis.CONSENT
    if purpose is Purpose.MARKETING:
        yield LegalBasis.EPRIVACY_13_2
    yield from (ground.basis for ground in rule.grounds)


def _measures(world: World, session: Session, controller: Controller) -> list[str]:
    """Technical measures that hold for this deployment as it is set up (Art. 32 GDPR), by name."""
    found = ["own_keys", "keyed_lookup", "sealed_settings", "roles", "audit", "chain", "gate", "no_data_in_logs"]
    if world.settings.public_url.startswith("https://"):
        found.append("tls")
    if world.db.journal is not None:
        found.append("journal")
    if world.settings.approval_above:
        found.append("four_eyes")
    people = session.exec(
        select(Staff.totp).where(Staff.controller_id == controller.id, col(Staff.disabled_at).is_(None))
    ).all()
    if people and all(people):
        found.append("second_factor")
    return found
