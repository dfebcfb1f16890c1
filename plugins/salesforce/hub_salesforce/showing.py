# SPDX-License-Identifier: Apache-2.0
"""What a campaign would come to, on the campaign itself: in a field made for it, else as a task of the campaign."""

from __future__ import annotations

from hub import Memory, Outlook, Rejected, Unavailable
from hub_salesforce import fields
from hub_salesforce.api import Api, Json
from hub_salesforce.batches import COLLECTIONS, Batches, Result
from hub_salesforce.ids import CAMPAIGN, full
from hub_salesforce.settings import Config

_GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND")


async def show(api: Api, config: Config, memory: Memory, outlook: Outlook) -> None:
    """Raises `BadConfig`, `Rejected`, `Unavailable`, `Uncertain`."""
    campaign = full(outlook.audience)
    if not campaign.startswith(CAMPAIGN):
        raise Rejected("this is no campaign of Salesforce")
    if (fields.CAMPAIGN, config.campaign_field) in await fields.there(api, config, memory):
        _check(await _patch(api, "Campaign", campaign, {config.campaign_field: outlook.text}))
        return
    place, told = f"outlook:{outlook.key}", _task(config, campaign, outlook)
    if known := memory.get(place):
        result = await _patch(api, "Task", known, told)
        if not any(gone in result.error for gone in _GONE):
            _check(result)
            return
    made = await api.create("/sobjects/Task", told)
    if not isinstance(made, dict) or not made.get("id"):
        raise Unavailable("Salesforce's answer names no task")
    memory.set(place, str(made["id"]))


def _task(config: Config, campaign: str, outlook: Outlook) -> Json:
    return {
        "WhatId": campaign,
        "Subject": outlook.title[:255],
        "Description": outlook.text,
        "Status": config.task_status,
        "Priority": config.task_priority,
        "ActivityDate": outlook.at.date().isoformat(),
    }


async def _patch(api: Api, kind: str, record: str, values: Json) -> Result:
    changed = {"attributes": {"type": kind}, "id": record, **values}
    (result,) = await Batches(api).write("PATCH", COLLECTIONS, [changed])
    return result


def _check(result: Result) -> None:
    if result.error:
        raise Unavailable(result.error) if result.again else Rejected(result.error)
