# SPDX-License-Identifier: Apache-2.0
"""Run: everything in one process, or each part for itself."""

from __future__ import annotations

import signal
import threading
from typing import Any

import typer

from hub.cli.session import out, world
from hub.contract import BadInput
from hub.flows.world import World
from hub.settings import Settings
from hub.web.app import build, serve
from hub.work.crew import Crew, settle_in


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(web)
    app.command()(worker)
    app.command()(schedule)


def up() -> None:
    """Everything in one process: web, workers and schedule."""
    with world() as built:
        if built.settings.redis_url:
            out.print("HUB_REDIS_URL is set: this process also takes work from Redis.")
        _serve(built, works=True, schedules=True)


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


def _serve(built: World, *, works: bool, schedules: bool) -> None:
    # uvicorn raises the signal again once it has ended; batches on the wire still need their time then
    signal.signal(signal.SIGTERM, lambda *_: None)
    with Crew(built, works=works, schedules=schedules) as crew:
        settle_in()
        chosen = built.settings
        out.print(f"Listening on http://{chosen.host}:{chosen.port}, reached as {chosen.public_url}", highlight=False)
        app = build(built, crew.nudges.receive, crew.jobs)
        serve(app, chosen.host, chosen.port, **proxies(chosen))


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
