# SPDX-License-Identifier: Apache-2.0
"""The command line as a person uses it: from an empty folder to a verified ledger, and what it says to mistakes."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from hub.cli import app
from hub.plugins import emulators
from hub.testing.emulator import serve

# Starting Python takes longer than most commands, so one process runs many of them, as `hub` itself would.
SHELL = """
import contextlib, io, json, os, sys, traceback
from hub.cli.main import main
for line in sys.stdin:
    asked = json.loads(line)
    sys.argv, out, err, code = ["hub", *asked["words"]], io.StringIO(), io.StringIO(), 0
    os.environ.update(asked["env"])
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            code = 70
            traceback.print_exc()
    for name in asked["env"]:
        del os.environ[name]
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""
PEOPLE = """\
id;phone;country;legal_basis;opt_out;firstname
17;0151 12345671;DE;Einwilligung;;Anneliese
18;0151 12345672;DE;Vertrag;ja;Ben
19;0151 12345673;DE;;;Carla
20;call reception;DE;Vertrag;;Dora
;0151 12345674;DE;Vertrag;;Emil
"""


@dataclass
class Said:
    code: int
    out: str
    err: str


class Shell:
    """A process that runs `hub` commands, and the folder they work in."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.env: dict[str, str] = {}

    def __call__(self, *words: str, **env: str) -> Said:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"words": words, "env": {**self.env, **env}}) + "\n")
        self._process.stdin.flush()
        return Said(*json.loads(self._process.stdout.readline()))

    def good(self, *words: str, **env: str) -> str:
        said = self(*words, **env)
        assert said.code == 0, said.out + said.err
        return said.out


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")} | {"COLUMNS": "300"}
    command = [sys.executable, "-c", SHELL]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as running:
        yield running
        assert running.stdin
        running.stdin.close()


@pytest.fixture
def hub(process: subprocess.Popen[str], tmp_path: Path) -> Shell:
    shell = Shell(process)
    shell.env = {"HUB_DATA_DIR": str(tmp_path / "data"), "HUB_LOG_LEVEL": "error"}
    return shell


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    return path


@pytest.fixture
def meta() -> Iterator[Any]:
    emulator = emulators()["meta"].load()(seed=1)
    body = "Hallo {{1}}, bei Muster Handels GmbH gibt es Angebote. Keine Werbung mehr? Antworten Sie STOPP."
    emulator.add_template("angebot", "de", category="MARKETING", body=body)
    with serve(emulator.app()) as emulator.url:
        yield emulator


def connect_meta(hub: Shell, meta: Any) -> str:
    settings = {
        "waba-id": meta.waba_id,
        "access-token": "env:META_TOKEN",
        "app-secret": "env:META_SECRET",
        "verify-token": meta.verify_token,
        "base-url": meta.url,
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return hub.good("connect", "meta", *words, META_TOKEN=meta.access_token, META_SECRET=meta.app_secret)


FILE = """
valid_until = 2099-12-31
[identity]
legal_name = "WhatsApp Ireland Limited"
address = "Merrion Road, Dublin 4"
role = "processor"
seat = "IE"
[agreement]
signed_on = 2026-01-15
[hosting]
regions = ["DE"]
local_storage = "DE"
[[transfers]]
recipient = "Meta Platforms, Inc."
to = "US"
tool = "A45-3"
valid_until = 2099-06-30
framework_checked_on = 2026-01-15
"""


def check_the_provider(hub: Shell, folder: Path) -> None:
    """From an empty form to an approved file."""
    form = hub.good("processor", "form", "meta")
    assert "# known: entity: WhatsApp Ireland Limited [whatsapp.com/legal" in form
    assert "# known: parent: UNCONFIRMED: Meta Platforms, Inc. (US)" in form
    (folder / "empty.toml").write_text(form, encoding="utf-8")
    assert "version 1, draft" in hub.good("processor", "file", "meta", str(folder / "empty.toml"), "--by", "Dana")
    (folder / "provider.toml").write_text(FILE, encoding="utf-8")
    (folder / "contract.pdf").write_bytes(b"signed")
    hub.good("processor", "file", "meta", str(folder / "provider.toml"), "--by", "Dana")
    hub.good("processor", "tick", "meta", "dpa-*", "tom-*", "--evidence", "contract, section 3", "--by", "Dana")
    said = hub("processor", "approve", "meta", "--by", "Dana")
    assert said.code == 2
    assert "webhooks is open" in said.err
    assert "the signed contract is not attached" in said.err
    hub.good("processor", "tick", "meta", "*", "--evidence", "contract, section 3", "--by", "Dana")
    hub.good("processor", "attach", "meta", f"dpa={folder / 'contract.pdf'}", "--by", "Dana")
    assert "version 6, approved" in hub.good("processor", "approve", "meta", "--by", "Dana")
    assert "version 6 approved, until 2099-12-31" in hub.good("processor", "show", "meta")


def test_first_steps_lead_from_an_empty_folder_to_a_verified_ledger(
    hub: Shell, people: Path, meta: Any, tmp_path: Path
) -> None:
    assert "Muster Handels GmbH (DE)" in hub.good("init", "--controller", "Muster Handels GmbH")
    assert (tmp_path / "data" / "keys").stat().st_mode & 0o077 == 0
    said = hub.good("connect", "csv", "--path", str(people), "--template-columns", "firstname")
    assert "Works:" in said
    assert "4 rows readable as utf-8; 1 unusable, the first is row 6: id missing" in said
    said = hub.good("sync", "csv")
    for row in ("seen", "admitted", "excluded: SYNC_NO_BASIS", "excluded: SUBJECT_UNRESOLVED"):
        assert row in said
    assert "row 5, phone: is not a phone number" in said
    assert "row 6, id: missing" in said
    assert "12345674" not in said
    said = connect_meta(hub, meta)
    assert "Works:" in said
    (address,) = re.findall(r"http\S+/in/\w+", said)
    assert address in hub.good("connection", "list")
    assert address not in (turned := hub.good("connection", "rotate-door", "meta"))
    assert "/in/" in turned
    for secret in (meta.access_token, meta.app_secret):
        assert secret not in said
    hub.good("sender", "meta", "--id", meta.phone_number_id, "--number", meta.display_number)
    assert "1 templates" in hub.good("templates", "read", "meta")
    check_the_provider(hub, tmp_path)
    qr = tmp_path / "page.svg"
    said = hub.good("optin", "create", "--topic", "Angebote", "--qr", str(qr))
    assert "/o/" in said
    assert "Ja, ich willige ein. Code" in said
    assert "<svg" in qr.read_text()
    wanted = ["--purpose", "marketing", "--topic", "Angebote", "--parameter", "1=firstname|dort", "--title", "Herbst"]
    hub.good("campaign", "create", "--crm", "csv", "--audience", "all", "--template", "angebot/de", *wanted)
    said = hub.good("campaign", "preview", "Herbst", "--language", "de")
    assert "CONSENT_UNPROVEN" in said
    assert "SUPPRESSED_CLAIM_CRM" in said
    hub.good("campaign", "start", "Herbst")
    assert "staging" in hub.good("campaign", "list")
    hub.good("campaign", "cancel", "Herbst")
    assert "Herbst: cancelled" in hub.good("campaign", "status", "Herbst")
    assert "Everyone" in hub.good("campaign", "audiences", "csv")
    assert "opt_out_claimed" in hub.good("why", "18")
    assert "checked. Head" in hub.good("ledger", "verify")
    assert b"12345671" not in (tmp_path / "data" / "hub.db").read_bytes()


def test_plugins_are_listed_with_what_they_can_do(hub: Shell) -> None:
    said = hub.good("plugins")
    for wanted in ("csv", "hubspot", "meta", "template", "provider", "CRM"):
        assert wanted in said


def test_settings_of_a_connector_are_listed_without_any_secret(hub: Shell, meta: Any) -> None:
    hub.good("init", "--controller", "Muster")
    connect_meta(hub, meta)
    said = hub.good("connect", "meta", "--help", META_TOKEN=meta.access_token)
    for option in ("--waba-id", "--access-token", "--app-secret", "--verify-token"):
        assert option in said
    for secret in (meta.access_token, meta.app_secret, meta.verify_token):
        assert secret not in said
    assert "csv" in hub.good("connect", "--help")


def test_new_keys_are_printed_and_taken(hub: Shell, tmp_path: Path) -> None:
    keys = hub.good("init", "--print-keys").strip()
    assert keys.startswith("k")
    hub.good("init", "--controller", "Muster", HUB_KEYS=keys)
    assert not (tmp_path / "data" / "keys").exists()
    assert hub("ledger", "verify", HUB_KEYS="nonsense").code == 2


def test_tampered_ledger_is_named_and_ends_with_one(hub: Shell, people: Path, tmp_path: Path) -> None:
    hub.good("init", "--controller", "Muster")
    hub.good("connect", "csv", "--path", str(people))
    hub.good("sync", "csv")
    with sqlite3.connect(tmp_path / "data" / "hub.db") as raw:
        raw.execute("UPDATE ledger SET record = replace(record, 'claim_crm', 'unsure')")
    said = hub("ledger", "verify")
    assert said.code == 1
    assert "Muster: link 1: its rows were changed" in said.err


MISTAKES = [
    ("init", "controller: is empty"),
    ("init --controller Muster", "exists already"),
    ("init --controller Neu --country Germany", "two letters"),
    ("connect unheard --path x", "csv, "),
    ("connect [/b] --path x", "there is no connector '[/b]'"),
    ("connect csv", "path: Field required"),
    ("connect csv stray", "Write --name value"),
    ("connect csv --path env:NOT_SET", "NOT_SET is not set"),
    ("connect csv --path @/nowhere/file", "Give a file that exists"),
    ("connect csv --colour green --path x", "colour: Extra inputs"),
    ("sync unheard", "There are: CSV file (csv"),
    ("templates read csv", "Name a provider"),
    ("sender csv --id 7 --number 491", "Name a provider"),
    ("processor show csv", "Name a provider"),
    ("optin create --topic Angebote", "none; see `hub sender --help`"),
    ("optin create --topic Angebote --qr page.pdf", ".svg or .png"),
    ("campaign create --crm csv --audience all --template angebot --purpose MARKETING", "Write NAME/LANGUAGE"),
    ("campaign start unheard", "none; see `hub campaign create --help`"),
    ("campaign preview unheard", "is not one campaign"),
    ("why nobody", "phone number with its country code"),
    ("web", "hub up"),
    ("worker", "hub up"),
    ("schedule", "hub up"),
    ("emulate unheard", "hubspot, "),
]


def test_every_mistake_is_one_clear_sentence_and_exit_code_two(hub: Shell, people: Path) -> None:
    said = hub("sync", "csv")
    assert (said.code, "hub init" in said.err) == (2, True)
    hub.good("init", "--controller", "Muster")
    hub.good("connect", "csv", "--path", str(people))
    for words, expected in MISTAKES:
        said = hub(*words.split())
        assert (said.code, said.out) == (2, ""), (words, said)
        assert said.err.startswith("Error "), (words, said.err)
        assert said.err.count("\n") == 1, (words, said.err)
        assert expected in said.err, (words, said.err)


def test_wrong_environment_variable_is_named(hub: Shell) -> None:
    for name, value in (("HUB_PORT", "abc"), ("HUB_ENVIRONMENT", "test"), ("HUB_WORKERS", "0")):
        said = hub("ledger", "verify", **{name: value})
        assert said.code == 2
        assert name in said.err


def test_file_that_vanished_stops_the_sync_with_a_reason(hub: Shell, people: Path) -> None:
    hub.good("init", "--controller", "Muster")
    hub.good("connect", "csv", "--path", str(people))
    people.unlink()
    said = hub("sync", "csv")
    assert said.code == 1
    assert "path: the file cannot be read" in said.out


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", list(commands(typer.main.get_command(app))), ids=lambda path: "-".join(path) or "hub")
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(app, [*path, "--help"])
    assert answer.exit_code == 0, answer.output
    assert len(answer.output.split()) > 5


def test_hub_itself_ends_with_two_and_one_line(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("hub")
    env = os.environ | {"HUB_DATA_DIR": str(tmp_path), "COLUMNS": "40"}
    done = subprocess.run([script, "sync", "csv"], capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error controller: there is none yet. Run `hub init")
    assert done.stderr.count("\n") == 1


def test_notices_are_written_declared_and_watched(hub: Shell, people: Path) -> None:
    hub.good("init", "--controller", "Muster Handels GmbH")
    hub.good("connect", "csv", "--path", str(people))
    lacking = hub("notice", "create", "--contact", "Weg 1", "--privacy-url", "https://x.example")
    assert (lacking.code, "storage: is empty" in lacking.err) == (2, True)
    told = [
        "--contact",
        "Weg 1",
        "--privacy-url",
        "https://x.example",
        "--storage",
        "90 Tage.",
        "--transfer",
        "US: A45-3",
    ]
    said = hub.good("notice", "create", "--kind", "art_14", *told, "--source", "Adressverlag", "--categories", "Nummer")
    notice = said.split("SHA-256 ")[1].split()[0]
    assert f"/n/{notice[:16]}" in said
    hub.good("notice", "create", "--language", "en", *told)
    listed = hub.good("notice", "list")
    assert notice in listed
    assert "art_13" in listed
    shown = hub.good("notice", "show", notice[:10])
    for word in ("Muster Handels GmbH", "Adressverlag", "US: A45-3", "CSV file", "WhatsApp Ireland", "Art. 77"):
        assert word in shown
    hub.good("sync", "csv")
    assert "2 records" in hub.good("notice", "source", "other", "--connection", "csv", "--by", "Dana Schutz")
    due = hub.good("notice", "due")
    assert [cell.strip() for cell in due.split("CSV file")[1].split("│")[1:5]] == ["2", "0", "2", "0"]
    stated = ["--connection", "csv", "--notice", notice[:10], "--by", "Dana Schutz", "--evidence", "letter of May"]
    future = hub("notice", "declare", *stated, "--since", "2999-01-01")
    assert (future.code, "since" in future.err) == (2, True)
    declared = hub.good("notice", "declare", *stated, "--since", "2020-01-01").split()[2].rstrip(".")
    assert "letter of May" in hub.good("notice", "due")
    hub.good("notice", "revoke", declared, "--by", "Dana Schutz", "--why", "another mailing")
    assert "letter of May" not in hub.good("notice", "due")
