# SPDX-License-Identifier: Apache-2.0
"""Which provider carries what: a controller's routing policy, and the switches that were made."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from hub.store.tables.columns import json, key, maybe_time, ref, time


class RoutePolicy(SQLModel, table=True):
    """The rule for one purpose, or for all that have none of their own ("*"). Countries by ISO 3166-1; empty: any."""

    __tablename__ = "route_policy"
    controller_id: str = Field(foreign_key="controller.id", primary_key=True)
    purpose: str = Field(primary_key=True)
    seats: list[str] = json(default_factory=list)  # where the company may sit,
    parents: list[str] = json(default_factory=list)  # its parent,
    hosting: list[str] = json(default_factory=list)  # and its systems stand
    prefer: list[str] = json(default_factory=list)  # senders, the first that fits is taken
    fallback: bool = False  # what waits at one that cannot send may go to the next
    set_by: str
    set_at: datetime = time()


class RouteSwitch(SQLModel, table=True):
    """One number's work, handed to another sender; `campaigns` are those that went along."""

    __tablename__ = "route_switch"
    id: str = key()
    controller_id: str = ref("controller.id")
    from_sender_id: str = ref("sender.id", index=False)
    to_sender_id: str = ref("sender.id", index=False)
    same_number: bool
    templates: list[list[str]] = json(default_factory=list)  # [name, language, name there, language there]
    campaigns: list[str] = json(default_factory=list)
    pages: list[str] = json(default_factory=list)
    why: str = ""  # person, fallback
    made_by: str
    made_at: datetime = time()
    returned_at: datetime | None = maybe_time()
