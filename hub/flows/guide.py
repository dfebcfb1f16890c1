# SPDX-License-Identifier: Apache-2.0
"""From an empty hub to a first campaign: which steps there are, and which of them are done. Nothing is remembered;
what is there says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from hub.contract import Crm, Provider, TemplateState
from hub.flows import notices
from hub.flows.processor import versions
from hub.flows.states import CampaignState
from hub.flows.world import World
from hub.law.facts import NoticeKind, RecordState
from hub.store.tables import Campaign, Connection, Controller, OptInPage, Sender, SyncRun, TemplateRow


@dataclass(frozen=True, slots=True)
class Part:
    """Something to do. `about`: the id of the connection it is done with, if there is one."""

    name: str
    done: bool
    about: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Parts that belong together."""

    name: str
    parts: tuple[Part, ...]

    @property
    def done(self) -> bool:
        return all(part.done for part in self.parts)


def steps(world: World, session: Session, owner: Controller) -> list[Step]:
    """All steps, in the order in which they make sense."""
    return [
        Step("company", (Part("company", done=True),)),
        _provider(world, session, owner),
        _crm(world, session, owner),
        _wording(session, owner),
        _campaign(session, owner),
    ]


def _accounts(
    world: World, session: Session, owner: Controller, kind: type[Crm[Any]] | type[Provider[Any]]
) -> list[str]:
    mine = select(Connection).where(Connection.controller_id == owner.id).order_by(col(Connection.created_at))
    known = world.registry.connectors
    return [one.id for one in session.exec(mine) if (cls := known.get(one.connector)) and issubclass(cls, kind)]


def _provider(world: World, session: Session, owner: Controller) -> Step:
    ids = _accounts(world, session, owner, Provider)
    first = ids[0] if ids else ""
    usable = (col(TemplateRow.connection_id).in_(ids), TemplateRow.state == TemplateState.APPROVED)
    filed = next((one for one in ids if _approved(session, one)), "")
    return Step(
        "provider",
        (
            Part("account", bool(ids), first),
            Part("number", _any(session, select(Sender.id).where(col(Sender.connection_id).in_(ids))), first),
            Part("file", bool(filed), filed or first),
            Part("templates", _any(session, select(TemplateRow.name).where(*usable)), first),
        ),
    )


def _crm(world: World, session: Session, owner: Controller) -> Step:
    ids = _accounts(world, session, owner, Crm)
    first = ids[0] if ids else ""
    read = (col(SyncRun.connection_id).in_(ids), col(SyncRun.finished_at).is_not(None), SyncRun.error == "")
    parts = Part("crm", bool(ids), first), Part("read", _any(session, select(SyncRun.id).where(*read)), first)
    return Step("crm", parts)


def _wording(session: Session, owner: Controller) -> Step:
    told = all(notices.newest(session, owner.id, kind) for kind in (NoticeKind.ART_13, NoticeKind.ART_21_4))
    open_ = (OptInPage.controller_id == owner.id, col(OptInPage.closed_at).is_(None))
    return Step("wording", (Part("notices", told), Part("page", _any(session, select(OptInPage.id).where(*open_)))))


def _campaign(session: Session, owner: Controller) -> Step:
    mine = select(Campaign.id).where(Campaign.controller_id == owner.id)
    started = _any(session, mine.where(Campaign.state != CampaignState.DRAFT))
    return Step("campaign", (Part("campaign", _any(session, mine)), Part("started", started)))


def _approved(session: Session, connection_id: str) -> bool:
    file = versions.in_force(session, connection_id)
    return file is not None and file.state == RecordState.APPROVED


def _any(session: Session, rows: SelectOfScalar[str]) -> bool:
    return session.exec(rows.limit(1)).first() is not None
