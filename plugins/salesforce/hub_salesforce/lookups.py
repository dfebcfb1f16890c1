# SPDX-License-Identifier: Apache-2.0
"""Fetching what belongs to a page of people: their consent records, and people by their Individuals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from hub_salesforce.api import Api, records
from hub_salesforce.consents import ELSEWHERE, KINDS, STATUS, Consent
from hub_salesforce.org import CHANNEL, NUMBER, PURPOSE, Org
from hub_salesforce.rows import Row, flat, groups, listed

IDS = 400  # in one query: a URL may have 16,384 bytes, and an id takes 27 with quotes and comma escaped


async def used(api: Api, org: Org) -> list[str]:
    """The consent objects in which there is anything at all."""
    soql = {name: f"SELECT Id FROM {name} LIMIT 1" for name in org.kinds}  # noqa: S608
    return [name for name in org.kinds if records(await api.query(soql[name]))]


async def consents_of(
    api: Api, org: Org, kinds: Sequence[str], individuals: Sequence[str], asked: Sequence[str] = ()
) -> dict[str, list[Consent]]:
    """Consent records of these kinds, by Individual."""
    found: dict[str, list[Consent]] = {}
    ids = sorted({one for one in individuals if one})
    for name in kinds if ids else ():
        names, words = _fields(org, name, asked)
        rows = [
            row | {word: row.get(field, "") for field, word in words.items()}
            async for row in by(api, name, names, "PartyId", ids)
        ]
        if name == "ContactPointConsent":
            await _numbers(api, org, rows)
        for row in rows:
            found.setdefault(row.get("PartyId", ""), []).append(Consent(name, row))
    return found


async def by(
    api: Api, name: str, fields: Sequence[str], field: str, ids: Sequence[str], more: str = "", *, deleted: bool = False
) -> AsyncIterator[Row]:
    """Records of an object of which `field` is one of `ids`. `more`: a further condition; `deleted`: with those in the
    recycle bin."""
    for some in groups(ids, IDS):
        soql = f"SELECT {','.join(fields)} FROM {name} WHERE {field} IN {listed(some)}{more}"  # noqa: S608
        async for record in api.rows(soql, deleted=deleted):
            yield flat(record)


def _fields(org: Org, name: str, asked: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Fields of a consent object, and our words for those of its parents."""
    kind = KINDS[name]
    own = ["Id", "PartyId", STATUS, kind.starts, kind.ends, kind.captured, kind.source, kind.confirmed]
    own += ["ContactPointType", "ContactPointId"]
    own += [one.partition(".")[2] for one in asked if one.startswith(f"{name}.")]
    seen = [one for one in dict.fromkeys(own) if org.has(name, one)]
    channel, purpose = org.parent(name, f"{CHANNEL}Id"), org.parent(name, f"{PURPOSE}Id")
    basis = org.parent(PURPOSE, "LegalBasisId")
    words = {f"{channel}.Name": "channel"} if channel else {}
    if purpose:
        words |= {f"{purpose}.Name": "purpose"}
    if purpose and basis:
        words |= {f"{purpose}.{basis}.Name": "basis"}
    return seen + list(words), words | {"ContactPointType": "type"}


async def _numbers(api: Api, org: Org, rows: Sequence[Row]) -> None:
    """A contact point is a number, an e-mail address or a postal one; only numbers are asked for."""
    ids = sorted({row["ContactPointId"] for row in rows if row.get("ContactPointId")})
    numbers: dict[str, str] = {}
    if org.has(NUMBER, "TelephoneNumber"):
        async for one in by(api, NUMBER, ["Id", "TelephoneNumber"], "Id", ids):
            numbers[one["Id"]] = one.get("TelephoneNumber", "")
    for row in rows:
        point = row.get("ContactPointId", "")
        row["number"] = numbers.get(point, "")
        row["type"] = "Phone" if point in numbers else ELSEWHERE
