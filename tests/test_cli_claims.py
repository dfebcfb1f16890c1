# SPDX-License-Identifier: Apache-2.0
"""`hub claims` and `hub quarantine` as a person uses them, with a CSV file as the CRM."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.contract import BadInput
from hub.law.mapping import parse
from tests.mapped import TEXT

PEOPLE = """\
id;phone;country;legal_basis;ja;am;text;nummer;bestaetigt
17;0151 12345671;DE;Vertrag;x;01.10.2026 10:00;F7;0151 12345671;2026-10-01
18;0151 12345672;DE;Vertrag;x;01.10.2026 10:00;F7;0151 12345672;
19;0151 12345673;DE;Vertrag;nein;;;;
20;call reception;DE;Vertrag;x;;;;
"""
MAPPING = """
[consent]
property = "ja"
expression = "express_statement"
yes = ["x"]
no = ["nein"]
[time]
property = "am"
zone = "Europe/Berlin"
[wording]
property = "text"
versions = { F7 = "1" }
[point]
property = "nummer"
[verification]
property = "bestaetigt"
kind = "confirmed_at"
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "hub"))
    assert hub("init", "--controller", "Muster Handels GmbH").exit_code == 0
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    (tmp_path / "mapping.toml").write_text(MAPPING, "utf-8")
    (tmp_path / "text.txt").write_text(TEXT, "utf-8")
    assert hub("connect", "csv", "--path", str(tmp_path / "people.csv")).exit_code == 0
    return tmp_path


def hub(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def good(*words: str) -> str:
    said = hub(*words)
    assert said.exit_code == 0, said.output
    return said.stdout


def register(home: Path) -> str:
    return good("claims", "wording", str(home / "text.txt"), "--topic", "Angebote", "--shown-from", "2026-03-01")


def count(table: str, words: str) -> int:
    (line,) = [line for line in table.splitlines() if words in line and "│" in line]
    return int("".join(c for c in line.rpartition("│")[0].rpartition("│")[2] if c.isdigit()))


def test_mapping_is_tried_approved_listed_and_removed(home: Path) -> None:
    file = str(home / "mapping.toml")
    assert register(home).startswith("Wording version 1, SHA-256 ")
    tried = good("claims", "preview", "csv", file)
    for words, number in {
        "no usable number": 1,
        "says no and": 1,
        "would become consent": 1,
        "says yes and stays a claim": 1,
        "lacks CONSENT_UNVERIFIED": 1,
    }.items():
        assert count(tried, words) == number, tried
    assert "version 1" in good("claims", "map", "csv", file, "--by", "Dana Schutz")
    assert count(good("sync", "csv"), "admitted") == 3
    assert "consent_imported" in good("why", "17")
    assert "CONSENT_UNVERIFIED" in good("why", "18")
    assert "opt_out_claimed" in good("why", "19")
    assert "Dana Schutz" in good("claims", "list")
    assert good("claims", "show", "csv") == MAPPING
    assert "1 consents are revoked" in good("claims", "remove", "csv", "--by", "Dana Schutz", "--revoke")
    assert "removed" in good("claims", "list")
    assert good("claims", "show", "csv", "--version", "1") == MAPPING
    assert good("ledger", "verify")


def test_bulk_waits_and_is_approved_by_a_second_person(home: Path) -> None:
    strict = files("hub.law.policies").joinpath("eu_strict.toml").read_text("utf-8")
    (home / "mine.toml").write_text(strict.replace("opt_ins = 1000", "opt_ins = 1").replace('"2026-11"', '"one"'))
    good("policy", "load", str(home / "mine.toml"), "--by", "Dana Schutz")
    good("policy", "activate", "eu_strict")
    register(home)
    good("claims", "map", "csv", str(home / "mapping.toml"), "--by", "Dana Schutz")
    said = good("sync", "csv")
    assert "1 opt-ins wait for a person" in said
    batch = said.partition("hub quarantine show ")[2].partition("`")[0]
    assert "waiting" in good("quarantine", "list")
    assert "17" in good("quarantine", "show", batch)
    assert "SYNC_BULK_QUARANTINED" in good("why", "17")
    refused = hub("quarantine", "approve", batch, "--by", "Dana Schutz", "--reason", "fine")
    assert isinstance(refused.exception, BadInput)
    said = good("quarantine", "approve", batch, "--by", "Eva Zweite", "--reason", "twenty looked at")
    assert "OK_CONSENT: 1" in said
    assert "consent_imported" in good("why", "17")
    assert "waiting" not in good("quarantine", "list")
    assert "released" in good("quarantine", "list", "--all")


def test_mistakes_are_told_by_field_and_leave_nothing(home: Path) -> None:
    file = home / "mapping.toml"
    for old, new, field in (('"ja"', '"yes"', "consent.property"), ('"1"', '"7"', "wording.versions.F7")):
        file.write_text(MAPPING.replace(old, new), "utf-8")
        refused = hub("claims", "map", "csv", str(file), "--by", "Dana Schutz")
        assert isinstance(refused.exception, BadInput)
        assert refused.exception.field == field
    refused = hub("claims", "wording", str(home / "text.txt"), "--topic", "Angebote", "--shown-from", "März")
    assert isinstance(refused.exception, BadInput)
    assert "Dana" not in good("claims", "list")


def test_dialogue_for_a_file_goes_by_its_columns(home: Path) -> None:
    (home / "people.csv").write_text(PEOPLE.replace("ja;am;text", "einwilligung;einwilligung datum;text"), "utf-8")
    answers = ["", "1", "1", "1", "1", "", "", "0", "nummer", "bestaetigt", "1", "0", "save", "Dana Schutz"]
    said = CliRunner().invoke(app, ["claims", "wizard", "csv"], input="\n".join(answers) + "\n")
    assert said.exit_code == 0, said.output
    assert "1  einwilligung\n" in said.output
    assert "'nein' means" not in said.output, "one person alone has it"
    assert count(said.output, "stays a claim") == 2
    assert "CONSENT_WORDING_UNKNOWN" in said.output
    assert parse(good("claims", "show", "csv")).properties == (
        "einwilligung",
        "einwilligung datum",
        "nummer",
        "bestaetigt",
    )


def test_example_is_a_mapping() -> None:
    assert len(parse(good("claims", "example")).parts) == 7
