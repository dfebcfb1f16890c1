# SPDX-License-Identifier: Apache-2.0
"""Evidence capsules: written from the hub, checked without it; whatever is changed is found and its place named."""

from __future__ import annotations

import base64
import copy
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from hub.contract import BadInput
from hub.flows import capsules, signing
from hub.flows.erasure import erase
from hub.flows.world import World, build
from hub.proof.capsule import parts_of, sealing, write
from hub.proof.checking import Checked, check
from hub.proof.signature import from_pem, key_id, public_bytes, sign, to_pem
from hub.settings import Settings
from hub.store.ledger import Chain
from hub.store.tables import Contact, LedgerRow, MessageRow
from hub.store.vault import generate
from hub.testing.clock import Clock
from tests.making import ANNA, BEN, CONSENT, Shop, person, phone

ROOT = Path(__file__).parent.parent
NAME = "Annabella"
NUMBERS = (ANNA.removeprefix("+"), ANNA.removeprefix("+49"))
Json = Any


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def make(shop: Shop, kind: str, subject: str, *, reveal: bool = False) -> bytes:
    return capsules.make(shop.world, shop.controller, kind, subject, reveal=reveal)


def published(shop: Shop) -> dict[str, bytes]:
    with shop.world.db.read() as session:
        return {key.id: key.public for key in signing.keys(session, shop.controller.id)}


def sent(shop: Shop) -> MessageRow:
    """A campaign's message to Anna that was allowed."""
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT, properties={"firstname": NAME}))
    shop.stage("1")
    cleared = shop.claim_one()
    return shop.message(cleared.outgoing.id)


def refused(shop: Shop) -> MessageRow:
    """One that the gate refused on the way out, since Anna had said stop."""
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT, properties={"firstname": NAME}))
    shop.stage("1")
    shop.stop(phone(ANNA), text="Bitte keine Werbung mehr, Ihre Annabella")
    shop.claim()
    (row,) = [row for row in shop.campaign_messages() if row.state == "refused"]
    return row


def whole(raw: bytes, keys: dict[str, bytes] | None = None) -> Json:
    found = check(raw, keys)
    assert found.problems == ()
    return orjson.loads(raw)


def kinds(capsule: Json) -> list[str]:
    return [row["record"]["kind"] for row in capsule["events"]]


# what is in them


def test_capsule_of_an_allowed_message_holds_the_whole_story(shop: Shop) -> None:
    row = sent(shop)
    capsule = whole(make(shop, "message", row.id), published(shop))
    (decision,) = [one["record"] for one in capsule["decisions"]]
    assert (decision["verdict"], decision["basis"], decision["reasons"]) == ("ALLOW", "CONSENT", ["OK_CONSENT"])
    assert decision["id"] == row.decision_id
    (consent,) = capsule["consents"]
    assert decision["consent"] in consent["consent_ids"]
    assert consent["state"] == "dpv:ConsentGiven"
    (wording,) = capsule["wordings"]
    assert wording["id"] == consent["notice_sha256"]
    assert "willige" in wording["statement"]
    documents = {one["kind"]: one["text"] for one in capsule["documents"]}
    assert set(documents) == {"policy", "template", "processor_record"}
    assert documents["policy"] == (shop.world.policy.text if shop.world.policy else None)
    assert "neue Angebote" in documents["template"]
    assert orjson.loads(documents["processor_record"])["transfers"][0]["tool"] == "A45-3"
    assert capsule["reasons"][0]["meaning"]["de"]
    assert capsule["identity"]["verified"][0]["verification"] == "same_point"


def test_capsule_of_a_refused_message_names_the_stop(shop: Shop) -> None:
    capsule = whole(make(shop, "message", refused(shop).id), published(shop))
    assert [one["record"]["verdict"] for one in capsule["decisions"]] == ["DENY"]
    assert capsule["decisions"][0]["record"]["reasons"][0].startswith("SUPPRESSED_")
    assert kinds(capsule) == ["consent_given", "notice_served", "notice_served", "objection"]
    assert capsule["message"]["state"] == "refused"


