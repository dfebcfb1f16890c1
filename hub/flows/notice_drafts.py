# SPDX-License-Identifier: Apache-2.0
"""A notice drafted from what the hub knows of a controller, and what a person adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, select

from hub.contract import BadInput
from hub.flows import notice_texts
from hub.flows.notice_texts import Particulars
from hub.flows.processor import versions
from hub.flows.world import World
from hub.law.facts import NoticeKind
from hub.store.tables import Connection, Controller


def draft(
    world: World,
    session: Session,
    owner: Controller,
    kind: NoticeKind,
    language: str,
    *,
    recipients: Sequence[str] = (),
    transfers: Sequence[str] = (),
    **told: Any,
) -> str:
    """The text. `told` as in `Particulars`; whoever is connected receives data, too, and without `transfers` those of
    the files on the providers count. Raises `BadInput`."""
    if language not in notice_texts.LANGUAGES:
        raise BadInput(f"{language!r} is not offered", field="language", remedy="Use one of: de, en.")
    connected = session.exec(select(Connection).where(Connection.controller_id == owner.id)).all()
    given = Particulars(
        controller=owner.name,
        recipients=[*(world.registry.get(row.connector).title for row in connected), *recipients],
        transfers=transfers or _transfers(session, connected),
        **told,
    )
    return notice_texts.draft(kind, language, given)


def _transfers(session: Session, connected: Sequence[Connection]) -> list[str]:
    found: dict[str, None] = {}
    for row in connected:
        record = versions.in_force(session, row.id)
        found |= {f"{one['to']}: {one['tool']}": None for one in (record.transfers if record else ())}
    return list(found)
