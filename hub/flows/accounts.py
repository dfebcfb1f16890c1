# SPDX-License-Identifier: Apache-2.0
"""Connect accounts: controllers, connections with their sealed settings, senders, templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import httpx
import orjson
from pydantic import BaseModel, ValidationError
from sqlmodel import Session, col, delete, select

from hub.contract import BadInput, Connector, Crm, Memory, Template
from hub.flows import signing
from hub.flows.lanes import MOST as MOST_LANES
from hub.flows.world import World
from hub.store.ledger import GENESIS
from hub.store.tables import ChainHead, Connection, Controller, Sender, TemplateRow, new_door, new_id


def make_controller(world: World, session: Session, name: str, country: str) -> Controller:
    """Raises `BadInput` for an empty or taken name, or a country that is no ISO code."""
    if not name.strip():
        raise BadInput("is empty", field="controller", remedy="Give the company's legal name.")
    if len(country) != 2 or not country.isalpha():
        raise BadInput(f"{country!r} is no ISO 3166 code", field="country", remedy="Use two letters, such as DE.")
    if session.exec(select(Controller).where(Controller.name == name)).first():
        raise BadInput(f"{name!r} exists already", field="controller", remedy="Use it, or choose another name.")
    controller = Controller(name=name, country=country.upper(), created_at=world.now())
    session.add(controller)
    session.flush()
    session.add(ChainHead(controller_id=controller.id, seq=0, hash=GENESIS))
    signing.make_key(world, session, controller.id)
    return controller


def connect(
    world: World, session: Session, controller: Controller, connector: str, config: Mapping[str, Any], title: str = ""
) -> Connection:
    """Store an account. Raises `BadInput` naming each setting that cannot be used."""
    cls = world.registry.get(connector)
    connection_id = new_id()
    sealed = _sealed_config(world, cls.Config, connector, connection_id, config)
    connection = Connection(
        id=connection_id,
        controller_id=controller.id,
        connector=connector,
        title=title or cls.title,
        config=sealed,
        next_listen_at=_listening(world, cls),
        created_at=world.now(),
    )
    session.add(connection)
    session.flush()
    return connection


def _listening(world: World, cls: type[Connector[Any]]) -> datetime | None:
    """A CRM is asked at once whether it tells what changes."""
    return world.now() if issubclass(cls, Crm) else None


def files_of(cls: type[Connector[Any]]) -> set[str]:
    """Settings that name files of the server. Who does not sit there may not set them."""
    shapes = {name: info.annotation for name, info in cls.Config.model_fields.items()}
    return {name for name, shape in shapes.items() if Path in (shape, *get_args(shape))}


def set_from_afar(cls: type[Connector[Any]]) -> bool:
    """Whether an account can be connected without naming a file of the server."""
    return not any(cls.Config.model_fields[name].is_required() for name in files_of(cls))


def _sealed_config(
    world: World, model: type[BaseModel], connector: str, connection_id: str, config: Mapping[str, Any]
) -> bytes:
    try:
        checked = model.model_validate(config)
    except ValidationError as error:
        first = error.errors()[0]
        names = ".".join(str(part) for part in first["loc"]) or "settings"
        raise BadInput(first["msg"], field=names, remedy=f"See `hub connect {connector} --help`.") from None
    body = orjson.dumps({name: _plain(getattr(checked, name)) for name in model.model_fields})
    return world.vault.seal(body, f"connection:{connection_id}")


def _plain(value: Any) -> Any:
    """A setting as JSON can hold it; secrets in clear, since the whole is sealed."""
    if hasattr(value, "get_secret_value"):
        return value.get_secret_value()
    return str(value) if not isinstance(value, (str, int, float, bool, list, dict, tuple, type(None))) else value


def settings(world: World, connection: Connection) -> dict[str, Any]:
    """An account's settings, secrets in clear."""
    held: dict[str, Any] = orjson.loads(world.vault.open(connection.config, f"connection:{connection.id}"))
    return held


def change(world: World, session: Session, connection: Connection, given: Mapping[str, Any]) -> None:
    """Replace some settings of an account. Raises `BadInput` naming the one that cannot be used."""
    cls, held = world.registry.get(connection.connector), settings(world, connection)
    connection.config = _sealed_config(world, cls.Config, connection.connector, connection.id, {**held, **given})
    connection.next_listen_at = _listening(world, cls)
    session.add(connection)


def resume(session: Session, connection: Connection) -> None:
    """A human has acted: use the account and its senders again."""
    connection.paused_why = ""
    session.add(connection)
    for sender in session.exec(select(Sender).where(Sender.connection_id == connection.id)):
        sender.paused_why, sender.paused_until = "", None
        session.add(sender)


class SealedMemory(Memory):
    """A connection's memory, written through to the database."""

    def __init__(self, world: World, connection_id: str) -> None:
        self._world, self._id = world, connection_id

    def get(self, key: str) -> str | None:
        with self._world.db.read() as session:
            return self._read(session).get(key)

    def set(self, key: str, value: str) -> None:
        with self._world.db.write() as session:
            memory = self._read(session) | {key: value}
            connection = session.get_one(Connection, self._id)
            connection.memory = self._world.vault.seal(orjson.dumps(memory), f"memory:{self._id}")
            session.add(connection)

    def _read(self, session: Session) -> dict[str, str]:
        raw = session.get_one(Connection, self._id).memory
        return orjson.loads(self._world.vault.open(raw, f"memory:{self._id}")) if raw else {}


