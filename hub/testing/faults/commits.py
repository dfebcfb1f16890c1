# SPDX-License-Identifier: Apache-2.0
"""When exactly decisions and stops were committed. Their records say when their transactions began."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

_WATCHED = re.compile(r"\s*INSERT INTO (decision|stop) ", re.IGNORECASE)
_ID = re.compile(r"'([0-9a-f]{32})'")


class Commits:
    """Writes the ids of what one process committed, and when, into a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / f"commits-{os.getpid()}-{time.monotonic_ns()}").open("ab", buffering=0)
        self._open: dict[int, set[str]] = {}

    def seen(self, connection: int, statement: str, parameters: Any) -> None:
        """A statement of a transaction that is not committed yet."""
        if _WATCHED.match(statement):
            self._open.setdefault(connection, set()).update(_ID.findall(repr(parameters)))

    def made(self, connection: int) -> None:
        """The commit has returned."""
        if ids := self._open.pop(connection, None):
            self._file.write(orjson.dumps({"at": time.time(), "ids": sorted(ids)}) + b"\n")


def committed(folder: Path) -> dict[str, datetime]:
    """When each id was committed; not those whose process died in that moment."""
    found: dict[str, datetime] = {}
    for path in folder.glob("commits-*"):
        for line in path.read_bytes().splitlines():
            told = orjson.loads(line)
            at = datetime.fromtimestamp(told["at"], UTC)
            found |= {one: min(at, found.get(one, at)) for one in told["ids"]}
    return found
