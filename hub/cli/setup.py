# SPDX-License-Identifier: Apache-2.0
"""Set up: controller, connections, senders, plugins."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, get_origin

import typer
from pydantic import BaseModel
from rich.markup import escape
from rich.table import Table

from hub.cli import mapping_wizard
from hub.cli.processor import provider
from hub.cli.session import controller, crew, out, settings, world
from hub.contract import BadInput, Crm, HubError, Provider
from hub.flows import accounts
from hub.plugins import load
from hub.store import vault
from hub.store.tables import Connection


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})(
        connect
    )
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(change)
    app.command()(assessment)
    app.command()(sender)
    app.command()(plugins)


def init(
    controller_name: Annotated[str, typer.Option("--controller", help="Legal name of the company.")] = "",
    country: Annotated[str, typer.Option(help="Where it is established, ISO 3166-1 alpha-2.")] = "DE",
    print_keys: Annotated[bool, typer.Option("--print-keys", help="Only print a new key ring for HUB_KEYS.")] = False,
) -> None:
    """Make the database, the key ring and the controller (Verantwortlicher)."""
    if print_keys:
        out.print(vault.generate(), highlight=False)
        return
    with world() as built, built.db.write() as session:
        made = accounts.make_controller(built, session, controller_name, country)
        out.print(f"Controller {made.name} ({made.country}) is set up.")
    if not built.settings.keys.get_secret_value():
        out.print(f"Keys are in {built.settings.data_dir / 'keys'}: back them up apart from the database.")
    out.print("Next: `hub connect CONNECTOR --help`, with one of `hub plugins`.")


def connect(
    context: typer.Context,
    connector: Annotated[str, typer.Argument(help="Name of a plugin, see `hub plugins`.")] = "",
) -> None:
    """Connect an account. Settings follow as --name value; `hub connect CONNECTOR --help` lists them."""
    given = list(context.args)
    if connector in ("", "--help") or "--help" in given:
        _connect_help(connector if connector != "--help" else "")
        return
    values = _options(given)
    title = values.pop("title", "")
    with world() as built, crew(built) as hands:
        with built.db.write() as session:
            owner = controller(built, session)
            config = _typed(built.registry.get(connector).Config, values)
            connection = accounts.connect(built, session, owner, connector, config, title)
        with built.db.read() as session:
            live = accounts.open_connector(built, connection, hands.bridge.http)
        out.print(f"[bold]{connection.title}[/] is connected as {connection.id}.", highlight=False)
        try:
            for line in hands.bridge.run(live.prepare):
                out.print(f"  {line}", highlight=False)
        except HubError as trouble:  # the check says more, where it can
            out.print(f"[yellow]Not prepared:[/] {escape(str(trouble))}", highlight=False)
        health = hands.bridge.run(live.check)
        out.print(("[green]Works:[/] " if health.ok else "[yellow]Check:[/] ") + health.detail, highlight=False)
        if isinstance(live, Provider):
            out.print(f"Webhook URL for the vendor: {accounts.webhook_url(built, connection)}", highlight=False)
            out.print("Next: `hub sender`, `hub processor`, `hub templates read`.")
        elif isinstance(live, Crm):
            offers = health.ok and sys.stdin.isatty()  # a script is not asked; it uses `hub claims map`
            if not (offers and mapping_wizard.offer(built, hands, connection, type(live))):
                out.print(f"Next: `hub claims wizard {connector}` to map consent fields, then `hub sync {connector}`.")


def change(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="The connection.")],
) -> None:
    """Change settings of a connection (--name value), look whether it works, and use it again if it was paused."""
    values = _options(list(context.args))
    with world() as built, crew(built) as hands:
        with built.db.write() as session:
            found = accounts.find_connection(session, controller(built, session), connection)
            if values:
                cls = built.registry.get(found.connector)
                accounts.change(built, session, found, _typed(cls.Config, values))
        live = accounts.open_connector(built, found, hands.bridge.http)
        health = hands.bridge.run(live.check)
        out.print(("[green]Works:[/] " if health.ok else "[yellow]Does not work:[/] ") + health.detail, highlight=False)
        if not health.ok:
            raise typer.Exit(1)
        with built.db.write() as session:
            accounts.resume(session, session.get_one(Connection, found.id))
        out.print(f"{found.title} is in use.", highlight=False)


def assessment(
    reference: Annotated[str, typer.Argument(help="Your reference of the assessment, e.g. LIA-2026-03.")],
    disclosed: Annotated[
        bool, typer.Option("--disclosed", help="The interest was named when the data were collected (C-394/23).")
    ] = False,
) -> None:
    """Record the legitimate-interest assessment on which records of prospects are stored. It carries no advertising."""
    with world() as built, built.db.write() as session:
        owner = controller(built, session)
        owner.li_assessment, owner.li_disclosed = reference, disclosed
        session.add(owner)
        out.print(
            f"{owner.name} stores prospects on {reference}{'' if disclosed else ', not disclosed: not in use yet'}."
        )


def _typed(config: type[BaseModel], values: dict[str, str]) -> dict[str, Any]:
    """Lists are written with commas."""
    lists = {n for n, info in config.model_fields.items() if get_origin(info.annotation) in (tuple, list, frozenset)}
    return {name: value.split(",") if name in lists else value for name, value in values.items()}


def _options(given: list[str]) -> dict[str, str]:
    """`--name value` and `--name=value`; a value may be `env:VARIABLE` or `@file`, to keep secrets off the line."""
    values: dict[str, str] = {}
    words = iter(given)
    for word in words:
        if not word.startswith("--"):
            raise BadInput(f"{word!r} stands alone", field="settings", remedy="Write --name value.")
        name, separator, value = word[2:].partition("=")
        if not separator:
            value = next(words, "")
        values[name.replace("-", "_")] = value_of(name, value)
    return values


def value_of(name: str, value: str) -> str:
    """What was typed, or what `env:VARIABLE` or `@file` holds. Raises `BadInput`."""
    if value.startswith("env:"):
        found = os.environ.get(value[4:])
        if found is None:
            raise BadInput(f"the variable {value[4:]} is not set", field=name, remedy="Set it, or give the value.")
        return found
    if value.startswith("@"):
        try:
            return Path(value[1:]).read_text().strip()
        except OSError:
            raise BadInput(f"cannot read {value[1:]}", field=name, remedy="Give a file that exists.") from None
    return value


def _connect_help(connector: str) -> None:
    registry = load()
    if not connector:
        out.print("Usage: hub connect CONNECTOR --name value ...   Connectors: " + ", ".join(registry.connectors))
        return
    cls = registry.get(connector)
    table = Table(title=f"hub connect {connector}: settings of {cls.title}")
    for heading in ("option", "needed", "default", "what it is"):
        table.add_column(heading)
    config: type[BaseModel] = cls.Config
    for name, info in config.model_fields.items():
        default = "" if info.is_required() else str(info.get_default(call_default_factory=True))
        table.add_row(
            f"--{name.replace('_', '-')}", "yes" if info.is_required() else "", default, info.description or ""
        )
    out.print(table)
    out.print("A value may be env:VARIABLE or @file, so that secrets stay off the command line.")


def sender(
    connection: Annotated[str, typer.Argument(help="The provider connection.")],
    vendor_id: Annotated[str, typer.Option("--id", help="The vendor's id of the number.")],
    number: Annotated[str, typer.Option(help="The number itself, with country code.")],
    rate: Annotated[int, typer.Option(help="Messages per second the vendor allows.")] = 80,
) -> None:
    """Add a WhatsApp number to send from."""
    with world() as built, built.db.write() as session:
        found = provider(built, session, connection)
        made = accounts.add_sender(session, found, vendor_id, number, rate=rate)
        out.print(f"Sender {made.number} added to {found.title}.", highlight=False)


def plugins() -> None:
    """List connectors and what they can do; broken ones with their error."""
    settings()
    registry = load()
    table = Table(title="Connectors")
    for heading in ("name", "title", "kind", "from", "can"):
        table.add_column(heading)
    for name, cls in sorted(registry.connectors.items()):
        provider = issubclass(cls, Provider)
        can = ", ".join(sorted(cls.can)) if issubclass(cls, Provider) else ""
        table.add_row(name, cls.title, "provider" if provider else "CRM", registry.origin[name], can)
    out.print(table)
    for broken in registry.broken:
        out.print(f"[bold red]broken[/] {broken.name}: {broken.error}", highlight=False)
    if registry.broken:
        raise typer.Exit(1)
