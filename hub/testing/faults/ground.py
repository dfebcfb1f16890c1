# SPDX-License-Identifier: Apache-2.0
"""One deployment to break: a database, a broker, a vendor, a company with people, and the hub in its processes."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
from pydantic import SecretStr
from sqlalchemy import func
from sqlmodel import col, select

from hub.flows import courier
from hub.flows import world as worlds
from hub.flows.states import CampaignState, State
from hub.settings import Settings
from hub.store.tables import Campaign, Inbox, MessageRow
from hub.store.vault import generate
from hub.testing.clock import Clock, until
from hub.testing.faults import drafting, oracle, probes, reading
from hub.testing.faults.oracle import Finding, Kind, Verdict
from hub.testing.faults.probes import Trap
from hub.testing.faults.process import Process
from hub.testing.faults.vendor import Vendor, vendor
from hub.testing.journey import free_port
from hub.testing.lab import Lab, number
from hub.testing.servers import Server
from hub.work.crew import Crew

COMMANDS = {"sqlite": ("up",), "postgresql": ("worker", "web", "schedule")}  # the first one sends
PATIENCE = 120.0  # seconds for a campaign to end


class Ground:
    """A deployment on which one fault is tried. What it must keep beside the oracle's counts goes to `hold`."""

    def __init__(self, settings: Settings, lab: Lab, played: Vendor, clock: Clock, seed: int) -> None:
        self.settings, self.lab, self.vendor, self.clock = settings, lab, played, clock
        self.world, self.dice = lab.world, random.Random(seed)
        self.processes: list[Process] = []
        self.broken: list[Finding] = []
        self.statuses_arrive = self.one_clock = True
        self.full = False
        self.stopped: set[str] = set()  # numbers whose stop must be known in the end
        self.during: Callable[[], object] = lambda: None  # what people do while something is broken
        self.expected = drafting.tokens(lab, 0, lab.people)
        self.database: Server | None = None
        self.redis: Server | None = None

    @property
    def backend(self) -> str:
        return "sqlite" if self.world.db.sqlite else "postgresql"

    def hold(self, true: bool, what: str) -> None:
        """A criterion of the fault. Not raised, so that the oracle counts too."""
        if not true:
            self.broken.append(Finding(Kind.BROKEN, what))

    # processes

    def start(self, trap: Trap | None = None, **more: Any) -> Process:
        """All processes of this way to run, the trap in the one that sends; returns that one."""
        for command in COMMANDS[self.backend]:
            self.run(command, trap if command == COMMANDS[self.backend][0] else None, **more)
        self.ready()
        return self.processes[0]

    def run(self, command: str, trap: Trap | None = None, **more: Any) -> Process:
        process = Process(more.pop("settings", self.settings), command, trap, **more)
        self.processes.append(process)
        return process

    def revive(self) -> None:
        """Start again whatever died, without a trap."""
        for index, process in enumerate(self.processes):
            if not process.alive:
                self.processes[index] = Process(self.settings, process.command)
        self.ready()

    def ready(self) -> None:
        until(partial(alive, self.settings.public_url), "the web process", 60)

    def end(self) -> None:
        """Ask every process to end."""
        for process in self.processes:
            process.end(15)
        self.processes = []

    def doors(self, count: int) -> list[str]:
        """As many addresses for webhooks, each of a process of its own; embedded there is only one."""
        path = f"/in/{self.lab.provider.door}"
        if self.backend == "sqlite":
            return [self.settings.public_url + path]
        ports = [free_port() for _ in range(count - 1)]
        for port in ports:
            self.run("web", settings=self.settings.model_copy(update={"port": port}))
        found = [f"http://127.0.0.1:{port}" for port in (self.settings.port, *ports)]
        for url in found:
            until(partial(alive, url), "another web process", 60)
        return [url + path for url in found]

    # the campaign

    def stage(self) -> None:
        """A campaign to everybody, ready to be sent."""
        self.draft()
        self.launch()
        with Crew(self.world, works=False, schedules=False) as crew:
            crew.jobs.stage(self.lab.campaign.id)

    def draft(self) -> None:
        """A campaign to everybody that the hub itself has to stage once it is launched."""
        self.lab.campaign = drafting.draft(self.lab)

    def launch(self) -> None:
        drafting.launch(self.lab, self.lab.campaign)

    def taken(self, count: int, seconds: float = 60.0) -> None:
        """Wait until the provider took that many."""
        until(lambda: self.vendor.taken() >= count, f"{count} messages at the provider", seconds)

    def finish(self, seconds: float = PATIENCE) -> None:
        """Wait until the campaign has ended by itself, and everything said about it was heard."""
        until(self.ended, "the campaign to end", seconds)
        self.settle(seconds)

    def settle(self, seconds: float = PATIENCE) -> None:
        """Wait until no webhook is on its way or waits in the inbox, and every message accepted was reported on."""
        until(self.quiet, "statuses to arrive", seconds)

    def ended(self) -> bool:
        """Are all campaigns over?"""
        with self.world.db.read() as session:
            found = session.exec(select(Campaign.state).where(Campaign.controller_id == self.lab.owner.id)).all()
        return bool(found) and set(found) <= {CampaignState.DONE, CampaignState.CANCELLED}

    def quiet(self) -> bool:
        """Is no webhook on its way or in the inbox, and every message accepted reported on?"""
        if self.vendor.waiting() or self.inbox():
            return False
        return not self.statuses_arrive or not self.count(State.ACCEPTED, State.SENT, State.DELIVERED)

    def inbox(self) -> int:
        """Webhooks that wait to be applied."""
        with self.world.db.read() as session:
            return session.exec(select(func.count()).where(Inbox.state == "pending")).one()

    def count(self, *states: str) -> int:
        """Messages in one of these states."""
        with self.world.db.read() as session:
            return session.exec(select(func.count()).where(col(MessageRow.state).in_(states))).one()

    # people

    def somebody(self, count: int) -> list[str]:
        """Numbers of some people, the same ones for the same seed."""
        return [number(index) for index in self.dice.sample(range(self.lab.people), count)]

    def says_stop(self, who: str) -> str:
        """By chat, through the door. Returns the key of the acknowledgement."""
        self.stopped.add(who)
        return self.vendor.say(who, "STOP")

    def staff_stops(self, who: str) -> None:
        self.stopped.add(who)
        with self.world.db.write() as session:
            courier.stop(self.world, session, self.lab.owner, number=who, by="faults", reason="faults")

    # judgement

    def verdict(self) -> Verdict:
        """Ask the oracle, and leave what it was told beside the database."""
        log = self.vendor.history()
        (self.settings.data_dir / "requests.json").write_bytes(orjson.dumps(log, option=orjson.OPT_INDENT_2))
        told = reading.history(
            self.lab, log, self.expected, statuses_arrive=self.statuses_arrive, one_clock=self.one_clock
        )
        (self.settings.data_dir / "history.json").write_bytes(orjson.dumps(told, default=sorted))
        found = oracle.judge(told)
        heard = {stop.to for stop in told.stopped}
        deaf = [Finding(Kind.LOST, "a stop was lost") for who in self.stopped if self.lab.token(who) not in heard]
        return Verdict((*found.findings, *deaf, *self.broken), found.unknown, found.requests)

    def fastest(self) -> int:
        """The most requests that the provider received within any second."""
        times = sorted(datetime.fromisoformat(one["at"]).timestamp() for one in self.vendor.history()["requests"])
        return max((bisect_left(times, at + 1.0) - index for index, at in enumerate(times)), default=0)


