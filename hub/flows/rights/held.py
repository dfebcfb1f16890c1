# SPDX-License-Identifier: Apache-2.0
"""Everything that is held of one person, table by table, opened (Art. 15(3) GDPR).

Every table of the hub is either in `SECTIONS`, or in `left_out` with the reason why its rows are nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson
from sqlmodel import Session, SQLModel, col, select

from hub.flows import contacts, records
from hub.flows.rights import receipts, requests
from hub.flows.world import World
from hub.law.reasons import reason
from hub.store.tables import (
    AuditRow,
    Campaign,
    ClaimedOptIn,
    Connection,
    ConsentRow,
    Contact,
    ContactPoint,
    Controller,
    CrmRecord,
    DecisionRow,
    Document,
    LedgerRow,
    MessageEvent,
    MessageRow,
    NoticeServed,
    NoticeText,
    Opening,
    OptInRequest,
    ReportRow,
    Review,
    RightsPacket,
    RightsReceipt,
    RightsRequest,
    Sender,
    StopRow,
    TemplateRow,
    Wording,
    WorkflowRequest,
)
from hub.store.vault import Sealed, unseal

Rows = list[dict[str, Any]]
_INNER = {"controller_id", "door", "owner", "lanes", "attempts", "throttled", "priority", "wave", "next_attempt_at"}


@dataclass
class Subject:
    """One person, under every contact and point that is theirs."""

    world: World
    session: Session
    controller: Controller
    contact: Contact
    _titles: dict[str, str] = field(default_factory=dict)

    @cached_property
    def people(self) -> list[str]:
        return contacts.family(self.session, self.contact.id)

    @cached_property
    def points(self) -> list[ContactPoint]:
        mine = select(ContactPoint).where(ContactPoint.contact_id == self.contact.id)
        return list(self.session.exec(mine.order_by(col(ContactPoint.id))))

    @cached_property
    def tokens(self) -> list[str]:
        return [point.token for point in self.points]

    @cached_property
    def messages(self) -> list[MessageRow]:
        return self.rows(MessageRow, MessageRow.contact_id)

    @cached_property
    def asked(self) -> list[RightsRequest]:
        return self.rows(RightsRequest, RightsRequest.contact_id)

    def rows(self, table: Any, column: Any, keys: Iterable[str] | None = None) -> list[Any]:
        """Rows whose `column` names this person, or one of `keys`, as they were made."""
        wanted = self.people if keys is None else list(keys)
        order = table.__table__.primary_key.columns
        return list(self.session.exec(select(table).where(col(column).in_(wanted)).order_by(*order)))

    def open(self, owner: str, body: bytes | None, place: str) -> bytes | None:
        """What was sealed for this contact; None where it cannot be read any more."""
        try:
            key = contacts.past_key(self.world, self.session, self.session.get_one(Contact, owner))
            return unseal(key, body, place) if body is not None else None
        except Sealed:
            return None

    def title(self, connection_id: str | None) -> str:
        """What an account is called."""
        if not connection_id:
            return ""
        if connection_id not in self._titles:
            self._titles[connection_id] = self.session.get_one(Connection, connection_id).title
        return self._titles[connection_id]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the packet, the tables that it is made from, and whether the person gave it (Art. 20 GDPR)."""

    name: str
    tables: tuple[type[SQLModel], ...]
    find: Callable[[Subject], Rows]
    provided: bool = False


def plain(row: SQLModel, *without: str) -> dict[str, Any]:
    """All columns that say something; never a sealed one, and none that only steers the machine."""
    return {
        name: value
        for name, value in row.model_dump(exclude={*_INNER, *without}).items()
        if not isinstance(value, bytes)
    }


def _person(of: Subject) -> Rows:
    raw = of.open(of.contact.id, of.contact.profile, f"profile:{of.contact.id}")
    joined = [one for one in of.people if one != of.contact.id]
    own = plain(of.contact, "data_key", "kept_key", "profile", "merged_into")
    return [own | {"profile": orjson.loads(raw) if raw else {}, "joined": joined}]


def _points(of: Subject) -> Rows:
    found = []
    for point in of.points:
        value = of.open(of.contact.id, point.value, f"point:{point.id}")
        more = {"value": value.decode() if value else "", "shown_by": of.title(point.connection_id)}
        found.append(plain(point, "value", "connection_id") | more)
    return found