def test_capsule_of_a_message_refused_at_staging_has_its_texts(shop: Shop) -> None:
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONSENT))
    shop.agree(phone(BEN))
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONSENT))
    shop.stop(phone(ANNA))
    shop.stage("1", "2")
    (row,) = [row for row in shop.campaign_messages() if row.state == "refused"]
    capsule = whole(make(shop, "message", row.id))
    assert capsule["decisions"][0]["record"]["phase"] == "stage"
    assert {one["kind"] for one in capsule["documents"]} == {"policy", "template", "processor_record"}


def test_capsule_of_a_contact_after_withdrawal_shows_what_came_later(shop: Shop) -> None:
    row = sent(shop)
    shop.stop(phone(ANNA))
    capsule = whole(make(shop, "contact", row.contact_id), published(shop))
    (consent,) = capsule["consents"]
    assert consent["state"] == "dpv:ConsentWithdrawn"
    assert [one["event_type"] for one in consent["events"]] == ["consent_given", "objection"]
    assert all(one["recorded_at"] >= one["event_time"] for one in consent["events"])


def test_capsule_of_a_consent_holds_what_rested_on_it(shop: Shop) -> None:
    row = sent(shop)
    (event,) = shop.events("consent_given")
    capsule = whole(make(shop, "consent", event.id))
    assert [one["record"]["message"] for one in capsule["decisions"]] == [row.id]


def test_capsule_of_an_older_consent_survives_its_renewal(shop: Shop) -> None:
    sent(shop)
    shop.agree(phone(ANNA))  # the projection now knows the new one only
    old, new = shop.events("consent_given")
    capsule = whole(make(shop, "consent", old.id))
    assert len(capsule["decisions"]) == 1
    assert [one["supersedes"] for one in capsule["consents"]] == [None, old.id]
    assert whole(make(shop, "consent", new.id))["decisions"] == []


def test_capsule_keeps_the_template_as_it_was(shop: Shop) -> None:
    row = sent(shop)
    shop.set_template(text="Ganz anders als zuvor.")
    shop.file(approve=True)
    capsule = whole(make(shop, "message", row.id))
    texts = {one["kind"]: one["text"] for one in capsule["documents"]}
    assert "neue Angebote" in texts["template"]
    assert orjson.loads(texts["processor_record"])["version"] == 2


def test_capsule_of_an_erased_contact_is_whole_and_opens_nothing(shop: Shop) -> None:
    row = sent(shop)
    with shop.write() as session:
        chain = Chain(session, shop.controller.id, shop.world.now())
        erase(shop.world, session, chain, session.get_one(Contact, row.contact_id), "asked by the person")
        chain.write()
    capsule = whole(make(shop, "contact", row.contact_id, reveal=True))
    assert capsule["identity"]["state"] == "erased"
    assert [one["said"] for one in capsule["opened"]] == [None]
    assert kinds(capsule) == ["consent_given", "notice_served", "notice_served", "erased"]


@pytest.mark.parametrize("kind", ["message", "contact", "consent"])
def test_capsule_of_an_unknown_subject_is_refused(shop: Shop, kind: str) -> None:
    with pytest.raises(BadInput, match="not known"):
        make(shop, kind, "nobody")


def test_capsule_of_another_controller_is_refused(shop: Shop) -> None:
    other = Shop(shop.world, "Other GmbH", ("slate", "crow"))
    row = sent(shop)
    (event,) = shop.events("consent_given")
    for kind, subject in (("message", row.id), ("contact", row.contact_id), ("consent", event.id)):
        with pytest.raises(BadInput, match="not known"):
            make(other, kind, subject)


# personal data


@pytest.mark.parametrize("kind", ["message", "contact"])
def test_capsule_holds_nothing_personal_unless_asked(shop: Shop, kind: str) -> None:
    row = refused(shop)
    subject = row.id if kind == "message" else row.contact_id
    text = make(shop, kind, subject).decode()
    for word in (*NUMBERS, NAME, "Ihre", "wamid", "Dana Schutz"):
        assert word not in text
    shown = make(shop, kind, subject, reveal=True).decode()
    assert ANNA in shown
    assert "Ihre Annabella" in shown


