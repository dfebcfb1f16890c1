# SPDX-License-Identifier: Apache-2.0
"""`hub emulate`: one vendor or all of them in one process, with what a connection to each needs."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest

from hub.contract import Health, Provider
from hub.http import client
from hub.plugins import emulators, load
from hub.testing.provider_table import Notes

pytestmark = pytest.mark.timeout(60)
HUB = str(Path(sys.executable).with_name("hub"))
ALL = sorted(emulators().keys() & load().connectors.keys())  # a broken plugin is the business of test_plugins
Told = dict[str, dict[str, str]]  # vendor: what stands in its rows


def free(count: int) -> int:
    """The first of as many ports in a row that nobody listens on."""
    for first in range(21000, 30000, 50):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no ports")


@contextlib.contextmanager
def emulating(*words: str) -> Iterator[Told]:
    """`hub emulate` with these words, until the block ends; it must end by itself when told to."""
    process = subprocess.Popen([HUB, "emulate", *words], stdout=subprocess.PIPE, text=True, env={**os.environ})
    try:
        yield read(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()


def read(process: subprocess.Popen[str]) -> Told:
    assert process.stdout
    told: Told = {}
    vendor = ""
    for line in process.stdout:
        if "Ctrl+C" in line:
            break
        if found := re.match(r"(\w+) +(http://\S+) +(.+?)  +(\S.*?) *$", line):
            vendor = found[1]
            told[vendor] = {"address": found[2], found[3]: found[4]}
        elif vendor and (more := re.match(r" +(.+?)  +(\S.*?) *$", line)):
            told[vendor][more[1]] = more[2]
    return told


def check(name: str, settings: dict[str, str]) -> Health:
    """The vendor's own plugin, configured as the table says, looks at the account."""
    connector = load().get(name)
    given = {key: value for key, value in settings.items() if key in connector.Config.model_fields}

    async def run() -> Health:
        async with client(connections=2) as http:
            plugin = connector(connector.Config(**given), http, Notes())
            with contextlib.suppress(NotImplementedError):
                await plugin.prepare()
            return await plugin.check()

    return anyio.run(run)


def test_all_vendors_are_played_in_one_process_each_at_its_port_with_its_settings() -> None:
    first = free(len(ALL))
    with emulating("all", "--port", str(first), "--seed", "3") as told:
        assert sorted(told) == ALL
        addresses = [told[name]["address"] for name in ALL]
        assert addresses == [f"http://127.0.0.1:{port}" for port in range(first, first + len(ALL))]
        for address in addresses:
            hook = {"url": "http://127.0.0.1:1/in/x"}
            assert httpx.post(f"{address}/_emulator/do/webhook", json=hook, trust_env=False).status_code == 200
        checked = {name: check(name, told[name]) for name in ALL}
        assert {name: health for name, health in checked.items() if not health.ok} == {}
        providers = [name for name in ALL if issubclass(load().get(name), Provider)]
        assert [name for name in providers if not told[name]["sender: --number"].startswith("+")] == []


def test_one_vendor_has_the_same_account_with_the_same_seed() -> None:
    first = free(2)
    with emulating("meta", "--port", str(first), "--seed", "5") as told:
        assert list(told) == ["meta"]
    with emulating("meta", "--port", str(first), "--seed", "5") as again:
        assert again == told


@pytest.mark.parametrize("words", [("all", "--webhook-url", "http://127.0.0.1:1"), ("meta", "--port", "TAKEN")])
def test_what_cannot_be_played_is_said_in_one_sentence(words: tuple[str, ...]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = [word.replace("TAKEN", str(taken.getsockname()[1])) for word in words]
        said = subprocess.run([HUB, "emulate", *given], capture_output=True, text=True, check=False, timeout=30)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("Error ")
