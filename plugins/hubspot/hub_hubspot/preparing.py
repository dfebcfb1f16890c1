# SPDX-License-Identifier: Apache-2.0
"""What the hub needs in an account: contact properties and scopes. Making what is missing, and looking for it."""

from __future__ import annotations

from hub import BadConfig, HubError, Rejected
from hub_hubspot import action, words
from hub_hubspot.api import Api
from hub_hubspot.settings import Config
from hub_hubspot.trouble import Json
from hub_hubspot.walk import results
from hub_hubspot.wire import read_properties

GROUP = {"name": "consent_hub", "label": "Consent Hub (WhatsApp)", "displayOrder": -1}
CONFLICT = frozenset({"409", "CONFLICT", "OBJECT_ALREADY_EXISTS", "PROPERTY_ALREADY_EXISTS"})
SCOPES = (
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.lists.read",
)
WORKFLOWS = "automation"  # the scope that completes callbacks


def definitions(config: Config) -> list[Json]:
    """HubSpot's property definitions of everything the hub writes or asks an admin to fill."""
    shown = {words.OPTED_IN: "Opted in, with proof in the hub", words.STOPPED: "Stopped"}
    reach = {"eligible": "Can be written to", "waiting": "Not yet", "blocked": "Blocked"}
    made = [
        _choice(words.OPT_IN, "WhatsApp: permission", shown),
        _moment(words.OPT_IN_AT, "WhatsApp: permission since"),
        _text(words.EVIDENCE, "WhatsApp: proof of the permission"),
        _text(words.STATUS, "WhatsApp: last status"),
        _moment(words.STATUS_AT, "WhatsApp: time of last status"),
        _text(words.REASON, "WhatsApp: reason"),
        _text(words.BASIS, "WhatsApp: legal basis used"),
        _text(words.CAMPAIGN, "WhatsApp: campaign"),
        _text(words.WHY, "WhatsApp: why it was or was not sent"),
        _text(words.LINK, "WhatsApp: what would help"),
        _choice(words.REACH, "WhatsApp, next campaign: can be written to", reach),
        _moment(words.REACH_AT, "WhatsApp, next campaign: as of"),
        _text(words.REACH_CAMPAIGN, "WhatsApp, next campaign: which"),
        _text(words.REACH_REASON, "WhatsApp, next campaign: reason"),
        _text(words.REACH_WHY, "WhatsApp, next campaign: why"),
        _text(words.REACH_LINK, "WhatsApp, next campaign: what would help"),
        _switch(config.opt_out_property, "WhatsApp: stop (set in HubSpot)"),
    ]
    if config.email_double_opt_in_property:
        made.append(_moment(config.email_double_opt_in_property, "E-mail double opt-in confirmed at"))
    return made


async def prepare(api: Api, config: Config) -> list[str]:
    """Create what is missing; says what it created. Raises `BadConfig`, `Rejected`, `Unavailable`.

    Where HubSpot tells that a scope is missing, nothing is begun.
    """
    known = {one.get("name") for one in results(await api.get(api.paths.properties))}
    missing = [one for one in definitions(config) if one["name"] not in known]
    without = _without(SCOPES, await scopes(api)) if missing else ""
    if without:
        raise BadConfig(without)
    done = []
    if missing and await _create(api, f"{api.paths.properties}/groups", GROUP):
        done.append("created group consent_hub")
    for definition in missing:
        if await _create(api, api.paths.properties, definition):
            done.append(f"created property {definition['name']}")
    registered = await action.register(api, config)
    return [*done, registered] if registered else done


async def lacking(api: Api, config: Config) -> list[str]:
    """What an admin must see to, in words. Raises `BadConfig`, `Rejected`, `Unavailable`."""
    without = _without((*SCOPES, WORKFLOWS) if config.webhook_url else SCOPES, await scopes(api))
    found = [without] if without else []
    known = {one.get("name") for one in results(await api.get(api.paths.properties))}
    written = [str(one["name"]) for one in definitions(config)]
    missing = [name for name in dict.fromkeys([*read_properties(config), *written]) if name not in known]
    if missing:
        found.append(f"properties missing in HubSpot: {', '.join(missing)}. Prepare the connection.")
    return found


def _without(wanted: tuple[str, ...], granted: tuple[str, ...]) -> str:
    """Which scopes are missing, and what to do; empty where none is, or HubSpot does not tell."""
    missing = [one for one in wanted if one not in granted] if granted else []
    return f"scopes missing: {', '.join(missing)}. Add them to the key or app." if missing else ""


async def scopes(api: Api) -> tuple[str, ...]:
    """What the token may do; empty where HubSpot does not tell, which is no proof of anything."""
    if api.access.renews:
        return await api.access.scopes()
    try:
        told = (await api.ask(api.paths.token_info, {"tokenKey": await api.access.token()})).get("scopes")
    except HubError:  # documented for private apps; whether for service keys too is not
        return ()
    return tuple(map(str, told)) if isinstance(told, list) else ()


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
    options = {"true": "Yes", "false": "No"}
    return {**_definition(name, label, "bool", "booleancheckbox"), "options": _options(options)}


def _choice(name: str, label: str, options: dict[str, str]) -> Json:
    return {**_definition(name, label, "enumeration", "select"), "options": _options(options)}


def _options(labels: dict[str, str]) -> list[Json]:
    return [
        {"label": label, "value": value, "displayOrder": index, "hidden": False}
        for index, (value, label) in enumerate(labels.items())
    ]


def _definition(name: str, label: str, kind: str, field: str) -> Json:
    return {"name": name, "label": label, "type": kind, "fieldType": field, "groupName": GROUP["name"]}
