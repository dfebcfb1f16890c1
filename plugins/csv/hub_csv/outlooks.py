# SPDX-License-Identifier: Apache-2.0
"""What campaigns would come to: a small file beside the results, one line for each campaign, replaced as a whole."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from hub import Outlook, Unavailable
from hub_csv.results import safe

HEADER = ("at", "campaign", "audience", "records", "reachable", "not_yet", "blocked", "finish", "text", "link", "key")


def put(path: Path, outlook: Outlook, delimiter: str) -> None:
    """Write the line of a campaign, in the place of its former one. Raises `Unavailable`; then nothing has changed."""
    try:
        former = _rows(path.read_bytes().decode("utf-8-sig"), delimiter) if path.exists() else []
        rows = [row for row in former if row[-1] != outlook.key] + [_cells(outlook)]
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows([HEADER, *rows])
        new = path.with_name(f"{path.name}.new")
        with new.open("wb") as file:
            file.write(f"\ufeff{text.getvalue()}".encode())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"the file of outlooks cannot be written ({type(error).__name__})") from None


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """Lines of ours; what is not is not kept."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [row for row in rows if len(row) == len(HEADER)][1:]


def _cells(one: Outlook) -> list[str]:
    finish = one.finish.isoformat(timespec="minutes") if one.finish else ""
    numbers = (one.records, one.eligible, one.waiting, one.blocked)
    told = (one.campaign, one.audience, *map(str, numbers), finish, one.text, one.link, one.key)
    return [one.at.isoformat(timespec="seconds"), *map(safe, told)]
