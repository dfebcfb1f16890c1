# SPDX-License-Identifier: Apache-2.0
"""The documents behind a file: kept as they are, under their hash, sealed, since a signed contract names people."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import date
from typing import Any

from sqlmodel import Session

from hub.contract import BadInput
from hub.flows.world import World
from hub.store.tables import ProcessorPaper

KINDS = ("dpa", "toms", "subprocessors", "tia", "certificate", "transfer", "screenshot", "other")
MOST = 20 * 1024 * 1024  # bytes; a contract is far smaller, and a backup must stay one


def keep(
    world: World,
    session: Session,
    controller_id: str,
    kind: str,
    name: str,
    body: bytes,
    *,
    reviewer: str,
    expires_on: date | None = None,
) -> dict[str, Any]:
    """Store a document and say what a file keeps of it. The same bytes are stored once. Raises `BadInput`."""
    if kind not in KINDS:
        raise BadInput(f"{kind!r} is no kind", field="paper", remedy=f"Use one of: {', '.join(KINDS)}.")
    if not 0 < len(body) <= MOST:
        what = f"has {len(body)} bytes"
        raise BadInput(what, field="paper", remedy=f"Give a document of 1 byte to {MOST // 1024 // 1024} MiB.")
    sha256 = hashlib.sha256(body).hexdigest()
    if session.get(ProcessorPaper, (controller_id, sha256)) is None:
        sealed = world.vault.seal(body, _place(controller_id, sha256))
        session.add(ProcessorPaper(controller_id=controller_id, sha256=sha256, body=sealed, created_at=world.now()))
        session.flush()
    return {
        "kind": kind,
        "name": plain_name(name) or kind,
        "sha256": sha256,
        "size": len(body),
        "reviewer": reviewer,
        "added_on": world.now().date().isoformat(),
        "expires_on": expires_on.isoformat() if expires_on else "",
    }


def plain_name(given: str) -> str:
    """A file's own name: no folders, nothing invisible, at most 120 characters."""
    last = given.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    return " ".join(shown.split()).lstrip(".")[-120:].strip()


def read(world: World, session: Session, controller_id: str, sha256: str) -> bytes:
    """A document's bytes, which are those that were attached. Raises `BadInput` when it is not there or was changed."""
    row = session.get(ProcessorPaper, (controller_id, sha256))
    if row is None:
        raise BadInput("is not kept here", field="paper", remedy="See `hub processor show CONNECTION`.")
    body = world.vault.open(row.body, _place(controller_id, sha256))
    if hashlib.sha256(body).hexdigest() != sha256:
        raise BadInput("is not what was attached", field="paper", remedy="Attach it again.")
    return body


def _place(controller_id: str, sha256: str) -> str:
    return f"paper:{controller_id}:{sha256}"