def test_revealed_words_are_those_the_ledger_sealed(shop: Shop) -> None:
    row = sent(shop)
    raw = make(shop, "message", row.id, reveal=True)
    capsule = whole(raw)
    assert capsule["opened"][0]["said"]["text"] == shop.statement
    capsule["opened"][0]["sealed"] = "AAAA"
    assert named(write(capsule), "/opened/0")


# checking


def named(raw: bytes, place: str, keys: dict[str, bytes] | None = None) -> bool:
    return any(problem.place == place for problem in check(raw, keys).problems)


def leaves(value: Json, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, (dict, list)) and value:
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*at, step))
    else:
        yield at


def changed(capsule: Json, at: tuple[Any, ...]) -> Json:
    """The capsule with one leaf changed as little as its type allows."""
    copied = copy.deepcopy(capsule)
    holder = copied
    for step in at[:-1]:
        holder = holder[step]
    match holder[at[-1]]:
        case bool(value):
            holder[at[-1]] = not value
        case int(value):
            holder[at[-1]] = value + 1
        case str(value):
            middle = len(value) // 2
            letter = "b" if value[middle : middle + 1] == "a" else "a"
            holder[at[-1]] = value[:middle] + letter + value[middle + 1 :]
        case value:
            holder[at[-1]] = "x" if not value else None
    return copied


def covers(found: Checked, at: tuple[Any, ...]) -> bool:
    """Is a place named on the way to this leaf, or one within it?"""
    pointer = "/" + "/".join(map(str, at))
    return any(
        pointer == problem.place or pointer.startswith(problem.place + "/") or problem.place.startswith(pointer + "/")
        for problem in found.problems
    )


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, bytes]]:
    """A revealed capsule with several decisions, events and days, and the keys to check it."""
    world = build(Settings(data_dir=tmp_path_factory.mktemp("specimen"), keys=SecretStr(generate())), clock=Clock())
    world.db.migrate()
    shop = Shop(world)
    shop.reach(ANNA, BEN)
    shop.claim()
    shop.clock.advance(timedelta(days=1))
    shop.hear(shop.said("STOP", phone(BEN)), shop.said("STOP", phone(ANNA)))
    row = next(row for row in shop.campaign_messages() if row.contact_id == shop.contact_of(phone(ANNA)).id)
    raw, keys = make(shop, "contact", row.contact_id, reveal=True), published(shop)
    world.db.close()
    return raw, keys


def test_every_changed_leaf_is_found_and_its_place_named(specimen: tuple[bytes, dict[str, bytes]]) -> None:
    raw, keys = specimen
    capsule = whole(raw, keys)
    places = list(leaves(capsule))
    assert len(places) > 200
    assert len(capsule["roots"]) == 2
    missed = [at for at in places if not covers(check(write(changed(capsule, at)), keys), at)]
    assert missed == []


def test_every_removed_entry_is_found(specimen: tuple[bytes, dict[str, bytes]]) -> None:
    raw, keys = specimen
    capsule = orjson.loads(raw)
    for name in capsule:
        assert not check(write({k: v for k, v in capsule.items() if k != name}), keys).ok, name
    for name in (name for name, value in capsule.items() if isinstance(value, list)):
        for index in range(len(capsule[name])):
            less = {**capsule, name: capsule[name][:index] + capsule[name][index + 1 :]}
            assert not check(write(less), keys).ok, (name, index)


def test_changed_bytes_anywhere_are_found(specimen: tuple[bytes, dict[str, bytes]]) -> None:
    raw, keys = specimen
    for index in range(0, len(raw), 11):
        damaged = raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]
        assert not check(damaged, keys).ok, index


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b"null", b'{"format":1}', b"[" * 5000, b'{"a":' * 400 + b"1" + b"}" * 400]
)
def test_nonsense_is_no_capsule_and_no_crash(raw: bytes) -> None:
    assert not check(raw).ok


def test_name_that_stands_twice_is_found(specimen: tuple[bytes, dict[str, bytes]]) -> None:
    raw, keys = specimen
    twice = raw.replace(b'  "revealed": true', b'  "revealed": false,\n  "revealed": true', 1)
    assert twice != raw
    assert any(problem.place.startswith("line ") for problem in check(twice, keys).problems)


