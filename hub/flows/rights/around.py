# SPDX-License-Identifier: Apache-2.0
"""What a person is told about their data (Art. 15(1), (2) GDPR): what for, on which basis, to whom, whence, how long.

Recipients are the actual ones (C-154/21): the accounts through which this person's data went, by name.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from sqlmodel import col, select

from hub.contract import ClaimKind, Connector, DataItem, LegalBasis, Provider
from hub.flows.consent_sources import WHATSAPP
from hub.flows.processor.versions import form_of, in_force
from hub.flows.rights import receipts
from hub.flows.rights.held import Subject
from hub.flows.world import World
from hub.law.facts import Verdict
from hub.law.policy import Retention
from hub.store.tables import Connection, ConsentRow, CrmRecord, DecisionRow, ReportRow

_CLAIMED: dict[str, LegalBasis] = {
    ClaimKind.CONSENT: LegalBasis.CONSENT,
    ClaimKind.CONSENT_OTHER_POINT: LegalBasis.CONSENT,
    ClaimKind.CONTRACT: LegalBasis.CONTRACT,
    ClaimKind.LEGITIMATE_INTEREST: LegalBasis.LEGITIMATE_INTEREST,
}


def purposes(of: Subject) -> list[dict[str, Any]]:
    """What the data were used for, on which legal bases, and how often that was refused."""
    bases: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"allowed": 0, "refused": 0})
    mine = select(DecisionRow.record, DecisionRow.verdict).where(col(DecisionRow.contact_id).in_(of.people))
    for record, verdict in of.session.exec(mine):
        told = orjson.loads(record)
        purpose = told.get("purpose") or "STORING"
        allowed = verdict == Verdict.ALLOW
        counts[purpose]["allowed" if allowed else "refused"] += 1
        if allowed and told.get("basis"):
            bases[purpose].add(told["basis"])
    if stored := _storing(of):
        bases["STORING"] |= stored
        counts["STORING"]["allowed"] += 1
    return [
        {"purpose": purpose, "bases": [_basis(one) for one in sorted(bases[purpose])], **counts[purpose]}
        for purpose in sorted(counts)
    ]


def _storing(of: Subject) -> set[str]:
    """On what the data of a CRM are kept, as its records claim and the person has agreed (see `hub.law.storing`)."""
    rows: list[CrmRecord] = of.rows(CrmRecord, CrmRecord.contact_id)
    if not rows:
        return set()
    claimed = {_CLAIMED[claim["kind"]] for row in rows for claim in row.claims if claim["kind"] in _CLAIMED}
    agreed = {LegalBasis.CONSENT} if of.rows(ConsentRow, ConsentRow.contact_id) else set()
    return {basis.value for basis in claimed | agreed}


def _basis(name: str) -> dict[str, str]:
    found = next(one for one in LegalBasis if one == name)
    return {"basis": name, "iri": found.iri}


def recipients(of: Subject) -> list[dict[str, Any]]:
    """Every account that got or gave this person's data."""
    return [recipient(of.world, of.session.get_one(Connection, one), of.session) for one in accounts(of)]


def accounts(of: Subject) -> list[str]:
    """The connections through which the person's data went."""
    records = select(CrmRecord.connection_id).where(col(CrmRecord.contact_id).in_(of.people))
    told = select(ReportRow.connection_id).where(col(ReportRow.contact_id).in_(of.people))
    crms = {one for way in (records, told) for one in of.session.exec(way.distinct())}
    return sorted(crms | set(receipts.providers(of.session, of.contact)))


def recipient(world: World, connection: Connection, session: Any) -> dict[str, Any]:
    """One account as the admin's file and the plugin tell it. What nobody has filed is empty."""
    cls: type[Connector[Any]] | None = world.registry.connectors.get(connection.connector)
    sends = cls is not None and issubclass(cls, Provider)
    form = form_of(in_force(session, connection.id)) if sends else None
    return {
        "connection": connection.id,
        "title": connection.title,
        "vendor": cls.title if cls else connection.connector,
        "kind": "provider" if sends else "crm",
        "legal_name": form.identity.legal_name if form else "",
        "role": form.identity.role if form else "",
        "seat": form.identity.seat if form else "",
        "parent": form.identity.parent if form else "",
        "parent_country": form.identity.parent_country if form else "",
        "regions": list(form.hosting.regions) if form else [],
        "subprocessors": [
            {"name": one.name, "country": one.country, "service": one.service} for one in form.subprocessors
        ]
        if form
        else [],
        "platform": WHATSAPP if sends else "",
        "transfers": [one.model_dump(mode="json") for one in form.transfers] if form else [],
        "data": [_item(one) for one in cls.data] if cls else [],
    }


def _item(item: DataItem) -> dict[str, str]:
    return {"name": item.name, "category": item.category, "purpose": item.purpose, "kept": item.kept}


def categories(told: Sequence[dict[str, Any]]) -> list[str]:
    """Of personal data, as the plugins declare them."""
    return sorted({item["category"] for one in told for item in one["data"]})


def sources(of: Subject) -> list[dict[str, Any]]:
    """Who gave the data: the person, or which CRM, since when, and whence it had them if somebody said so."""
    mine = select(CrmRecord, Connection).join(Connection, col(Connection.id) == CrmRecord.connection_id)
    rows = of.session.exec(mine.where(col(CrmRecord.contact_id).in_(of.people)))
    found = [
        {"from": connection.title, "people_from": connection.source, "since": record.first_seen_at}
        for record, connection in rows
    ]
    return [*_person_itself(of), *found]


def _person_itself(of: Subject) -> Iterator[dict[str, Any]]:
    since = min((one.verified_at for one in of.points if one.verified_at), default=None)
    if since is not None:
        yield {"from": "", "people_from": "person", "since": since}


def storage(world: World, controller_id: str) -> dict[str, int]:
    """How long things are kept here: in days or calendar years, as the name says."""
    policy = world.policy_for(controller_id)
    kept = {name: getattr(policy.retention, name) for name in Retention.model_fields} if policy else {}
    return kept | {"webhook_days": world.settings.webhook_days}


@cache
def texts() -> dict[str, dict[str, str]]:
    """What every answer says, by language: the person's rights, complaint, automated decisions."""
    return tomllib.loads(files("hub.flows.rights").joinpath("texts.toml").read_text("utf-8"))
