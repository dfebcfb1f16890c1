# SPDX-License-Identifier: Apache-2.0
"""A HubSpot account that collected consents in properties of its own before the hub came."""

from __future__ import annotations

from hub_hubspot.emulator import HubSpotEmulator

COMPANY = "Muster Handels GmbH"
TEXT = f"Ich willige ein, dass {COMPANY} mir per WhatsApp Angebote schickt. Widerruf jederzeit mit STOPP im Chat."
PROPERTIES = (
    ("wa_einwilligung", "Einwilligung WhatsApp", "enumeration", "select"),
    ("wa_einwilligung_am", "Einwilligung WhatsApp am", "date", "date"),
    ("wa_wortlaut", "WhatsApp: gezeigter Text", "string", "text"),
    ("wa_nummer", "WhatsApp: Nummer", "phone_number", "phonenumber"),
    ("wa_bestaetigt", "WhatsApp bestätigt am", "datetime", "date"),
    ("newsletter", "Newsletter", "bool", "booleancheckbox"),
)
PROVEN, UNCONFIRMED, DECLINED, SILENT, UNREACHABLE = 50, 20, 10, 30, 5
SAMPLED = 100  # of 115: those that say yes or no come first


def fill(emulator: HubSpotEmulator) -> None:
    """Properties, and people who filled them in more or less."""
    contacts = emulator.portal.contacts
    for name, label, kind, field in PROPERTIES:
        values = ("ja", "nein") if kind == "enumeration" else ()
        options = [{"label": value, "value": value, "displayOrder": 0, "hidden": False} for value in values]
        wanted = {"name": name, "label": label, "type": kind, "fieldType": field, "options": options}
        contacts.schema.create({**wanted, "groupName": "contactinformation"})
    kinds = [_silent] * SILENT + [_proven] * PROVEN + [_unconfirmed] * UNCONFIRMED + [_declined] * DECLINED
    for index, made in enumerate([*kinds, *[_unreachable] * UNREACHABLE]):
        number = f"+4915112{index:06d}"
        person = {"email": f"p{index}@example.org", "firstname": "Ada", "mobilephone": number, "country": "Germany"}
        told = person | {"hs_legal_basis": "Performance of a contract"} | made(number)
        emulator.portal.create(contacts, {"properties": told})


def _proven(number: str) -> dict[str, str]:
    return _unconfirmed(number) | {"wa_bestaetigt": "2026-10-01T10:05:00Z"}


def _unconfirmed(number: str) -> dict[str, str]:
    shown = {"wa_einwilligung_am": "2026-10-01", "wa_wortlaut": "Formular 7", "wa_nummer": number}
    return {"wa_einwilligung": "ja", **shown}


def _declined(number: str) -> dict[str, str]:
    return {"wa_einwilligung": "nein"}


def _silent(number: str) -> dict[str, str]:
    return {}


def _unreachable(number: str) -> dict[str, str]:
    return {"wa_einwilligung": "ja", "mobilephone": "am Empfang fragen"}
