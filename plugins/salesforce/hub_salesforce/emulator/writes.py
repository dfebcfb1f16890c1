# SPDX-License-Identifier: Apache-2.0
"""Creating, changing and deleting records, with the rules of members, tasks and person accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub_salesforce.emulator.answers import Refusal, bad, not_found
from hub_salesforce.emulator.tables import Database, Row, Table
from hub_salesforce.ids import LEAD, full


class Writes:
    """Changes to one org. `locked`: ids of records that somebody else holds for the moment."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.locked: set[str] = set()

    def table(self, name: str) -> Table:
        if name not in self.db.tables:
            raise not_found()
        return self.db[name]

    def known(self, name: str, given: Mapping[str, Any]) -> None:
        """Raises `Refusal` for a field that does not exist: that refuses a whole batch."""
        table = self.table(name)
        for field in given:
            if field not in table.fields:
                raise bad("INVALID_FIELD", f"No such column '{field}' on sobject of type {name}")

    def create(self, name: str, given: Mapping[str, Any]) -> str:
        table = self.table(name)
        values = self._typed(table, given)
        missing = [one.name for one in table.fields.values() if one.required and values.get(one.name) is None]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise bad("REQUIRED_FIELD_MISSING", message, missing)
        self._free(values.values())
        if name == "CampaignMember":
            values |= self._member(values)
        if name == "CampaignMemberStatus":
            self._one_label(values)
        if name == "Task" and str(values.get("WhoId") or "").startswith(LEAD) and values.get("WhatId"):
            raise bad("FIELD_INTEGRITY_EXCEPTION", "If the WhoId is a lead, the WhatId must be empty", ["WhatId"])
        row = table.add(values)
        if name == "Campaign":
            for label, responded in (("Sent", False), ("Responded", True)):
                status = {"CampaignId": row["Id"], "Label": label, "HasResponded": responded}
                self.db["CampaignMemberStatus"].add(status | {"IsDefault": not responded, "SortOrder": 1 + responded})
        return str(row["Id"])

    def update(self, name: str, record: str, given: Mapping[str, Any]) -> None:
        table = self.table(name)
        row = self.row(table, record)
        values = self._typed(table, given)
        self._free([row["Id"]])
        if name == "CampaignMember" and "Status" in values:
            values["HasResponded"] = self._responded(row["CampaignId"], values["Status"])
        changed = table.change(row, values)
        if name == "Account" and changed.get("PersonContactId"):
            contacts = self.db["Contact"]
            person = contacts.get(changed["PersonContactId"])
            mine = {field.replace("__pc", "__c"): value for field, value in values.items() if field.endswith("__pc")}
            if person is not None:
                contacts.change(person, mine)

    def upsert(self, name: str, field: str, key: str, given: Mapping[str, Any]) -> tuple[str, bool]:
        """The record's id, and whether it is new. Raises `Refusal`, 300 where several have the key."""
        table = self.table(name)
        if field not in table.fields or not table.fields[field].describe()["idLookup"]:
            raise bad("INVALID_FIELD", f"{field} is no external id of {name}")
        found = [row["Id"] for row in table.rows.values() if row.get(field) == key and not row["IsDeleted"]]
        if len(found) > 1:
            raise Refusal(300, "", "")
        if found:
            self.update(name, found[0], given)
            return found[0], False
        return self.create(name, {**given, field: key}), True

    def delete(self, name: str, record: str) -> None:
        table = self.table(name)
        table.delete(self.row(table, record))

    def row(self, table: Table, record: str) -> Row:
        if not full(record):
            raise bad("MALFORMED_ID", f"{table.name} ID: id value of incorrect type: {record}", ["Id"])
        row = table.get(full(record))
        if row is None:
            raise not_found("Provided external ID field does not exist or is not accessible")
        if row["IsDeleted"]:
            raise Refusal(404, "ENTITY_IS_DELETED", "entity is deleted")
        return row

    def _typed(self, table: Table, given: Mapping[str, Any]) -> Row:
        self.known(table.name, given)
        values = {}
        for name, value in given.items():
            one = table.fields[name]
            if one.read_only:
                raise bad("INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {name}", [name])
            values[name] = one.typed(value)
            if one.to and values[name] is not None and self.db.find(values[name]) is None:
                raise bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return values

    def _free(self, touched: Any) -> None:
        if self.locked & {one for one in touched if isinstance(one, str)}:
            message = "unable to obtain exclusive access to this record or 1 records"
            raise bad("UNABLE_TO_LOCK_ROW", message, [])

    def _member(self, values: Row) -> Row:
        contact, lead = values.get("ContactId"), values.get("LeadId")
        if bool(contact) is bool(lead):
            raise bad("FIELD_INTEGRITY_EXCEPTION", "A campaign member needs a contact or a lead", ["ContactId"])
        field, person = ("ContactId", contact) if contact else ("LeadId", lead)
        members = self.db["CampaignMember"].found(field, [person])
        if any(one["CampaignId"] == values["CampaignId"] and not one["IsDeleted"] for one in members):
            raise bad("DUPLICATE_VALUE", "Already a campaign member.")
        status = values.get("Status") or "Sent"
        return {"Status": status, "HasResponded": self._responded(values["CampaignId"], status)}

    def _one_label(self, values: Row) -> None:
        labels = self.db["CampaignMemberStatus"].found("CampaignId", [values["CampaignId"]])
        if any(one["Label"] == values["Label"] and not one["IsDeleted"] for one in labels):
            raise bad("DUPLICATE_VALUE", "A status with this label exists already", ["Label"])

    def _responded(self, campaign: str, label: str) -> bool:
        """That a status must be one of the campaign's is documented; how a stranger is refused is not."""
        for one in self.db["CampaignMemberStatus"].found("CampaignId", [campaign]):
            if one["Label"] == label and not one["IsDeleted"]:
                return bool(one["HasResponded"])
        raise bad("INVALID_STATUS", f"bad value for restricted picklist field: {label}", ["Status"])
