# SPDX-License-Identifier: Apache-2.0
"""Making a campaign: first the CRM and the templates, then a form for all the rest beside how the message would read.

A mistake is shown at the form, with everything that was typed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.contract import BadInput, HubError, Purpose
from hub.flows import accounts, choices, drafts, notices, routing, sample
from hub.flows.drafts import Beside, Plan
from hub.flows.roles import May
from hub.flows.variants import MOST
from hub.flows.watch import Rules
from hub.flows.workflows import ASKED
from hub.law.policy import QuietHours
from hub.store.tables import Connection, Controller, TemplateRow
from hub.web.console import reading
from hub.web.console.rooms import Made, Rooms, Visitor

_PURPOSES = (*ASKED, Purpose.PRIVACY_NOTICE)
_PLACES = ("template", *(f"beside{place}" for place in range(1, MOST)))
# the fields of a mistake, where the form calls them otherwise
_NAMED = {"local-time": "local_time", "max-errors": "max_errors", "max-opt-outs": "max_opt_outs", "late": "late"}


def routes(rooms: Rooms) -> list[Route]:
    return [
        rooms.show("/console/campaigns/new", May.CAMPAIGN, "campaign_new.html", _form),
        rooms.show("/console/campaigns/new/sample", May.CAMPAIGN, "campaign_sample.html", _samples),
        rooms.act("/console/campaigns/new", May.CAMPAIGN, "campaign.draft", _make, again=("campaign_new.html", _form)),
    ]


def _form(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    crms = choices.crms(visitor.world, session, owner)
    listed = choices.templates(session, owner.id)
    crm = next((one for one in crms if one.id == visitor.typed("crm")), None)
    chosen = _chosen(visitor, listed)
    facts = {"crms": crms, "templates": listed, "crm": crm, "chosen": chosen, "typed": visitor.typed, "named": _NAMED}
    if crm is None or not chosen:
        return facts
    hours = _hours(visitor, owner)
    return {
        **facts,
        **_of_crm(visitor, crm),
        "parameters": list(dict.fromkeys(name for row in chosen for name in row.parameters)),
        "senders": choices.senders(session, owner),
        "purposes": _PURPOSES,
        "topics": choices.topics(session, owner.id),
        "notices": notices.every(session, owner),
        "hours": hours,
        "zone": hours.zone if hours else "UTC",
        **_samples(visitor, session, owner),
    }


def _of_crm(visitor: Visitor, crm: Connection) -> dict[str, Any]:
    """What only the CRM knows. Where it does not answer, people type it."""
    try:
        lists = visitor.hands.audiences(crm)
        return {"audiences": lists, "properties": visitor.hands.properties(crm), "trouble": ""}
    except HubError as error:
        return {"audiences": [], "properties": [], "trouble": str(error)}


def _hours(visitor: Visitor, owner: Controller) -> QuietHours | None:
    policy = visitor.world.policy_for(owner.id)
    return policy.quiet_hours if policy else None


def _chosen(visitor: Visitor, listed: list[TemplateRow]) -> list[TemplateRow]:
    """The templates by NAME/LANGUAGE; none, where the first is none."""
    by_name = {f"{row.name}/{row.language}": row for row in listed}
    named = dict.fromkeys(visitor.typed(place) for place in _PLACES)
    return [by_name[name] for name in named if name in by_name] if visitor.typed("template") in by_name else []


def _samples(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    chosen = _chosen(visitor, choices.templates(session, owner.id))
    return {"samples": [(row, sample.fill(row, _given(visitor, row.parameters))) for row in chosen]}


def _given(visitor: Visitor, parameters: list[str]) -> dict[str, str]:
    """Each parameter's property and fallback, as a draft takes them."""
    return {name: f"{visitor.typed(f'p.{name}')}|{visitor.typed(f'f.{name}')}" for name in parameters}


def _make(visitor: Visitor, session: Session, owner: Controller) -> Made:
    chosen = _chosen(visitor, choices.templates(session, owner.id))
    if not chosen:
        raise BadInput("is not chosen", field="template", remedy="Choose one.")
    first, purpose = chosen[0], visitor.said("purpose")
    made = drafts.create(
        visitor.world,
        session,
        owner,
        title=visitor.said("title")[:200],
        crm=_crm(visitor, session, owner),
        audience=_needed(visitor, "audience"),
        sender=routing.choose(visitor.world, session, owner, purpose, visitor.said("sender")),
        template=first.name,
        language=first.language,
        purpose=purpose,
        topic=visitor.said("topic"),
        parameters=_parameters(visitor, chosen),
        notice=visitor.said("notice"),
        plan=_plan(visitor, owner, chosen),
        by=visitor.actor.name,
    )
    return Made(f"/console/campaigns/{made.id}/preview", made.id)


def _crm(visitor: Visitor, session: Session, owner: Controller) -> Connection:
    named = _needed(visitor, "crm")
    found = accounts.find_connection(session, owner, named)
    if found.id not in {one.id for one in choices.crms(visitor.world, session, owner)}:
        raise BadInput(f"{found.title} is no CRM", field="crm", remedy="Choose a CRM.")
    return found


def _needed(visitor: Visitor, name: str) -> str:
    if not visitor.said(name):
        raise BadInput("is empty", field=name, remedy="Choose one.")
    return visitor.said(name)


def _parameters(visitor: Visitor, chosen: list[TemplateRow]) -> dict[str, str]:
    names = list(dict.fromkeys(name for row in chosen for name in row.parameters))
    empty = [name for name in names if not visitor.said(f"p.{name}") and not visitor.said(f"f.{name}")]
    if empty:
        remedy = "Give each a property of the CRM, a fallback, or both."
        raise BadInput(f"{', '.join(empty)} would be empty", field="parameters", remedy=remedy)
    return _given(visitor, names)


def _plan(visitor: Visitor, owner: Controller, chosen: list[TemplateRow]) -> Plan:
    hours = _hours(visitor, owner)
    weights = [int(reading.number(visitor, f"weight{place}", 1)) for place in range(len(chosen))]
    late = visitor.said("late")
    return Plan(
        beside=tuple(
            Beside(row.name, row.language, weight) for row, weight in list(zip(chosen, weights, strict=True))[1:]
        ),
        weight=weights[0],
        local_time=reading.clock(visitor, "local_time"),
        any_hour=bool(visitor.said("any_hour")),
        late_minutes=int(reading.number(visitor, "late", 0)) if late else None,
        canary=int(reading.number(visitor, "canary", 0)),
        canary_wait=timedelta(minutes=reading.number(visitor, "canary_wait", 60)),
        rules=_rules(visitor),
        start_at=reading.moment(visitor, "start_at", hours.zone if hours else "UTC"),
    )


def _rules(visitor: Visitor) -> Rules:
    return Rules(
        reading.number(visitor, "max_errors", 10, whole=False),
        reading.number(visitor, "max_opt_outs", 3, whole=False),
        quality=True,
        sample=int(reading.number(visitor, "sample", 100)),
    )
