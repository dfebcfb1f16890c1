# SPDX-License-Identifier: Apache-2.0
"""The first start: whoever reads the hub's terminal makes the company and its first admin. Then the way is shut."""

from __future__ import annotations

import secrets

from sqlmodel import Session, select

from hub.contract import BadInput
from hub.flows import accounts, staff
from hub.flows import world as worlds
from hub.flows.roles import Role
from hub.flows.world import World
from hub.store.tables import Controller, Staff

_DIGITS = 24  # of 16 kinds: nobody guesses them


def wanted(session: Session) -> bool:
    """Does nobody work with the console yet?"""
    return session.exec(select(Staff.id).limit(1)).first() is None


def company(world: World, session: Session) -> Controller | None:
    """The one that `hub init` made; None when there is none yet. Raises `BadInput` if there are several."""
    if session.exec(select(Controller.id).limit(1)).first() is None:
        return None
    return worlds.controller(session, world.settings.controller)


def code(world: World) -> str:
    """What the terminal shows. It follows from the key ring: all processes of a deployment show the same."""
    digits = world.vault.reference("", "first start").rpartition(".")[2][:_DIGITS]
    return "-".join(digits[at : at + 4] for at in range(0, _DIGITS, 4))


def begin(
    world: World, session: Session, given: str, *, name: str, country: str, login: str, person: str, password: str
) -> Staff:
    """The company, unless there is one, and its first admin. Raises `BadInput`."""
    plain = given.strip().lower().replace("-", "").replace(" ", "")
    if not secrets.compare_digest(plain.encode(), code(world).replace("-", "").encode()):
        raise BadInput("is not the one", field="code", remedy="Read it from the terminal or log where the hub started.")
    if not wanted(session):
        raise BadInput("somebody works here already", field="code", remedy="Log in, or ask an admin.")
    owner = company(world, session) or accounts.make_controller(world, session, name.strip(), country.strip())
    return staff.add(
        world, session, owner, login=login, name=person, role=Role.ADMIN, password=password, by="first start"
    )
