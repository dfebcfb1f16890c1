# SPDX-License-Identifier: Apache-2.0
"""A new account: its form comes from the plugin's own description of its settings. And the numbers to send from."""

from __future__ import annotations

from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from sqlmodel import Session
from starlette.routing import Route

from hub.contract import BadInput, Connector, Crm
from hub.flows import accounts
from hub.flows.roles import May
from hub.store.tables import Connection, Controller
from hub.web.console.connections import find
from hub.web.console.rooms import Made, NotFound, Rooms, Visitor

_NEW = "/console/connections/new"
_READY = "/console/connections/{id}/ready"


@dataclass(frozen=True, slots=True)
class Input:
    """One setting, as a form shows it. `kind`: text, secret, number, tick, choice or several (with commas)."""

    name: str
    kind: str
    needed: bool
    how: str  # the plugin's own words
    usual: str
    choices: tuple[str, ...] = ()


def routes(rooms: Rooms) -> list[Route]:
    again = ("connection_new.html", _form)
    return [
        rooms.show(_NEW, May.CONNECT, "connection_kinds.html", _kinds),
        rooms.show(f"{_NEW}/{{connector}}", May.CONNECT, "connection_new.html", _form),
        rooms.act(f"{_NEW}/{{connector}}", May.CONNECT, "connection.make", _make, again=again),
        rooms.show(_READY, May.CONNECT, "connection_ready.html", _next),
        rooms.run(_READY, May.CONNECT, "connection.prepare", "connection_ready.html", _prepare),
        rooms.act("/console/connections/{id}/numbers", May.CONNECT, "sender.add", _add),
    ]


def inputs(cls: type[Connector[Any]]) -> list[Input]:
    """What can be typed. Files of the server cannot."""
    files = accounts.files_of(cls)
    return [_input(name, info) for name, info in cls.Config.model_fields.items() if name not in files]


def _input(name: str, info: FieldInfo) -> Input:
    kind, choices = _kind(info.annotation)
    usual = "" if info.is_required() else _shown(info.get_default(call_default_factory=True))
    return Input(name, kind, info.is_required(), info.description or "", usual, choices)


def _kind(given: Any) -> tuple[str, tuple[str, ...]]:
    if get_origin(given) in (Union, UnionType):
        given = next(one for one in get_args(given) if one is not type(None))
    if get_origin(given) is Literal:
        return "choice", tuple(map(str, get_args(given)))
    if get_origin(given) in (tuple, list, frozenset):
        return "several", ()
    return {SecretStr: "secret", bool: "tick", int: "number", float: "number"}.get(given, "text"), ()


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None or isinstance(value, SecretStr) else str(value)


def _class(visitor: Visitor) -> type[Connector[Any]]:
    """The connector that the address names, if its settings can be typed here. Raises `NotFound`."""
    cls = visitor.world.registry.connectors.get(visitor.path["connector"])
    if cls is None or not accounts.set_from_afar(cls):
        raise NotFound
    return cls


def _kinds(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    every = sorted(visitor.world.registry.connectors.values(), key=lambda one: one.title)
    return {
        "crms": [one for one in every if issubclass(one, Crm)],
        "providers": [one for one in every if not issubclass(one, Crm)],
        "typeable": {one.name for one in every if accounts.set_from_afar(one)},
    }


def _form(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    cls = _class(visitor)
    return {"cls": cls, "inputs": inputs(cls), "crm": issubclass(cls, Crm), "said": visitor.said}


def _make(visitor: Visitor, session: Session, owner: Controller) -> Made:
    """What is empty is left at what is usual."""
    cls = _class(visitor)
    config: dict[str, Any] = {}
    for one in inputs(cls):
        typed = visitor.said(one.name)
        if one.kind == "tick":
            config[one.name] = bool(typed)
        elif typed:
            config[one.name] = [word.strip() for word in typed.split(",")] if one.kind == "several" else typed
        elif one.needed:
            raise BadInput("is empty", field=one.name, remedy="Enter it.")
    made = accounts.connect(visitor.world, session, owner, cls.name, config, visitor.said("title"))
    return Made(f"/console/connections/{made.id}/ready", made.id)


def _next(visitor: Visitor, session: Session, owner: Controller) -> dict[str, Any]:
    """What is left to do with a new account."""
    found = find(visitor, session, owner)
    cls = visitor.world.registry.get(found.connector)
    address = accounts.webhook_url(visitor.world, found)
    return {"one": found, "crm": issubclass(cls, Crm), "address": address, "health": None, "done": []}


def _prepare(visitor: Visitor, owner: Controller) -> dict[str, Any]:
    """Make at the CRM or vendor what the hub needs there, and look whether the account is alive."""
    with visitor.world.db.read() as session:
        facts = _next(visitor, session, owner)
    done = visitor.hands.prepare(facts["one"])
    return {**facts, "done": done, "health": visitor.hands.health(facts["one"])}


def _add(visitor: Visitor, session: Session, owner: Controller) -> str:
    """A number of the account, to send from."""
    found: Connection = find(visitor, session, owner)
    accounts.add_sender(session, found, visitor.said("vendor_id"), visitor.said("number"))
    return f"/console/connections/{found.id}"
