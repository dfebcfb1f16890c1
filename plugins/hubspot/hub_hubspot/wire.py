# SPDX-License-Identifier: Apache-2.0
"""HubSpot's contacts and properties in our words. Pure functions; nothing here does I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from hub import (
    Channel,
    Claim,
    ClaimKind,
    ContactSnapshot,
    Property,
    PropertyKind,
    Unusable,
    iso_country,
)
from hub_hubspot.settings import Config
from hub_hubspot.trouble import Json
from hub_hubspot.words import OURS

LEGAL_BASIS = "hs_legal_basis"

# HubSpot's option values with every dash made a hyphen, in lower case, and the words of its API for the same. Anything
# else is UNKNOWN, also "Not applicable" and NON_GDPR: they are never a way around the law.
_BASES = {
    "legitimate interest - prospect/lead": ClaimKind.LEGITIMATE_INTEREST,
    "legitimate interest - existing customer": ClaimKind.LEGITIMATE_INTEREST,
    "legitimate interest - other": ClaimKind.LEGITIMATE_INTEREST,
    "performance of a contract": ClaimKind.CONTRACT,
    "freely given consent from contact": ClaimKind.CONSENT,
    "legitimate_interest_pql": ClaimKind.LEGITIMATE_INTEREST,
    "legitimate_interest_client": ClaimKind.LEGITIMATE_INTEREST,
    "legitimate_interest_other": ClaimKind.LEGITIMATE_INTEREST,
    "performance_of_contract": ClaimKind.CONTRACT,
    "consent_with_notice": ClaimKind.CONSENT,
    "process_and_store": ClaimKind.CONSENT,  # by its name to storing; like every claim it carries no message
}
_DASHES = re.compile("[\u2010-\u2015]")
_KINDS = {  # property types of HubSpot ("Properties")
    "bool": PropertyKind.FLAG,
    "enumeration": PropertyKind.CHOICE,
    "date": PropertyKind.MOMENT,
    "datetime": PropertyKind.MOMENT,
    "phone_number": PropertyKind.PHONE,
    "number": PropertyKind.NUMBER,
    "string": PropertyKind.TEXT,
}
_NO = frozenset({"", "false", "no", "0"})


def read_properties(config: Config, asked: Sequence[str] = ()) -> list[str]:
    """The only properties ever requested; `asked` are those in which the admin says evidence is found.

    What the hub itself writes is never read: it cannot come back as a claim.
    """
    names = [*config.phone_properties, config.country_property, LEGAL_BASIS, config.opt_out_property]
    names += [config.email_double_opt_in_property, config.email_opt_out_property, *config.template_properties, *asked]
    return [name for name in dict.fromkeys(names) if name and name not in OURS]


def snapshot(record: Json, config: Config, asked: Sequence[str] = ()) -> ContactSnapshot | None:
    """One contact; None where the record has no id."""
    number, properties = record.get("id"), record.get("properties")
    if not isinstance(number, str) or not number or not isinstance(properties, dict):
        return None
    values = {name: value.strip() for name, value in properties.items() if isinstance(value, str)}
    phones = (values.get(name, "") for name in config.phone_properties)
    return ContactSnapshot(
        record=number,
        phone=next((phone for phone in phones if phone), ""),
        country=iso_country(values.get(config.country_property, "")),
        claims=tuple(claims(values, config)),
        properties=tuple((name, values[name]) for name in config.template_properties if values.get(name)),
        evidence=tuple((name, values[name]) for name in asked if values.get(name) and name not in OURS),
        modified_at=moment(values.get("lastmodifieddate") or record.get("updatedAt")),
        deleted=record.get("archived") is True,
    )


def snapshots(
    records: Sequence[Json], config: Config, asked: Sequence[str] = ()
) -> tuple[tuple[ContactSnapshot, ...], tuple[Unusable, ...]]:
    """The contacts of one answer, and what could not be read."""
    read = [snapshot(record, config, asked) for record in records]
    bad = tuple(Unusable(f"item {i} of a page", "id", "no record id") for i, one in enumerate(read) if one is None)
    return tuple(one for one in read if one is not None), bad


def claims(values: dict[str, str], config: Config) -> Iterator[Claim]:
    """What the CRM says. Every option of the legal basis is its own claim; nothing here is proof."""
    options = [option.strip() for option in values.get(LEGAL_BASIS, "").split(";")]
    kinds = [_BASES.get(_DASHES.sub("-", option).lower(), ClaimKind.UNKNOWN) for option in options if option]
    for kind in dict.fromkeys(kinds or [ClaimKind.UNKNOWN]):
        yield Claim(kind, LEGAL_BASIS)
    confirmed = values.get(config.email_double_opt_in_property, "")
    if confirmed:
        field = config.email_double_opt_in_property
        yield Claim(ClaimKind.CONSENT_OTHER_POINT, field, channel=Channel.EMAIL, claimed_at=moment(confirmed))
    # a stop that cannot be read is a stop
    if values.get(config.opt_out_property, "").lower() not in _NO:
        yield Claim(ClaimKind.OPT_OUT, config.opt_out_property)
    if values.get(config.email_opt_out_property, "").lower() not in _NO:
        limited = config.email_opt_out_limited
        yield Claim(ClaimKind.OPT_OUT, config.email_opt_out_property, channel=Channel.EMAIL, limited=limited)


def moment(value: object) -> datetime | None:
    """An ISO time or epoch milliseconds, aware, UTC. None where it is neither."""
    try:
        if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        parsed = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def property_of(listed: Json) -> Property:
    """A contact property as HubSpot lists it. An enumeration has a closed list of values, a bool true and false."""
    options, kind = listed.get("options"), _KINDS.get(str(listed.get("type", "")), PropertyKind.UNKNOWN)
    closed = kind is PropertyKind.CHOICE and isinstance(options, list)
    values = [str(one.get("value", "")) for one in options or () if isinstance(one, dict)] if closed else []
    if kind is PropertyKind.FLAG:
        values = ["true", "false"]
    name, label = str(listed.get("name", "")), str(listed.get("label") or "")
    return Property(name, tuple(value for value in values if value), label, kind)
