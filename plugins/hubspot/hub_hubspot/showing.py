# SPDX-License-Identifier: Apache-2.0
"""What a campaign would come to, where people in HubSpot look: a task, one for each campaign, kept up to date."""

from __future__ import annotations

from hub import Memory, Outlook, Rejected, Unavailable
from hub_hubspot.api import Api
from hub_hubspot.outgoing import task
from hub_hubspot.reporting import refused
from hub_hubspot.walk import results


async def show(api: Api, memory: Memory, outlook: Outlook) -> None:
    """Bring the campaign's task up to date, or make it. Raises `BadConfig`, `Rejected`, `Unavailable`, `Uncertain`."""
    place, known = f"outlook:{outlook.key}", memory.get(f"outlook:{outlook.key}")
    if known and await _updated(api, known, outlook):
        return
    made = await api.create(f"{api.paths.objects('tasks')}/batch/create", {"inputs": [{"properties": task(outlook)}]})
    ids = [str(one["id"]) for one in results(made) if one.get("id")]
    if not ids:
        raise Unavailable("HubSpot's answer names no task")
    memory.set(place, ids[0])


async def _updated(api: Api, known: str, outlook: Outlook) -> bool:
    """False where somebody has deleted it."""
    body = {"inputs": [{"id": known, "properties": task(outlook)}]}
    try:
        answer = await api.ask(f"{api.paths.objects('tasks')}/batch/update", body)
    except Rejected as no:
        if no.code not in ("404", "OBJECT_NOT_FOUND"):
            raise
        return False
    return not refused(answer, [known], named="ids", field="id")
