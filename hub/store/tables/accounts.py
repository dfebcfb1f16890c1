# SPDX-License-Identifier: Apache-2.0
"""Who runs the hub, and through which accounts: controllers, connections, senders, templates."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from hub.store.tables.columns import json, key, maybe_time, new_door, ref, sealed, time


class Controller(SQLModel, table=True):
    """The company that is responsible (Verantwortlicher). Everything belongs to exactly one."""

    id: str = key()
    name: str = Field(unique=True)
    country: str = Field(max_length=2)  # where it is established; also reads national phone numbers
    li_assessment: str = ""  # id of the legitimate-interest assessment for storing prospects, if there is one
    li_disclosed: bool = False  # the interest was named when the data were collected
    created_at: datetime = time()


class Connection(SQLModel, table=True):
    """A configured account of a connector. `door` is the secret part of its webhook URL; the id is no secret."""

    id: str = key()
    door: str = Field(default_factory=new_door, unique=True, max_length=32, repr=False)
    controller_id: str = ref("controller.id")
    connector: str
    title: str
    config: bytes = sealed()
    memory: bytes | None = sealed(default=None, nullable=True)
    guard: bytes | None = sealed(default=None, nullable=True)  # what a webhook must show: see `hub.flows.guard`
    source: str = "unknown"  # who gave the data of a CRM's people: a `hub.law.facts.Source`
    source_by: str = ""  # who said so
    paused_why: str = ""  # not empty: a human must act
    tier: int | None = None  # unique people that may be written to first in 24 hours; None: no limit is known
    last_inbound_at: datetime | None = maybe_time()
    sync_cursor: str | None = None
    asked_up_to: str = ""  # of a CRM: the last record whose existence was asked about
    sync_every_s: int = 300  # 0: only on demand
    next_sync_at: datetime | None = maybe_time()
    change_cursor: str | None = None  # of what a CRM tells as it changes
    next_listen_at: datetime | None = maybe_time()  # when to open that connection again; None: it has none
    listen_error: str = ""  # why it does not stand
    next_report_at: datetime | None = maybe_time()
    created_at: datetime = time()


class Sender(SQLModel, table=True):
    """A WhatsApp number on a provider connection."""

    __table_args__ = (UniqueConstraint("connection_id", "vendor_id"),)
    id: str = key()
    controller_id: str = ref("controller.id")
    connection_id: str = ref("connection.id")
    vendor_id: str  # the vendor's own id of the number
    number: str  # digits for wa.me links; the company's own number, no personal data
    rate: int = 80  # messages per second
    lanes: int = 1  # dispatchers side by side, each for a share of the people
    coexistence: bool = False
    heard_second: int = 0  # the newest Unix second in which people wrote to it,
    heard: int = 0  # and how many messages that were: the platform counts them against the rate
    paused_why: str = ""
    paused_until: datetime | None = maybe_time()
    slowed_to: int = 0  # messages per second, the last time that the vendor said we were too fast
    slowed_at: datetime | None = maybe_time()
    failing: int = 0  # calls in a row that failed or were not answered
    rests: int = 0  # pauses because of that, since a call last succeeded
    moved_to: str = ""  # the sender that this same number has become, at another provider


class Lease(SQLModel, table=True):
    """Who may do something that only one process at a time may do."""

    name: str = Field(primary_key=True)
    owner: str
    until: datetime = time()


class TemplateRow(SQLModel, table=True):
    """A template as last read from the platform."""

    __tablename__ = "template"
    connection_id: str = Field(foreign_key="connection.id", primary_key=True)
    name: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    category: str
    state: str
    text: str
    parameters: list[str] = json(default_factory=list)
    buttons: list[str] = json(default_factory=list)
    moved: str = ""  # what the platform changed by itself, for people, until the list is read again
    stale: bool = False  # its words are not those above any more: not to be sent until the list is read again
    read_at: datetime = time()
