# SPDX-License-Identifier: Apache-2.0
"""What an org has: objects and fields that the app's user can see, and whether the consent objects are switched on."""

from __future__ import annotations

from dataclasses import dataclass

from hub import BadConfig, Property, PropertyKind, Rejected
from hub_salesforce.api import Api, Json
from hub_salesforce.consents import KINDS
from hub_salesforce.settings import Config

PEOPLE = ("Contact", "Lead")
FLAGS = ("HasOptedOutSolicit", "HasOptedOutProcessing", "ShouldForget")
CHANNEL, PURPOSE, BASIS, NUMBER = "EngagementChannelType", "DataUsePurpose", "DataUseLegalBasis", "ContactPointPhone"
_KINDS = {  # field types ("Field Types"); all others are text
    "boolean": PropertyKind.FLAG,
    "picklist": PropertyKind.CHOICE,
    "multipicklist": PropertyKind.CHOICE,
    "date": PropertyKind.MOMENT,
    "datetime": PropertyKind.MOMENT,
    "phone": PropertyKind.PHONE,
    "int": PropertyKind.NUMBER,
    "double": PropertyKind.NUMBER,
    "currency": PropertyKind.NUMBER,
    "percent": PropertyKind.NUMBER,
}


@dataclass(frozen=True, slots=True)
class Org:
    """Fields by object, as `describe` lists them. An object that is not here is not visible, or not switched on."""

    objects: dict[str, dict[str, Json]]

    @property
    def private(self) -> bool:
        """Is Data Protection and Privacy on? Only then do people have an Individual."""
        return "IndividualId" in self.objects["Contact"]

    @property
    def people(self) -> list[str]:
        return [name for name in PEOPLE if name in self.objects]

    @property
    def kinds(self) -> list[str]:
        """Which consent objects there are."""
        return [name for name in KINDS if name in self.objects]

    def has(self, name: str, field: str) -> bool:
        return field in self.objects.get(name, {})

    def parent(self, name: str, field: str) -> str:
        """What the parent behind a reference is called in queries; "" where there is none to ask."""
        relation = self.objects.get(name, {}).get(field, {}).get("relationshipName")
        return relation if isinstance(relation, str) else ""


async def look(api: Api) -> Org:
    """Ask what there is. Raises `BadConfig` when not even contacts can be seen."""
    objects: dict[str, dict[str, Json]] = {}
    for name in PEOPLE:
        objects |= await fields(api, name)
    if "Contact" not in objects:
        raise BadConfig("the app's user cannot see contacts: give it the right to read them")
    org = Org(objects)
    if org.private:
        for name in ("Individual", *KINDS, CHANNEL, PURPOSE, NUMBER):
            objects |= await fields(api, name)
    return org


async def see(api: Api, config: Config) -> Org:
    """The same, to read people. Raises `BadConfig` when something is hidden that might hold an objection: not seen is
    not absent."""
    org = await look(api)
    if hidden := _hidden(org, config):
        raise BadConfig(f"the app's user cannot see {', '.join(hidden)}: give it the right, or change the settings")
    return org


def _hidden(org: Org, config: Config) -> list[str]:
    wanted = [(person, field) for person in org.people for field in config.opt_out_fields]
    if org.private:
        wanted += [("Individual", field) for field in FLAGS]
        wanted += [("ContactPointTypeConsent", "PrivacyConsentStatus")]
        wanted += [(name, field) for name in org.kinds for field in ("PrivacyConsentStatus", "PartyId")]
    missing = [f"{name}.{field}" for name, field in wanted if not org.has(name, field)]
    phones = any(org.has("Contact", field) for field in config.phone_fields)
    return list(dict.fromkeys(missing + ([] if phones else ["any of phone_fields"])))


async def fields(api: Api, name: str) -> dict[str, dict[str, Json]]:
    """The fields of an object by its name; empty where it cannot be seen."""
    try:
        body = await api.get(f"/sobjects/{name}/describe")
    except Rejected as refused:
        if refused.code != "NOT_FOUND":
            raise
        return {}
    found = body.get("fields")
    fields = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return {name: {str(one.get("name")): one for one in fields}}


def properties(org: Org) -> list[Property]:
    """What evidence may be found in: fields of people, and of the consent record that decides."""
    fields = {field: one for name in org.people for field, one in org.objects[name].items()}
    found = [_property(field, one) for field, one in fields.items()]
    for name in org.kinds:
        found += [_property(f"{name}.{field}", one) for field, one in org.objects[name].items()]
    if org.kinds:
        names = [f"{CHANNEL}.Name", f"{PURPOSE}.Name", f"{BASIS}.Name"]
        found += [Property(name, kind=PropertyKind.TEXT) for name in names]
        found.append(Property(f"{NUMBER}.TelephoneNumber", kind=PropertyKind.PHONE))
    return found


def _property(name: str, field: Json) -> Property:
    kind = _KINDS.get(str(field.get("type", "")), PropertyKind.TEXT)
    return Property(name, _options(field), str(field.get("label") or ""), kind)


def _options(field: Json) -> tuple[str, ...]:
    values = field.get("picklistValues")
    if field.get("type") == "boolean":
        return ("true", "false")
    if field.get("type") not in ("picklist", "multipicklist") or not isinstance(values, list):
        return ()
    return tuple(str(one["value"]) for one in values if isinstance(one, dict) and one.get("value"))
