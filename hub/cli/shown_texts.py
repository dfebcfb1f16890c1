# SPDX-License-Identifier: Apache-2.0
"""Consent texts that were shown elsewhere, from files of the admin's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from sqlmodel import Session

from hub.cli.session import controller, out
from hub.contract import BadInput, Channel
from hub.flows import elsewhere
from hub.flows.world import World
from hub.store.tables import Wording


def register(
    built: World,
    session: Session,
    path: Path,
    topics: Sequence[str],
    shown_from: str,
    channels: Sequence[Channel],
    language: str,
) -> Wording:
    """Keep the text and say its version. Raises `BadInput`."""
    row = elsewhere.register(
        built,
        session,
        controller(built, session),
        text=read(path),
        language=language,
        topics=topics,
        channels=channels,
        shown_from=_day(shown_from),
    )
    out.print(f"Wording version {row.version}, SHA-256 {row.id}", highlight=False)
    if not row.withdrawal_hint:
        out.print("[yellow]The text does not say how to withdraw (Art. 7(3)); consent to it will not count.[/]")
    return row


def read(path: Path) -> str:
    """What a file says. Raises `BadInput`."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not UTF-8", field="file", remedy="Save the file as UTF-8.") from None
    except OSError:
        raise BadInput(f"cannot read {path}", field="file", remedy="Give a file that exists.") from None


def _day(typed: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(typed), time(), UTC)
    except ValueError:
        raise BadInput(f"{typed!r} is no date", field="shown-from", remedy="Write it as 2026-11-01.") from None
