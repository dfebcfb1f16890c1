# SPDX-License-Identifier: Apache-2.0
"""Run: everything in one process, or each part for itself."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Annotated, Any

import typer

from hub.cli.session import out, world
from hub.contract import BadInput
from hub.flows import first
from hub.flows.world import World
from hub.settings import Settings
from hub.web.app import build, serve
from hub.work.crew import Crew, settle_in


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(web)
    app.command()(worker)
    app.command()(schedule)


def up(
    playground: Annotated[
        bool,
        typer.Option("--playground", help="Also play a CRM and WhatsApp, which the console offers to connect."),
    ] = False,
    playground_port: Annotated[
        int, typer.Option(min=1024, max=65534, help="First of the two ports the played vendors listen on.")
    ] = 9400,
) -> None:
    """Everything in one process: web, workers and schedule."""
    with contextlib.ExitStack() as stack:
        built = stack.enter_context(world())
        if built.settings.redis_url:
            out.print("HUB_REDIS_URL is set: this process also takes work from Redis.")
        played = stack.enter_context(_playground(built, playground_port)) if playground else None
        _serve(built, works=True, schedules=True, playground=played)


def _playground(built: World, port: int) -> Any:
    """Raises `BadInput`."""
    if built.settings.environment == "production":
        raise BadInput("is not for production", field="playground", remedy="Leave it out, or try it elsewhere.")
    from hub.testing.playground import Playground  # here, since it needs the demo's plugins

    return Playground(built, (port, port + 1))


def web() -> None:
    """Only the web process: webhooks in, public pages."""
    with world() as built:
        _needs_redis(built, "web")
        _serve(built, works=False, schedules=False)


def worker() -> None:
    """Only workers. Start as many as you like, on as many machines as you like."""
    with world() as built:
        _needs_redis(built, "worker")
        _stay(built, works=True, schedules=False)


def schedule() -> None:
    """Only the schedule. One of several leads, the others stand by."""
    with world() as built:
        _needs_redis(built, "schedule")
        _stay(built, works=False, schedules=True)


def _needs_redis(built: World, command: str) -> None:
    if not built.settings.redis_url:
        raise BadInput(
            "is not set",
            field="HUB_REDIS_URL",
            remedy=f"`hub {command}` needs Redis; alone on one machine use `hub up`.",
        )


def _serve(built: World, *, works: bool, schedules: bool, playground: Any = None) -> None:
    # uvicorn raises the signal again once it has ended; batches on the wire still need their time then
    signal.signal(signal.SIGTERM, lambda *_: None)
    with Crew(built, works=works, schedules=schedules) as crew:
        settle_in()
        chosen = built.settings
        out.print(f"Listening on http://{chosen.host}:{chosen.port}, reached as {chosen.public_url}", highlight=False)
        _first_start(built)
        app = build(built, crew.nudges.receive, crew.jobs, playground)
        serve(app, chosen.host, chosen.port, **proxies(chosen))


def _first_start(built: World) -> None:
    """Whoever sees this terminal may make the first admin."""
    with built.db.read() as session:
        if not first.wanted(session):
            return
    address = f"{built.settings.public_url.rstrip('/')}/console/first"
    out.print(f"First start: open {address} and enter the code {first.code(built)}", highlight=False)


def proxies(chosen: Settings) -> dict[str, Any]:
    """Whose word on a caller's address counts. Left alone, uvicorn would believe everything on this machine."""
    return {"proxy_headers": bool(chosen.trusted_proxies), "forwarded_allow_ips": chosen.trusted_proxies}


def _stay(built: World, *, works: bool, schedules: bool) -> None:
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    with Crew(built, works=works, schedules=schedules):
        settle_in()
        out.print("Running. Stop with Ctrl+C.")
        ending.wait()
