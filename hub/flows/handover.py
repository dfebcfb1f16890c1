# SPDX-License-Identifier: Apache-2.0
"""Reports on their way to a CRM: the next batch, in words and with a link, and what the CRM said to each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, bindparam, case, literal_column, update
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from hub.contract import Outcome, Report, ReportKind
from hub.flows import sentences
from hub.flows.languages import language_in
from hub.flows.world import World
from hub.store.direct import fetch, run, table
from hub.store.sets import among
from hub.store.tables import Connection, Controller, ReportRow
from hub.store.tables.columns import UtcTime

BATCH = 100
REACH_BATCH = 500  # nobody waits for one of them alone, and every batch costs a CRM some calls
_TRIES = 10

_TABLE = table(ReportRow)
_REPORT = _TABLE.c
_SHOWN: Any = (
    *(_REPORT.key, _REPORT.record, _REPORT.kind, _REPORT.status, _REPORT.at, _REPORT.reason, _REPORT.campaign),
    *(_REPORT.audience, _REPORT.basis, _REPORT.callback, _REPORT.evidence),
)
_ABOUT: Any = (_REPORT.contact_id, _REPORT.campaign_id)
# literal, as the indexes over them
_OTHERS: Any = [literal_column(f"'{kind}'") for kind in (ReportKind.WITHDRAWAL, ReportKind.REACH)]
_WITHDRAWAL, _REACH = (_REPORT.kind == kind for kind in _OTHERS)
_NEWS = and_(*(_REPORT.kind != kind for kind in _OTHERS))
_PENDING = (
    core_select(*_SHOWN, *_ABOUT)
    .where(
        _REPORT.connection_id == bindparam("connection"),
        _REPORT.state == literal_column("'pending'"),
        _REPORT.next_attempt_at <= bindparam("now", type_=UtcTime),
    )
    .order_by(_REPORT.recorded_at, _REPORT.rank, _REPORT.key)
    .limit(bindparam("most"))
)
_FIRST, _NEXT, _LAST = (_PENDING.where(which) for which in (_WITHDRAWAL, _NEWS, _REACH))
# of somebody whom the hub holds nothing about not even the CRM's id stays
_DONE = (
    update(_TABLE)
    .where(among(_REPORT.key))
    .values(
        state="done",
        attempts=_REPORT.attempts + 1,
        error="",
        record=case((_REPORT.contact_id.is_(None), ""), else_=_REPORT.record),
    )
)
_SAID = (
    core_select(_REPORT.key, _REPORT.kind, _REPORT.status, _REPORT.reason).where(among(_REPORT.key)).with_for_update()
)
_COUNTRY = (
    core_select(table(Controller).c.country)
    .join(table(Connection), table(Connection).c.controller_id == table(Controller).c.id)
    .where(table(Connection).c.id == bindparam("connection"))
)


def due(world: World, session: Session, connection_id: str, limit: int = BATCH) -> list[Report]:
    """The next reports for a CRM: withdrawals first, then in the order in which things happened. What a campaign would
    do comes when there is nothing else."""
    asked = {"connection": connection_id, "now": world.now()}
    rows = list(fetch(session, _FIRST, **asked, most=limit))
    if len(rows) < limit:
        rows += fetch(session, _NEXT, **asked, most=limit - len(rows))
    if not rows:
        rows += fetch(session, _LAST, **asked, most=REACH_BATCH)
    if not rows:
        return []
    (country,) = (row.country for row in fetch(session, _COUNTRY, connection=connection_id))
    language = language_in(country)
    return [_report(world, row, language) for row in rows]


def _report(world: World, row: Any, language: str) -> Report:
    told = {column.name: getattr(row, column.name) for column in _SHOWN} | {"kind": ReportKind(row.kind)}
    why = sentences.why(row.kind, row.status, row.reason, row.basis, language)
    return Report(**told, why=why, link=_link(world, row))


def _link(world: World, row: Any) -> str:
    """Where somebody sees what would help; empty where nothing needs help, or nothing is known of it."""
    if not sentences.needs_help(row.kind, row.status):
        return ""
    about = ""
    if row.campaign_id and (row.kind == ReportKind.REACH or row.contact_id is None):
        about = row.key
    elif row.contact_id and row.key.count(":") >= 2:  # message:status:record
        about = row.key.partition(":")[0]
    return address(world, about) if about else ""


def address(world: World, about: str) -> str:
    """The page of the console about a message, or a record that a campaign would go to. Both ids say nothing."""
    return f"{world.settings.public_url.rstrip('/')}/console/why/{about}"


def settle(world: World, session: Session, outcomes: Iterable[Outcome], told: Iterable[Report] = ()) -> int:
    """Note what the CRM said. Returns how many it accepted. What has changed since it was `told` waits on."""
    changed = _changed(session, {one.key: one for one in told if one.kind is ReportKind.REACH})
    by_key = {outcome.key: outcome for outcome in outcomes if outcome.key not in changed}
    accepted = [key for key, outcome in by_key.items() if not outcome.error]
    if accepted:
        run(session, _DONE, {"keys": sorted(accepted)})
    problems = [key for key in by_key if by_key[key].error]
    for row in session.exec(select(ReportRow).where(among(col(ReportRow.key), problems))) if problems else ():
        outcome = by_key[row.key]
        row.attempts += 1
        row.error = outcome.error[:300]
        if outcome.retry and row.attempts < _TRIES:
            row.next_attempt_at = world.now() + timedelta(seconds=min(2**row.attempts, 3600))
        else:
            row.state = "failed"
        session.add(row)
    return len(accepted)


def _changed(session: Session, told: dict[str, Report]) -> set[str]:
    if not told:
        return set()
    rows = fetch(session, _SAID, keys=told)
    return {row.key for row in rows if (row.kind, row.status, row.reason) != _said(told[row.key])}


def _said(report: Report) -> tuple[str, str, str]:
    return report.kind, report.status, report.reason
