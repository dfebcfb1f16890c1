# SPDX-License-Identifier: Apache-2.0
"""The consent receipt: what a person agreed to, for them to keep, as ISO/IEC TS 27560 asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlmodel import Session, col, select

from hub.contract import Purpose
from hub.flows import answers, consent_records, consent_sources, links, records
from hub.flows.desk import Desk
from hub.flows.links import Opened
from hub.flows.world import World
from hub.law.facts import EvidenceKind
from hub.store.tables import Contact, ContactPoint, Controller, Sender, Wording

_SENT = {
    "de": "Danke. Die Bestätigung Ihrer Einwilligung: {url}\nWiderruf jederzeit mit STOPP.",
    "en": "Thank you. The receipt of your consent: {url}\nWithdraw at any time with STOP.",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One consent: its record, and the text it was given to."""

    controller: Controller
    record: Mapping[str, Any]
    wording: Wording


def send(
    desk: Desk,
    sender: Sender,
    contact: Contact,
    point: ContactPoint,
    wording: Wording,
    consent: str,
    at: datetime,
) -> str:
    """Answer a consent with a link to its receipt. Returns the message id."""
    text = _SENT[wording.language].format(url=links.make(desk.world, links.RECEIPT, point, consent))
    evidence = [(EvidenceKind.INBOUND, f"consent:{consent}", at)]
    dedupe = f"receipt:{consent}"
    return answers.queue(
        desk.world, desk.session, sender, contact, point, Purpose.SERVICE, text, dedupe=dedupe, evidence=evidence
    )


def find(world: World, session: Session, opened: Opened, consent: str) -> Receipt | None:
    """The receipt of one of the person's consents, by its ledger id."""
    return next((one for one in of(world, session, opened) if one.record["record_id"] == consent), None)


def of(world: World, session: Session, opened: Opened) -> list[Receipt]:
    """Receipts of all that this contact point ever agreed to, in the order of the ledger."""
    events = [orjson.loads(row.record) for row in records.events_of(session, opened.contact.id)]
    ids = {event["wording"] for event in events if event.get("wording")}
    wordings = {row.id: row for row in session.exec(select(Wording).where(col(Wording.id).in_(ids)))}
    sources = consent_sources.gather(world, session, opened.controller, opened.contact.id, events)
    made = consent_records.records(opened.controller, events, wordings, sources)
    mine = [one for one in made if one["contact_point"] == consent_records.point_of(opened.point.token)]
    return [Receipt(opened.controller, one, wordings[one["notice_id"]]) for one in mine]


def name_of(receipt: Receipt) -> str:
    """The file name of a download."""
    return f"consent-{receipt.record['record_id']}.json"


def as_json(receipt: Receipt) -> bytes:
    """The record together with the text, which the record names by its hash."""
    notice = {"id": receipt.wording.id, "version": receipt.wording.version, "text": receipt.wording.text}
    return orjson.dumps({**receipt.record, "notice": notice}, option=orjson.OPT_INDENT_2)
