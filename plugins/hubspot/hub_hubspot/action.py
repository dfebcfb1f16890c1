# SPDX-License-Identifier: Apache-2.0
"""The definition of the workflow action, and bringing it to HubSpot: through the API, or in a project's file.

`python -m hub_hubspot.action WEBHOOK_URL` writes the file for a project app (`src/app/workflow-actions/`), which
HubSpot's own command line uploads.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import Any

import orjson

from hub_hubspot.api import Api
from hub_hubspot.settings import Config
from hub_hubspot.trouble import Json
from hub_hubspot.walk import next_after, results

UID = "consent_hub_send_whatsapp"


def definition(webhook_url: str) -> Json:
    """The action as HubSpot's API takes it. HubSpot calls the connection's own webhook address."""
    made: Json = orjson.loads(files("hub_hubspot").joinpath("action.json").read_bytes())
    made["actionUrl"] = webhook_url
    for one in made["inputFields"]:
        if "optionsUrl" in one["typeDefinition"]:
            one["typeDefinition"]["optionsUrl"] = webhook_url
    return made


def project_file(webhook_url: str) -> Json:
    """The same as a component of a project app."""
    made = definition(webhook_url)
    config = {**made, "isPublished": made["published"], "supportedClients": [{"client": "WORKFLOWS"}]}
    del config["published"]
    return {"uid": UID, "type": "workflow-action", "config": config}


async def register(api: Api, config: Config) -> str:
    """Make the action known, once; says what was done. Raises `BadConfig`, `Rejected`, `Unavailable`."""
    if not (config.app_id and config.webhook_url):
        return ""
    path, wanted = api.paths.actions(config.app_id), definition(config.webhook_url)
    key = config.developer_key.get_secret_value()
    there = await _find(api, path, key, wanted)
    if there is None:
        await api.developer("POST", path, key, wanted)
        return "registered the workflow action"
    if _same(there, wanted):
        return ""
    await api.developer("PATCH", f"{path}/{there['id']}", key, wanted)
    return "brought the workflow action up to date"


async def _find(api: Api, path: str, key: str, wanted: Json) -> Json | None:
    """Our action among the app's, by its name."""
    after = ""
    while True:
        body = await api.developer("GET", path, key, after=after)
        for one in results(body):
            if one.get("id") and _name(one) == _name(wanted):
                return one
        after = next_after(body)
        if not after:
            return None


def _name(one: Json) -> Any:
    labels = one.get("labels")
    english = labels.get("en") if isinstance(labels, dict) else None
    return english.get("actionName") if isinstance(english, dict) else None


def _same(there: Any, wanted: Any) -> bool:
    """Does HubSpot hold what is wanted? It adds fields of its own."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(_same(there.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(there, list) and len(there) == len(wanted) and all(map(_same, there, wanted))
    return bool(there == wanted)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m hub_hubspot.action WEBHOOK_URL (see `hub connection list`)")
    sys.stdout.buffer.write(orjson.dumps(project_file(sys.argv[1]), option=orjson.OPT_INDENT_2) + b"\n")
