# SPDX-License-Identifier: Apache-2.0
"""The dialogue that maps a CRM's consent fields, against the emulated HubSpot: proposed, answered, looked at, saved."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_hubspot.emulator import HubSpotEmulator, create
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.law.mapping import parse
from hub.testing.emulator import serve
from tests.consent_fields import COMPANY, DECLINED, PROVEN, TEXT, UNCONFIRMED, UNREACHABLE, fill

pytestmark = pytest.mark.timeout(180)

CONSENT = ["", "1", "2"]  # the first field proposed; "ja" is a yes, "nein" a no
BEGIN = [*CONSENT, "1", "1", "1", "", ""]  # express, advertising, WhatsApp, the time as proposed, its zone
AFTER_TEXT = ["", "", "1", ""]  # the number, the confirmation as proposed and what it is; no basis


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSpotEmulator]:
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "hub"))
    monkeypatch.setenv("COLUMNS", "200")
    hub("init", "--controller", COMPANY)
    made = create()
    fill(made)
    (tmp_path / "text.txt").write_text(TEXT, "utf-8")
    with serve(made.app()) as url:
        monkeypatch.setenv("TEST_HUBSPOT_URL", url)
        hub("connect", "hubspot", "--base_url", url, "--access_token", made.access_token)
        yield made


def hub(*words: str, say: list[str] | None = None, fails: bool = False) -> Result:
    said = CliRunner().invoke(app, list(words), input="".join(f"{line}\n" for line in say or []))
    assert (said.exit_code != 0) is fails, said.output
    return said


def count(said: str, words: str) -> int:
    (line,) = [line for line in said.splitlines() if words in line and "│" in line]
    return int(line.split("│")[2])


def texts(tmp_path: Path) -> list[str]:
    """A field says which text; its only value is that of a file not registered before."""
    return ["", "1", str(tmp_path / "text.txt"), "Angebote", "2026-03-01", "de"]


def test_dialogue_proposes_shows_what_it_means_and_saves(emulator: HubSpotEmulator, tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    answers = [*BEGIN, *texts(tmp_path), *AFTER_TEXT, "save", "Dana Schutz"]
    said = hub("claims", "wizard", "hubspot", "--out", str(file), say=answers).output
    assert "1  wa_einwilligung  (Einwilligung WhatsApp; choice; ja, nein)" in said
    assert "100 records of HubSpot, from 115 read" in said
    assert count(said, "would become consent") == PROVEN
    assert count(said, "stays a claim") == UNCONFIRMED
    assert count(said, "would stop advertising") == DECLINED
    assert count(said, "no usable number") == UNREACHABLE
    assert f"{UNCONFIRMED} × CONSENT_UNVERIFIED  Nothing shows that the holder of this number consented." in said
    assert "Let the person confirm from this number." in said
    mapping = parse(hub("claims", "show", "hubspot").output)
    assert file.read_text() == hub("claims", "show", "hubspot").output
    assert mapping.properties == (
        "wa_einwilligung",
        "wa_einwilligung_am",
        "wa_wortlaut",
        "wa_nummer",
        "wa_bestaetigt",
    )
    assert "Dana Schutz" in hub("claims", "list").output
    hub("sync", "hubspot")
    again = hub("claims", "wizard", "hubspot", say=[*[""] * 14, "leave"]).output
    assert count(again, "would become consent") == PROVEN, "what is mapped is what Enter answers"


def test_leaving_saves_nothing(emulator: HubSpotEmulator, tmp_path: Path) -> None:
    whole = [*BEGIN, *texts(tmp_path), *AFTER_TEXT]
    assert "Nothing was saved." in hub("claims", "wizard", "hubspot", say=[*whole, "leave"]).output
    for said in ([], CONSENT, BEGIN, whole, [*whole, "save"]):
        assert "Aborted" in hub("claims", "wizard", "hubspot", say=said, fails=True).output
    hub("claims", "show", "hubspot", fails=True)


def test_answers_that_are_none_are_asked_again(emulator: HubSpotEmulator) -> None:
    say = ["no_such", "?", "wa_einwilligung", "9", "1", "2", "1", "2", "2", "0", "0", "0", "0", "0", "leave"]
    said = hub("claims", "wizard", "hubspot", say=say).output
    assert "There is no field 'no_such'." in said
    assert "newsletter" in said
    assert "Write a number from 1 to 3." in said
    assert "CONSENT_CHANNEL_NOT_COVERED" in said, "it was given for e-mail"
    assert count(said, "would become consent") == 0


def test_connect_offers_the_dialogue_to_whoever_sits_at_a_keyboard(emulator: HubSpotEmulator, tmp_path: Path) -> None:
    url = os.environ["TEST_HUBSPOT_URL"]
    ours, theirs = pty.openpty()
    words = ["connect", "hubspot", "--title", "Second", "--base_url", url, "--access_token", emulator.access_token]
    command = [sys.executable, "-m", "hub.cli", *words]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as asked:
        os.write(ours, b"y\n0\n0\n")
        said, _ = asked.communicate(timeout=90)
    os.close(ours)
    os.close(theirs)
    assert "Does HubSpot hold consents in fields of its own" in said
    assert "Which field says that a person agreed?" in said
    assert "no field was named" in said
    assert asked.returncode == 2
