# SPDX-License-Identifier: Apache-2.0
"""Fields that an admin may make for the hub on campaigns and their members: the API makes none. What is there is kept
in the connection's memory, since nobody makes fields every day."""

from __future__ import annotations

import orjson

from hub import Memory
from hub_salesforce import org
from hub_salesforce.api import Api
from hub_salesforce.settings import Config

MEMBER, CAMPAIGN = "CampaignMember", "Campaign"
_KEY = "fields"


def wanted(config: Config) -> dict[tuple[str, str], str]:
    """Object and field, and what to make."""
    made = {
        (MEMBER, config.member_reason_field): "text field (255 characters)",
        (MEMBER, config.member_link_field): "URL field",
        (CAMPAIGN, config.campaign_field): "long text area",
    }
    return {one: kind for one, kind in made.items() if one[1]}


async def there(api: Api, config: Config, memory: Memory, *, anew: bool = False) -> set[tuple[str, str]]:
    """Those that the org has and the app's user may write. `anew`: look again."""
    kept = memory.get(_KEY)
    if not kept or anew:
        seen = {name: (await org.fields(api, name)).get(name, {}) for name in (MEMBER, CAMPAIGN)}
        found = [list(one) for one in wanted(config) if seen[one[0]].get(one[1], {}).get("updateable") is True]
        kept = orjson.dumps(found).decode()
        memory.set(_KEY, kept)
    known = {(name, field) for name, field in orjson.loads(kept)}
    return known & wanted(config).keys()


def forget(memory: Memory) -> None:
    """Look again next time."""
    memory.set(_KEY, "")


async def missing(api: Api, config: Config, memory: Memory) -> list[str]:
    """What an admin may make yet, in words."""
    found = await there(api, config, memory, anew=True)
    return [f"{kind} {name}.{field}" for (name, field), kind in wanted(config).items() if (name, field) not in found]
