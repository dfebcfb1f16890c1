# SPDX-License-Identifier: Apache-2.0
"""What a queued message asks the law: its purpose, its template or text, and the way it would go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sqlmodel import Session

from hub.contract import Purpose
from hub.flows import documents, gate, routing
from hub.flows.processor.versions import in_force
from hub.flows.states import RESTING
from hub.flows.variants import Templated
from hub.flows.world import World
from hub.law import content
from hub.law.facts import Message
from hub.law.policy import Policy
from hub.store.tables import Campaign, Controller, Sender, TemplateRow


class Queued(Protocol):
    """What of a message says what it asks; an object or a row of columns."""

    purpose: str
    topic: str
    template: str
    language: str
    approved_category: str


class Asking:
    """Messages of one sender, as the law sees them. What they share is read once."""

    def __init__(self, world: World, session: Session, controller: Controller, sender: Sender) -> None:
        self.world, self.session, self.controller, self.sender = world, session, controller, sender
        self._processor = in_force(session, sender.connection_id)
        self.route = gate.route(controller, sender, self._processor, routing.policies(session, controller.id))
        self._templates: dict[tuple[str, str], TemplateRow | None] = {}
        self._messages: dict[tuple[object, ...], Message] = {}
        self._documents: dict[tuple[str, str, str], dict[str, str]] = {}

    def message(self, row: Queued, campaign: Campaign | None, text: Callable[[], str]) -> Message:
        """`text` opens what a message without a template says."""
        asked = _templated(row, campaign)
        if not asked.template:
            return Message(row.purpose, row.topic, free_text_promotional=content.promotional(text()))
        asks = (row.purpose, row.topic, asked, campaign.id if campaign else "")
        if asks not in self._messages:
            listed = self._listed(asked.template, asked.language)
            self._messages[asks] = of_template(self.controller, campaign, row.purpose, row.topic, asked, listed)
        return self._messages[asks]

    def named(self, row: Queued, campaign: Campaign | None) -> str:
        """The message's template, as records name it; empty for free text."""
        asked = _templated(row, campaign)
        return f"{asked.template}/{asked.language}" if asked.template else ""

    def documents(self, row: Queued, campaign: Campaign | None, policy: Policy | None) -> dict[str, str]:
        """The texts that a decision rests on, by hash. The policy may change within a batch."""
        name, language, _ = _templated(row, campaign)
        rests_on = (name, language, policy.id if policy else "")
        if rests_on not in self._documents:
            listed = self._listed(name, language) if name else None
            kept = documents.kept(self.world, self.session, self.controller.id, policy, listed, self._processor)
            self._documents[rests_on] = kept
        return self._documents[rests_on]

    def _listed(self, name: str, language: str) -> TemplateRow | None:
        if (name, language) not in self._templates:
            found = self.session.get(TemplateRow, (self.sender.connection_id, name, language))
            self._templates[name, language] = found
        return self._templates[name, language]


def _templated(row: Queued, campaign: Campaign | None) -> Templated:
    """The message's own template, which may be a variant of its campaign, or its campaign's."""
    of = row if row.template or campaign is None else campaign
    return Templated(of.template, of.language, of.approved_category)


def of_template(
    controller: Controller,
    campaign: Campaign | None,
    purpose: str,
    topic: str,
    asked: Templated,
    listed: TemplateRow | None,
) -> Message:
    """A message by template. `listed`: the template as the platform has it now; None: not any more."""
    return Message(
        purpose,
        topic,
        template=gate.template_facts(controller, asked.template, listed, asked.approved_category),
        special_category=campaign is not None and listed is not None and content.sensitive(listed.text, listed.buttons),
        approved=campaign is None or campaign.state not in RESTING,
        keeps_quiet_hours=not campaign.any_hour if campaign else purpose == Purpose.MARKETING,
    )
