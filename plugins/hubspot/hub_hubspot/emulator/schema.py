# SPDX-License-Identifier: Apache-2.0
"""Property definitions of one object type: HubSpot's own, those a client creates, and what values they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from hub_hubspot.emulator.answers import Json, Refusal, invalid, iso, not_found

TYPES = frozenset({"bool", "date", "datetime", "enumeration", "number", "phone_number", "string"})
FIELD_TYPES = frozenset(
    [
        "booleancheckbox",
        "calculation_equation",
        "checkbox",
        "date",
        "file",
        "html",
        "number",
        "phonenumber",
        "radio",
        "select",
        "text",
        "textarea",
    ]
)
LEGAL_BASES = (
    "Legitimate interest – prospect/lead",
    "Legitimate interest – existing customer",
    "Legitimate interest - other",
    "Performance of a contract",
    "Freely given consent from contact",
    "Not applicable",
)
_TEXT = [
    "email",
    "firstname",
    "lastname",
    "phone",
    "mobilephone",
    "country",
    "city",
    "zip",
    "address",
    "state",
    "website",
    "company",
    "jobtitle",
]
CONTACT_TEXT = (*_TEXT, "lifecyclestage", "hs_lead_status", "hs_language", "hubspot_owner_id")
COMMUNICATION_TEXT = (
    "hs_communication_channel_type",
    "hs_communication_logged_from",
    "hs_communication_body",
    "hubspot_owner_id",
)


class Schema:
    """The properties of one object type."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.properties: dict[str, Json] = {}
        self.groups: dict[str, Json] = {}
        for name in ("createdate", "lastmodifieddate"):
            self._own(name, "datetime", read_only=True)
        self._own("hs_object_id", "number", read_only=True)

    @classmethod
    def of_contacts(cls, now: Callable[[], datetime]) -> Schema:
        schema = cls(now)
        schema.groups["contactinformation"] = _group("contactinformation", "Contact information")
        for name in CONTACT_TEXT:
            schema._own(name)
        schema._own("hs_email_optout", "bool", read_only=True)
        schema._own("hs_legal_basis", "enumeration", "checkbox", LEGAL_BASES)
        return schema

    @classmethod
    def of_communications(cls, now: Callable[[], datetime]) -> Schema:
        schema = cls(now)
        for name in COMMUNICATION_TEXT:
            schema._own(name)
        schema._own("hs_timestamp", "datetime")
        return schema

    @classmethod
    def of_notes(cls, now: Callable[[], datetime]) -> Schema:
        schema = cls(now)
        schema._own("hs_note_body")
        schema._own("hs_timestamp", "datetime")
        return schema

    @classmethod
    def of_tasks(cls, now: Callable[[], datetime]) -> Schema:
        schema = cls(now)
        for name in ("hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_priority", "hs_task_type"):
            schema._own(name)
        schema._own("hs_timestamp", "datetime")
        return schema

    def _own(
        self,
        name: str,
        kind: str = "string",
        field: str = "text",
        options: tuple[str, ...] = (),
        read_only: bool = False,
    ) -> None:
        choices = [{"label": o, "value": o, "displayOrder": i, "hidden": False} for i, o in enumerate(options)]
        one = self._definition(name, name, kind, field, "contactinformation", choices)
        one["hubspotDefined"] = True
        one["modificationMetadata"] = {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": read_only}
        self.properties[name] = one

    def create(self, asked: Mapping[str, Any]) -> Json:
        """Raises `Refusal`: 400 for a bad definition, 409 where the name exists."""
        name, kind, field = str(asked.get("name", "")), asked.get("type"), asked.get("fieldType")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name) or kind not in TYPES or field not in FIELD_TYPES:
            raise invalid("Invalid input JSON: name, type and fieldType must be valid")
        if asked.get("groupName") not in self.groups:
            raise invalid(f"Property group {asked.get('groupName')} does not exist")
        if name in self.properties:
            raise Refusal(409, "CONFLICT", f'A property named "{name}" already exists')
        label, options = str(asked.get("label") or name), list(asked.get("options") or [])
        self.properties[name] = self._definition(name, label, str(kind), str(field), str(asked["groupName"]), options)
        return self.properties[name]

    def create_group(self, asked: Mapping[str, Any]) -> Json:
        name = str(asked.get("name", ""))
        if not name or not asked.get("label"):
            raise invalid("Invalid input JSON: name and label are required")
        if name in self.groups:
            raise Refusal(409, "CONFLICT", f'A property group named "{name}" already exists')
        self.groups[name] = _group(name, str(asked["label"]))
        return self.groups[name]

    def get(self, name: str) -> Json:
        if name not in self.properties:
            raise not_found(f"Property {name} does not exist")
        return self.properties[name]

    def checked(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Values as they will be stored. Raises `Refusal` (400) naming every bad one."""
        problems, good = [], {}
        for name, value in values.items():
            text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            problem = self._problem(name, text)
            if problem:
                problems.append(
                    {"isValid": False, "message": f'Property "{name}" is refused', "error": problem, "name": name}
                )
            good[name] = self._stored(name, text) if not problem else ""
        if problems:
            details = [_detail(one) for one in problems]
            raise invalid(f"Property values were not valid: {orjson.dumps(problems).decode()}", errors=details)
        return good

    def _problem(self, name: str, text: str) -> str:
        definition = self.properties.get(name)
        if definition is None:
            return "PROPERTY_DOESNT_EXIST"
        if definition["modificationMetadata"]["readOnlyValue"]:
            return "READ_ONLY_VALUE"
        allowed = {option["value"] for option in definition["options"]}
        kind = definition["type"]
        if not text:
            return ""
        if kind == "bool" and text not in ("true", "false"):
            return "INVALID_OPTION"
        if kind == "enumeration" and not {one for one in text.split(";") if one} <= allowed:
            return "INVALID_OPTION"
        if kind in ("date", "datetime") and when(text) is None:
            return "INVALID_DATE"
        if kind == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", text):
            return "INVALID_NUMBER"
        return ""

    def _stored(self, name: str, text: str) -> str:
        at = when(text) if self.properties[name]["type"] == "datetime" and text else None
        return iso(at) if at else text

    def _definition(self, name: str, label: str, kind: str, field: str, group: str, options: list[Any]) -> Json:
        now = iso(self._now())
        return {
            "name": name,
            "label": label,
            "type": kind,
            "fieldType": field,
            "groupName": group,
            "description": "",
            "options": options,
            "createdAt": now,
            "updatedAt": now,
            "displayOrder": -1,
            "calculated": False,
            "externalOptions": False,
            "archived": False,
            "hasUniqueValue": False,
            "hidden": False,
            "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
            "formField": False,
            "dataSensitivity": "non_sensitive",
        }


def _group(name: str, label: str) -> Json:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}


def _detail(problem: Json) -> Json:
    return {"message": problem["message"], "code": problem["error"], "context": {"propertyName": [problem["name"]]}}


def when(text: str) -> datetime | None:
    """ISO time or epoch milliseconds."""
    try:
        if re.fullmatch(r"-?\d+", text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
