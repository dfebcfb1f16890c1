# SPDX-License-Identifier: Apache-2.0
"""Lists come in pages; `next` is opaque and asks for the one after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

T = TypeVar("T")

Cursor = Annotated[str, Query(max_length=64, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Entries on a page.")]


class Listing(BaseModel, Generic[T]):
    """One page. `next` is empty on the last."""

    items: list[T]
    next: str = ""


def listing(items: Sequence[T], limit: int, key: str = "id") -> Listing[T]:
    """From `limit` + 1 entries at most: the one too many says that there is another page."""
    shown = list(items[:limit])
    return Listing(items=shown, next=str(getattr(shown[-1], key)) if len(items) > limit else "")
