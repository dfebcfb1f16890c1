# SPDX-License-Identifier: Apache-2.0
"""A campaign as somebody wants it: checked as far as it can be before it starts, and stored as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from sqlmodel import Session, select

from hub.contract import BadInput, Purpose
from hub.flows import notices, routing
from hub.flows.states import CampaignState
from hub.flows.variants import MOST, Variant
from hub.flows.watch import Rules
from hub.flows.world import World
from hub.law.hours import is_quiet
from hub.store.tables import Campaign, Connection, Controller, NoticeText, Sender, TemplateRow


@dataclass(frozen=True, slots=True)
class Beside:
    """A further template, which shares the people with the first by weight."""

    template: str
    language: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How a campaign goes out. Without wishes: one template, all at once, outside the policy's quiet hours.

    weight: of the first template, where there are others beside it. local_time: by the recipient's clock.
    late_minutes: None leaves it to the settings. canary: how many go first; the others wait for `canary_wait` after the
    last of them has left, and for the rules. start_at: when it starts, unless whoever starts it says otherwise.
    """

    beside: tuple[Beside, ...] = ()
    weight: int = 1
    local_time: time | None = None
    any_hour: bool = False
    late_minutes: int | None = None
    canary: int = 0
    canary_wait: timedelta = timedelta(hours=1)
    rules: Rules = field(default_factory=Rules)
    start_at: datetime | None = None


def create(
    world: World,
    session: Session,
    controller: Controller,
    *,
    title: str,
    crm: Connection,
    audience: str,
    sender: Sender,
    template: str,
    language: str,
    purpose: str,
    topic: str,
    parameters: Mapping[str, str],
    notice: str = "",
    plan: Plan = Plan(),
    by: str = "",
) -> Campaign:
    """A draft. `parameters` maps a template's parameter to `property` or `property|fallback`. Raises `BadInput`.

    `notice` is the notice that a template of purpose PRIVACY_NOTICE links to, and so serves. `by` made it, and so
    cannot approve it.
    """
    if purpose not in set(Purpose):
        raise BadInput(f"{purpose!r} is no purpose", field="purpose", remedy=f"Use one of: {', '.join(Purpose)}.")
    if purpose == Purpose.MARKETING and topic in ("", "*"):
        raise BadInput(
            "is empty", field="topic", remedy="Name the topic that people consented to, as their wording does."
        )
    _check(world, controller, purpose, plan)
    routing.check(session, controller, sender, purpose)
    wanted = (Beside(template, language, plan.weight), *plan.beside)
    rows = [_template(session, sender, one) for one in wanted]
    _check_parameters(rows, parameters)
    among = [_variant(row, one.weight, parameters) for row, one in zip(rows, wanted, strict=True)]
    first = among[0]
    campaign = Campaign(
        controller_id=controller.id,
        connection_id=crm.id,
        sender_id=sender.id,
        title=title or template,
        audience=audience,
        purpose=purpose,
        topic=topic or "*",
        template=first.template,
        language=first.language,
        approved_category=first.approved_category,
        notice_id=_notice(session, controller, purpose, notice, rows),
        parameters=[list(one) for one in first.parameters],
        variants=[one.plain() for one in among] if plan.beside else [],
        state=CampaignState.DRAFT,
        created_by=by.strip(),
        start_at=plan.start_at.astimezone(UTC) if plan.start_at else None,
        late_minutes=plan.late_minutes,
        local_time=plan.local_time.isoformat("minutes") if plan.local_time else "",
        any_hour=plan.any_hour,
        rules=plan.rules.plain(),
        canary=plan.canary,
        canary_wait_s=int(plan.canary_wait.total_seconds()),
        created_at=world.now(),
        next_reach_at=world.now() if world.settings.reach_minutes else None,
    )
    session.add(campaign)
    session.flush()
    return campaign


def _check(world: World, controller: Controller, purpose: str, plan: Plan) -> None:
    """Wishes that cannot be met, or that would do nothing."""
    weights = [plan.weight, *(one.weight for one in plan.beside)]
    if len(weights) > MOST or min(weights) < 1:
        raise BadInput("do not fit", field="variants", remedy=f"Up to {MOST} templates, each with a weight from 1 on.")
    if plan.canary < 0 or plan.canary_wait < timedelta():
        raise BadInput("is below 0", field="canary", remedy="Give a number of people and a time to wait.")
    if plan.canary and not plan.rules.any:
        raise BadInput("has no rule to pass", field="canary", remedy="Set a stop rule, such as --max-errors 10.")
    if plan.late_minutes is not None and plan.late_minutes < 0:
        raise BadInput("is below 0", field="late", remedy="Give minutes from 0 on.")
    plan.rules.check()
    policy = world.policy_for(controller.id)
    if plan.local_time is None or policy is None or purpose != Purpose.MARKETING:
        return
    hours = policy.quiet_hours
    monday = datetime.combine(datetime(2026, 1, 5), plan.local_time)  # noqa: DTZ001 - on the wall, wherever that hangs
    if (hours.enforce or not plan.any_hour) and is_quiet(hours, monday):
        remedy = f"Choose a time from {hours.end}:00 to {hours.start}:00."
        raise BadInput(f"{plan.local_time:%H:%M} lies in quiet hours", field="local-time", remedy=remedy)


def _template(session: Session, sender: Sender, wanted: Beside) -> TemplateRow:
    row = session.get(TemplateRow, (sender.connection_id, wanted.template, wanted.language))
    if row is None:
        known = session.exec(select(TemplateRow).where(TemplateRow.connection_id == sender.connection_id)).all()
        names = ", ".join(f"{t.name} ({t.language})" for t in known) or "none; run `hub templates read` first"
        what = f"there is no {wanted.template} ({wanted.language})"
        raise BadInput(what, field="template", remedy=f"There are: {names}.")
    return row


def _check_parameters(rows: list[TemplateRow], parameters: Mapping[str, str]) -> None:
    if len({(row.name, row.language) for row in rows}) < len(rows):
        raise BadInput("names a template twice", field="variants", remedy="Let each variant be another template.")
    every = [name for row in rows for name in row.parameters]
    wrong = [name for name in dict.fromkeys(every) if name not in parameters]
    wrong += [name for name in parameters if name not in every]
    if wrong:
        wanted = ", ".join(dict.fromkeys(every)) or "none"
        raise BadInput(f"{', '.join(wrong)} does not fit", field="parameters", remedy=f"Wanted: {wanted}.")


def _variant(row: TemplateRow, weight: int, parameters: Mapping[str, str]) -> Variant:
    given = [(name, *parameters[name].partition("|")[::2]) for name in row.parameters]
    return Variant(row.name, row.language, row.category, tuple(given), weight)


def _notice(
    session: Session, controller: Controller, purpose: str, notice: str, templates: list[TemplateRow]
) -> str | None:
    if purpose != Purpose.PRIVACY_NOTICE:
        if notice:
            raise BadInput("is of another purpose", field="notice", remedy="Use --purpose PRIVACY_NOTICE.")
        return None
    found: NoticeText = notices.find(session, controller, notice)
    if not all(notices.path(found.id) in template.text for template in templates):
        remedy = f"Put the link that ends in {notices.path(found.id)} into the template."
        raise BadInput("is not what the template leads to", field="notice", remedy=remedy)
    return found.id
