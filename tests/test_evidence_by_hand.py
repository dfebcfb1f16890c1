# SPDX-License-Identifier: Apache-2.0
"""A capsule checked as the documentation tells a stranger to: nothing here is ours but the file and the key."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.flows import capsules, signing
from hub.flows.world import World
from tests.making import ANNA, BEN, Shop, phone


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def climbed(node: str, place: int, count: int, path: list[str]) -> str:
    while count > 1:
        if place % 2:
            node = sha(f"node|{path[0]}|{node}")
            path = path[1:]
        elif place + 1 < count:
            node = sha(f"node|{node}|{path[0]}")
            path = path[1:]
        place, count = place // 2, count - count // 2
    return node


def by_hand(capsule: dict[str, Any], public: Ed25519PublicKey) -> None:
    """Raises when something does not hold."""
    controller, links = capsule["controller"]["id"], {link["seq"]: link for link in capsule["links"]}
    for table, rows in (("decision", capsule["decisions"]), ("ledger", capsule["events"])):
        for row in rows:
            leaf, link = sha(f"leaf|{table}|{canonical(row['record'])}"), links[row["seq"]]
            assert climbed(leaf, row["position"], link["count"], row["path"]) == link["root"]
    for seq, link in links.items():
        (root,) = (r for r in capsule["roots"] if r["statement"]["first_seq"] <= seq <= r["statement"]["last_seq"])
        first, last = root["statement"]["first_seq"], root["statement"]["last_seq"]
        node = sha("link|" + "|".join(map(str, (controller, seq, *(link[n] for n in ("prev", "root", "count", "at"))))))
        assert climbed(node, seq - first, last - first + 1, link["path"]) == root["statement"]["root"]
    for root in capsule["roots"]:
        public.verify(base64.b64decode(root["signature"]), canonical(root["statement"]).encode())
    seal = capsule.pop("seal")
    signed = {"format": capsule["format"], "key_id": seal["key_id"], "parts": seal["parts"]}
    public.verify(base64.b64decode(seal["signature"]), canonical(signed).encode())
    parts = {}
    for name, value in capsule.items():
        if isinstance(value, list):
            parts |= {f"/{name}/{index}": sha(canonical(item)) for index, item in enumerate(value)}
        parts[f"/{name}"] = sha(str(len(value)) if isinstance(value, list) else canonical(value))
    assert parts == seal["parts"]


@pytest.mark.parametrize("people", [1, 2, 5])
def test_capsule_holds_by_hand_as_documented(world: World, people: int) -> None:
    shop = Shop(world)
    numbers = [ANNA, BEN, *(f"+49151123456{index:02}" for index in range(people))][:people]
    shop.reach(*numbers)
    shop.claim()
    shop.hear(*(shop.said("STOP", phone(number)) for number in numbers))
    raw = capsules.make(world, shop.controller, "contact", ANNA, reveal=True)
    with world.db.read() as session:
        (key,) = signing.keys(session, shop.controller.id)
    public = Ed25519PublicKey.from_public_bytes(key.public)
    by_hand(json.loads(raw), public)
    with pytest.raises((AssertionError, InvalidSignature)):
        by_hand(json.loads(raw.replace(b'"ALLOW"', b'"DENY"', 1)), public)
