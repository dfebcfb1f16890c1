# SPDX-License-Identifier: Apache-2.0
"""What a CRM's own fields say about consent: what is mapped now, and the way to a new mapping in steps. Fields first,
then what their values mean, then a preview on real contacts that stores nothing, and only then is it saved."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select
from starlette.routing import Route

from hub.contract import BadInput, Channel, Crm, Property
from hub.flows import elsewhere, mappings, wizard
from hub.flows.candidates import PARTS
from hub.flows.records import explain
from hub.flows.roles import May
from hub.flows.trial import Means, Trial
from hub.flows.wizard import Ground
from hub.store.ledger import digest
from hub.store.tables import ClaimMapping, Connection, Controller
from hub.web.console import connections, mapping_form, reading
from hub.web.console.rooms import NotFound, Rooms, Visitor

_ONE = "/console/connections/{id}/mapping"
_UTC = "UTC"
# what somebody may want to look up in the CRM comes first
_FIRST = (Means.CLAIM, Means.UNUSABLE, Means.OPT_OUT, Means.CONSENT, Means.NOTHING)


def routes(rooms: Rooms) -> list[Route]:
    again = ("mapping_values.html", _typed)
    text = ("mapping_text.html", _text)
    return [
        rooms.show(_ONE, May.LOOK, "mapping.html", _now),
        rooms.show(f"{_ONE}/new", May.CONNECT, "mapping_fields.html", _fields),
        rooms.show(f"{_ONE}/values", May.CONNECT, "mapping_values.html", _values),
        rooms.run(f"{_ONE}/preview", May.CONNECT, "claims.preview", "mapping_preview.html", _preview, again=again),
        rooms.act(f"{_ONE}/save", May.CONNECT, "claims.map", _save, ask=_known, again=again),
        rooms.show(f"{_ONE}/text", May.CONNECT, *text),
        rooms.act(f"{_ONE}/text", May.CONNECT, "claims.wording", _register, again=text),
    ]


def find(visitor: Visitor, session: Session, owner: Controller) -> Connection:
    """The CRM that the address names. Raises `NotFound`."""
    found = connections.find(visitor, session, owner)
    cls = visitor.world.registry.connectors.get(found.connector)
    if cls is None or not issubclass(cls, Crm):
        raise NotFound
    return found


def _now(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    mine = select(ClaimMapping).where(ClaimMapping.connection_id == found.id)
    versions = session.exec(mine.order_by(col(ClaimMapping.version).desc())).all()
    ground = wizard.ground(session, owner, found.id, ())
    newest = versions[0] if versions and versions[0].text else None
    return {
        "one": found,
        "versions": versions,
        "newest": newest,
        "present": ground.present,
    }


def _fields(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    ground = wizard.ground(session, owner, found.id, visitor.hands.properties(found))
    likely = {part: ground.proposed(part) for part in PARTS}
    asked = any(f"f.{part}" in visitor.query for part in PARTS)
    chosen = {part: visitor.typed(f"f.{part}") if asked else _usual(ground, part) for part in PARTS}
    return {"one": found, "ground": ground, "likely": likely, "chosen": chosen, "parts": PARTS}


def _usual(ground: Ground, part: str) -> str:
    """What is mapped now; where nothing is, the likeliest. A basis is named by hand: plugins read the usual ones."""
    mapped = ground.present.parts.get(part) if ground.present else None
    if mapped or ground.present or part == "basis":
        return mapped.property if mapped else ""
    return next((one.name for one in ground.proposed(part)), "")


def _values(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found, chosen = find(visitor, session, owner), mapping_form.fields(visitor)
    names = sorted({chosen[part] for part in mapping_form.VALUED} - {""})
    ground = wizard.ground(session, owner, found.id, visitor.hands.properties(found))
    seen = visitor.hands.vocabulary(found, names)
    present = ground.present
    return {
        **_form(visitor, found, ground, mapping_form.first_rows(ground, chosen, seen)),
        "expression": present.consent.expression if present and present.consent else "",
        "kind": present.verification.kind if present and present.verification else "",
        "zone": present.time.zone if present and present.time else _zone(visitor, owner),
        "always": {},
    }


def _typed(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    """The form as it came back."""
    found = find(visitor, session, owner)
    ground = wizard.ground(session, owner, found.id, ())
    return {
        **_form(visitor, found, ground, mapping_form.rows(visitor)),
        **{name: visitor.said(name) for name in ("expression", "kind", "zone")},
        "always": {part: visitor.said(f"{part}.always") for part in mapping_form.VALUED},
    }


def _form(visitor: Visitor, found: Connection, ground: Ground, rows: dict[str, mapping_form.Rows]) -> dict[str, Any]:
    return {
        "one": found,
        "chosen": mapping_form.fields(visitor),
        "rows": rows,
        "wordings": ground.wordings,
        "meanings": mapping_form.MEANINGS,
        "expressions": mapping_form.EXPRESSIONS,
        "kinds": mapping_form.KINDS,
        "blank": mapping_form.BLANK,
    }


def _zone(visitor: Visitor, owner: Controller) -> str:
    policy = visitor.world.policy_for(owner.id)
    return policy.quiet_hours.zone if policy else _UTC


def _known(visitor: Visitor, session: Session, owner: Controller) -> list[Property]:
    return visitor.hands.properties(find(visitor, session, owner))


def _preview(visitor: Visitor, owner: Controller) -> dict[str, Any]:
    with visitor.world.db.read() as session:
        found = find(visitor, session, owner)
        form = _typed(visitor, session, owner)
    text = mapping_form.text(visitor)
    known = visitor.hands.properties(found)
    with visitor.world.db.read() as session:
        mapped = mappings.check(session, owner, mappings.read(text), known)
    trial = visitor.hands.try_mapping(found, mapped)
    return {**form, **_told(visitor, trial), "seen": digest(text)}


def _told(visitor: Visitor, trial: Trial) -> dict[str, Any]:
    words = {code: explain(code, visitor.language) for code in trial.lacks}
    lacks = [(count, words[code]) for code, count in trial.lacks.most_common()]
    records = sorted(trial.records, key=lambda one: _FIRST.index(one.means))
    return {"trial": trial, "lacks": lacks, "words_of": words, "records": records, "means": list(Means)}


def _save(visitor: Visitor, session: Session, owner: Controller) -> str:
    """Only what was looked at: the preview says which answers it was made of."""
    found, text = find(visitor, session, owner), mapping_form.text(visitor)
    if visitor.said("seen") != digest(text):
        raise BadInput("changed since the preview", field="preview", remedy="Look at the preview again, then save.")
    mappings.approve(visitor.world, session, owner, found, text, visitor.actor.name, visitor.asked)
    return f"/console/connections/{found.id}/mapping"


def _text(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    found = find(visitor, session, owner)
    channels = visitor.form.get("channel", [] if visitor.form else [Channel.WHATSAPP])
    return {"one": found, "typed": visitor.typed, "channels": list(Channel), "chosen": channels, "company": owner.name}


def _register(visitor: Visitor, session: Session, owner: Controller) -> str:
    found = find(visitor, session, owner)
    shown_from = reading.moment(visitor, "shown-from", _UTC)
    if shown_from is None:
        raise BadInput("is empty", field="shown-from", remedy="Give the day on which it was first shown.")
    language = visitor.said("language")
    if language not in ("de", "en"):
        raise BadInput("is none", field="language", remedy="Choose one.")
    channels = [Channel(one) for one in visitor.form.get("channel", []) if one in set(Channel)]
    topics = [topic.strip() for topic in visitor.said("topics").splitlines() if topic.strip()]
    elsewhere.register(
        visitor.world,
        session,
        owner,
        text=visitor.said("text"),
        language=language,
        topics=topics,
        channels=channels,
        shown_from=shown_from,
    )
    return f"/console/connections/{found.id}/mapping/new"