def open_connector(world: World, connection: Connection, http: httpx.AsyncClient) -> Connector[Any]:
    """The plugin's object for an account."""
    cls = world.registry.get(connection.connector)
    config = cls.Config.model_validate(settings(world, connection))
    return cls(config, http, SealedMemory(world, connection.id))


def find_connection(session: Session, controller: Controller, name: str) -> Connection:
    """By id, title or connector name. Raises `BadInput` unless exactly one fits."""
    mine = session.exec(select(Connection).where(Connection.controller_id == controller.id)).all()
    for test in ("id", "title", "connector"):
        fitting = [c for c in mine if getattr(c, test) == name]
        if len(fitting) == 1:
            return fitting[0]
    known = ", ".join(f"{c.title} ({c.connector}, {c.id})" for c in mine) or "none; see `hub connect --help`"
    raise BadInput(f"{name!r} is not one connection", field="connection", remedy=f"There are: {known}.")


def behind(session: Session, door: str) -> Connection | None:
    """The connection whose webhooks arrive at this door."""
    return session.exec(select(Connection).where(Connection.door == door)).first() if door.isalnum() else None


def webhook_url(world: World, connection: Connection) -> str:
    """Where the vendor sends this connection's webhooks. Whoever has it can knock; only a signature opens."""
    return f"{world.settings.public_url.rstrip('/')}/in/{connection.door}"


def rotate_door(session: Session, connection: Connection) -> None:
    """Give a connection another webhook URL; at the old one nobody is found."""
    connection.door = new_door()
    session.add(connection)


def pause(session: Session, connection_id: str, why: str) -> None:
    """Stop using an account until a human has acted."""
    connection = session.get_one(Connection, connection_id)
    connection.paused_why = why[:300]
    session.add(connection)


def add_sender(session: Session, connection: Connection, vendor_id: str, number: str, *, rate: int = 80) -> Sender:
    """A number to send from. `rate` is in messages per second. Raises `BadInput`."""
    digits = "".join(c for c in number if c.isdigit())
    if not vendor_id or not digits:
        raise BadInput("is empty", field="sender", remedy="Give the vendor's id of the number and the number itself.")
    _check_rate(rate)
    mine = select(Sender).where(Sender.connection_id == connection.id, Sender.vendor_id == vendor_id)
    if session.exec(mine).first():
        raise BadInput(f"{vendor_id} was added already", field="sender", remedy="Use it as it is.")
    sender = Sender(
        controller_id=connection.controller_id,
        connection_id=connection.id,
        vendor_id=vendor_id,
        number=digits,
        rate=rate,
    )
    session.add(sender)
    session.flush()
    return sender


def senders(session: Session, connection: Connection) -> list[Sender]:
    """An account's numbers."""
    mine = select(Sender).where(Sender.connection_id == connection.id).order_by(col(Sender.number))
    return list(session.exec(mine))


def _check_rate(rate: int) -> None:
    if not 1 <= rate <= 1000:
        raise BadInput(f"{rate} is out of range", field="rate", remedy="Use 1 to 1000 messages per second.")


def limit(
    session: Session, sender: Sender, *, rate: int | None = None, people: str = "", lanes: int | None = None
) -> None:
    """Set what the vendor allows. `people`: whom the account may write to first in 24 hours; "none": no limit.

    `lanes`: how many processes may send for the number side by side. Raises `BadInput`.
    """
    if rate is None and lanes is None and not people:
        raise BadInput("is missing", field="rate, people or lanes", remedy="Name at least one of them.")
    if lanes is not None:
        if not 1 <= lanes <= MOST_LANES:
            raise BadInput(f"{lanes} is out of range", field="lanes", remedy=f"Use 1 to {MOST_LANES}.")
        sender.lanes = lanes
        session.add(sender)
    if rate is not None:
        _check_rate(rate)
        sender.rate = rate
        session.add(sender)
    if not people:
        return
    if people != "none" and not (people.isdecimal() and int(people) > 0):
        raise BadInput(f"{people!r} is no number of people", field="people", remedy="Use a number, or none.")
    connection = session.get_one(Connection, sender.connection_id)
    connection.tier = None if people == "none" else int(people)
    session.add(connection)


def replace_templates(world: World, session: Session, connection: Connection, templates: Iterable[Template]) -> int:
    """What the platform lists is what there is."""
    session.exec(delete(TemplateRow).where(col(TemplateRow.connection_id) == connection.id))
    rows = [
        TemplateRow(
            connection_id=connection.id,
            name=t.name,
            language=t.language,
            category=t.category,
            state=t.state,
            text=t.text,
            parameters=list(t.parameters),
            buttons=list(t.buttons),
            read_at=world.now(),
        )
        for t in templates
    ]
    session.add_all(rows)
    session.flush()
    return len(rows)
