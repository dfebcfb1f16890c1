# SPDX-License-Identifier: Apache-2.0
"""Contacts and leads: which fields are read, and what a record says. A person account is read as its contact. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from hub import Channel, Claim, ClaimKind, ContactSnapshot, Unusable, iso_country
from hub_salesforce import consents
from hub_salesforce.consents import Consent
from hub_salesforce.ids import full
from hub_salesforce.org import FLAGS, Org
from hub_salesforce.rows import Row, moment
from hub_salesforce.settings import Config

_NO = frozenset({"", "false", "no", "0"})
_CHANNELS = {"DoNotCall": Channel.PHONE, "HasOptedOutOfEmail": Channel.EMAIL}
_FLAGS = {
    "HasOptedOutSolicit": ClaimKind.OPT_OUT,
    "HasOptedOutProcessing": ClaimKind.RESTRICTION,
    "ShouldForget": ClaimKind.ERASURE,
}


def fields(org: Org, name: str, config: Config, asked: Sequence[str] = ()) -> list[str]:
    """The only fields ever requested of `Contact` or `Lead`; `asked` are those in which evidence is found."""
    wanted = ["Id", "SystemModstamp", "IsDeleted", "MasterRecordId", "IsConverted", "IndividualId"]
    wanted += [*config.phone_fields, *config.country_fields, *config.template_fields, *config.opt_out_fields]
    wanted += [config.stop_field, config.legal_basis_field, *asked]
    seen = [field for field in dict.fromkeys(wanted) if org.has(name, field)]
    individual = org.parent(name, "IndividualId")
    return seen + [f"{individual}.{flag}" for flag in FLAGS if individual]


def snapshot(
    row: Row, found: Sequence[Consent], config: Config, mark: str, asked: Sequence[str], now: datetime
) -> ContactSnapshot | None:
    """One person; None where the record has no id. A converted lead is gone: its contact speaks for the person."""
    record = full(row.get("Id", ""))
    if not record:
        return None
    modified, merged = moment(row.get("SystemModstamp", "")), full(row.get("MasterRecordId", ""))
    if row.get("IsDeleted") == "true" or row.get("IsConverted") == "true":
        return ContactSnapshot(record, modified_at=modified, deleted=True, merged_into=merged)
    foreign = [one for one in found if not one.written_by(mark)]
    values = {name: value.strip() for name, value in row.items()}
    own = {name: values[name] for name in asked if values.get(name)}
    shown = own | consents.evidence(foreign, asked, config, now)
    return ContactSnapshot(
        record=record,
        phone=_first(values, config.phone_fields),
        country=iso_country(_first(values, config.country_fields)),
        claims=tuple(claims(values, foreign, config, mark, now)),
        properties=tuple((name, values[name]) for name in config.template_fields if values.get(name)),
        evidence=tuple((name, shown[name]) for name in asked if name in shown),
        modified_at=modified,
    )


def _first(values: Row, names: Sequence[str]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def claims(values: Row, found: Sequence[Consent], config: Config, mark: str, now: datetime) -> Iterator[Claim]:
    """What the record and its consent records say. Nothing here is proof."""
    said = [*_bases(values, config), *consents.claims(found, config, now)]
    yield from said or [Claim(ClaimKind.UNKNOWN, config.legal_basis_field)]
    for field in config.opt_out_fields:
        # a stop that cannot be read is a stop
        if values.get(field, "").lower() not in _NO:
            channel = _CHANNELS.get(field)
            limited = channel is not None and config.opt_outs_limited
            yield Claim(ClaimKind.OPT_OUT, field, channel=channel, limited=limited)
    for name, value in values.items():
        parent, _, flag = name.rpartition(".")
        if parent and flag in _FLAGS and value.lower() not in _NO:
            yield Claim(_FLAGS[flag], f"Individual.{flag}")
    stop = values.get(config.stop_field, "")
    if stop.lower() not in _NO and not (mark and stop.startswith(mark)):
        yield Claim(ClaimKind.OPT_OUT, config.stop_field, channel=Channel.WHATSAPP)


def _bases(values: Row, config: Config) -> Iterator[Claim]:
    """Every option of the legal-basis field is its own claim."""
    names = [name for name in values.get(config.legal_basis_field, "").split(";") if name.strip()]
    for kind in dict.fromkeys(consents.kind_of(name, config) for name in names):
        yield Claim(kind, config.legal_basis_field)


def snapshots(
    rows: Sequence[Row],
    found: dict[str, list[Consent]],
    config: Config,
    mark: str,
    asked: Sequence[str],
    now: datetime,
) -> tuple[tuple[ContactSnapshot, ...], tuple[Unusable, ...]]:
    """The people of one page, and what could not be read. `found` are consent records by Individual."""
    read = [snapshot(row, found.get(row.get("IndividualId", ""), []), config, mark, asked, now) for row in rows]
    bad = tuple(Unusable(f"item {i} of a page", "Id", "no record id") for i, one in enumerate(read) if one is None)
    return tuple(one for one in read if one is not None), bad
