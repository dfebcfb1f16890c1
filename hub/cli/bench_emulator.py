# SPDX-License-Identifier: Apache-2.0
"""The emulated vendor without a hub: the ceiling of every other bench."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.bench import Json, Runs, bench_app, prepare, show
from hub.testing.figures import Figure


def register(_: typer.Typer) -> None:
    bench_app.command()(emulator)


def emulator(
    messages: Annotated[int, typer.Option(min=1, help="Messages of one run.")] = 20_000,
    runs: Runs = 3,
    json: Json = False,
) -> None:
    """Emulated Meta alone: messages it answers, and statuses it tells, in a second. No other bench can be faster."""
    prepare("meta")
    from hub.testing.lab.alone import alone

    answered = tuple(alone(messages, heard=False)[0] for _ in range(runs))
    told = tuple(alone(messages, heard=True)[1] for _ in range(runs))
    figures = [
        Figure("emulator_messages", "messages answered per second, webhooks off", answered),
        Figure("emulator_statuses", "statuses told per second", told),
    ]
    show("emulator", figures, json=json)
