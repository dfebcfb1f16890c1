# SPDX-License-Identifier: Apache-2.0
"""What goes out: a message, its clearance, its receipt, and the report to the CRM."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hub.contract.contents import Content
from hub.contract.words import Point, Purpose, ReportKind


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message someone wants to send. Nothing has been checked yet."""

    id: str  # ours, opaque: no personal data; comes back in status webhooks
    sender: str  # the vendor's id of the sending number
    to: Point
    purpose: Purpose
    content: Content
    reply_to: str = field(default="", repr=False)  # the provider's id of the message that is answered


@dataclass(frozen=True, slots=True)
class ClearedMessage:
    """A message the gate allowed. Only `hub.flows.gate` makes one; a provider can send nothing else."""

    outgoing: Outgoing
    decision_id: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider accepted the message (accepted is not delivered)."""

    provider_message_id: str = field(repr=False)  # may hold a number in clear: personal data
    note: str = ""  # e.g. "held_for_quality_assessment"


@dataclass(frozen=True, slots=True)
class Report:
    """One fact for one CRM record. `key` is unique and stable: a repeated report changes nothing."""

    key: str
    record: str = field(repr=False)  # the CRM's own id of the person
    kind: ReportKind
    status: str  # message state, e.g. "delivered", "refused", "unknown"
    at: datetime
    reason: str = ""  # reason code of a refusal or withdrawal
    campaign: str = ""
    audience: str = ""  # the CRM's id of the list or campaign that the message went to
    basis: str = ""
    text: str = field(default="", repr=False)  # for the record's timeline
    callback: str = ""  # of a workflow that waits for the outcome: `SendRequested.callback`
    evidence: str = ""  # of a consent or withdrawal: where its proof is found in the hub, an opaque reference
    why: str = ""  # why a message may or may not go, was or was not sent: a sentence in the company's language
    link: str = ""  # the page of the hub's console that says what would help; opaque, behind a login


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a campaign would come to, for the CRM's own list or campaign. Counts only; shown again, it replaces itself.

    `title` and `text` say everything in the company's language; the other fields are for a CRM with fields of its own.
    """

    key: str  # opaque, the same for the same campaign
    campaign: str
    audience: str  # the CRM's id of the list or campaign
    at: datetime
    records: int
    eligible: int
    waiting: int
    blocked: int
    finish: datetime | None  # the last message under all limits; None: nobody is reached, or not within a year
    title: str
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the CRM said to one report. `error` is empty on success; `retry` says whether to come again."""

    key: str
    error: str = ""
    retry: bool = False