def _crm_records(of: Subject) -> Rows:
    rows: list[CrmRecord] = of.rows(CrmRecord, CrmRecord.contact_id)
    return [plain(row, "fingerprint") | {"crm": of.title(row.connection_id)} for row in rows]


def _consents(of: Subject) -> Rows:
    rows: list[ConsentRow] = of.rows(ConsentRow, ConsentRow.contact_id)
    return [plain(row) | {"wording": _wording(of, row.wording_id)} for row in rows]


def _claimed(of: Subject) -> Rows:
    rows: list[ClaimedOptIn] = of.rows(ClaimedOptIn, ClaimedOptIn.contact_id)
    found = []
    for row in rows:
        told = of.open(row.contact_id, row.evidence, f"evidence:{row.contact_id}")
        more = {"crm": of.title(row.connection_id), "wording": _wording(of, row.wording_id)}
        found.append(plain(row, "evidence") | more | {"told": orjson.loads(told) if told else None})
    return found


def _wording(of: Subject, wording_id: str | None) -> dict[str, Any] | None:
    """The text as it was shown."""
    row = of.session.get(Wording, wording_id) if wording_id else None
    shown = {"id", "version", "language", "text", "topics", "purposes", "channels"}
    return row.model_dump(include=shown) if row else None


def _forms(of: Subject) -> Rows:
    rows: list[OptInRequest] = of.rows(OptInRequest, OptInRequest.contact_id)
    return [plain(row, "code") | {"wording": _wording(of, row.wording_id)} for row in rows]


def _stops(of: Subject) -> Rows:
    rows: list[StopRow] = of.rows(StopRow, StopRow.token, of.tokens)
    return [plain(row, "told_by") for row in rows if row.left_by == ""]


def _notices(of: Subject) -> Rows:
    rows: list[NoticeServed] = of.rows(NoticeServed, NoticeServed.token, of.tokens)
    found = []
    for row in rows:
        text = of.session.get_one(NoticeText, row.notice_id)
        found.append(plain(row) | {"version": text.version, "language": text.language, "text": text.text})
    return found


def _messages(of: Subject) -> Rows:
    told: dict[str, Rows] = {}
    for event in of.rows(MessageEvent, MessageEvent.message_id, [row.id for row in of.messages]):
        told.setdefault(event.message_id, []).append(plain(event, "message_id"))
    return [_message(of, row) | {"statuses": told.get(row.id, [])} for row in of.messages]


def _message(of: Subject, row: MessageRow) -> dict[str, Any]:
    campaign = of.session.get(Campaign, row.campaign_id) if row.campaign_id else None
    sender = of.session.get_one(Sender, row.sender_id)
    text = of.open(row.contact_id, row.text, f"message:{row.id}")
    filled = of.open(row.contact_id, row.parameters, f"parameters:{row.id}")
    name = row.template or (campaign.template if campaign else "")
    language = row.language or (campaign.language if campaign else "")
    template = _template(of, row, (sender.connection_id, name, language)) if name else ""
    vendor = of.open(row.contact_id, row.provider_id, f"provider:{row.id}")
    return plain(row, "text", "parameters", "provider_id", "dedupe", "reference") | {
        "campaign": campaign.title if campaign else "",
        "sent_from": sender.number,
        "through": of.title(sender.connection_id),
        "template": name,
        "language": language,
        "template_text": template,
        "parameters": orjson.loads(filled) if filled else None,
        "text": text.decode() if text else "",
        "provider_id": vendor.decode() if vendor else "",
    }


def _template(of: Subject, row: MessageRow, named: tuple[str, str, str]) -> str:
    """The text as it was when the message was decided on; without a decision, as it is now."""
    decision = of.session.get(DecisionRow, row.decision_id) if row.decision_id else None
    sha256 = orjson.loads(decision.record).get("documents", {}).get("template") if decision else None
    kept = of.session.get(Document, (of.controller.id, sha256)) if sha256 else None
    if kept is not None:
        return str(orjson.loads(kept.text)["text"])
    now = of.session.get(TemplateRow, named)
    return now.text if now else ""


def _decisions(of: Subject) -> Rows:
    rows: list[DecisionRow] = of.rows(DecisionRow, DecisionRow.contact_id)
    return [_decision(orjson.loads(row.record)) for row in rows]


def _decision(record: dict[str, Any]) -> dict[str, Any]:
    codes = [reason(code) for code in record["reasons"]]
    return record | {"meaning": [{"code": r.code, "en": r.meaning_en, "de": r.meaning_de} for r in codes]}


