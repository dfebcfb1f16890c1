# SPDX-License-Identifier: Apache-2.0
"""Write an evidence capsule: what the ledger holds about one message, contact or consent, with the proof of each row.

Without `reveal` there is no number, name or word of a person in it. See `hub.proof.capsule` for the file.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows import contacts, documents, paths, records, signing, traces
from hub.flows.consent_records import YES, point_of, tokens_in
from hub.flows.consent_records import records as consent_records
from hub.flows.consent_sources import gather
from hub.flows.world import World
from hub.law.reasons import reason
from hub.proof import capsule as form
from hub.proof.chain import told
from hub.proof.signature import sign
from hub.store.tables import (
    Campaign,
    Contact,
    ContactPoint,
    Controller,
    DecisionRow,
    LedgerRow,
    MessageEvent,
    MessageRow,
    Sender,
    Wording,
)
from hub.store.vault import Sealed, unseal

MESSAGE, CONTACT, CONSENT = "message", "contact", "consent"
ABOUT = [
    "This file proves what was decided about one message, person or consent, and on what.",
    "decisions and events are records of an append-only ledger, word for word, with times in UTC.",
    "path leads from the SHA-256 of a record to the root of its link, and from a link to the root of its day.",
    "roots are signed by the controller (Ed25519). Compare keys with the public keys that the controller gives.",
    "wordings and documents are the texts that records name by their SHA-256.",
    "Everything else is what the hub says when the file is made; the seal covers all.",
    "Check it offline: hub verify FILE --key PUBLIC.pem",
]


def make(world: World, controller: Controller, kind: str, subject: str, *, reveal: bool = False) -> bytes:
    """A capsule's bytes. Signs the chain up to now first. Raises `BadInput` when the subject is not known."""
    signing.sign_days(world, controller.id, today=True)
    with world.db.read() as session:
        desk = _Desk(world, session, controller, reveal)
        found = desk.capsule(kind, subject)
        key_id, private = signing.open_key(world, session, controller.id)
        found["keys"] = {
            key.id: base64.b64encode(key.public).decode()
            for key in signing.keys(session, controller.id)
            if key.id in {key_id, *(root["statement"]["key_id"] for root in found["roots"])}
        }
    parts = form.parts_of(found)
    found["seal"] = {"key_id": key_id, "parts": parts, "signature": sign(private, form.sealing(key_id, parts))}
    return form.write(found)


