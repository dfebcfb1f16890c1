# SPDX-License-Identifier: Apache-2.0
"""The objects of an org: their fields, what `describe` says of them, and which values they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from hub_salesforce.emulator.answers import Json, bad, when
from hub_salesforce.ids import full

STATUSES = ("NotSeen", "Seen", "OptIn", "OptOut")
POINTS = ("Email", "MailingAddress", "Phone", "Social", "Web")
_LENGTHS = {"phone": 40, "email": 80, "string": 255, "picklist": 255, "textarea": 32_000}


@dataclass(frozen=True)
class Field:
    """One field. `to`: the object a reference points at."""

    name: str
    type: str = "string"
    to: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    required: bool = False
    read_only: bool = False
    external_id: bool = False

    @property
    def relation(self) -> str | None:
        return self.name.removesuffix("Id") if self.to else None

    def describe(self) -> Json:
        return {
            "name": self.name,
            "label": self.name,
            "type": self.type,
            "length": _LENGTHS.get(self.type, 18 if self.to or self.type == "id" else 0),
            "nillable": not self.required,
            "createable": not self.read_only,
            "updateable": not self.read_only,
            "custom": self.name.endswith(("__c", "__pc")),
            "externalId": self.external_id,
            "idLookup": self.external_id or self.type in ("id", "email"),
            "picklistValues": [{"value": v, "label": v, "active": True, "defaultValue": False} for v in self.values],
            "referenceTo": list(self.to),
            "relationshipName": self.relation,
        }

    def typed(self, value: Any) -> Any:
        """A value from JSON or CSV as it is stored. Raises `Refusal`."""
        if value is None or value == "":
            return None
        if self.type == "boolean":
            if isinstance(value, bool) or value in ("true", "false"):
                return value in (True, "true")
            raise bad("JSON_PARSER_ERROR", "Cannot deserialize instance of boolean from VALUE_STRING value")
        if self.type == "datetime":
            return self._time(value)
        if self.type == "date":
            return self._date(value)
        if self.type == "int":
            return int(value)
        return self._text(str(value))

    def _text(self, text: str) -> str:
        if self.to or self.type == "id":
            if not full(text):
                raise bad("MALFORMED_ID", f"{self.name}: id value of incorrect type: {text}", [self.name])
            return full(text)
        if len(text) > _LENGTHS.get(self.type, 32_000):
            raise bad("STRING_TOO_LONG", f"{self.name}: data value too large", [self.name])
        if self.type == "picklist" and self.values and text not in self.values:
            message = f"{self.name}: bad value for restricted picklist field: {text}"
            raise bad("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [self.name])
        return text

    def _time(self, value: Any) -> Any:
        at = when(str(value))
        if at is None:
            raise bad("JSON_PARSER_ERROR", f"Cannot deserialize instance of datetime from VALUE_STRING value {value}")
        return at

    def _date(self, value: Any) -> date:
        try:
            return date.fromisoformat(str(value)[:10])
        except ValueError:
            raise bad(
                "JSON_PARSER_ERROR", f"Cannot deserialize instance of date from VALUE_STRING value {value}"
            ) from None


def _fields(*given: Field | str) -> dict[str, Field]:
    """Plain names are texts; `name:type` says otherwise, `name>Object` is a reference, `!` marks a required one."""
    made = [one if isinstance(one, Field) else _field(one) for one in (*_EVERY, *given)]
    return {one.name: one for one in made}


def _field(written: str) -> Field:
    required, written = written.endswith("!"), written.removesuffix("!")
    name, _, target = written.partition(">")
    name, _, kind = name.partition(":")
    targets = tuple(target.split("|")) if target else ()
    return Field(name, "reference" if targets else kind or "string", to=targets, required=required)


_EVERY = (
    Field("Id", "id", read_only=True),
    Field("IsDeleted", "boolean", read_only=True),
    Field("CreatedDate", "datetime", read_only=True),
    Field("LastModifiedDate", "datetime", read_only=True),
    Field("SystemModstamp", "datetime", read_only=True),
)
_PHONES = ("LeadSource", "Phone:phone", "MobilePhone:phone", "Email:email", "FirstName", "LastName!")
_FLAGS = ("DoNotCall:boolean", "HasOptedOutOfEmail:boolean", "HasOptedOutOfFax:boolean")
_CUSTOM = (Field("WhatsApp_Stop__c"), Field("Legal_Basis__c", "multipicklist"))
_CONSENT = (
    "Name",
    "PartyId>Individual",
    Field("PrivacyConsentStatus", "picklist", values=STATUSES),
    "DataUsePurposeId>DataUsePurpose",
    "EngagementChannelTypeId>EngagementChannelType",
)
_CAPTURE = (
    "EffectiveFrom:datetime",
    "EffectiveTo:datetime",
    "CaptureDate:datetime!",
    Field("CaptureContactPointType", "picklist", values=POINTS, required=True),
    "CaptureSource!",
    "DoubleConsentCaptureDate:datetime",
)
_SEEN = Field("MasterRecordId", "reference", to=("Contact",), read_only=True)

PRIVACY = frozenset(
    [
        "Individual",
        "ContactPointPhone",
        "ContactPointTypeConsent",
        "ContactPointConsent",
        "CommSubscriptionConsent",
        "DataUsePurpose",
        "DataUseLegalBasis",
        "EngagementChannelType",
    ]
)
PREFIXES = {
    "Contact": "003",
    "Lead": "00Q",
    "Account": "001",
    "Campaign": "701",
    "CampaignMember": "00v",
    "CampaignMemberStatus": "01Y",
    "Task": "00T",
    "Individual": "0PK",
    "ContactPointPhone": "0Q1",  # this and the following are made up: no source names them
    "ContactPointTypeConsent": "0Q2",
    "ContactPointConsent": "0Q3",
    "CommSubscriptionConsent": "0Q4",
    "DataUsePurpose": "0Q5",
    "DataUseLegalBasis": "0Q6",
    "EngagementChannelType": "0Q7",
}


def objects(*, privacy: bool, custom: bool) -> dict[str, dict[str, Field]]:
    """Every object of an org, as its user sees it."""
    individual = ("IndividualId>Individual",) if privacy else ()
    own = _CUSTOM if custom else ()
    person = Field("IsPersonAccount", "boolean", read_only=True)
    found = {
        "Contact": _fields(*_PHONES, *_FLAGS, "MailingCountry", "AccountId>Account", *individual, *own, _SEEN, person),
        "Lead": _fields(*_PHONES, *_FLAGS, "Company!", "Country", "Status", *individual, *own, *_LEAD),
        "Account": _fields("Name", person, "PersonContactId>Contact", *_personal(own)),
        "Campaign": _fields("Name!", "Status", "IsActive:boolean", *_COUNTS, *(_OUTLOOK if custom else ())),
        "CampaignMember": _fields(
            "CampaignId>Campaign!", "ContactId>Contact", "LeadId>Lead", "Status", *_MEMBER, *(_SHOWN if custom else ())
        ),
        "CampaignMemberStatus": _fields("CampaignId>Campaign!", "Label!", "SortOrder:int", *_STATUS),
        "Task": _fields("WhoId>Contact|Lead", "WhatId>Campaign|Account", *_TASK),
        "Individual": _fields("FirstName", "LastName!", *_INDIVIDUAL),
        "ContactPointPhone": _fields("ParentId>Individual|Account", "TelephoneNumber:phone!"),
        "ContactPointTypeConsent": _fields(*_CONSENT, *_CAPTURE, _POINT),
        "ContactPointConsent": _fields(*_CONSENT, *_CAPTURE, "ContactPointId>ContactPointPhone!"),
        "CommSubscriptionConsent": _fields(*_CONSENT, *_SUBSCRIPTION),
        "DataUsePurpose": _fields("Name!", "LegalBasisId>DataUseLegalBasis", "Description"),
        "DataUseLegalBasis": _fields("Name!", "Source", "Description"),
        "EngagementChannelType": _fields("Name!", Field("ContactPointType", "picklist", values=(*POINTS, "Video"))),
    }
    return found if privacy else {name: fields for name, fields in found.items() if name not in PRIVACY}


def _personal(own: tuple[Field, ...]) -> tuple[Field, ...]:
    """Fields of the contact as its person account has them."""
    return tuple(Field(one.name.replace("__c", "__pc"), one.type, values=one.values) for one in own)


_LEAD = (
    Field("MasterRecordId", "reference", to=("Lead",), read_only=True),
    Field("IsConverted", "boolean", read_only=True),
    Field("ConvertedContactId", "reference", to=("Contact",), read_only=True),
)
_COUNTS = (Field("NumberOfContacts", "int", read_only=True), Field("NumberOfLeads", "int", read_only=True))
_MEMBER = (Field("HasResponded", "boolean", read_only=True),)
_SHOWN = ("WhatsApp_Reason__c", "WhatsApp_Link__c")
_OUTLOOK = ("WhatsApp_Outlook__c:textarea",)
_STATUS = ("IsDefault:boolean", "HasResponded:boolean")
_TASK = (
    "Subject",
    "Status!",
    "Priority!",
    "ActivityDate:date",
    "Description:textarea",
    Field("Hub_Key__c", external_id=True),
)
_INDIVIDUAL = (
    "HasOptedOutProcessing:boolean",
    "HasOptedOutSolicit:boolean",
    "HasOptedOutProfiling:boolean",
    "HasOptedOutTracking:boolean",
    "ShouldForget:boolean",
)
_POINT = Field("ContactPointType", "picklist", values=POINTS, required=True)
_SUBSCRIPTION = ("EffectiveFromDate:datetime!", "ConsentCapturedDateTime:datetime", "ConsentCapturedSource")