def test_capsule_sealed_by_a_stranger_is_found_with_the_published_key(
    specimen: tuple[bytes, dict[str, bytes]],
) -> None:
    """Somebody changes a record, makes a key of their own and seals the whole anew."""
    raw, keys = specimen
    capsule = orjson.loads(raw)
    private = Ed25519PrivateKey.generate()
    public = public_bytes(private)
    capsule["keys"][key_id(public)] = base64.b64encode(public).decode()
    capsule["decisions"][0]["record"]["verdict"] = "DENY"
    parts = parts_of(capsule)
    signature = sign(private, sealing(key_id(public), parts))
    capsule["seal"] = {"key_id": key_id(public), "parts": parts, "signature": signature}
    assert named(write(capsule), "/decisions/0"), "the chain shows it even without the published key"
    assert named(write(capsule), f"/keys/{key_id(public)}", keys)


def test_owner_of_the_key_cannot_change_what_was_recorded(specimen: tuple[bytes, dict[str, bytes]], shop: Shop) -> None:
    """Even a fresh seal by the hub's own key does not cover a record that differs from the signed root."""
    row = sent(shop)
    capsule = orjson.loads(make(shop, "message", row.id))
    capsule["decisions"][0]["record"]["reasons"] = ["OK_CONSENT_EXPLICIT"]
    with shop.world.db.read() as session:
        name, private = signing.open_key(shop.world, session, shop.controller.id)
    parts = parts_of(capsule)
    capsule["seal"] = {"key_id": name, "parts": parts, "signature": sign(private, sealing(name, parts))}
    assert [p.place for p in check(write(capsule), published(shop)).problems] == ["/decisions/0"]


def test_other_published_key_is_not_trusted(specimen: tuple[bytes, dict[str, bytes]], shop: Shop) -> None:
    raw, _ = specimen
    assert not check(raw, published(shop)).ok


def test_public_key_survives_pem(specimen: tuple[bytes, dict[str, bytes]]) -> None:
    _, keys = specimen
    assert from_pem("".join(to_pem(key) for key in keys.values())) == keys
    with pytest.raises(ValueError, match="not a file"):
        from_pem("nothing")


# without the hub


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """With an empty environment: no settings, no database, no home."""
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from hub.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, str(ROOT), *map(str, words)],
        capture_output=True,
        text=True,
        env={},
        timeout=60,
        check=False,
    )


def test_verify_needs_nothing_but_the_file(specimen: tuple[bytes, dict[str, bytes]], tmp_path: Path) -> None:
    raw, keys = specimen
    (tmp_path / "capsule.json").write_bytes(raw)
    (tmp_path / "keys.pem").write_text("some words\n" + "".join(to_pem(key) for key in keys.values()))
    ran = run("verify", tmp_path / "capsule.json", "--key", tmp_path / "keys.pem")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "(published)" in ran.stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["capsule.json", "keys.pem"]
    (tmp_path / "capsule.json").write_bytes(raw.replace(b'"ALLOW"', b'"DENY"', 1))
    ran = run("verify", tmp_path / "capsule.json")
    assert ran.returncode == 1
    assert "/decisions/0" in ran.stderr


def test_checking_imports_no_database_and_no_network() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import hub.proof.checking\n"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('sqlalchemy', 'sqlmodel', 'redis', 'dramatiq')]\n"
        "bad += [m for m in sys.modules if m.startswith(('hub.store', 'hub.flows', 'hub.settings'))]\n"
        "print(bad)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, env={}, timeout=60, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_ledger_rows_are_in_the_capsule_word_for_word(shop: Shop) -> None:
    row = sent(shop)
    capsule = whole(make(shop, "contact", row.contact_id))
    stored = {one.id: one.record for one in shop.rows(LedgerRow)}
    for one in capsule["events"]:
        assert orjson.dumps(one["record"], option=orjson.OPT_SORT_KEYS).decode() == stored[one["record"]["id"]]