class _Desk:
    """Gathers one capsule within one moment of the database."""

    def __init__(self, world: World, session: Session, controller: Controller, reveal: bool) -> None:
        self.world, self.session, self.controller, self.reveal = world, session, controller, reveal

    def capsule(self, kind: str, subject: str) -> dict[str, Any]:
        message, contact_id, decisions = self._subject(kind, subject)
        proof = paths.Paths(self.session, self.controller.id)
        decisions = [row for row in decisions if row.seq <= proof.signed_to]
        events = [row for row in self._events(contact_id) if row.seq <= proof.signed_to]
        plain = [orjson.loads(row.record) for row in events]
        judged = [orjson.loads(row.record) for row in decisions]
        wordings = self._wordings(plain)
        return {
            "format": form.FORMAT,
            "about": ABOUT,
            "subject": {"kind": kind, "id": subject},
            "controller": self.controller.model_dump(include={"id", "name", "country"}),
            "made_at": told(self.world.now()),
            "revealed": self.reveal,
            "decisions": [proof.row(row) for row in decisions],
            "events": [proof.row(row) for row in events],
            "links": proof.links(),
            "roots": proof.roots(),
            "wordings": [_wording(row) for row in wordings.values()],
            "documents": self._documents(judged),
            "message": self._message(message) if message else None,
            "identity": self._identity(contact_id, plain),
            "consents": consent_records(
                self.controller,
                plain,
                wordings,
                gather(self.world, self.session, self.controller, contact_id, plain),
            ),
            "reasons": _reasons(judged),
            "traces": (steps := traces.of(self.session, decisions)),
            "checks": traces.meanings(steps),
            "opened": self._opened(contact_id, events) if self.reveal else [],
        }

    def _subject(self, kind: str, subject: str) -> tuple[MessageRow | None, str, Sequence[DecisionRow]]:
        mine = select(DecisionRow)  # a message's, or a person's: both are this controller's
        order = (col(DecisionRow.seq), col(DecisionRow.position))
        if kind == MESSAGE:
            message = self.session.get(MessageRow, subject)
            if message is None or message.controller_id != self.controller.id:
                raise self._unknown("message", "Give a message id, as `hub why` shows it.")
            rows = self.session.exec(mine.where(DecisionRow.message_id == subject).order_by(*order)).all()
            return message, message.contact_id, rows
        if kind == CONSENT:
            given = self._consent(subject)
            person = contacts.present(self.session, self.session.get_one(Contact, given["contact"])).id
            rows = self.session.exec(mine.where(self._theirs(person)).order_by(*order)).all()
            ids = {scope[0] for scope in given["consents"]}
            return None, person, [row for row in rows if orjson.loads(row.record).get("consent") in ids]
        contact = records.find_contact(self.world, self.session, self.controller, subject)
        if contact is None:
            raise self._unknown("contact", "Give a contact id, a CRM record id or a phone number.")
        return (
            None,
            contact.id,
            self.session.exec(mine.where(self._theirs(contact.id)).order_by(*order)).all(),
        )

    def _theirs(self, contact_id: str) -> ColumnElement[bool]:
        return col(DecisionRow.contact_id).in_(contacts.family(self.session, contact_id))

    def _consent(self, subject: str) -> dict[str, Any]:
        row = self.session.get(LedgerRow, subject)
        if row is None or row.controller_id != self.controller.id or row.kind not in YES:
            raise self._unknown("consent", "Give the ledger id of a consent, as `hub why` shows it.")
        return dict(orjson.loads(row.record))

    def _unknown(self, field: str, remedy: str) -> BadInput:
        return BadInput("is not known here", field=field, remedy=remedy)

    def _events(self, contact_id: str) -> list[LedgerRow]:
        """A person's events, also those that came before the contact, and those kept after an erasure.

        Neither question names the controller: contacts and tokens are one controller's, and a database would walk the
        controller's whole chain.
        """
        tokens = set(contacts.tokens_of(self.session, contact_id))
        people = contacts.family(self.session, contact_id)
        own = list(self.session.exec(select(LedgerRow).where(col(LedgerRow.contact_id).in_(people))))
        for row in own:
            tokens |= tokens_in(orjson.loads(row.record))
        before = select(LedgerRow).where(records.before_contact(tokens))
        return sorted([*own, *self.session.exec(before)], key=lambda row: (row.seq, row.position))

    def _wordings(self, events: list[dict[str, Any]]) -> dict[str, Wording]:
        ids = {event["wording"] for event in events if event.get("wording")}
        rows = self.session.exec(select(Wording).where(col(Wording.id).in_(ids)).order_by(col(Wording.version)))
        return {row.id: row for row in rows}

    def _documents(self, judged: list[dict[str, Any]]) -> list[dict[str, str]]:
        named = {sha256 for record in judged for sha256 in record.get("documents", {}).values()}
        found = documents.find(self.session, self.controller.id, named)
        return [row.model_dump(include={"kind", "sha256", "text"}) for row in found]

    def _message(self, row: MessageRow) -> dict[str, Any]:
        plain = row.model_dump(include={"id", "purpose", "topic", "state", "reason", "basis", "decision_id"})
        plain |= {"created_at": told(row.created_at), "changed_at": told(row.changed_at)}
        sender = self.session.get_one(Sender, row.sender_id)
        plain["sender"] = sender.model_dump(include={"id", "vendor_id", "number"})
        campaign = self.session.get(Campaign, row.campaign_id) if row.campaign_id else None
        wanted = {"id", "title", "template", "language", "approved_category"}
        plain["campaign"] = campaign.model_dump(include=wanted) if campaign else None
        statuses = select(MessageEvent).where(MessageEvent.message_id == row.id).order_by(col(MessageEvent.at))
        plain["statuses"] = [
            {"status": s.status, "code": s.code, "at": told(s.at)} for s in self.session.exec(statuses)
        ]
        return plain

    def _identity(self, contact_id: str, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Which contact points are the person's, and how it was shown that they are."""
        contact = self.session.get_one(Contact, contact_id)
        rows = self.session.exec(select(ContactPoint).where(ContactPoint.contact_id == contact_id)).all()
        points = []
        for row in rows:
            point = {"type": row.kind, "country": row.country, **point_of(row.former or row.token)}
            if self.reveal and not contact.erased_at:
                point["value"] = contacts.value_of(self.world, contact, row).value
            points.append(point)
        return {
            "contact": contact_id,
            "state": "erased" if contact.erased_at else "restricted" if contact.restricted else "known",
            "points": points,
            "verified": [
                {
                    "event": e["id"],
                    "verification": e["verification"],
                    "flow": e["source"].get("flow"),
                    "at": e["event_time"],
                }
                for e in events
                if e.get("verification")
            ],
        }

    def _opened(self, contact_id: str, events: Sequence[LedgerRow]) -> list[dict[str, Any]]:
        """The person's own words, which the ledger keeps sealed."""
        opened = []
        for row in events:
            if row.evidence is None:
                continue
            contact = self.session.get_one(Contact, row.contact_id or contact_id)  # they may have been joined since
            try:
                key = contacts.past_key(self.world, self.session, contact)
                said = orjson.loads(unseal(key, row.evidence, f"evidence:{contact.id}"))
            except Sealed:
                said = None
            opened.append({"event": row.id, "sealed": base64.b64encode(row.evidence).decode(), "said": said})
        return opened


def _wording(row: Wording) -> dict[str, Any]:
    times = {"created_at": told(row.created_at), "shown_from": told(row.shown_from) if row.shown_from else None}
    return row.model_dump(include=set(form.Wording.model_fields)) | times


def _reasons(judged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the codes of the decisions mean."""
    return [
        {
            "code": code,
            "source": found.source,
            "meaning": {"en": found.meaning_en, "de": found.meaning_de},
            "remedy": {"en": found.remedy_en, "de": found.remedy_de},
        }
        for code in dict.fromkeys(code for record in judged for code in record["reasons"])
        if (found := reason(code))
    ]
