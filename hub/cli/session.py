# SPDX-License-Identifier: Apache-2.0
"""What every command needs: the settings, the world, a console."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from rich.console import Console
from sqlmodel import Session, select

from hub import logs
from hub.contract import BadInput
from hub.flows import world as worlds
from hub.flows.world import World
from hub.settings import Settings
from hub.store.tables import Campaign, Controller, Sender
from hub.work.crew import Crew

out = Console(soft_wrap=True)  # ids and links stay in one piece
err = Console(stderr=True)


def settings() -> Settings:
    """Raises `BadInput` naming the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "HUB_" + "_".join(str(part) for part in first["loc"]).upper() if first["loc"] else "HUB_*"
        raise BadInput(first["msg"], field=name, remedy="Set the environment variable and try again.") from None


@contextmanager
def world() -> Iterator[World]:
    """The deployment that the environment describes, with its schema up to date."""
    chosen = settings()
    logs.configure(chosen.log_level)
    built = worlds.build(chosen)
    try:
        built.db.migrate()
        yield built
    finally:
        built.db.close()


@contextmanager
def crew(built: World) -> Iterator[Crew]:
    """Jobs run by this command itself, without workers."""
    with Crew(built, works=False, schedules=False) as hands:
        yield hands


def user(by: str) -> str:
    """Who acts: the name given, else the one of the login."""
    try:
        return by.strip() or getpass.getuser()
    except (OSError, KeyError):  # a container may know nobody
        return "unnamed"


def controller(built: World, session: Session) -> Controller:
    return worlds.controller(session, built.settings.controller)


def sender(session: Session, owner: Controller, name: str) -> Sender:
    """By id, vendor id or number; empty: the only one. Raises `BadInput`."""
    mine = session.exec(select(Sender).where(Sender.controller_id == owner.id)).all()
    digits = "".join(c for c in name if c.isdigit())
    fitting = [s for s in mine if not name or name in (s.id, s.vendor_id) or (digits and digits == s.number)]
    if len(fitting) != 1:
        known = ", ".join(f"{s.number} ({s.vendor_id})" for s in mine) or "none; see `hub sender --help`"
        raise BadInput(f"{name or 'not named'}", field="sender", remedy=f"There are: {known}.")
    return fitting[0]


def find_campaign(session: Session, owner: Controller, name: str) -> Campaign:
    """By id or title. Raises `BadInput`."""
    mine = session.exec(select(Campaign).where(Campaign.controller_id == owner.id)).all()
    fitting = [c for c in mine if name in (c.id, c.title)]
    if len(fitting) != 1:
        known = ", ".join(f"{c.title} ({c.id})" for c in mine) or "none; see `hub campaign create --help`"
        raise BadInput(f"{name!r} is not one campaign", field="campaign", remedy=f"There are: {known}.")
    return fitting[0]
