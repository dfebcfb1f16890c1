# SPDX-License-Identifier: Apache-2.0
"""Reading the file row by row: encoding, delimiter, columns, and why a row cannot be used.

Only one row is held at a time; which ids came before is kept on disk, so memory does not grow with the file.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hub import BadInput, Unusable
from hub_csv.settings import Config

DELIMITERS = ";,\t|"
NAMES = {
    "id": ("id", "record_id", "contact_id", "kundennummer", "kunden_id", "kontakt_id", "kontaktnummer"),
    "phone": ("phone", "phone_number", "mobile", "mobilephone", "telefon", "telefonnummer", "mobil", "handy"),
    "country": ("country", "land"),
    "legal_basis": ("legal_basis", "rechtsgrundlage"),
    "opt_out": ("opt_out", "optout", "widerspruch", "werbewiderspruch", "abgemeldet"),
    "audience": ("audience", "zielgruppe"),
    "consent_at": ("consent_at", "einwilligung_am"),
    "consent_source": ("consent_source", "einwilligung_quelle"),
}
REQUIRED = ("id", "phone")


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `values` has our words as keys; `end` is the byte after it. Unusable when `problem` is set."""

    number: int  # as a spreadsheet counts: the header is row 1
    end: int
    values: dict[str, str]
    templates: tuple[tuple[str, str], ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()
    problem: Unusable | None = None


class Table:
    """An open description of the file: how it is written and where its columns are."""

    def __init__(self, config: Config, asked: Sequence[str] = ()) -> None:
        """Reads the header. Raises `BadInput` naming what is missing and the remedy."""
        self.config, self.path = config, config.path
        try:
            stat = self.path.stat()
            self.fingerprint = f"{stat.st_size}-{stat.st_mtime_ns}"
            self.encoding, self._bom = _encoding(self.path, config.encoding)
            with self.path.open("rb") as file:
                file.seek(self._bom)
                first = file.readline(1_000_000)
        except OSError as error:
            remedy = "Check the path and that the hub may read the file."
            raise BadInput(f"the file cannot be read ({type(error).__name__})", field="path", remedy=remedy) from None
        line = first.decode(self.encoding, "replace")
        self.delimiter = config.delimiter or max(DELIMITERS, key=line.count)
        self.header = next(csv.reader([line], delimiter=self.delimiter), [])
        self.start = self._bom + len(first)
        self.columns = {field: index for field in NAMES if (index := self._column(field)) is not None}
        self._asked = [(name, self._named(name)) for name in asked]
        self._templates = [(name, self._named(name)) for name in config.template_columns]

    def _column(self, field: str) -> int | None:
        wanted = str(getattr(self.config, f"{field}_column"))
        if wanted:
            return self._named(wanted)
        found = [index for index, name in enumerate(self.header) if _key(name) in NAMES[field]]
        if len(found) > 1:
            names = ", ".join(self.header[index] for index in found)
            raise BadInput(f"several columns fit: {names}", field=field, remedy=f"Set {field}_column to the right one.")
        if not found and field in REQUIRED:
            remedy = f"Add a column named {field}, or set {field}_column. Row 1 must hold the column names."
            raise BadInput("the column is missing", field=field, remedy=remedy)
        return found[0] if found else None

    def _named(self, wanted: str) -> int:
        found = [index for index, name in enumerate(self.header) if _key(name) == _key(wanted)]
        if len(found) != 1:
            problem = "there is no such column" if not found else "several columns have this name"
            raise BadInput(problem, field=wanted, remedy="Name a column exactly as in row 1 of the file.")
        return found[0]

    def rows(self, offset: int | None = None, number: int = 1) -> Iterator[Row]:
        """Every row after `offset` (None: all), where row `number` ends. Unusable ones carry their problem."""
        with closing(_Seen()) as seen:
            if offset is not None:
                for row in self._read(self.start, 1, seen):
                    if row.end >= offset:
                        break
            yield from self._read(self.start if offset is None else offset, number, seen)

    def _read(self, offset: int, number: int, seen: _Seen) -> Iterator[Row]:
        with self.path.open("rb") as file:
            file.seek(offset)
            lines = _Lines(file, self.encoding, offset)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            while True:
                number += 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    wrong = Unusable(f"row {number}", "", "quotation marks do not match")
                    yield Row(number, lines.offset, {}, problem=wrong)
                    continue
                if cells:
                    yield self._row(cells, number, lines.offset, seen)

    def _row(self, cells: list[str], number: int, end: int, seen: _Seen) -> Row:
        place = f"row {number}"
        if len(cells) != len(self.header):
            why = f"{len(cells)} columns instead of {len(self.header)}"
            return Row(number, end, {}, problem=Unusable(place, "", why))
        values = {field: cells[index].strip() for field, index in self.columns.items()}
        evidence = tuple((name, cells[index].strip()) for name, index in self._asked if cells[index].strip())
        templates = tuple((name, cells[index].strip()) for name, index in self._templates if cells[index].strip())
        problem = None
        for field in REQUIRED:
            if not values[field] and problem is None:
                problem = Unusable(place, self.header[self.columns[field]], "missing")
        if any(_broken(cell) for cell in cells):
            problem = Unusable(place, "", f"not readable as {self.encoding}")
        elif problem is None and (first := seen.before(values["id"], number)):
            problem = Unusable(place, self.header[self.columns["id"]], f"the same id as row {first}")
        return Row(number, end, values, templates, evidence, problem)


class _Lines:
    """Decoded lines that know how far they have read."""

    def __init__(self, file: Iterator[bytes], encoding: str, offset: int) -> None:
        self._file, self._encoding, self.offset = file, encoding, offset

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = next(self._file)
        self.offset += len(raw)
        return raw.decode(self._encoding, "surrogateescape")


class _Seen:
    """Ids that came before, hashed, in SQLite's own temporary file."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, number INTEGER) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def before(self, record: str, number: int) -> int:
        """The row that had this id first; 0 when this is the first."""
        key = hashlib.blake2b(record.encode("utf-8", "surrogateescape"), digest_size=12).digest()
        added = self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, number))
        if added.rowcount:
            return 0
        return int(self._db.execute("SELECT number FROM seen WHERE id = ?", (key,)).fetchone()[0])

    def close(self) -> None:
        self._db.close()


def _encoding(path: Path, wanted: str) -> tuple[str, int]:
    """The encoding and how many bytes its mark takes. Reads the file through once, in pieces."""
    with path.open("rb") as file:
        start = file.read(3)
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise BadInput("the file is UTF-16", field="encoding", remedy="Save it as CSV UTF-8.")
        mark = len(codecs.BOM_UTF8) if start == codecs.BOM_UTF8 else 0
        if wanted:
            return _known(wanted), mark
        if mark:
            return "utf-8", mark
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(start)
            while piece := file.read(1 << 16):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252", 0
    return "utf-8", 0


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name.removesuffix("-sig")
        bytewise = "\n".encode(name) == b"\n"
    except LookupError:
        bytewise = False
    if not bytewise:
        raise BadInput("unknown encoding", field="encoding", remedy="Use utf-8 or cp1252, or leave it empty.")
    return name


def _key(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").split())


def _broken(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= char <= "\udcff" for char in text)
