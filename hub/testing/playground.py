# SPDX-License-Identifier: Apache-2.0
"""Vendors played beside a running hub, for whoever has no account yet: an emulated HubSpot full of made-up people, and
an emulated WhatsApp on which they can be written to. Nothing leaves the machine."""

from __future__ import annotations

import contextlib
from typing import Any

from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows import accounts
from hub.flows.world import World
from hub.plugins import emulators
from hub.store.tables import Connection, Controller
from hub.testing import processor_files
from hub.testing.emulator import serve_at
from hub.testing.population import population

CRM, PROVIDER = "hubspot", "meta"
TEMPLATE = "herbst_angebot"
_PEOPLE, _SEED, _WILLING = 200, 7, 25


class Playground:
    """Use as a context manager. At the same ports it has the same secrets: what was connected stays connected."""

    def __init__(self, world: World, ports: tuple[int, int]) -> None:
        if missing := {CRM, PROVIDER} - set(emulators()):
            names = " and ".join(sorted(missing))
            raise BadInput(f"no {names} plugin", field="playground", remedy="pip install 'consent-hub[demo]'")
        self._world, self._ports = world, ports
        self._vendors: dict[str, Any] = {name: emulators()[name].load()(seed=_SEED) for name in (CRM, PROVIDER)}
        self._urls: dict[str, str] = {}
        self._people = population(_PEOPLE, _SEED)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Playground:
        self._vendors[CRM].load(self._people)
        for number in sorted({one.number for one in self._people if one.number}):
            self._vendors[PROVIDER].add_user(number)
        with contextlib.ExitStack() as stack:
            for (name, vendor), port in zip(self._vendors.items(), self._ports, strict=True):
                self._urls[name] = stack.enter_context(serve_at(vendor.app(), port))
            self._stack = stack.pop_all()
        self._find_again()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    def _find_again(self) -> None:
        """What was connected before this start."""
        with self._world.db.read() as session:
            mine = select(Connection, Controller).join(Controller).where(col(Connection.connector).in_(self._vendors))
            for connection, owner in session.exec(mine):
                if self.has(connection):
                    self._at_door(connection, owner)

    def has(self, connection: Connection) -> bool:
        """Is the account one of those played here?"""
        url = self._urls.get(connection.connector, "")
        return bool(url) and accounts.settings(self._world, connection).get("base_url") == url

    def crm(self, session: Session, owner: Controller) -> Connection:
        """An account at the played CRM."""
        settings = {**self._vendors[CRM].settings(self._urls[CRM]), "template_properties": ["firstname"]}
        return self._connect(session, owner, CRM, settings)

    def provider(self, session: Session, owner: Controller) -> Connection:
        """An account at the played WhatsApp, with its number and a template."""
        vendor = self._vendors[PROVIDER]
        made = self._connect(session, owner, PROVIDER, vendor.settings(self._urls[PROVIDER]))
        accounts.add_sender(session, made, vendor.sender, vendor.number)
        return made

    def _connect(self, session: Session, owner: Controller, name: str, settings: dict[str, Any]) -> Connection:
        title = f"{self._world.registry.get(name).title} (Playground)"
        made = accounts.connect(self._world, session, owner, name, settings, title)
        self._at_door(made, owner)
        return made

    def _at_door(self, connection: Connection, owner: Controller) -> None:
        self._vendors[connection.connector].webhook_url = accounts.webhook_url(self._world, connection)
        if connection.connector == PROVIDER:
            body = f"Hallo {{{{1}}}}, bei {owner.name} gibt es neue Angebote. Keine Werbung mehr? Antworten Sie STOPP."
            self._vendors[PROVIDER].add_template(
                TEMPLATE, "de", category="MARKETING", body=body, footer=owner.name, buttons=["Keine Werbung mehr"]
            )

    def file(self, session: Session, connection: Connection, by: str) -> None:
        """A file on the played provider, which says of every point that nothing was checked."""
        processor_files.approve(self._world, session, connection, by=by)

    def agree(self, statement: str) -> int:
        """Some of the people send this sentence. Returns how many."""
        willing = sorted({one.number for one in self._people if one.may_receive_marketing and one.number})[:_WILLING]
        for number in willing:
            self._vendors[PROVIDER].say(number, statement)
        return len(willing)
