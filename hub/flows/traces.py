# SPDX-License-Identifier: Apache-2.0
"""How a recorded decision came about, check by check: made again from its recorded facts.

A trace is told only if the engine of today still gives the very answer that was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlmodel import Session

from hub.flows.replay import Parts, agrees, judged
from hub.law.facts import Case, Phase
from hub.law.snapshot import Thaw
from hub.law.trace import meaning, trace
from hub.store.tables import DecisionRow

LANGUAGES = ("en", "de")


def of(session: Session, rows: Iterable[DecisionRow]) -> list[dict[str, Any]]:
    """One trace per decision. Without `steps` where the facts cannot be read or are judged otherwise today."""
    thaw = Thaw(Parts(session))
    return [{"decision": row.id, "steps": _steps(thaw, row)} for row in rows]


def _steps(thaw: Thaw, row: DecisionRow) -> list[dict[str, Any]]:
    record = orjson.loads(row.record)
    try:
        case = thaw.case(Phase(row.phase), record["facts"])
    except (KeyError, ValueError, LookupError, TypeError):
        return []
    return _told(case) if agrees(judged(case, record), row.verdict, record) else []


def _told(case: Case) -> list[dict[str, Any]]:
    return [{"check": step.check, "about": step.about, "objections": list(step.codes)} for step in trace(case)]


def meanings(traces: Iterable[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """What the checks in these traces ask, by name and language."""
    names = sorted({step["check"] for one in traces for step in one["steps"]})
    return {name: {language: meaning(name, language) for language in LANGUAGES} for name in names}
