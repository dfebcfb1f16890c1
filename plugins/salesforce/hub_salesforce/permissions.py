# SPDX-License-Identifier: Apache-2.0
"""Writing withdrawals and consent into the org: a new consent record, or the stop field where there is no Individual.

Nothing is overwritten but what the hub wrote itself. What it writes begins with its mark, by which it knows it again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from hub import Memory, Rejected, Report, ReportKind
from hub_salesforce import org as orgs
from hub_salesforce.api import Api, Json
from hub_salesforce.batches import COLLECTIONS, Batches, Result
from hub_salesforce.consents import STATUS
from hub_salesforce.ids import CONTACT, LEAD, full, person
from hub_salesforce.lookups import by
from hub_salesforce.rows import Row, flat, quoted, stamp
from hub_salesforce.settings import Config

RECORD = "ContactPointTypeConsent"


def mark(memory: Memory, *, make: bool = False) -> str:
    """What our records begin with. Of another hub, or after a loss of memory, they count as those of strangers."""
    known = memory.get("mark") or ""
    if not known and make:
        known = f"Consent Hub {secrets.token_hex(4)}"
        memory.set("mark", known)
    return known


@dataclass(frozen=True, slots=True)
class Scope:
    """What our consent records are limited to. Empty: the org has no such record."""

    channel: str
    purpose: str


async def scope(api: Api, org: orgs.Org, config: Config) -> Scope:
    """Ids of the channel and the purpose, by name."""
    ids = []
    for name, title in ((orgs.CHANNEL, config.channel_name), (orgs.PURPOSE, config.purpose_name)):
        soql = f"SELECT Id FROM {name} WHERE Name = {quoted(title)} ORDER BY Id LIMIT 1"  # noqa: S608
        found = [flat(one)["Id"] async for one in api.rows(soql)] if org.parent(RECORD, f"{name}Id") else []
        ids.append(found[0] if found else "")
    return Scope(*ids)


class Permissions:
    """One call's withdrawals and consents. `failed` says of each report that was not written why."""

    def __init__(self, api: Api, config: Config, memory: Memory, batches: Batches) -> None:
        self.api, self.config, self.batches = api, config, batches
        self.mark = mark(memory, make=True)
        self.failed: dict[str, Result] = {}

    async def write(self, reports: Sequence[Report]) -> None:
        """Repeating it changes nothing."""
        org = await orgs.look(self.api)
        people = await self._people(org, reports)
        for report in reports:
            if person(report.record) not in people:
                self.failed[report.key] = Result("this person is no more in Salesforce")
        known = [report for report in reports if person(report.record) in people]
        linked = [r for r in known if RECORD in org.kinds and people[person(r.record)].get("IndividualId")]
        await self._records(org, people, linked)
        await self._fields(people, [report for report in known if report not in linked])

    async def _people(self, org: orgs.Org, reports: Sequence[Report]) -> dict[str, Row]:
        people: dict[str, Row] = {}
        for name, begins in (("Contact", CONTACT), ("Lead", LEAD)):
            wanted = ["Id", "IndividualId", "AccountId", "IsPersonAccount", self.config.stop_field]
            fields = [field for field in dict.fromkeys(wanted) if org.has(name, field)]
            ids = list(dict.fromkeys(one for r in reports if (one := person(r.record)).startswith(begins)))
            async for row in by(self.api, name, fields, "Id", ids):
                people[full(row["Id"])] = row
        return people

    async def _records(self, org: orgs.Org, people: dict[str, Row], reports: Sequence[Report]) -> None:
        """A new consent record each: earlier ones stay as they are."""
        if not reports:
            return
        limits = await scope(self.api, org, self.config)
        individuals = list({people[person(r.record)]["IndividualId"] for r in reports})
        rows = by(self.api, RECORD, ["Id", "CaptureSource"], "PartyId", individuals)
        written = {row["CaptureSource"] async for row in rows}
        fresh: list[Report] = []
        for report in reports:
            if report.kind is ReportKind.CONSENT and not (limits.channel and limits.purpose):
                # without both it would say yes to more than the person did
                said = "Salesforce has no channel or no purpose for WhatsApp consent: prepare the connection"
                self.failed[report.key] = Result(said, again=True)
            elif self._source(report) not in written:
                fresh.append(report)
        records = [self._record(report, people[person(report.record)]["IndividualId"], limits) for report in fresh]
        results = await self.batches.write("POST", COLLECTIONS, records)
        self.failed |= {report.key: result for report, result in zip(fresh, results, strict=True) if result.error}

    def _record(self, report: Report, individual: str, limits: Scope) -> Json:
        at, given = stamp(report.at), report.kind is ReportKind.CONSENT
        record = {
            "attributes": {"type": RECORD},
            "Name": f"WhatsApp {'consent' if given else 'stop'} {at[:10]}",
            "PartyId": individual,
            "ContactPointType": self.config.contact_point_type,
            STATUS: "OptIn" if given else "OptOut",
            "EffectiveFrom": at,
            "CaptureDate": at,
            "CaptureContactPointType": self.config.contact_point_type,
            "CaptureSource": self._source(report),
            f"{orgs.CHANNEL}Id": limits.channel,
            f"{orgs.PURPOSE}Id": limits.purpose,
        }
        return {name: value for name, value in record.items() if value}

    def _source(self, report: Report) -> str:
        """Unique per report, so that a repetition is seen."""
        said = "WhatsApp consent" if report.kind is ReportKind.CONSENT else "WhatsApp STOP"
        return f"{self.mark}: {said} ({hashlib.sha256(report.key.encode()).hexdigest()[:16]})"

    async def _fields(self, people: dict[str, Row], reports: Sequence[Report]) -> None:
        """Fill the stop field on a withdrawal; on consent clear it, if it holds nothing but our own mark."""
        field = self.config.stop_field
        last = {person(report.record): report for report in reports}
        changes: dict[str, Json] = {}
        for one, report in last.items():
            row = people[one]
            if report.kind is ReportKind.WITHDRAWAL and field not in row:
                said = f"the person has no Individual, and there is no field {field}: make the text field, or link one"
                self._fail(reports, one, Result(said, again=True))
            elif report.kind is ReportKind.WITHDRAWAL and not row[field]:
                changes[one] = _change(row, field, f"{self.mark}: {stamp(report.at)}")
            elif report.kind is ReportKind.CONSENT and row.get(field, "").startswith(self.mark):
                changes[one] = _change(row, field, None)
        results = await self.batches.write("PATCH", COLLECTIONS, list(changes.values()))
        for one, result in zip(changes, results, strict=True):
            if result.error:
                self._fail(reports, one, result)

    def _fail(self, reports: Sequence[Report], one: str, result: Result) -> None:
        self.failed |= {report.key: result for report in reports if person(report.record) == one}


