# SPDX-License-Identifier: Apache-2.0
"""`hub templates` and `hub senders` as an admin uses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.cli.session import out
from hub.contract import BadConfig, BadInput, Rejected, TemplateProblem
from hub.plugins import emulators
from hub.testing.emulator import serve

ERIKA = "+4915112345678"
BODY = {"type": "BODY", "text": "Hallo {{1}}, alles billiger.", "example": {"body_text": [["Erika"]]}}
DRAFT = {"name": "sale", "language": "de", "category": "MARKETING", "components": [BODY]}


def hub(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def good(*words: str) -> str:
    said = hub(*words)
    assert said.exit_code == 0, (words, said.output, said.exception)
    return said.stdout


@pytest.fixture
def meta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A company with one emulated number."""
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "hub"))
    monkeypatch.setattr(out, "width", 200)
    emulated: Any = emulators()["meta"].load()(seed=1)
    emulated.add_template("angebot", "de", body="Hallo {{1}}!")
    (tmp_path / "people.csv").write_text("id;phone\n1;+4915112345678\n")
    with serve(emulated.app()) as url:
        good("init", "--controller", "Muster Handels GmbH")
        settings = emulated.settings(url)
        words = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
        good("connect", "meta", *words)
        good("connect", "csv", "--path", str(tmp_path / "people.csv"))
        good("sender", "meta", "--id", emulated.sender, "--number", emulated.number)
        good("templates", "read", "meta")
        yield emulated


def written(folder: Path, **changes: Any) -> str:
    file = folder / "draft.json"
    file.write_text(json.dumps({**DRAFT, **changes}))
    return str(file)


# templates


def test_template_is_handed_in_and_stands_in_the_list(meta: Any, tmp_path: Path) -> None:
    said = good("templates", "create", "meta", written(tmp_path))
    assert "it is PENDING" in said
    assert "2 templates" in said
    assert "sale/de: new" in said
    assert "PENDING" in good("templates", "list", "meta")
    assert ("sale", "de") in meta.templates


def test_template_put_into_another_category_by_meta_is_told(meta: Any, tmp_path: Path) -> None:
    meta.miscategorised["sale"] = "MARKETING"
    good("templates", "create", "meta", written(tmp_path, category="UTILITY"))
    (line,) = [line for line in good("templates", "list", "meta").splitlines() if "sale/de" in line]
    assert "MARKETING" in line


def test_template_known_to_be_refused_is_found_without_a_call(meta: Any, tmp_path: Path) -> None:
    calls = len(meta.log)
    file = written(tmp_path, components=[{**BODY, "text": "{{1}} ist da"}])
    said = hub("templates", "lint", file)
    assert (said.exit_code, said.stdout.strip()) == (1, "body: begins or ends with a variable")
    assert isinstance(hub("templates", "create", "meta", file).exception, TemplateProblem)
    assert len(meta.log) == calls
    assert "Nothing is known" in good("templates", "lint", written(tmp_path))


def test_template_is_changed_and_deleted(meta: Any, tmp_path: Path) -> None:
    said = good("templates", "edit", "meta", written(tmp_path, name="angebot"))
    assert "angebot/de: its words were changed" in said
    assert meta.templates["angebot", "de"].body == BODY["text"]
    assert hub("templates", "delete", "meta", "angebot").exit_code == 1, "nobody agreed"
    assert meta.templates
    assert "angebot/de: gone" in good("templates", "delete", "meta", "angebot", "--sure")
    assert not meta.templates


def test_template_moved_meanwhile_is_told_when_it_is_read(meta: Any) -> None:
    meta.templates["angebot", "de"].category = "UTILITY"
    assert "angebot/de: UTILITY, was MARKETING" in good("templates", "read", "meta")
    assert "UTILITY, was" not in good("templates", "read", "meta")


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("{", "draft.json"),
        ("[]", "draft.json"),
        (json.dumps({**DRAFT, "components": "x"}), "draft.json"),
        (json.dumps({**DRAFT, "category": "FUN"}), "category"),
    ],
)
def test_file_that_is_no_template_is_refused(tmp_path: Path, content: str, field: str) -> None:
    file = tmp_path / "draft.json"
    file.write_text(content)
    error = hub("templates", "lint", str(file)).exception
    assert isinstance(error, BadInput)
    assert error.field.endswith(field)


def test_connection_that_cannot_do_this_names_those_that_can(meta: Any, tmp_path: Path) -> None:
    error = hub("templates", "create", "csv", written(tmp_path)).exception
    assert isinstance(error, BadInput)
    assert "meta" in error.remedy


# senders


def test_senders_show_quality_storage_and_what_the_hub_does(meta: Any) -> None:
    meta.rate_number("YELLOW")
    (line,) = [line for line in good("senders", "list", "meta").splitlines() if meta.sender in line]
    assert "YELLOW" in line
    assert "CONNECTED" in line
    assert "sends" in line


def test_sender_is_moved_to_a_country_after_a_yes_only(meta: Any) -> None:
    words = ("senders", "localise", meta.sender, "--region", "de", "--pin", meta.pin)
    assert hub(*words).exit_code == 1
    assert meta.storage["status"] == "IN_COUNTRY_STORAGE_DISABLED"
    said = good(*words, "--sure")
    assert meta.pin not in said
    assert meta.storage["data_localization_region"] == "DE"
    assert "DE" in next(line for line in good("senders", "list", "meta").splitlines() if meta.sender in line)


def test_sender_is_not_moved_to_where_meta_offers_nothing(meta: Any) -> None:
    error = hub("senders", "localise", meta.sender, "--region", "FR", "--pin", meta.pin, "--sure").exception
    assert isinstance(error, BadInput)
    assert "DE" in error.remedy
    wrong = hub("senders", "localise", meta.sender, "--region", "DE", "--pin", "000000", "--sure").exception
    assert isinstance(wrong, BadConfig)


def test_people_are_blocked_listed_and_unblocked(meta: Any) -> None:
    meta.user(ERIKA).wrote_at = meta.clock.now()
    assert "1 blocked" in good("senders", "block", meta.sender, ERIKA)
    assert ERIKA in good("senders", "blocked", meta.sender)
    good("senders", "unblock", meta.number, "0151 12345678")
    assert good("senders", "blocked", meta.sender).strip() == "0 blocked."


def test_people_who_have_not_written_cannot_be_blocked(meta: Any) -> None:
    meta.user(ERIKA).wrote_at = meta.clock.now() - timedelta(days=2)
    error = hub("senders", "block", meta.sender, ERIKA).exception
    assert isinstance(error, Rejected)
    assert ERIKA[1:] not in str(error)
    assert isinstance(hub("senders", "block", meta.sender, "nobody").exception, BadInput)
