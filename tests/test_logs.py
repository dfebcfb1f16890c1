# SPDX-License-Identifier: Apache-2.0
"""Logs: nothing that looks like a number, an address or a token survives; our own ids do."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hub import logs
from hub.logs import redact
from hub.store.tables import new_id
from hub.testing.clock import until
from hub.testing.journey import free_port

words = st.text("abc xyz,:=/'\"()[]{}", max_size=20)
separators = st.sampled_from(["", "", "", " ", "-", "/", ".", "\u00a0", "\u2011", "\u2013", "\u200b", ") ", " ("])
tokens = st.from_regex(r"(EAA|pat-eu1-|Bearer |bearer )[A-Za-z0-9._~+/=-]{12,60}", fullmatch=True)


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number as people write it, and its digits."""
    digits = draw(st.text("0123456789", min_size=8, max_size=15))
    written = digits[0] + "".join(draw(separators) + digit for digit in digits[1:])
    return draw(st.sampled_from(["+", "00", "", "tel:+"])) + written, digits


@pytest.fixture
def configured() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    root.handlers.clear()
    logs.configure("debug")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@given(words, numbers(), words)
def test_redact_number_in_any_text(before: str, number: tuple[str, str], after: str) -> None:
    written, digits = number
    shown = redact(before + written + after)
    assert digits not in re.sub(r"\D", "", shown)
    assert "[number]" in shown


@given(words, st.emails(), words)
def test_redact_address_in_any_text(before: str, address: str, after: str) -> None:
    assert address not in redact(f"{before} {address} {after}")


@given(words, tokens, words)
def test_redact_token_in_any_text(before: str, token: str, after: str) -> None:
    shown = redact(f"{before} {token} {after}")
    assert token.split(" ")[-1] not in shown
    assert "[token]" in shown


@given(st.integers(10_000_000, 10**15), st.emails())
def test_redact_inside_other_values(number: int, address: str) -> None:
    assert redact(number) == "[number]"
    nested = redact({"error": ValueError(f"no such person {number}"), "seen": [("to", address), {number: address}]})
    shown = json.dumps(nested)
    assert str(number) not in shown
    assert address not in shown


@given(st.one_of(st.none(), st.booleans(), st.integers(-9_999_999, 9_999_999), st.floats(allow_nan=False)))
def test_redact_leaves_counts_and_times(value: Any) -> None:
    assert redact(value) is value


@given(st.uuids().map(lambda u: u.hex), st.sampled_from(["", ":sent", ":opted_out"]))
def test_redact_leaves_opaque_ids(opaque: str, suffix: str) -> None:
    assert redact(opaque + suffix) == opaque + suffix


def test_redact_leaves_the_ids_we_make() -> None:
    assert [one for one in (new_id() for _ in range(200)) if redact(one) != one] == []


def test_redact_number_after_an_opaque_id() -> None:
    assert "491701234567" not in redact(f"{new_id()}:491701234567")


def test_log_line_is_redacted_json(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    opaque = new_id()
    structlog.get_logger("hub.test").warning("sent to +49 170 1234567", message=opaque, why={"to": "a@b.example"})
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["message"], line["why"]) == ("sent to [number]", opaque, {"to": "[address]"})
    assert (line["level"], line["timestamp"][:2]) == ("warning", "20")


def test_log_line_of_a_library_is_redacted(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("+49 170 1234567 is not known")
    except ValueError:
        logging.getLogger("some.library").exception("could not reach %s", "a@b.example")
    told = capsys.readouterr().err
    assert "could not reach [address]" in told
    assert "ValueError: [number] is not known" in told


def test_log_below_the_level_is_not_written(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("error")
    structlog.get_logger("hub.test").warning("hello")
    assert capsys.readouterr().err == ""


def test_log_that_cannot_be_written_stops_nothing(configured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure("info")
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - closing writes what is left, and fails
    monkeypatch.setattr("sys.stderr", full)
    structlog.get_logger("hub.test").error("hello")
    logging.getLogger("library").error("hello")
    with pytest.raises(OSError, match="No space left"):
        full.close()


_BREAKS = """
import sys
from hub import logs
from hub.web.app import serve

async def app(scope, receive, send):
    raise RuntimeError("nobody at +49 151 12345678")

logs.configure()
serve(app, "127.0.0.1", int(sys.argv[1]))
"""


def test_what_the_web_server_logs_by_itself_is_redacted() -> None:
    port = free_port()
    command = [sys.executable, "-c", _BREAKS, str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            until(lambda: _status(port) == 500, "the server to answer")
        finally:
            server.terminate()
        said = server.stderr.read()
    assert "nobody at [number]" in said
    assert "12345678" not in said


def _status(port: int) -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code
    except httpx.TransportError:
        return 0
