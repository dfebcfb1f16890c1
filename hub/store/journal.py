# SPDX-License-Identifier: Apache-2.0
"""The journal: an append-only memory beside the database, so that a restored backup cannot revive anybody.

One line per link of a chain. Each carries what is needed to check it alone, and in full the events that forbid
something; of the others, only how many. Files are DIR/CONTROLLER/NNNN.jsonl, numbered in the order they were begun.
Nothing is ever changed or removed by the hub.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlmodel import Session

from hub.proof.chain import climb, leaf, link_hash, merkle_paths, told
from hub.proof.roots import Statement
from hub.store.tables import ChainLink

# What became of a person's no, and of what the rules were. A kind that stands in neither table is kept too.
KEPT = frozenset(
    {
        "objection",
        "consent_withdrawn",
        "stop_all",
        "objection_21_1",
        "platform_preference",
        "blocklist_national",
        "opt_out_claimed",
        "unclear_message",
        "unclear_message_cleared",  # it lifts one freeze: without it the freeze would come back
        "stop_carried_over",
        "erased",
        "consent_revoked",
        "opt_ins_rejected",
        "notice_not_delivered",
        "notice_declaration_revoked",
        # who is who: what ends consents, or makes somebody doubtful
        "contacts_joined",
        "contacts_kept_apart",
        "contact_split",
        "identity_changed",
        "identity_unclear",
        "point_moved",
        "point_reassigned",
        "point_shared",
        "wrong_number_heard",
        "request_heard",
        "request_closed",
        # what somebody asked for, and how far it was
        "right_requested",
        "right_identified",
        "right_extended",
        "right_carried_out",
        "right_answered",
        "right_refused",
        "restricted",
        "policy_activated",
        "route_policy_set",
        # a provider that may not be used any more
        "processor_in_review",
        "processor_suspended",
        "processor_ended",
        "restored",
        # what somebody or a rule had stopped, and a backup would let go on
        "campaign_paused",
        "campaign_cancelled",
    }
)
# What permits something, or is of no use without what was lost with it.
LEFT_OUT = frozenset(
    {
        "consent_given",
        "consent_requested",
        "consent_request_expired",
        "policy_loaded",
        "signing_key_made",
        "campaign_released",
        "campaign_started",
        "campaign_approved",
        "campaign_resumed",
        "consent_imported",
        "claims_mapped",
        "claims_unmapped",
        "opt_ins_quarantined",
        "opt_ins_approved",
        "notice_served",
        "notice_declared",
        "source_declared",
        "workflow_refused",
        "processor_draft",
        "processor_approved",
        "processing_record_made",
        "processing_record_reviewed",
        "restriction_lifted",
        "right_packet_made",
        "right_identity_asked",
        "right_confirmed",
        "route_switched",
    }
)
RESTORED = "restored"  # from this link on the chain counts anew; what stands before it in the journal is accounted for

_PLACE = re.compile(rb'\{"seq":(\d{1,18}),"hash":"([0-9a-f]{64})"')
_FULL = 16 * 2**20  # bytes after which the next file is begun
_TAIL = 2**20  # bytes read to learn where a chain stands


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event's record, and its way to the root of its link."""

    position: int
    path: tuple[str, ...]
    record: str


@dataclass(frozen=True, slots=True)
class Line:
    """One link. `rest` counts what is not kept, by kind: it is said, not proven."""

    controller: str
    seq: int
    at: str
    prev: str
    root: str
    count: int
    hash: str
    events: tuple[KeptEvent, ...] = ()
    rest: Mapping[str, int] | None = None

    @property
    def restores(self) -> bool:
        return any(orjson.loads(event.record)["kind"] == RESTORED for event in self.events)

    def faults(self) -> str:
        """Why the line cannot be what was written; empty when it holds."""
        if link_hash(self.controller, self.seq, self.prev, self.root, self.count, self.at) != self.hash:
            return "the link was changed"
        for event in self.events:
            try:
                root = climb(leaf("ledger", event.record), event.position, self.count, event.path)
            except ValueError:
                root = ""
            if root != self.root:
                return f"record {event.position} of link {self.seq} was changed"
        return ""

    @classmethod
    def of(cls, link: ChainLink, leaves: Sequence[str], events: Mapping[int, str], rest: Mapping[str, int]) -> Line:
        """`leaves` of all its rows, the records to keep by their position, and how many of each kind are not kept."""
        paths = merkle_paths(leaves, list(events))
        kept = (KeptEvent(at, tuple(path), events[at]) for at, path in zip(events, paths, strict=True))
        return cls(
            controller=link.controller_id,
            seq=link.seq,
            at=told(link.at),
            prev=link.prev_hash,
            root=link.root,
            count=link.count,
            hash=link.hash,
            events=tuple(kept),
            rest=dict(rest) or None,
        )

    def plain(self) -> dict[str, Any]:
        """Place and hash come first: half a line still tells that there was one."""
        events = [{"position": e.position, "path": e.path, "record": e.record} for e in self.events]
        body: dict[str, Any] = {"seq": self.seq, "hash": self.hash, "prev": self.prev, "root": self.root}
        body |= {"controller": self.controller, "count": self.count, "at": self.at}
        return body | ({"events": events} if events else {}) | ({"rest": dict(self.rest)} if self.rest else {})


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed root, kept so that a day signed before a loss is not forgotten."""

    statement: Statement
    signature: str

    @property
    def controller(self) -> str:
        return self.statement.controller

    def plain(self) -> dict[str, Any]:
        return {"signed": self.statement.plain(), "signature": self.signature}


@dataclass(frozen=True, slots=True)
class Damaged:
    """A line that cannot be read or does not hold. `seq` and `hash` of its link, as far as it still tells them."""

    file: str
    number: int
    why: str
    seq: int = 0
    hash: str = ""


class Told(NamedTuple):
    """A link that the journal tells of. `whole`: its line holds."""

    seq: int
    hash: str
    restores: bool
    whole: bool


Entry = Line | Signed | Damaged
Mark = dict[str, int]  # how far each file was read, in bytes


def journaled(session: Session) -> list[Line | Signed]:
    """What the journal shall hold once the session's transaction is committed."""
    lines: list[Line | Signed] = session.info.setdefault("journal", [])
    return lines


