# SPDX-License-Identifier: Apache-2.0
"""Evidence from the command line: written, printed, checked with the published key, and the days signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.contract import BadInput
from hub.flows import accounts
from hub.proof.chain import digest
from hub.store.tables import ProcessorPaper, ProcessorRecord
from hub.testing import processor_files
from tests.carriers import OFFER
from tests.counters import counter
from tests.making import ANNA, CONSENT, Shop, person, phone

META = {"waba_id": "1", "access_token": "t", "app_secret": "s", "verify_token": "a-text-of-our-own"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with counter(tmp_path, monkeypatch) as opened:
        yield opened


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
    assert "links 4 to 4" in hub("ledger", "sign")
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


def test_pdf_is_written_beside_the_capsule(shop: Shop, tmp_path: Path) -> None:
    shop.agree(phone(ANNA))
    (event,) = shop.events("consent_given")
    hub("evidence", "consent", event.id, "--out", tmp_path / "a.json", "--pdf", tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")


def test_period_of_a_contact_becomes_a_folder_that_is_checked(shop: Shop, tmp_path: Path) -> None:
    shop.reach(ANNA)
    message_id = shop.claim_one().outgoing.id
    target, keys, today = tmp_path / "anna", tmp_path / "keys.pem", shop.world.now().date()
    period = ("--from", today, "--to", today, "--language", "de", "--out", target)
    assert "5 files" in hub("evidence", "contact", ANNA, *period)
    names = {path.relative_to(target).as_posix() for path in target.rglob("*.*")}
    capsule = f"capsules/{message_id}.json"
    assert names == {"index.json", "index.html", "index.pdf", "manifest.json", capsule}
    assert "alle Nachrichten" in (target / "index.html").read_text("utf-8")
    keys.write_text(hub("ledger", "key"))
    assert "(published)" in hub("verify", target, "--key", keys)
    assert "Whole: 1 messages" in hub("verify", target)
    (target / capsule).write_bytes((target / capsule).read_bytes().replace(b'"ALLOW"', b'"DENY"'))
    assert f"{capsule}/decisions/0" in hub("verify", target, code=1)


@pytest.mark.parametrize(
    "more", [("--from", "2026-01-01"), ("--from", "x", "--to", "y"), ("--from", "2026-02-01", "--to", "2026-01-01")]
)
def test_folder_that_cannot_be_made_leaves_nothing_behind(shop: Shop, tmp_path: Path, more: tuple[str, ...]) -> None:
    shop.agree(phone(ANNA))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BadInput):
        hub("evidence", "contact", ANNA, "--out", tmp_path / "folder", *more)
    assert sorted(tmp_path.iterdir()) == before


def test_folder_is_not_written_over_what_is_there(shop: Shop, tmp_path: Path) -> None:
    shop.agree(phone(ANNA))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    period = ("--from", "2026-01-01", "--to", "2030-01-01", "--no-pdf")
    with pytest.raises(BadInput, match="exists already"):
        hub("evidence", "contact", ANNA, "--out", tmp_path / "full", *period)
    hub("evidence", "contact", ANNA, "--out", tmp_path / "new" / "folder", *period)
    assert not (tmp_path / "new" / "folder" / "index.pdf").exists()


def test_document_checked_on_a_provider_is_filed_by_its_hash(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "toms.pdf").write_bytes(b"measures")
    with shop.write() as session:
        accounts.connect(shop.world, session, shop.controller, "meta", META)
    hub("processor", "attach", "meta", f"toms={tmp_path / 'toms.pdf'}", "--by", "Dana")
    filed = shop.rows(ProcessorRecord)[-1]
    (paper,) = filed.papers
    assert {key: paper[key] for key in ("kind", "name", "sha256", "reviewer")} == {
        "kind": "toms",
        "name": "toms.pdf",
        "sha256": digest("measures"),
        "reviewer": "Dana",
    }
    assert filed.profile["legal_entity"] == "WhatsApp Ireland Limited"
    assert b"measures" not in shop.rows(ProcessorPaper)[-1].body
    hub("processor", "paper", "meta", digest("measures")[:12], "--out", tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == b"measures"
    with pytest.raises(BadInput):
        hub("processor", "attach", "meta", "toms")


def test_route_is_set_checked_switched_and_returned(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    with shop.write() as session:
        account = accounts.connect(shop.world, session, shop.controller, "meta", META, "Second")
        accounts.add_sender(session, account, "777", f"+{shop.sender.number}")
    hub("route", "set", "--seat", "EEA", "--by", "Dana")
    assert "EEA" in hub("route", "show")
    ways = ("--from", shop.sender.vendor_id, "--to", "777")
    said = hub("route", "switch", *ways, "--dry-run", code=1)
    assert "is not there" in said
    assert "the file is none" in said
    with pytest.raises(BadInput, match="in the way"):
        hub("route", "switch", *ways)
    with shop.write() as session:
        accounts.replace_templates(shop.world, session, account, [OFFER])
        processor_files.approve(shop.world, session, account)
    assert "Switched" in hub("route", "switch", *ways, "--by", "Dana")
    checked = hub("route", "check", "--purpose", "marketing")
    assert "Second" in checked
    assert "Pigeon Post" not in checked, "the number is elsewhere now"
    assert "It is back" in hub("route", "return", "777", "--by", "Dana")
    assert "returned" in hub("route", "show")
    with pytest.raises(BadInput):
        hub("route", "switch", *ways, "--map", "angebot/de")
    assert shop.proven()
