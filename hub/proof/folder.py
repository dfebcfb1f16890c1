# SPDX-License-Identifier: Apache-2.0
"""Many capsules in one folder, with an index and a signed list of its files.

`index.json` is made from the capsules and says nothing that they do not say, so anybody can make it again; the pages
are made from it. `manifest.json` names every file by SHA-256 and is signed, so that nothing can be added, taken away
or exchanged unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from hub.proof.capsule import write

FORMAT = "consent-hub/folder/1"
INDEX, MANIFEST = "index.json", "manifest.json"


class Period(BaseModel):
    """What the folder is about: all messages to one contact that were alive between two times (UTC)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    controller: dict[str, Any]
    contact: str
    since: str
    until: str
    made_at: str
    language: str


class Manifest(BaseModel):
    """`signature` is Base64 of Ed25519 over the canonical form of `signed_part`. `keys` as in a capsule."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    format: str
    about: Period
    files: dict[str, str]
    keys: dict[str, str]
    key_id: str
    signature: str

    @property
    def signed_part(self) -> dict[str, Any]:
        return signed_part(self.about, self.files, self.key_id)


def signed_part(about: Period, files: Mapping[str, str], key_id: str) -> dict[str, Any]:
    return {"format": FORMAT, "about": about.model_dump(), "files": dict(files), "key_id": key_id}


def manifest(about: Period, files: Mapping[str, str], *, keys: Mapping[str, str], key_id: str, signature: str) -> bytes:
    """The list of files as it is written."""
    made = Manifest(format=FORMAT, about=about, files=dict(files), keys=dict(keys), key_id=key_id, signature=signature)
    return write(made.model_dump())


def period(index: bytes) -> Period:
    """What an index is about."""
    return Period.model_validate(orjson.loads(index)["about"])


def file_of(message: str) -> str:
    """Where the capsule of a message lies."""
    return f"capsules/{message}.json"


def index(about: Period, capsules: Mapping[str, bytes]) -> bytes:
    """What the capsules say, one line for each, with every text they rest on once. By file name."""
    held = {name: orjson.loads(raw) for name, raw in sorted(capsules.items())}
    shared: dict[str, dict[str, Any]] = {"wordings": {}, "documents": {}, "reasons": {}}
    for capsule in held.values():
        for section, by in (("wordings", "id"), ("documents", "sha256"), ("reasons", "code")):
            shared[section] |= {one[by]: one for one in capsule[section]}
    rows = sorted(
        (_row(name, capsule) for name, capsule in held.items()), key=lambda row: (row["made_at"], row["file"])
    )
    return write({"format": FORMAT, "about": about.model_dump(), "messages": rows, **shared})


def _row(name: str, capsule: Mapping[str, Any]) -> dict[str, Any]:
    message = capsule["message"]
    campaign = message["campaign"] or {}
    return {
        "file": name,
        "message": message["id"],
        "state": message["state"],
        "made_at": message["created_at"],
        "topic": message["topic"],
        "campaign": campaign.get("title"),
        "statuses": message["statuses"],
        "decisions": [_decision(capsule, row["record"]) for row in capsule["decisions"]],
    }


def _decision(capsule: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """The decision, and the text that the consent it relied on was given to."""
    wanted = ("id", "recorded_at", "phase", "verdict", "reasons", "basis", "basis_iri", "purpose", "policy", "consent")
    more = ("evidence", "documents", "provider_record", "transfers", "template", "engine_version")
    consents = [one for one in capsule["consents"] if record.get("consent") in one["consent_ids"]]
    return {name: record.get(name) for name in (*wanted, *more)} | {
        "wording": consents[0]["notice_id"] if consents else None,
        "verification": consents[0]["verification"] if consents else None,
    }
