# SPDX-License-Identifier: Apache-2.0
"""The contact properties the hub writes into, and making them once."""

from __future__ import annotations

from hub import Rejected
from hub_hubspot.api import Api, Json
from hub_hubspot.settings import Config

GROUP = {"name": "consent_hub", "label": "Consent Hub (WhatsApp)", "displayOrder": -1}
CONFLICT = frozenset({"409", "CONFLICT", "OBJECT_ALREADY_EXISTS", "PROPERTY_ALREADY_EXISTS"})


def definitions(config: Config) -> list[Json]:
    """HubSpot's property definitions of everything the hub writes or asks an admin to fill."""
    made = [
        _text("hub_whatsapp_status", "WhatsApp: last status"),
        _moment("hub_whatsapp_status_at", "WhatsApp: time of last status"),
        _text("hub_whatsapp_reason", "WhatsApp: reason"),
        _text("hub_whatsapp_basis", "WhatsApp: legal basis used"),
        _text("hub_whatsapp_campaign", "WhatsApp: campaign"),
        _switch(config.opt_out_property, "WhatsApp: stopped"),
    ]
    if config.email_double_opt_in_property:
        made.append(_moment(config.email_double_opt_in_property, "E-mail double opt-in confirmed at"))
    return made


async def prepare(api: Api, config: Config) -> list[str]:
    """Create what is missing; says what it created. Raises `BadConfig`, `Rejected`, `Unavailable`."""
    done = ["group consent_hub"] if await _create(api, f"{api.properties}/groups", GROUP) else []
    for definition in definitions(config):
        if await _create(api, api.properties, definition):
            done.append(f"property {definition['name']}")
    return [f"created {one}" for one in done]


async def _create(api: Api, path: str, body: Json) -> bool:
    try:
        await api.ask(path, body)
    except Rejected as refused:
        if refused.code not in CONFLICT:
            raise
        return False
    return True


def _text(name: str, label: str) -> Json:
    return _definition(name, label, "string", "text")


def _moment(name: str, label: str) -> Json:
    return _definition(name, label, "datetime", "date")


def _switch(name: str, label: str) -> Json:
    options = [
        {"label": "Yes", "value": "true", "displayOrder": 0, "hidden": False},
        {"label": "No", "value": "false", "displayOrder": 1, "hidden": False},
    ]
    return {**_definition(name, label, "bool", "booleancheckbox"), "options": options}


def _definition(name: str, label: str, kind: str, field: str) -> Json:
    return {"name": name, "label": label, "type": kind, "fieldType": field, "groupName": GROUP["name"]}
