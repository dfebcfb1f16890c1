# SPDX-License-Identifier: Apache-2.0
"""The fault lab: its oracle notices every kind of harm, and a few of its faults are run for real on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.contract import BadInput
from hub.flows.states import State
from hub.testing.faults import catalogue
from hub.testing.faults.fault import Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.oracle import Allowed, History, Kept, Kind, Request, Stopped, judge
from hub.testing.faults.proxy import Proxy
from hub.testing.faults.runner import Machines, run
from hub.testing.faults.vendor import vendor

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def message(name: str, state: str = State.READ, reason: str = "", *, to: str = "") -> Kept:
    return Kept(name, to or f"person of {name}", "campaign", True, state, reason)


def allowed(name: str, seq: int = 10, at: datetime = NOON) -> Allowed:
    return Allowed(name, seq, at, at)


def request(name: str, at: datetime = NOON + SECOND, *, to: str = "", taken: bool = True) -> Request:
    return Request(at, name, to or f"person of {name}", taken)


GOOD = History(
    requests=(request("a"), request("b", taken=False), request("b", NOON + 9 * SECOND)),
    allowed=(allowed("a"), allowed("b"), allowed("b", 12, NOON + 8 * SECOND)),
    stopped=(Stopped("person of a", 20, NOON + 5 * SECOND),),
    messages=(
        message("a"),
        message("b"),
        message("c", State.REFUSED, "NO_BASIS"),
        message("d", State.FAILED, "131026"),
    ),
    expected=frozenset(f"person of {name}" for name in "abcd"),
)


def kinds(history: History) -> Counter[Kind]:
    return Counter(finding.kind for finding in judge(history).findings)


def test_history_without_harm_passes() -> None:
    assert judge(GOOD).passed
    assert judge(GOOD).unknown == 0


def test_person_without_a_message_is_lost() -> None:
    assert kinds(replace(GOOD, expected=GOOD.expected | {"somebody"})) == {Kind.LOST: 1}


@pytest.mark.parametrize("state", [State.QUEUED, State.HELD, State.AUTHORISED])
def test_message_that_never_ended_is_lost(state: str) -> None:
    history = replace(GOOD, messages=(*GOOD.messages, message("e", state)))
    assert kinds(history) == {Kind.LOST: 1}


@pytest.mark.parametrize("state", [State.REFUSED, State.UNKNOWN])
def test_message_the_provider_took_and_the_hub_does_not_know_is_lost(state: str) -> None:
    history = replace(GOOD, messages=(message("a", state, "x"), *GOOD.messages[1:]))
    assert kinds(history) == {Kind.LOST: 1}


def test_unknown_without_statuses_is_no_loss() -> None:
    history = replace(GOOD, messages=(message("a", State.UNKNOWN, "x"), *GOOD.messages[1:]), statuses_arrive=False)
    assert judge(history).passed
    assert judge(history).unknown == 1


def test_delivery_that_never_happened_is_lost() -> None:
    assert kinds(replace(GOOD, messages=(*GOOD.messages, message("e", State.DELIVERED)))) == {Kind.LOST: 1}


def test_request_without_a_decision_is_without_basis() -> None:
    assert kinds(replace(GOOD, allowed=GOOD.allowed[1:])) == {Kind.WITHOUT_BASIS: 1}


def test_second_request_on_one_decision_is_without_basis() -> None:
    assert kinds(replace(GOOD, allowed=GOOD.allowed[:2])) == {Kind.WITHOUT_BASIS: 1}


def test_request_for_a_message_nobody_knows_is_without_basis() -> None:
    assert kinds(replace(GOOD, requests=(*GOOD.requests, request("?", taken=False)))) == {Kind.WITHOUT_BASIS: 1}


@pytest.mark.parametrize("seconds", [-1, 4])
def test_request_before_or_long_after_its_decision_is_without_basis(seconds: int) -> None:
    history = replace(GOOD, requests=(request("a", NOON + seconds * SECOND), *GOOD.requests[1:]))
    assert kinds(history) == {Kind.WITHOUT_BASIS: 1}
    assert judge(replace(history, one_clock=False)).passed


def test_long_transaction_does_not_make_its_decision_old() -> None:
    slow = Allowed("a", 10, NOON - 60 * SECOND, NOON)
    assert judge(replace(GOOD, allowed=(slow, *GOOD.allowed[1:]))).passed


def test_decision_after_the_stop_in_the_ledger_is_without_basis_whatever_clocks_say() -> None:
    stopped = (Stopped("person of a", 9, NOON + 60 * SECOND),)
    assert kinds(replace(GOOD, stopped=stopped)) == {Kind.WITHOUT_BASIS: 1}
    assert kinds(replace(GOOD, stopped=stopped, one_clock=False)) == {Kind.WITHOUT_BASIS: 1}


def test_answer_to_somebody_who_stopped_is_no_harm() -> None:
    answer = Kept("e", "person of a", "", False, State.READ, "")
    history = replace(
        GOOD,
        messages=(*GOOD.messages, answer),
        allowed=(*GOOD.allowed, allowed("e", 30, NOON + 20 * SECOND)),
        requests=(*GOOD.requests, request("e", NOON + 21 * SECOND, to="person of a")),
    )
    assert judge(history).passed


def test_message_taken_twice_is_doubled() -> None:
    assert kinds(replace(GOOD, requests=(*GOOD.requests, request("a")), allowed=(*GOOD.allowed, allowed("a", 11)))) == {
        Kind.DOUBLED: 1
    }


def test_two_messages_of_one_campaign_to_one_person_are_doubled() -> None:
    twin = message("e", to="person of b")
    history = replace(
        GOOD,
        messages=(*GOOD.messages, twin),
        allowed=(*GOOD.allowed, allowed("e")),
        requests=(*GOOD.requests, request("e", to="person of b")),
    )
    assert kinds(history) == {Kind.DOUBLED: 1}


def test_unknown_without_a_reason_is_unexplained() -> None:
    assert kinds(replace(GOOD, messages=(*GOOD.messages, message("e", State.UNKNOWN)))) == {Kind.UNEXPLAINED: 1}
    assert judge(replace(GOOD, messages=(*GOOD.messages, message("e", State.UNKNOWN, "interrupted")))).passed


def test_ledger_that_does_not_verify_is_told() -> None:
    assert kinds(replace(GOOD, chain="link 3")) == {Kind.BROKEN: 1}


# the catalogue and the command


def test_every_fault_of_the_list_is_there_once() -> None:
    names = [fault.name for fault in catalogue.FAULTS]
    assert len(names) == len(set(names))
    assert {fault.number for fault in catalogue.FAULTS} == {f"F{number}" for number in range(1, 25)}
    page = (Path(__file__).parent.parent / "docs" / "faults.md").read_text("utf-8")
    assert [name for name in names if f"`{name}`" not in page] == []


def test_faults_are_chosen_by_name_and_number() -> None:
    assert {fault.number for fault in catalogue.chosen(["F4"])} == {"F4"}
    assert [fault.name for fault in catalogue.chosen(["F4-gone"])] == ["F4-gone"]
    with pytest.raises(BadInput):
        catalogue.chosen(["F99"])


def test_list_explains_and_runs_nothing() -> None:
    listed = CliRunner().invoke(app, ["faults", "F22", "--list"])
    assert listed.exit_code == 0
    assert "chain" in listed.output


def test_fault_that_does_harm_is_told_counted_and_kept(machines: Machines, tmp_path: Path) -> None:
    def harm(ground: Ground) -> None:
        ground.hold(False, "made up")

    result = run(Fault("F0-harm", "", "", harm, ground={"people": 2}), "sqlite", machines, folder=tmp_path)
    (home,) = result.kept
    assert (home / "hub.db").exists()
    assert (home / "history.json").exists()
    assert result.told() == {
        "fault": "F0-harm",
        "backend": "sqlite",
        "runs": 1,
        "lost": 2,  # nobody was written to
        "without_basis": 0,
        "doubled": 0,
        "unknown": 0,
        "passed": False,
    }


# what faults are made with


def test_proxy_passes_cuts_and_mends() -> None:
    with vendor(0.0) as played:
        proxy = Proxy("127.0.0.1", int(played.settings["base_url"].rsplit(":", 1)[1]))
        with proxy.running():
            said = [sys.executable, "-c", _CALL, f"http://127.0.0.1:{proxy.port}/_emulator/state"]
            assert subprocess.run(said, check=False).returncode == 0
            proxy.cut()
            assert subprocess.run(said, check=False).returncode == 1
            proxy.mend()
            assert subprocess.run(said, check=False).returncode == 0


_CALL = "import sys, httpx\ntry: httpx.get(sys.argv[1], trust_env=False)\nexcept httpx.HTTPError: sys.exit(1)"


# some of them, for real


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with Machines() as made:
        yield made


@pytest.mark.parametrize(
    ("name", "backend"),
    [
        ("F9-lost", "sqlite"),
        ("F9-lost", "postgresql"),
        ("F22-tampered", "sqlite"),
        ("F22-tampered", "postgresql"),
        ("F18-sigterm", "sqlite"),  # tests/test_crash.py kills on both
    ],
)
def test_fault(name: str, backend: str, machines: Machines, tmp_path: Path) -> None:
    (fault,) = catalogue.chosen([name])
    result = run(fault, backend, machines, folder=tmp_path)
    assert result.passed, result.findings
    assert result.requests > 0
