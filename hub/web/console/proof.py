# SPDX-License-Identifier: Apache-2.0
"""Proof: the ledger and its check, decisions, policies and what they would change, and who did what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session
from starlette.routing import Route

from hub.flows import audit, checked, decided, policies, signing
from hub.flows.decided import Filter
from hub.flows.replay import replay
from hub.flows.roles import May
from hub.law.differences import differences
from hub.law.facts import Verdict
from hub.law.reasons import REASONS
from hub.store.tables import Controller
from hub.web.console.reading import table
from hub.web.console.rooms import Leaflet, NotFound, Rooms, Visitor

_PAGE = 50
_REPLAYED = timedelta(days=1)  # that a page decides again; more is for the command line


def routes(rooms: Rooms) -> list[Route]:
    return [
        rooms.show("/console/proof", May.LOOK, "proof.html", _proof),
        rooms.run("/console/proof/verify", May.AUDIT, "ledger.verify", "proof_checked.html", _verify),
        rooms.show("/console/decisions", May.PEOPLE, "decisions.html", _decisions),
        rooms.hand("/console/decisions.csv", May.PEOPLE, _decisions_file),
        rooms.show("/console/policies", May.LOOK, "policies.html", _policies),
        rooms.run("/console/policies/replay", May.AUDIT, "policy.replay", "policy_replay.html", _replay),
        rooms.show("/console/audit", May.AUDIT, "audit.html", _audit),
        rooms.hand("/console/audit.csv", May.AUDIT, _audit_file),
    ]


def _proof(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    now = visitor.world.now()
    return {
        "chain": checked.standing(session, owner),
        "keys": signing.keys(session, owner.id),
        "deciding": policies.active(session, owner.id, now),
        "otherwise": visitor.world.policy,
    }


def _verify(visitor: Visitor, owner: Controller) -> dict[str, Any]:
    with visitor.world.db.read() as session:
        rows = checked.rows(session, owner)
        found = checked.check(visitor.world, session, owner) if rows <= checked.MOST else None
        return {"rows": rows, "found": found}


def _wanted(visitor: Visitor) -> tuple[Filter, dict[str, str]]:
    """What is looked for, and the same as it stands in an address; whatever makes no sense is left out."""
    typed = {name: visitor.query.get(name, "") for name in ("verdict", "reason", "day")}
    verdict = typed["verdict"] if typed["verdict"] in list(Verdict) else ""
    reason = typed["reason"] if typed["reason"] in {one.code for one in REASONS} else ""
    try:
        day = date.fromisoformat(typed["day"])
    except ValueError:
        day = None
    shown = {"verdict": verdict, "reason": reason, "day": day.isoformat() if day else ""}
    return Filter(verdict, reason, day), shown


def _decisions(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    wanted, shown = _wanted(visitor)
    before = visitor.query.get("before", "")
    return {
        "page": decided.listing(session, owner, wanted, before, _PAGE),
        "before": before,
        "wanted": shown,
        "verdicts": list(Verdict),
        "codes": [one.code for one in REASONS if one.verdict is not None],
        "explain": decided.word(visitor.language),
        "looked_at": decided.LOOKED_AT,
    }


def _decisions_file(visitor: Visitor, session: Session, owner: Controller) -> Leaflet:
    wanted, _ = _wanted(visitor)
    found = decided.listing(session, owner, wanted, "", decided.LOOKED_AT)
    rows = [(o.at.isoformat(), o.verdict, o.reason, o.purpose, o.contact_id, o.message_id, o.id) for o in found.rows]
    return table("decisions", ("at", "verdict", "reason", "purpose", "contact", "message", "decision"), rows)


def _policies(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    names = policies.names(session, owner)
    before, after = visitor.query.get("before", ""), visitor.query.get("after", "")
    chosen = before in names and after in names
    pair = [policies.find(session, owner, name)[0] for name in (before, after)] if chosen else []
    return {
        "names": names,
        "versions": policies.versions(session, owner),
        "deciding": policies.active(session, owner.id, visitor.world.now()),
        "otherwise": visitor.world.policy,
        "before": before,
        "after": after,
        "found": differences(*pair) if pair else None,
    }


def _replay(visitor: Visitor, owner: Controller) -> dict[str, Any]:
    name, since = visitor.said("policy"), visitor.world.now() - _REPLAYED
    with visitor.world.db.read() as session:
        if name not in policies.names(session, owner):
            raise NotFound
        other, _ = policies.find(session, owner, name)
        few = checked.rows(session, owner, since) <= checked.MOST // 10
    tally = replay(visitor.world.db, owner.id, policy=other, since=since) if few else None
    return {"policy": name, "since": since, "tally": tally, "explain": decided.word(visitor.language)}


def _audited(visitor: Visitor, session: Session, owner: Controller, limit: int) -> Sequence[Any]:
    what, who, before = (visitor.query.get(name, "") for name in ("what", "who", "before"))
    return audit.page(session, owner, before, limit, what=what, who=who)


def _audit(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    rows = _audited(visitor, session, owner, _PAGE + 1)
    return {
        "rows": rows[:_PAGE],
        "more": rows[_PAGE - 1].id if len(rows) > _PAGE else "",
        "names": audit.names(session, owner),
        "what": visitor.query.get("what", ""),
        "who": visitor.query.get("who", ""),
    }


def _audit_file(visitor: Visitor, session: Session, owner: Controller) -> Leaflet:
    names = audit.names(session, owner)
    rows: Iterable[tuple[str, ...]] = (
        (one.at.isoformat(), names.get(one.who, one.who), one.role, one.what, one.about)
        for one in _audited(visitor, session, owner, decided.LOOKED_AT)
    )
    return table("audit", ("at", "who", "role", "what", "about"), rows)
