# SPDX-License-Identifier: Apache-2.0
"""Prices: the admin's own list of what a message costs, for previews."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hub.cli.session import controller, out, world
from hub.flows import prices

prices_app = typer.Typer(no_args_is_help=True, help="What messages cost, as your provider told you.")


def register(app: typer.Typer) -> None:
    app.add_typer(prices_app, name="prices")


@prices_app.command()
def load(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A .toml or .csv file.")],
) -> None:
    """Read a price list: country or calling prefix, category, price, currency and the day it counts from."""
    with world() as built, built.db.write() as session:
        count = prices.load(session, controller(built, session), file.read_bytes(), file.suffix[1:].lower())
    out.print(f"{count} prices.", highlight=False)


@prices_app.command()
def show() -> None:
    """Print the list, with former and coming prices."""
    with world() as built, built.db.read() as session:
        table = Table(title="Prices")
        for heading in ("country", "category", "price", "currency", "from"):
            table.add_column(heading)
        for one in prices.every(session, controller(built, session)):
            table.add_row(one.country, one.category, one.price, one.currency, one.valid_from.isoformat())
        out.print(table)
