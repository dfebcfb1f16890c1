# SPDX-License-Identifier: Apache-2.0
"""How records become hashes: canonical JSON, Merkle trees over records, links that carry the link before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

GENESIS = "0" * 64


def canonical(record: Mapping[str, Any]) -> str:
    """The one JSON form of a record: sorted keys, times as ISO 8601 in UTC."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME, default=_plain).decode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise TypeError("a time without a zone")
    return told(value) if isinstance(value, datetime) else str(value)


def told(at: datetime) -> str:
    """A time as records tell it."""
    return at.astimezone(UTC).isoformat()


def digest(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def leaf(table: str, record: str) -> str:
    return digest(f"leaf|{table}|{record}")


def link_hash(controller: str, seq: int, prev: str, root: str, count: int, at: datetime | str) -> str:
    """`at` as a time, or as records tell it."""
    when = told(at) if isinstance(at, datetime) else at
    return digest(f"link|{controller}|{seq}|{prev}|{root}|{count}|{when}")


def merkle_root(leaves: Sequence[str]) -> str:
    """An odd node moves up unpaired."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else GENESIS


def merkle_path(leaves: Sequence[str], index: int) -> list[str]:
    """The neighbours that lead from one leaf to the root, lowest first."""
    return merkle_paths(leaves, [index])[0]


def merkle_paths(leaves: Sequence[str], indexes: Sequence[int]) -> list[list[str]]:
    """The same for several leaves, with the tree built once."""
    paths: list[list[str]] = [[] for _ in indexes]
    places, level = list(indexes), list(leaves)
    while len(level) > 1:
        for path, place in zip(paths, places, strict=True):
            if place ^ 1 < len(level):
                path.append(level[place ^ 1])
        places, level = [place // 2 for place in places], _above(level)
    return paths


def climb(node: str, index: int, count: int, path: Sequence[str]) -> str:
    """The root that a leaf at `index` of `count` leads to. Raises `ValueError` for a path of the wrong length."""
    if not 0 <= index < count:
        raise ValueError("no such place in the tree")
    steps = iter(path)
    while count > 1:
        if index ^ 1 < count:
            neighbour = next(steps, None)
            if neighbour is None:
                raise ValueError("the path is too short")
            node = _pair(neighbour, node) if index % 2 else _pair(node, neighbour)
        index, count = index // 2, (count + 1) // 2
    if next(steps, None) is not None:
        raise ValueError("the path is too long")
    return node


def _above(level: list[str]) -> list[str]:
    pairs = [_pair(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
    return pairs + level[-1:] if len(level) % 2 else pairs


def _pair(left: str, right: str) -> str:
    return digest(f"node|{left}|{right}")