class Journal:
    """The journal of a deployment on this machine. Several processes may append at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, entries: Iterable[Line | Signed]) -> None:
        """Write lines, on the disk for sure where they forbid something. Raises `OSError`."""
        groups: dict[str, list[Line | Signed]] = {}
        for entry in entries:
            groups.setdefault(entry.controller, []).append(entry)
        for controller_id, lines in groups.items():
            # a line torn by a crash ends at the line break that the next one begins with
            data = b"".join(b"\n" + orjson.dumps(line.plain()) + b"\n" for line in lines)
            self._write(self._open_end(controller_id), data, sync=any(_must_last(line) for line in lines))

    def _open_end(self, controller_id: str) -> int:
        folder = self.folder / controller_id
        files = self._files(controller_id)
        if not files:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        full = bool(files) and files[-1].stat().st_size >= _FULL
        path = files[-1] if files and not full else folder / f"{len(files) + 1:04}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if not files or full:
            _sync_folder(folder)  # else a power cut may take the file's name
        return handle

    @staticmethod
    def _write(handle: int, data: bytes, *, sync: bool) -> None:
        try:
            if os.write(handle, data) != len(data):  # one call: lines of several processes do not mix
                raise OSError("the journal's disk is full")
            if sync:
                os.fsync(handle)
        finally:
            os.close(handle)

    def controllers(self) -> list[str]:
        """Whose chains it tells of."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir()) if self.folder.is_dir() else []

    def read(self, controller_id: str) -> Iterator[Entry]:
        """Everything, in the order it was written."""
        for path in self._files(controller_id):
            with path.open("rb") as file:
                for number, text in enumerate(file, 1):
                    if text.strip():
                        yield _parse(text, f"{controller_id}/{path.name}", number)

    def since(self, controller_id: str, mark: Mark | None) -> tuple[list[Told], Mark]:
        """The links told of after `mark`, and the new mark. Without a mark: the last ones there are."""
        files = self._files(controller_id)
        if mark is None:
            return self._tail(files)
        lines: list[Told] = []
        reached = dict(mark)
        for path in files:
            start = mark.get(path.name, 0)
            if path.stat().st_size > start:
                text = _whole_lines(path, start)
                reached[path.name] = start + len(text)
                lines += _told(text)
        return lines, reached

    def _tail(self, files: list[Path]) -> tuple[list[Told], Mark]:
        mark = {path.name: path.stat().st_size for path in files[:-1]}
        for path in reversed(files):
            window = _TAIL
            while True:
                start = max(0, path.stat().st_size - window)
                text = _whole_lines(path, start)
                mark.setdefault(path.name, start + len(text))
                lines = _told(text)
                if lines:
                    return lines, mark
                if start == 0:
                    break
                window *= 4  # one line may be longer than the window
        return [], mark

    def _files(self, controller_id: str) -> list[Path]:
        return sorted((self.folder / controller_id).glob("[0-9]*.jsonl"))


def _must_last(line: Line | Signed) -> bool:
    return isinstance(line, Signed) or bool(line.events)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _whole_lines(path: Path, start: int) -> bytes:
    """From `start` to the last line break: what comes after it is still being written."""
    with path.open("rb") as file:
        file.seek(start)
        text = file.read()
    return text[: text.rfind(b"\n") + 1]


def _told(text: bytes) -> list[Told]:
    entries = (_parse(line, "", 0) for line in text.split(b"\n") if line)
    return [
        Told(entry.seq, entry.hash, isinstance(entry, Line) and entry.restores, isinstance(entry, Line))
        for entry in entries
        if not isinstance(entry, Signed) and entry.hash
    ]


def _parse(text: bytes, file: str, number: int) -> Entry:
    try:
        told = orjson.loads(text)
        if "signed" in told:
            return Signed(Statement.model_validate(told["signed"]), str(told["signature"]))
        told["events"] = tuple(KeptEvent(e["position"], tuple(e["path"]), e["record"]) for e in told.get("events", ()))
        line = Line(**told)
        why = line.faults()
    except (ValueError, TypeError, KeyError):
        why = "cannot be read"
    else:
        if not why:
            return line
    place = _PLACE.match(text)
    return Damaged(file, number, why, int(place[1]), place[2].decode()) if place else Damaged(file, number, why)
