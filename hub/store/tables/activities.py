# SPDX-License-Identifier: Apache-2.0
"""The record of processing activities (Art. 30 GDPR), version by version."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from hub.store.tables.columns import json, key, maybe_time, ref, time


class ProcessingRecord(SQLModel, table=True):
    """One version: the configuration as it stood, and what only people can say. The content is never changed."""

    __tablename__ = "processing_record"
    __table_args__ = (UniqueConstraint("controller_id", "version"),)
    id: str = key()
    controller_id: str = ref("controller.id")
    version: int
    sha256: str = Field(max_length=64)  # of the content
    content: dict[str, Any] = json(default_factory=dict)  # see `hub.flows.art30.content`
    made_by: str
    made_at: datetime = time()
    reviewed_by: str = ""
    reviewed_at: datetime | None = maybe_time()
    review_on: date | None = None  # when somebody looks at it again
