# SPDX-License-Identifier: Apache-2.0
"""Ctrl+C on a long sync: what was read stays, and the next sync goes on from there."""

from __future__ import annotations

import signal
import subprocess
import threading

from hub.plugins import emulators
from hub.testing.emulator import Fault, serve
from hub.testing.journey import until
from hub.testing.population import population
from tests.test_cli import Shell

pytest_plugins = ["tests.test_cli"]

PEOPLE = 250  # three pages


def test_sync_stops_on_request_and_goes_on_where_it_was(hub: Shell, process: subprocess.Popen[str]) -> None:
    account = emulators()["hubspot"].load()()
    account.load(population(PEOPLE, 1))
    hub.good("init", "--controller", "Muster")

    def interrupt() -> None:
        until(lambda: any(call.path.endswith("/contacts") for call in account.log), "the first page")
        process.send_signal(signal.SIGINT)

    with serve(account.app()) as url:
        settings = account.settings(url)
        hub.good("connect", "hubspot", *(f"--{name.replace('_', '-')}={settings[name]}" for name in settings))
        account.log.clear()
        account.faults.append(Fault("latency", "GET .*/contacts$", seconds=0.5))
        asking = threading.Thread(target=interrupt)
        asking.start()
        said = hub("sync", "hubspot")
        asking.join()
        assert (said.code, "The next sync goes on from here" in said.out) == (130, True), said.out + said.err
        seen = int(said.out.split("seen")[1].split()[1])
        assert seen in (100, 200)
        rest = hub.good("sync", "hubspot")
    assert int(rest.split("seen")[1].split()[1]) == PEOPLE - seen
