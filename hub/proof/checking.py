# SPDX-License-Identifier: Apache-2.0
"""Check a capsule: no database, no settings, no network; only the file and, better, the published key."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from hub.proof.capsule import FORMAT, Capsule, Link, Root, Row, parts_of, sealing, wording_id, write
from hub.proof.chain import canonical, climb, digest, leaf, link_hash
from hub.proof.roots import FORMAT as ROOT_FORMAT
from hub.proof.signature import key_id, signed


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold: `place` is a JSON pointer into the capsule, or a line of the file."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `trusted`: every signature is by a key that was given as published, not only by one inside."""

    problems: tuple[Problem, ...]
    trusted: bool
    capsule: Capsule | None = None

    @property
    def ok(self) -> bool:
        return not self.problems


def check(raw: bytes, published: Mapping[str, bytes] | None = None) -> Checked:
    """Check a capsule's bytes against the published public keys (by id), or only against itself without them."""
    try:
        plain = orjson.loads(raw)
        if not isinstance(plain, dict):
            raise ValueError
        problems = list(_spelling(raw, plain))
    except (ValueError, TypeError):  # the second: nested more deeply than can be written
        return Checked((Problem(_first_unreadable(raw), "this is no JSON object of ours"),), False)
    try:
        capsule = Capsule.model_validate(plain)
    except ValidationError as error:
        shape = [Problem("/" + "/".join(map(str, found["loc"])), found["msg"]) for found in error.errors()]
        return Checked((*shape, *problems), False)
    found = [*_Desk(capsule, plain, published).problems(), *problems]
    return Checked(tuple(found), published is not None, capsule)


def _first_unreadable(raw: bytes) -> str:
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return f"line {error.lineno}"
    return "line 1"


def _spelling(raw: bytes, plain: dict[str, Any]) -> Iterator[Problem]:
    """There is one way to write a capsule; a name that stands twice, or a moved blank, is found here."""
    ours = write(plain)
    if raw == ours:
        return
    same = next((i for i, (a, b) in enumerate(zip(raw, ours, strict=False)) if a != b), min(len(raw), len(ours)))
    line = raw[:same].count(b"\n") + 1
    yield Problem(f"line {line}", f"byte {same} is not written as the hub writes it")


def _hash_of(text: str) -> str:
    try:
        return digest(base64.b64decode(text, validate=True))
    except ValueError:
        return ""


def open_keys(told: Mapping[str, str], published: Mapping[str, bytes] | None) -> tuple[dict[str, bytes], list[Problem]]:
    """The public keys that a file brings and that may be used, by id, and what is wrong with the others."""
    keys, problems = dict[str, bytes](), list[Problem]()
    for name, text in told.items():
        try:
            public = base64.b64decode(text, validate=True)
        except ValueError:
            public = b""
        if len(public) != 32 or key_id(public) != name:
            problems.append(Problem(f"/keys/{name}", "the key does not fit its id"))
        elif published is not None and published.get(name) != public:
            problems.append(Problem(f"/keys/{name}", "is not among the published keys"))
        else:
            keys[name] = public
    return keys, problems


