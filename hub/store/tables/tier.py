# SPDX-License-Identifier: Apache-2.0
"""Whom an account has begun to write to, for vendors that limit unique people in 24 hours."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from hub.store.tables.columns import time


class Opening(SQLModel, table=True):
    """When an account last wrote first to whoever holds a contact point."""

    connection_id: str = Field(foreign_key="connection.id", primary_key=True)
    point_id: str = Field(foreign_key="contact_point.id", primary_key=True)
    at: datetime = time(index=True)


class OpeningHour(SQLModel, table=True):
    """How many people an account began to write to in one hour (unix time divided by 3,600)."""

    __tablename__ = "opening_hour"
    connection_id: str = Field(foreign_key="connection.id", primary_key=True)
    hour: int = Field(primary_key=True)
    people: int