def alive(url: str) -> bool:
    """Does a web process answer there?"""
    try:
        return httpx.get(f"{url}/livez", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def ground(
    backend: str,
    home: Path,
    *,
    seed: int = 1,
    people: int = 120,
    rate: int = 400,
    latency: float = 0.02,
    database_url: str = "",
    redis_url: str = "",
    webhook_days: int = 14,
    **options: Any,
) -> Iterator[Ground]:
    """A deployment in `home`, its people consented; nothing runs yet. options: as `MetaEmulator` takes them."""
    port, clock = free_port(), Clock()
    settings = Settings(
        data_dir=home,
        database_url=database_url,
        redis_url=redis_url,
        keys=SecretStr(generate()),
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        log_level="warning",
        webhook_days=webhook_days,
    )
    with ExitStack() as stack:
        world = worlds.build(settings, clock=clock)
        stack.callback(world.db.close)
        world.db.migrate()
        played = stack.enter_context(vendor(latency, **{"throughput": 10 * rate, "pair_rate": False, **options}))
        lab = Lab(world, played.settings, people, rate)
        lab.agree()
        _read(lab)
        probes.watch(world, Trap(at=0))
        played.webhooks_to(f"{settings.public_url}/in/{lab.provider.door}")
        played.letters(attempts=10)  # it tries again for three minutes
        made = Ground(settings, lab, played, clock, seed)
        stack.callback(made.end)
        yield made


def _read(lab: Lab) -> None:
    """The vendor's templates, and the people of the CRM."""
    with Crew(lab.world, works=False, schedules=False) as crew:
        crew.jobs.templates(lab.provider.id)
        crew.jobs.sync(lab.crm.id)
