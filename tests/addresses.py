# SPDX-License-Identifier: Apache-2.0
"""Every address of the console and the API, from the tables of routes, and what stands for their variable parts.

A page that is new is covered by itself, unless its address names a thing of a new kind: that needs a line below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fastapi import FastAPI
from starlette.routing import Mount, Route

from hub.flows import keys
from hub.flows.roles import Role
from hub.store.tables import ApiKey, Campaign
from hub.web.app import House
from tests.making import ANNA, BEN, CARLA, CONSENT, Shop, person, phone

# what somebody hostile writes wherever words are taken
HOSTILE = '<img src=x onerror="hacked=1"><script>hacked=1</script>\'}}{{7*7}}\r\nSet-Cookie: hacked=1'

THINGS: dict[str, Callable[[Shop], str]] = {
    "/console/campaigns/{id}": lambda shop: shop.rows(Campaign)[0].id,
    "/console/language/{language}": lambda shop: "de",
    "/api/v1/campaigns/{campaign}": lambda shop: shop.rows(Campaign)[0].id,
    "/api/v1/keys/{key}": lambda shop: shop.rows(ApiKey)[0].id,
}
STATIC = "/console/static/"


def furnish(shop: Shop) -> None:
    """One company with something of everything, each with hostile words in it."""
    for who in (ANNA, BEN):
        shop.agree(phone(who))
    shop.hear(shop.said(f"Bitte {HOSTILE} aufhören oder so", phone(CARLA)))
    shop.sync(
        *(person(str(i), who, CONSENT, properties=(("firstname", HOSTILE),)) for i, who in enumerate((ANNA, BEN)))
    )
    shop.paper.lists = {HOSTILE: [("0", "1", "2")], "all": [("0", "1", "2")]}
    shop.stage("0", "1", title=HOSTILE, parameters={"1": f"firstname|{HOSTILE[:20]}"})
    with shop.write() as session:
        keys.make(shop.world, session, shop.controller, title=HOSTILE, role=Role.READER, days=1, by=HOSTILE)


def console(app: House, method: str) -> list[str]:
    """The addresses of the console's routes for a method, with `{...}` where a thing is named."""
    return sorted(
        route.path
        for route in app.routes
        if isinstance(route, Route) and route.path.startswith("/console") and method in (route.methods or ())
        if not route.path.startswith(STATIC)
    )


def api(app: House) -> Iterator[tuple[str, str]]:
    """Method and address of everything that the API can do, from its own description."""
    for mount in app.routes:
        if isinstance(mount, Mount) and isinstance(mount.app, FastAPI):
            for path, verbs in mount.app.openapi()["paths"].items():
                yield from ((verb.upper(), mount.path + path) for verb in verbs)


def named(path: str, shop: Shop) -> str:
    """The address with the company's own things in it."""
    while found := re.search(r"\{[^}]*\}", path):
        upto = path[: found.end()]
        pattern = next((known for known in THINGS if _alike(known, upto)), None)
        assert pattern, f"say in tests/addresses.py what stands for the last part of {upto}"
        path = path.replace(found[0], THINGS[pattern](shop), 1)
    return path


def _alike(pattern: str, address: str) -> bool:
    parts, given = pattern.split("/"), address.split("/")
    return (
        len(parts) == len(given)
        and all(
            p == g or (p.startswith("{") and not g.startswith("{")) for p, g in zip(parts[:-1], given, strict=False)
        )
        and parts[-1] == given[-1]
    )
