# SPDX-License-Identifier: Apache-2.0
"""Appending results to a file that people open in a spreadsheet: whole lines only, and no cell is ever a formula."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from hub import Report, Unavailable

HEADER = ("at", "record", "kind", "status", "reason", "campaign", "basis", "text", "key", "why", "link")
# a spreadsheet runs a cell that starts with one of these (OWASP, "CSV Injection")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def append(path: Path, reports: Sequence[Report], delimiter: str) -> None:
    """Write one line per report and wait until the disk has them. Raises `Unavailable`; then nothing was added."""
    try:
        with path.open("ab", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            data = _lines(reports, delimiter, header=size == 0, broken=size > 0 and not _ends_whole(path))
            try:
                written = file.write(data)
                if written != len(data):
                    raise OSError("disk full")
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise
    except OSError as error:
        raise Unavailable(f"the results file cannot be written ({type(error).__name__})") from None


def _lines(reports: Sequence[Report], delimiter: str, *, header: bool, broken: bool) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    if header:
        rows.writerow(HEADER)
    rows.writerows([safe(cell) for cell in _cells(report)] for report in reports)
    # the mark lets spreadsheets read umlauts; a line cut by a power failure is closed first
    return ("\ufeff" if header else "\r\n" if broken else "").encode() + text.getvalue().encode()


def _cells(report: Report) -> tuple[str, ...]:
    at = report.at.isoformat(timespec="seconds")
    said = (report.kind.value, report.status, report.reason, report.campaign, report.basis, report.text, report.key)
    return (at, report.record, *said, report.why, report.link)


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
