# SPDX-License-Identifier: Apache-2.0
"""New accounts and numbers: what a connection is made of, its settings changed, and the numbers to send from."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from hub.contract import BadInput, Connector, Crm
from hub.flows import accounts
from hub.store.tables import Controller
from hub.web.api.access import Connects, Looks
from hub.web.api.connections import find


class ConnectorOut(BaseModel):
    """A plugin that is installed. `settings`: the JSON schema of what a connection needs. `here`: it can be connected
    by API; else its settings name files of the server, and `hub connect` does it there."""

    name: str
    title: str
    kind: str
    here: bool
    settings: dict[str, Any]


class ConnectionIn(BaseModel):
    """A new account. Secrets are sealed and never shown again."""

    connector: str = Field(max_length=100)
    title: str = Field("", max_length=200)
    settings: dict[str, Any] = Field(max_length=100, repr=False)


class SettingsIn(BaseModel):
    """Settings to replace; what is not named stays."""

    settings: dict[str, Any] = Field(min_length=1, max_length=100, repr=False)


class ConnectionMade(BaseModel):
    """An account, and the address for its webhooks: a secret."""

    id: str
    title: str
    connector: str
    address: str = Field(repr=False)


class NumberIn(BaseModel):
    """A number of the account. `rate` in messages per second."""

    vendor_id: str = Field(min_length=1, max_length=200)
    number: str = Field(min_length=1, max_length=30)
    rate: int = Field(80, ge=1, le=1000)


class LimitsIn(BaseModel):
    """What the vendor allows. `people`: whom the account may write to first in 24 hours, or "none"."""

    rate: int | None = Field(None, ge=1, le=1000)
    lanes: int | None = Field(None, ge=1)
    people: str = Field("", max_length=10)


class NumberMade(BaseModel):
    """A number to send from."""

    id: str
    vendor_id: str
    number: str
    rate: int
    lanes: int


router = APIRouter(tags=["accounts"])


@router.get("/connectors")
def connectors(caller: Looks) -> list[ConnectorOut]:
    every = sorted(caller.world.registry.connectors.values(), key=lambda one: one.name)
    return [
        ConnectorOut(
            name=one.name,
            title=one.title,
            kind="crm" if issubclass(one, Crm) else "provider",
            here=accounts.set_from_afar(one),
            settings=one.Config.model_json_schema(),
        )
        for one in every
    ]


@router.post("/connections", status_code=201, response_model=ConnectionMade)
def connect(caller: Connects, wanted: ConnectionIn) -> Response:
    """Stores the account; the vendor is not asked. A repetition makes another one."""

    def do(session: Session, owner: Controller) -> ConnectionMade:
        cls = caller.world.registry.get(wanted.connector)
        _no_files(cls, wanted.settings)
        made = accounts.connect(caller.world, session, owner, wanted.connector, wanted.settings, wanted.title)
        shown = made.model_dump(include={"id", "title", "connector"})
        return ConnectionMade(**shown, address=accounts.webhook_url(caller.world, made))

    return caller.act("connection.make", "", do, status=201, remember=False)


@router.patch("/connections/{connection}", response_model=ConnectionMade)
def change(caller: Connects, connection: str, wanted: SettingsIn) -> Response:
    """The settings as a whole are checked before any counts."""

    def do(session: Session, owner: Controller) -> ConnectionMade:
        found = find(session, owner, connection)
        _no_files(caller.world.registry.get(found.connector), wanted.settings)
        accounts.change(caller.world, session, found, wanted.settings)
        shown = found.model_dump(include={"id", "title", "connector"})
        return ConnectionMade(**shown, address=accounts.webhook_url(caller.world, found))

    return caller.act("connection.change", connection, do, remember=False)


@router.post("/connections/{connection}/numbers", status_code=201, response_model=NumberMade)
def add(caller: Connects, connection: str, wanted: NumberIn) -> Response:
    def do(session: Session, owner: Controller) -> NumberMade:
        found = find(session, owner, connection)
        made = accounts.add_sender(session, found, wanted.vendor_id, wanted.number, rate=wanted.rate)
        return NumberMade.model_validate(made, from_attributes=True)

    return caller.act("sender.add", "", do, status=201)


@router.patch("/connections/{connection}/numbers/{number}", response_model=NumberMade)
def limit(caller: Connects, connection: str, number: str, wanted: LimitsIn) -> Response:
    """How fast the number may send, and whom its account may write to first in 24 hours."""

    def do(session: Session, owner: Controller) -> NumberMade:
        mine = accounts.senders(session, find(session, owner, connection))
        row = next((one for one in mine if one.id == number), None)
        if row is None:
            raise BadInput("is none of this account", field="number", remedy="See the numbers of the connection.")
        accounts.limit(session, row, **wanted.model_dump())
        return NumberMade.model_validate(row, from_attributes=True)

    return caller.act("limits.set", number, do)


def _no_files(cls: type[Connector[Any]], settings: dict[str, Any]) -> None:
    """Files of the server are none of a caller's business."""
    if named := sorted(accounts.files_of(cls) & settings.keys()):
        remedy = f"Use `hub connect {cls.name}` on the server."
        raise BadInput("names a file of the server", field=named[0], remedy=remedy)
