# SPDX-License-Identifier: Apache-2.0
"""Messages that workflows of a CRM ask for."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import SQLModel, UniqueConstraint

from hub.store.tables.columns import key, ref, time


class WorkflowRequest(SQLModel, table=True):
    """A workflow asked for one message. `event` makes it unique: the same request again is the same row."""

    __tablename__ = "workflow_request"
    __table_args__ = (UniqueConstraint("connection_id", "event"),)
    id: str = key()
    controller_id: str = ref("controller.id")
    connection_id: str = ref("connection.id", index=False)
    event: str
    record: str
    title: str  # what was asked for, in words for the CRM: the template
    callback: str = ""  # the workflow waits for the outcome
    message_id: str | None = ref("message.id", default=None)  # None: refused before there was one
    created_at: datetime = time()
