# SPDX-License-Identifier: Apache-2.0
"""All messages to a person in a period, as one folder that anybody can check without the hub."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.contract import BadInput
from hub.flows import exports, optin, policies, signing
from hub.flows.processor import papers, versions
from hub.flows.processor.form import Hop
from hub.proof import folder, printing
from hub.proof.chain import digest
from hub.proof.folder_check import CheckedFolder, check_folder
from hub.proof.signature import key_id, public_bytes, sign
from hub.testing import processor_files
from tests.carriers import BODY
from tests.making import ANNA, BEN, CONSENT, TOPIC, Shop, person, phone

pytest_plugins = ["tests.shops"]
Json = Any
MONTH = timedelta(days=30)


def store(files: dict[str, bytes], target: Path) -> Path:
    for name, raw in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(raw)
    return target


def export(shop: Shop, target: Path, days: tuple[date, date], subject: str = ANNA) -> Path:
    files = exports.collect(shop.world, shop.controller, subject, days, "de")
    files["index.html"] = printing.overview(files[folder.INDEX], "de").encode()
    return store({**files, folder.MANIFEST: exports.seal(shop.world, shop.controller, files)}, target)


def published(shop: Shop) -> dict[str, bytes]:
    with shop.world.db.read() as session:
        return {key.id: key.public for key in signing.keys(session, shop.controller.id)}


def index_of(target: Path) -> Json:
    return orjson.loads((target / folder.INDEX).read_bytes())


def today(shop: Shop) -> date:
    return shop.world.now().date()


def year(shop: Shop) -> tuple[date, date]:
    return today(shop) - 12 * MONTH, today(shop)


def send(shop: Shop, title: str) -> str:
    shop.stage("1", title=title)
    return shop.claim_one().outgoing.id


def change_everything(shop: Shop) -> None:
    """Another template text, policy, wording and provider file, and another word of the plugin about its vendor."""
    shop.set_template(text="Ganz neu von Muster Handels GmbH. Antworten Sie STOPP.")
    assert shop.world.policy is not None
    text = shop.world.policy.text.replace('version = "2026-11"', 'version = "2027-01"')
    text = text.replace("max_unused_days = 365", "max_unused_days = 200")
    pigeon: Any = shop.world.registry.connectors["pigeon"]
    pigeon.profile = replace(pigeon.profile, legal_entity="Pigeon Holding SE", seat="IE")
    with shop.write() as session:
        row = policies.load(session, shop.controller, text.encode(), "a lawyer", shop.world.now())
        policies.activate(session, shop.controller, row, shop.world.now())
        page = optin.create(
            shop.world,
            session,
            shop.controller,
            shop.sender,
            title=TOPIC,
            language="de",
            topics=[TOPIC],
            text="Muster Handels GmbH darf mir über WhatsApp Angebote senden. Widerruf jederzeit: STOPP.",
        )
        shop.statement = optin.invitation(session, page).statement
    shop.world.reload_policies()
    later = today(shop) + timedelta(days=99)
    clauses = Hop(
        recipient="Meta Platforms, Inc.",
        to="US",
        tool="A46-2-c",
        valid_until=later,
        module="3",
        tia="TIA-1",
        tia_review_on=later,
    )
    form = processor_files.complete(shop.world.now(), 99).model_copy(update={"transfers": (clauses,)})
    with shop.write() as session:
        measures = papers.keep(
            shop.world, session, shop.controller.id, "toms", "toms-2027.pdf", b"measures", reviewer="Somebody Else"
        )
        versions.draft(shop.world, session, shop.provider, form, "Somebody Else", [measures])
        versions.approve(shop.world, session, shop.provider, "Somebody Else")


@pytest.fixture
def told(shop: Shop, tmp_path: Path) -> Iterator[Path]:
    """The folder of a year with a send under the old rules, one under the new ones, and a refusal."""
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONSENT))
    send(shop, "before")
    shop.clock.advance(MONTH)
    change_everything(shop)
    shop.agree(phone(ANNA))
    send(shop, "after")
    shop.clock.advance(MONTH)
    shop.stop(phone(ANNA))
    shop.stage("1", title="stopped")
    shop.claim()
    return export(shop, tmp_path / "anna", year(shop))


def test_edge_25_one_export_tells_every_message_with_everything_as_of_then(shop: Shop, told: Path) -> None:
    """An authority asks for all messages to one person, after every text they rested on has changed."""
    found = check_folder(told, published(shop))
    assert (found.problems, found.trusted, found.capsules) == ((), True, 4)
    index = index_of(told)
    rows = {row["campaign"]: row for row in index["messages"] if row["campaign"]}
    assert [rows[name]["decisions"][-1]["verdict"] for name in ("before", "after", "stopped")] == [
        "ALLOW",
        "ALLOW",
        "DENY",
    ]
    before, after = (as_of_then(index, rows[name]["decisions"][-1]) for name in ("before", "after"))
    assert before == {
        "basis": "CONSENT",
        "wording": 1,
        "template": BODY,
        "days": "max_unused_days = 365",
        "entity": "Pigeon Ltd",
        "transfers": ["A45-3>US"],
        "record": 2,
        "papers": ["contract.txt"],
    }
    assert after["wording"] == 2
    assert after["template"].startswith("Ganz neu")
    assert after["days"] == "max_unused_days = 200"
    assert (after["entity"], after["record"]) == ("Pigeon Holding SE", 4)
    assert after["transfers"] == ["A46-2-c>US"]
    assert after["papers"] == ["contract.txt", "toms-2027.pdf"]
    assert rows["stopped"]["decisions"][-1]["reasons"] == ["SUPPRESSED_OBJECTION_MARKETING"]


def as_of_then(index: Json, decision: Json) -> Json:
    texts = {kind: index["documents"][sha256]["text"] for kind, sha256 in decision["documents"].items()}
    record = orjson.loads(texts["processor_record"])
    return {
        "basis": decision["basis"],
        "wording": index["wordings"][decision["wording"]]["version"],
        "template": orjson.loads(texts["template"])["text"],
        "days": next(line for line in texts["policy"].splitlines() if line.startswith("max_unused_days")),
        "entity": record["profile"]["legal_entity"],
        "transfers": decision["transfers"],
        "record": record["version"],
        "papers": [one["name"] for one in record["papers"]],
    }


def test_export_holds_nobody_else_and_nothing_personal(shop: Shop, told: Path) -> None:
    everything = b"".join(path.read_bytes() for path in told.rglob("*") if path.is_file()).decode()
    assert shop.contact_of(phone(BEN)).id not in everything
    for word in (ANNA, ANNA[3:], BEN[3:], "Dana Schutz", "Somebody Else"):
        assert word not in everything


def test_export_leaves_out_what_lies_outside_the_period(shop: Shop, told: Path, tmp_path: Path) -> None:
    last = export(shop, tmp_path / "last", (today(shop) - timedelta(days=1), today(shop)))
    assert {row["campaign"] for row in index_of(last)["messages"]} == {"stopped", None}
    none = export(shop, tmp_path / "none", (date(2020, 1, 1), date(2020, 12, 31)))
    assert index_of(none)["messages"] == []
    assert check_folder(none, published(shop)).ok


@pytest.mark.parametrize(("subject", "days"), [("nobody", 1), (ANNA, -1)])
def test_export_of_nobody_or_of_no_time_is_refused(shop: Shop, subject: str, days: int) -> None:
    shop.agree(phone(ANNA))
    period = (today(shop), today(shop) + timedelta(days=days))
    with pytest.raises(BadInput):
        exports.collect(shop.world, shop.controller, subject, period, "de")


# checking


def places(found: CheckedFolder) -> set[str]:
    return {problem.place for problem in found.problems}


def first_capsule(told: Path) -> Path:
    return sorted((told / "capsules").iterdir())[0]


def test_changed_capsule_is_named_with_the_place_within(shop: Shop, told: Path) -> None:
    path = first_capsule(told)
    path.write_bytes(path.read_bytes().replace(b'"CONSENT"', b'"CONTRACT"', 1))
    name = f"capsules/{path.name}"
    assert {name, f"{name}/decisions/0", "index.json"} <= places(check_folder(told, published(shop)))


@pytest.mark.parametrize("name", ["index.json", "index.html", "manifest.json"])
def test_changed_file_is_named(told: Path, name: str) -> None:
    (told / name).write_bytes((told / name).read_bytes().replace(b"Muster", b"Master", 1))
    assert name in places(check_folder(told))


def test_capsule_taken_away_and_file_added_are_named(told: Path) -> None:
    path = first_capsule(told)
    path.rename(told / "capsules" / "other.json")
    assert {f"capsules/{path.name}", "capsules/other.json"} <= places(check_folder(told))


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b"\xff"])
def test_manifest_that_is_none_is_named_and_no_crash(told: Path, raw: bytes) -> None:
    (told / "manifest.json").write_bytes(raw)
    assert all(place.startswith("manifest.json") for place in places(check_folder(told)))
    (told / "manifest.json").unlink()
    assert places(check_folder(told)) == {"manifest.json"}
    assert not check_folder(told).ok


def test_hub_itself_cannot_sign_an_index_that_says_something_else(shop: Shop, told: Path) -> None:
    """Even with the key: the index must be what the capsules say."""
    index = index_of(told)
    index["messages"][0]["decisions"][0]["verdict"] = "DENY"
    (told / folder.INDEX).write_bytes(folder.write(index))
    files = {name: (told / name).read_bytes() for name in orjson.loads((told / "manifest.json").read_bytes())["files"]}
    (told / "manifest.json").write_bytes(exports.seal(shop.world, shop.controller, files))
    assert places(check_folder(told, published(shop))) == {"index.json"}


def test_capsule_of_another_person_does_not_belong_even_when_signed(shop: Shop, told: Path, tmp_path: Path) -> None:
    shop.agree(phone(BEN))
    shop.stage("2", title="Ben")
    shop.claim()
    other = export(shop, tmp_path / "ben", year(shop), BEN)
    stranger = first_capsule(other)
    shutil.copy(stranger, told / "capsules")
    files = {p.relative_to(told).as_posix(): p.read_bytes() for p in told.rglob("*.*") if p.name != "manifest.json"}
    (told / "manifest.json").write_bytes(exports.seal(shop.world, shop.controller, files))
    assert f"capsules/{stranger.name}/identity/contact" in places(check_folder(told, published(shop)))


def test_folder_signed_by_a_stranger_is_found_with_the_published_key(shop: Shop, told: Path) -> None:
    private = Ed25519PrivateKey.generate()
    public = public_bytes(private)
    raw = orjson.loads((told / "manifest.json").read_bytes())
    about = folder.Period.model_validate(raw["about"])
    (told / "index.html").write_text("all is well")
    raw["files"]["index.html"] = digest("all is well")
    raw["keys"] = {key_id(public): folder_key(public)}
    signature = sign(private, folder.signed_part(about, raw["files"], key_id(public)))
    raw |= {"key_id": key_id(public), "signature": signature}
    (told / "manifest.json").write_bytes(folder.write(raw))
    assert check_folder(told).ok, "nothing inside shows it: that is why keys are published"
    assert f"manifest.json/keys/{key_id(public)}" in places(check_folder(told, published(shop)))


def folder_key(public: bytes) -> str:
    return base64.b64encode(public).decode()