def _events(of: Subject) -> Rows:
    """The ledger; `said` are the person's own words, opened. Who of the staff acted is left out."""
    return [_event(of, row) for row in records.events_of(of.session, of.contact.id)]


def _event(of: Subject, row: LedgerRow) -> dict[str, Any]:
    owner = row.contact_id or of.contact.id
    said = of.open(owner, row.evidence, f"evidence:{owner}")
    record: dict[str, Any] = orjson.loads(row.record)
    record.pop("by", None)
    if "source" in record:
        record["source"] = {name: value for name, value in record["source"].items() if name != "by"}
    if record.get("wording"):
        record["wording"] = _wording(of, record["wording"])
    return record | ({"said": orjson.loads(said)} if said else {})


def _reports(of: Subject) -> Rows:
    rows: list[ReportRow] = of.rows(ReportRow, ReportRow.contact_id)
    return [plain(row, "text", "callback") | {"to": of.title(row.connection_id)} for row in rows]


def _workflows(of: Subject) -> Rows:
    rows: list[WorkflowRequest] = of.rows(WorkflowRequest, WorkflowRequest.message_id, [row.id for row in of.messages])
    return [plain(row, "callback") | {"crm": of.title(row.connection_id)} for row in rows]


def _openings(of: Subject) -> Rows:
    mine = select(Opening).where(col(Opening.point_id).in_([point.id for point in of.points]))
    led = mine.where(col(Opening.connection_id).in_(receipts.providers(of.session, of.contact)))  # by its index
    return [plain(row) | {"through": of.title(row.connection_id)} for row in of.session.exec(led)]


def _reviews(of: Subject) -> Rows:
    """Whoever else a doubt was about is not named (Art. 15(4) GDPR)."""
    found: dict[str, Review] = {row.id: row for row in of.rows(Review, Review.contact_id)}
    found |= {row.id: row for row in of.rows(Review, Review.other_id)}
    return [plain(row, "contact_id", "other_id", "closed_by") for row in found.values()]


def _requests(of: Subject) -> Rows:
    told = of.rows(RightsReceipt, RightsReceipt.request_id, [row.id for row in of.asked])
    packets = of.rows(RightsPacket, RightsPacket.request_id, [row.id for row in of.asked])
    found = []
    for row in of.asked:
        said = {name: requests.words(of.world, of.session, row, name) for name in requests.WORDS}
        receipts = [_receipt(of, one) for one in told if one.request_id == row.id]
        answers = [plain(one, "body", "made_by") for one in packets if one.request_id == row.id]
        own = plain(row, *requests.WORDS, "identified_by", "closed_by", "opened_by")
        found.append(own | said | {"told": receipts, "packet": answers})
    return found


def _receipt(of: Subject, row: RightsReceipt) -> dict[str, Any]:
    return plain(row, "confirmed_by") | {"system": of.title(row.connection_id)}


def _looked_at(of: Subject) -> Rows:
    """When somebody looked, and what for; not who (C-579/21)."""
    about = [*of.people, *(row.id for row in of.messages), *(row.id for row in of.asked)]
    rows: Sequence[AuditRow] = of.rows(AuditRow, AuditRow.about, about)
    return [plain(row, "who") for row in rows]


SECTIONS = (
    Section("person", (Contact,), _person, provided=True),
    Section("contact_points", (ContactPoint,), _points, provided=True),
    Section("crm_records", (CrmRecord,), _crm_records),
    Section("consents", (ConsentRow,), _consents, provided=True),
    Section("opt_ins_claimed", (ClaimedOptIn,), _claimed),
    Section("forms", (OptInRequest,), _forms, provided=True),
    Section("stops", (StopRow,), _stops, provided=True),
    Section("notices", (NoticeServed,), _notices),
    Section("messages", (MessageRow, MessageEvent), _messages),
    Section("decisions", (DecisionRow,), _decisions),
    Section("events", (LedgerRow,), _events, provided=True),
    Section("reviews", (Review,), _reviews),
    Section("reports", (ReportRow,), _reports),
    Section("workflows", (WorkflowRequest,), _workflows),
    Section("openings", (Opening,), _openings),
    Section("requests", (RightsRequest, RightsReceipt, RightsPacket), _requests),
    Section("looked_at", (AuditRow,), _looked_at),
)
