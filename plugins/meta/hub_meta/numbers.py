# SPDX-License-Identifier: Apache-2.0
"""The account's numbers: how they stand, where their content rests, and who may not write to them.

Source: business-phone-numbers/phone-numbers, [7] local-storage, [11] support/health-status, block-users.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from hub import BadInput, Health, HubError, Point, PointKind, Rejected, SenderState
from hub.whatsapp.reading import Fields, mapping, mappings, text
from hub_meta.graph import PAGE_SIZE, Graph

# where Meta keeps content at rest: APAC, Europe, Latin America, Middle East and Africa, North America
REGIONS = ("AU", "ID", "IN", "JP", "SG", "KR", "DE", "CH", "GB", "BR", "BH", "ZA", "AE", "CA")
REGISTERED, STORED_LOCALLY = "CONNECTED", "IN_COUNTRY_STORAGE_ENABLED"
_SHOWN = "id,display_phone_number,verified_name,quality_rating,status,health_status"


async def listed(graph: Graph) -> list[Fields]:
    query = {"fields": _SHOWN, "limit": str(PAGE_SIZE)}
    return [item async for item in graph.pages(f"{graph.config.waba_id}/phone_numbers", query)]


async def check(graph: Graph) -> Health:
    """Look at the account and its numbers as Meta sees them [11]."""
    try:
        numbers = await listed(graph)
    except HubError as error:
        return Health(False, str(error))
    if not numbers:
        return Health(False, "the account has no numbers; add one in WhatsApp Manager")
    healths = [text(mapping(item.get("health_status")).get("can_send_message")) for item in numbers]
    seen = [_seen(item, health) for item, health in zip(numbers, healths, strict=True)]
    return Health("BLOCKED" not in healths, "; ".join(seen))


def _seen(number: Fields, health: str) -> str:
    quality = text(number.get("quality_rating")) or "unknown"
    return f"{text(number.get('id'))}: {health or 'health unknown'}, quality {quality}"


async def states(graph: Graph) -> list[SenderState]:
    """Every number with the region of its storage."""
    return [await _state(graph, item) for item in await listed(graph)]


async def _state(graph: Graph, item: Fields) -> SenderState:
    sender = text(item.get("id"))
    digits = "".join(filter(str.isdecimal, text(item.get("display_phone_number"))))
    return SenderState(
        sender,
        f"+{digits}" if digits else "",
        name=text(item.get("verified_name")),
        quality=text(item.get("quality_rating")),
        status=text(item.get("status")),
        storage_region=await region(graph, sender),
    )


async def region(graph: Graph, sender: str) -> str:
    """The country of Local Storage; empty where it is off."""
    storage = mapping((await graph.call("GET", f"{sender}/settings")).get("storage_configuration"))
    return text(storage.get("data_localization_region")) if storage.get("status") == STORED_LOCALLY else ""


async def localise(graph: Graph, sender: str, wanted: str, pin: str) -> None:
    """Switch Local Storage on; Meta wants the number deregistered meanwhile. Done already: nothing happens.

    Should it break off halfway, the number is deregistered: the same call again puts it right.
    """
    wanted = wanted.upper()
    if wanted not in REGIONS:
        raise BadInput(f"Meta offers no storage in {wanted}", field="region", remedy=f"Choose of {', '.join(REGIONS)}.")
    if not (len(pin) == 6 and pin.isdecimal()):
        raise BadInput("is no PIN", field="pin", remedy="Give the six digits of the two-step verification.")
    registered = (await graph.call("GET", sender, {"fields": "status"})).get("status") == REGISTERED
    if await region(graph, sender) != wanted:
        if registered:
            await graph.call("POST", f"{sender}/deregister")
            registered = False
        storage = {"status": STORED_LOCALLY, "data_localization_region": wanted}
        await graph.call("POST", f"{sender}/settings", json={"storage_configuration": storage})
    if not registered:
        await graph.call("POST", f"{sender}/register", json={"messaging_product": "whatsapp", "pin": pin})


async def set_blocked(graph: Graph, sender: str, people: Sequence[Point], *, blocked: bool) -> None:
    """Raises `Rejected` when Meta did it for some of them only."""
    body = {"messaging_product": "whatsapp", "block_users": [_user(point) for point in people]}
    method = "POST" if blocked else "DELETE"
    answer = await graph.call(method, f"{sender}/block_users", json=body, partly="block_users")
    failed = mappings(mapping(answer.get("block_users")).get("failed_users"))
    if failed:
        done = "blocked" if blocked else "unblocked"
        why = "; only people who wrote within 24 hours can be" if blocked else ""
        raise Rejected(f"{len(failed)} of {len(people)} people were not {done}{why}")


def _user(point: Point) -> Fields:
    if point.kind is PointKind.E164:
        return {"user": f"+{point.value.removeprefix('+')}"}
    if point.kind is PointKind.BSUID:
        return {"user_id": point.value}
    raise Rejected("Meta blocks by number or BSUID only")


async def blocked(graph: Graph, sender: str) -> AsyncIterator[Point]:
    """Meta documents a list in a list; a flat one was seen, too."""
    async for item in graph.pages(f"{sender}/block_users", {"limit": str(PAGE_SIZE)}):
        for user in mappings(item.get("block_users")) or [item]:
            digits, bsuid = text(user.get("wa_id")).removeprefix("+"), text(user.get("user_id"))
            if digits:
                yield Point(PointKind.E164, f"+{digits}")
            elif bsuid:
                yield Point(PointKind.BSUID, bsuid)