def _change(row: Row, field: str, value: str | None) -> Json:
    if row.get("IsPersonAccount") == "true":  # written through the account, where the field has another ending
        return {"attributes": {"type": "Account"}, "id": row["AccountId"], field.replace("__c", "__pc"): value}
    kind = "Contact" if full(row["Id"]).startswith(CONTACT) else "Lead"
    return {"attributes": {"type": kind}, "id": row["Id"], field: value}


async def prepare(api: Api, config: Config) -> list[str]:
    """Make the channel and the purpose; says what it made, or what an admin has to make."""
    org = await orgs.look(api)
    said = []
    if RECORD in org.kinds:
        there = await scope(api, org, config)
        if not there.channel and org.parent(RECORD, f"{orgs.CHANNEL}Id"):
            body = {"Name": config.channel_name, "ContactPointType": config.contact_point_type}
            said += await _make(api, orgs.CHANNEL, body)
        if not there.purpose and org.parent(RECORD, f"{orgs.PURPOSE}Id"):
            said += await _make(api, orgs.PURPOSE, {"Name": config.purpose_name})
    for name in org.people:
        if not org.has(name, config.stop_field):
            said.append(f"make a text field {config.stop_field} (80 characters) on {name} in Setup: the hub cannot")
    return said


async def _make(api: Api, name: str, body: Json) -> list[str]:
    try:
        await api.ask("POST", f"/sobjects/{name}", body)
    except Rejected as no:
        return [f"could not create {name} {body['Name']} ({no}): create it in Salesforce"]
    return [f"created {name} {body['Name']}"]
