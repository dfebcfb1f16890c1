# SPDX-License-Identifier: Apache-2.0
"""What became of records that HubSpot has no longer: merged into another, or gone for good.

For accounts whose webhooks do not reach us. A record is gone for good when it is neither there nor among the archived:
HubSpot purged it, after a privacy deletion or 90 days after an ordinary one. Both are reasons to erase it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from hub import BadConfig, ContactsMerged, Event, Memory, PrivacyDeletion, Rejected, Unavailable
from hub_hubspot.api import Api
from hub_hubspot.trouble import Json
from hub_hubspot.walk import results

BATCH = 100
FEW = 10  # so many may always vanish at once, and a tenth of any set; more is rather a fault than so many erasures
PORTAL = "portal"  # in memory: the account whose records these are


async def gone(api: Api, memory: Memory, records: Sequence[str]) -> list[Event]:
    """Raises `BadConfig` when the token is another account's than before, `Unavailable` when too many vanished."""
    await _same_portal(api, memory)
    events: list[Event] = []
    vanished: list[str] = []
    now = datetime.now(UTC)
    for record in await _missing(api, records):
        stays = await _read(api, record)
        if stays and stays != record:
            events.append(ContactsMerged(stays, (record,), now))
        elif not stays and not await _read(api, record, archived="true"):
            vanished.append(record)
    if len(vanished) > max(FEW, len(records) // 10):
        raise Unavailable(
            f"{len(vanished)} of {len(records)} records are said to be gone for good: look at the account"
        )
    return events + [PrivacyDeletion(record, now) for record in vanished]


async def _missing(api: Api, records: Sequence[str]) -> list[str]:
    missing: list[str] = []
    for start in range(0, len(records), BATCH):
        batch = records[start : start + BATCH]
        asked: Json = {"inputs": [{"id": one} for one in batch], "properties": ["hs_object_id"]}
        body = await api.ask(f"{api.paths.contacts}/batch/read", {**asked, "propertiesWithHistory": []})
        here = {str(one.get("id")) for one in results(body)}
        missing += [one for one in batch if one not in here]
    return missing


async def _read(api: Api, record: str, **query: str) -> str:
    """The id of the record that answers to this one; "" where none does."""
    try:
        path = f"{api.paths.contacts}/{quote(record, safe='')}"
        body = await api.get(path, properties="hs_object_id", **query)
    except Rejected as refused:
        if refused.code != "OBJECT_NOT_FOUND":
            raise Unavailable(str(refused)) from None
        return ""
    found = body.get("id")
    if not isinstance(found, str) or not found:
        raise Unavailable("HubSpot's answer has no record")
    return found


async def _same_portal(api: Api, memory: Memory) -> None:
    """The ids of one account mean nothing in another, where all of them would seem gone."""
    portal = str((await api.get(api.paths.account)).get("portalId", ""))
    known = memory.get(PORTAL)
    if not portal:
        raise Unavailable("HubSpot does not tell the account")
    if known is None:
        memory.set(PORTAL, portal)
    elif known != portal:
        raise BadConfig(f"the token belongs to account {portal}; the records are of account {known}")