class _Desk:
    def __init__(self, capsule: Capsule, plain: dict[str, Any], published: Mapping[str, bytes] | None) -> None:
        self.capsule, self.plain, self.published = capsule, plain, published
        self.keys: dict[str, bytes] = {}

    def problems(self) -> Iterator[Problem]:
        """Rows first, then what holds them, then the seal: the first problem is the nearest to the change."""
        yield from self._keys()
        if self.capsule.format != FORMAT:
            yield Problem("/format", f"is not {FORMAT}")
        yield from self._rows("ledger", "events", self.capsule.events)
        yield from self._rows("decision", "decisions", self.capsule.decisions)
        yield from self._links()
        yield from self._roots()
        yield from self._texts()
        yield from self._opened()
        yield from self._seal()

    def _keys(self) -> Iterator[Problem]:
        self.keys, problems = open_keys(self.capsule.keys, self.published)
        yield from problems

    def _rows(self, table: str, section: str, rows: list[Row]) -> Iterator[Problem]:
        links = {link.seq: link for link in self.capsule.links}
        for index, row in enumerate(rows):
            place = f"/{section}/{index}"
            link = links.get(row.seq)
            if row.record.get("controller") != self.capsule.controller.id:
                yield Problem(f"{place}/record", "is of another controller")
            if link is None:
                yield Problem(place, f"link {row.seq} is not in the capsule")
                continue
            try:
                root = climb(leaf(table, canonical(row.record)), row.position, link.count, row.path)
            except (ValueError, TypeError) as error:
                yield Problem(place, str(error))
                continue
            if root != link.root:
                yield Problem(place, f"the record is not the one of link {row.seq}: it or its path was changed")

    def _links(self) -> Iterator[Problem]:
        for index, link in enumerate(self.capsule.links):
            place, root = f"/links/{index}", self._root_of(link)
            if root is None:
                yield Problem(place, "no signed root covers this link")
                continue
            told = root.statement
            node = link_hash(self.capsule.controller.id, link.seq, link.prev, link.root, link.count, link.at)
            try:
                reached = climb(node, link.seq - told.first_seq, told.links, link.path)
            except ValueError as error:
                yield Problem(place, str(error))
                continue
            if reached != told.root:
                yield Problem(place, f"link {link.seq} is not the one that was signed on {told.day}")

    def _root_of(self, link: Link) -> Root | None:
        roots = self.capsule.roots
        return next((r for r in roots if r.statement.first_seq <= link.seq <= r.statement.last_seq), None)

    def _roots(self) -> Iterator[Problem]:
        for index, root in enumerate(self.capsule.roots):
            place, told = f"/roots/{index}", root.statement
            if told.format != ROOT_FORMAT or told.controller != self.capsule.controller.id:
                yield Problem(f"{place}/statement", "is of another kind or controller")
            if not self._signed(told.key_id, told.plain(), root.signature):
                yield Problem(place, "the signature does not hold")

    def _signed(self, key: str, statement: dict[str, Any], signature: str) -> bool:
        public = self.keys.get(key)
        return public is not None and signed(public, statement, signature)

    def _texts(self) -> Iterator[Problem]:
        for index, wording in enumerate(self.capsule.wordings):
            if wording_id(self.capsule.controller.id, wording) != wording.id:
                yield Problem(f"/wordings/{index}", "the text is not the one that its id names")
        for index, document in enumerate(self.capsule.documents):
            if digest(document.text) != document.sha256:
                yield Problem(f"/documents/{index}", "the text is not the one that its hash names")
        texts = {wording.id for wording in self.capsule.wordings}
        for index, row in enumerate(self.capsule.events):
            if (named := row.record.get("wording")) and str(named) not in texts:
                yield Problem(f"/events/{index}/record/wording", "the wording is not in the capsule")
        kept = {(document.kind, document.sha256) for document in self.capsule.documents}
        for index, row in enumerate(self.capsule.decisions):
            named = row.record.get("documents")
            for kind, sha256 in named.items() if isinstance(named, dict) else ():
                if (kind, str(sha256)) not in kept:
                    yield Problem(f"/decisions/{index}/record/documents/{kind}", "the text is not in the capsule")

    def _opened(self) -> Iterator[Problem]:
        """What the person said was sealed; the ledger holds the hash of the sealed bytes."""
        hashes = {row.record.get("id"): row.record.get("evidence_sha256") for row in self.capsule.events}
        for index, opened in enumerate(self.capsule.opened):
            if _hash_of(opened.sealed) != hashes.get(opened.event):
                yield Problem(f"/opened/{index}", "is not the sealed evidence of that event")

    def _seal(self) -> Iterator[Problem]:
        seal, parts = self.capsule.seal, parts_of(self.plain)
        if not self._signed(seal.key_id, sealing(seal.key_id, seal.parts), seal.signature):
            yield Problem("/seal", "the signature does not hold, so nothing says that the rest is whole")
            return
        for place in sorted({*parts, *seal.parts}):
            if parts.get(place) != seal.parts.get(place):
                yield Problem(place, "was changed, added or removed after export")
