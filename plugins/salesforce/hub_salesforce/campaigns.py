# SPDX-License-Identifier: Apache-2.0
"""Campaigns as audiences, and the status values that tell on each member what became of the message."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson

from hub import Audience, BadInput, Memory, Page, Reach, Rejected, Report, ReportKind, Unavailable
from hub_salesforce.api import LOST_LOCATOR, Api, following, records
from hub_salesforce.batches import COLLECTIONS
from hub_salesforce.ids import CAMPAIGN, full
from hub_salesforce.rows import Row, flat, quoted

PREFIX = "WhatsApp: "  # tells our values from those that people set
# before anything is sent; each may become any other. Salesforce takes 40 characters
AHEAD = (
    "WhatsApp: can be written to",
    "WhatsApp: not yet",
    "WhatsApp: blocked, no legal basis",
    "WhatsApp: blocked, opted out",
    "WhatsApp: blocked, no usable number",
    "WhatsApp: blocked, other reason",
    "WhatsApp: cancelled",
)
# in the order in which they may follow each other, and whether the person responded
STATUSES = dict.fromkeys(AHEAD, False) | {
    "WhatsApp: not sent, no legal basis": False,
    "WhatsApp: not sent, opted out": False,
    "WhatsApp: not sent, no usable number": False,
    "WhatsApp: not sent, other reason": False,
    "WhatsApp: sent": False,
    "WhatsApp: unknown": False,
    "WhatsApp: failed": False,
    "WhatsApp: delivered": False,
    "WhatsApp: read": False,
    "WhatsApp: replied": True,
    "WhatsApp: opted out": True,
}
_RANK = {label: max(0, place - len(AHEAD) + 1) for place, label in enumerate(STATUSES)}
_SENT = {"accepted": "sent", "sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}
_REACH = {Reach.ELIGIBLE: "can be written to", Reach.WAITING: "not yet", Reach.OVER: "cancelled"}
_WHY = {
    ("SUPPRESSED_", "CONSENT_WITHDRAWN"): "opted out",
    ("BASIS_", "CONSENT_", "CLAIM_", "SYNC_NO_BASIS"): "no legal basis",
    ("SUBJECT_", "CONTACT_POINT_"): "no usable number",
}


def label(report: Report) -> str:
    """The status of a member after this report; "" where it says nothing about the message."""
    match report.kind:
        case ReportKind.REPLY:
            return f"{PREFIX}replied"
        case ReportKind.WITHDRAWAL:
            return f"{PREFIX}opted out"
        case ReportKind.REFUSED:
            return f"{PREFIX}not sent, {_why(report)}"
        case ReportKind.REACH:
            return f"{PREFIX}{_REACH.get(report.status) or f'blocked, {_why(report)}'}"  # type: ignore[call-overload]
        case ReportKind.STATUS:
            return f"{PREFIX}{_SENT.get(report.status.lower(), 'unknown')}"
    return ""


def _why(report: Report) -> str:
    return next((said for begins, said in _WHY.items() if report.reason.startswith(begins)), "other reason")


def follows(after: str, before: str, responded: bool) -> bool:
    """May a member move on? Never back, and never off a value of somebody else's that says the person responded."""
    if before in _RANK:
        return _RANK[after] > _RANK[before] or (after in AHEAD and before in AHEAD)
    return not responded or after == f"{PREFIX}opted out"


def rank(after: str) -> int:
    return _RANK[after]


async def audiences(api: Api) -> list[Audience]:
    soql = "SELECT Id, Name, NumberOfContacts, NumberOfLeads FROM Campaign ORDER BY Name, Id"
    return [_audience(flat(record)) async for record in api.rows(soql)]


def _audience(row: Row) -> Audience:
    numbers = [row.get("NumberOfContacts", ""), row.get("NumberOfLeads", "")]
    size = sum(int(number) for number in numbers) if all(number.isdigit() for number in numbers) else None
    return Audience(row.get("Id", ""), row.get("Name", ""), size)


async def members(api: Api, audience: str) -> AsyncIterator[Page[str]]:
    """Contacts and leads of a campaign; of a converted lead its contact. Raises `BadInput` when there is none."""
    campaign = full(audience)
    remedy = "Choose a campaign that exists in Salesforce and that the app's user can see."
    if not campaign.startswith(CAMPAIGN):
        raise BadInput("this is no campaign id", field="audience", remedy=remedy)
    body = await api.query(f"SELECT Id FROM Campaign WHERE Id = {quoted(campaign)}")  # noqa: S608
    if not records(body):
        raise BadInput("Salesforce has no such campaign", field="audience", remedy=remedy)
    where = f"WHERE CampaignId = {quoted(campaign)} ORDER BY Id"
    body = await api.query(f"SELECT Id, ContactId, LeadId FROM CampaignMember {where}")  # noqa: S608
    while True:
        rows = [flat(record) for record in records(body)]
        people = dict.fromkeys(full(row.get("ContactId") or row.get("LeadId") or "") for row in rows)
        locator = following(body)
        yield Page(tuple(person for person in people if person), locator or None)
        if not locator:
            return
        try:
            body = await api.more(locator)
        except Rejected as refused:
            if refused.code != LOST_LOCATOR:
                raise
            raise BadInput("the list was read too slowly", field="audience", remedy="Read it again.") from None


async def prepared(api: Api, memory: Memory, campaign: str, wanted: set[str]) -> dict[str, bool]:
    """The status values of a campaign, by label: does it mean that the person responded? Ours are made once."""
    known: dict[str, bool] = orjson.loads(memory.get(_key(campaign)) or "{}")
    if wanted <= set(known):
        return known
    soql = "SELECT Label, HasResponded, SortOrder FROM CampaignMemberStatus WHERE CampaignId = "
    found = [flat(one) async for one in api.rows(soql + quoted(campaign))]
    known = {row["Label"]: row.get("HasResponded") == "true" for row in found}
    missing = [one for one in STATUSES if one not in known]
    orders = [int(row["SortOrder"]) for row in found if row.get("SortOrder", "").isdigit()]
    first = max(orders, default=0) + 1
    made = [
        {
            "attributes": {"type": "CampaignMemberStatus"},
            "CampaignId": campaign,
            "Label": one,
            "SortOrder": first + place,
            "HasResponded": STATUSES[one],
            "IsDefault": False,
        }
        for place, one in enumerate(missing)
    ]
    if made:
        answer = await api.ask("POST", COLLECTIONS, {"allOrNone": False, "records": made})
        if not isinstance(answer, list) or not all(isinstance(one, dict) and one.get("success") for one in answer):
            raise Unavailable("Salesforce did not make the status values of the campaign")
    known |= {one: STATUSES[one] for one in missing}
    memory.set(_key(campaign), orjson.dumps(known).decode())
    return known


def forget(memory: Memory, campaign: str) -> None:
    """Ask for the status values again next time."""
    memory.set(_key(campaign), "{}")


def _key(campaign: str) -> str:
    return f"statuses:{campaign}"
