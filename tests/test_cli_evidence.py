# SPDX-License-Identifier: Apache-2.0
"""Evidence from the command line: written, printed, checked with the published key, and the days signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from hub.cli import app
from hub.contract import BadInput
from hub.flows.world import build
from hub.settings import Settings
from hub.store.vault import generate
from hub.testing.clock import Clock
from tests.making import ANNA, CONSENT, Shop, person, phone


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop in a folder, and the environment that makes commands act in it."""
    keys = generate()
    world = build(Settings(data_dir=tmp_path, keys=SecretStr(keys)), clock=Clock())
    world.db.migrate()
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HUB_KEYS", keys)
    monkeypatch.setenv("HUB_LOG_LEVEL", "error")
    yield Shop(world)
    world.db.close()


def hub(*words: object, code: int = 0) -> str:
    ran = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert ran.exit_code == code, ran.output
    return ran.output


def test_capsule_is_written_printed_and_checked(shop: Shop, tmp_path: Path) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    message_id = shop.claim_one().outgoing.id
    file, paper, keys = tmp_path / "capsule.json", tmp_path / "page.html", tmp_path / "keys.pem"
    hub("evidence", "message", message_id, "--out", file, "--print", paper, "--language", "de")
    keys.write_text(hub("ledger", "key"))
    assert "Entscheidungen" in paper.read_text("utf-8")
    assert "(published)" in hub("verify", file, "--key", keys)
    file.write_bytes(file.read_bytes().replace(b'"ALLOW"', b'"DENY"'))
    assert "/decisions/0" in hub("verify", file, "--key", keys, code=1)


def test_consent_gives_a_receipt_and_a_contact_a_capsule(shop: Shop, tmp_path: Path) -> None:
    shop.agree(phone(ANNA))
    (event,) = shop.events("consent_given")
    hub("evidence", "consent", event.id, "--out", tmp_path / "a.json", "--receipt", tmp_path / "r.html")
    assert "Your consent" in (tmp_path / "r.html").read_text("utf-8")
    assert "personal data" in hub("evidence", "contact", ANNA, "--out", tmp_path / "b.json", "--reveal")
    assert ANNA in (tmp_path / "b.json").read_text("utf-8")


def test_ledger_sign_tells_what_was_signed_and_then_that_all_is(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    assert "links 1 to" in hub("ledger", "sign")
    assert "signed already" in hub("ledger", "sign")
    assert "1 signed roots, up to link" in hub("ledger", "verify")
    assert hub("ledger", "key", "--new").count("BEGIN PUBLIC KEY") == 2
    assert "links 2 to 2" in hub("ledger", "sign")
    assert "2 signed roots" in hub("ledger", "verify")


@pytest.mark.parametrize(
    "words",
    [
        ("evidence", "message", "nobody", "--out", "x.json"),
        ("evidence", "contact", "nobody", "--out", "x.json", "--language", "fr"),
        ("verify", "missing.json"),
    ],
)
def test_mistake_is_told_in_one_sentence(shop: Shop, words: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        hub(*words)
