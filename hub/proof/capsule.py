# SPDX-License-Identifier: Apache-2.0
"""The evidence capsule: one JSON file that proves what was decided about one message, person or consent.

`decisions` and `events` are records of the append-only ledger, word for word. Each leads by `path` to the root of
its link, each link by `path` to the root of a day, and that root is signed. `wordings` and `documents` are the texts
they name by SHA-256. Everything else (`message`, `identity`, `consents`, `reasons`, `traces`, `checks`, `opened`) is
what the hub says at the time of export; the `seal` covers it, and all the rest, with a signature of that time.
"""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from hub.proof.chain import canonical, digest
from hub.proof.roots import Statement

FORMAT = "consent-hub/capsule/1"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Row(_Part):
    """A ledger row: `record` is what was written, at `position` of link `seq`."""

    seq: int
    position: int
    path: list[str]
    record: dict[str, Any]


class Link(_Part):
    """A transaction's link: `root` over its `count` rows, `path` from its hash to the root of its day."""

    seq: int
    prev: str
    root: str
    count: int
    at: str
    path: list[str]


class Root(_Part):
    """What the controller signed about a day. `signature` is Base64 of Ed25519 over its canonical JSON."""

    statement: Statement
    signature: str


class Wording(_Part):
    """A consent text as shown. Its id is the SHA-256 of its facts, see `wording_id`."""

    id: str
    version: int
    language: str
    text: str
    statement: str
    controllers: list[str]
    channels: list[str]
    purposes: list[str]
    topics: list[str]
    withdrawal_hint: bool
    promised_per_30_days: int | None
    created_at: str
    shown_from: str | None = None  # for a text that was shown elsewhere before


class Document(_Part):
    """A policy (TOML), template or processor record (JSON), named by decisions under `sha256`."""

    kind: str
    sha256: str
    text: str


class Controller(_Part):
    """The company that is responsible (Verantwortlicher)."""

    id: str
    name: str
    country: str


class Subject(_Part):
    """What the capsule is about: kind is `message`, `contact` or `consent`."""

    kind: str
    id: str


class Trace(_Part):
    """The checks of a decision, made again at export; no `steps` where today's engine would judge otherwise."""

    decision: str
    steps: list[dict[str, Any]]


class Opened(_Part):
    """What a person said, as the ledger keeps it `sealed` (Base64), and opened. None: the person was erased."""

    event: str
    sealed: str
    said: dict[str, Any] | None


class Seal(_Part):
    """`parts` holds the SHA-256 of the canonical JSON of every part, by its place; the signature covers `parts`."""

    key_id: str
    parts: dict[str, str]
    signature: str


class Capsule(_Part):
    """The whole file. `keys` are public Ed25519 keys by id, Base64; compare them with those the controller gives."""

    format: str
    about: list[str]
    subject: Subject
    controller: Controller
    made_at: str
    revealed: bool
    decisions: list[Row]
    events: list[Row]
    links: list[Link]
    roots: list[Root]
    keys: dict[str, str]
    wordings: list[Wording]
    documents: list[Document]
    message: dict[str, Any] | None
    identity: dict[str, Any]
    consents: list[dict[str, Any]]
    reasons: list[dict[str, Any]]
    traces: list[Trace]
    checks: dict[str, dict[str, str]]
    opened: list[Opened]
    seal: Seal = Field(repr=False)


def wording_id(controller: str, wording: Wording) -> str:
    """What a wording of this content is called."""
    lists = {"controllers", "channels", "purposes", "topics"}
    fields = {"language", "text", "statement", "promised_per_30_days", *lists}
    facts = wording.model_dump(include=fields) | ({"shown_from": wording.shown_from} if wording.shown_from else {})
    return digest(canonical({**facts, "controller_id": controller}))


def parts_of(capsule: dict[str, Any]) -> dict[str, str]:
    """The SHA-256 of every part: each item of a list, each other entry, all but the seal."""
    parts = {}
    for name, value in capsule.items():
        if name == "seal":
            continue
        if isinstance(value, list):
            parts[f"/{name}"] = digest(str(len(value)))
            parts |= {f"/{name}/{index}": _part(item) for index, item in enumerate(value)}
        else:
            parts[f"/{name}"] = _part(value)
    return parts


def _part(value: Any) -> str:
    return digest(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def sealing(key_id: str, parts: dict[str, str]) -> dict[str, Any]:
    """What the seal's signature covers."""
    return {"format": FORMAT, "key_id": key_id, "parts": parts}


def write(capsule: dict[str, Any]) -> bytes:
    """The one way a capsule is written: indented, keys sorted, UTF-8, one line break at the end."""
    return orjson.dumps(capsule, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"
