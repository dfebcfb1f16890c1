# SPDX-License-Identifier: Apache-2.0
"""The invariants of the legal reference, 6.2, by their number."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

import hub
from hub.cli.decide import load
from hub.contract import (
    Claim,
    ClaimKind,
    ContactChanged,
    ContactSnapshot,
    Event,
    PreferenceChanged,
    PrivacyDeletion,
    Purpose,
    Status,
    StatusChanged,
    Unavailable,
)
from hub.flows import inbound, quarantine, releases, restore
from hub.flows.states import State
from hub.flows.world import World
from hub.law.decide import decide
from hub.law.facts import Message, Stop, Verdict
from hub.store.ledger import Chain
from hub.store.tables import ConsentRow, DecisionRow, StopRow
from tests.backups import backup
from tests.making import ANNA, BEN, CONSENT, CONTRACT, VENDOR_ID, Shop, bsuid, person, phone, raising
from tests.mapped import MappedShop, opted_in
from tests.test_law_decide import CASE, MARKETING, PERSON, PLAIN, WORDING, stop
from tests.test_law_decide import CONSENT as GIVEN
from tests.test_law_decide import CONTRACT as ORDER

HUB = Path(hub.__file__).parent
CASES = sorted((Path(__file__).parent / "cases" / "decisions").glob("*.json"))


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def callers(name: str, module: str) -> set[str]:
    """The files that import this name from this module, or call it as an attribute of the module's last word."""
    found = set()
    for path in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            imported = isinstance(node, ast.ImportFrom) and node.module == module
            named = imported and any(alias.name == name for alias in node.names)  # type: ignore[attr-defined]
            called = isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.value, ast.Name)
            if named or (called and node.value.id == module.rpartition(".")[2]):  # type: ignore[attr-defined]
                found.add(str(path.relative_to(HUB)))
    return found


def test_i1_no_send_without_a_durable_decision(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.reach(ANNA, BEN)

    def broken(chain: Chain) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Chain, "write", broken)
        with pytest.raises(OSError, match="disk full"):
            shop.claim()
    assert {row.state for row in shop.campaign_messages()} == {State.QUEUED}
    sent = shop.claim()
    decisions = {row.id: row for row in shop.rows(DecisionRow)}
    assert len(sent) == 2
    for cleared in sent:
        decision = decisions[cleared.decision_id]
        assert (decision.verdict, decision.message_id) == (Verdict.ALLOW, cleared.outgoing.id)
    assert shop.proven()


def test_i2_one_function_decides_for_everybody() -> None:
    """Those who refuse early, explain a file, decide again or measure call it too; nothing in them can send."""
    asking = {"flows/purge.py", "flows/replay.py", "cli/bench_decide.py", "testing/decisions.py"}
    assert callers("decide", "hub.law.decide") == {"flows/gate.py", "cli/decide.py"}
    assert callers("refused", "hub.flows.gate") == {"flows/intake.py", "flows/releases.py"}  # can only say no
    assert callers("judge", "hub.flows.gate") == {"flows/sync.py", "flows/staging.py", "flows/dispatch.py", *asking}
    assert not callers("clear", "hub.flows.gate") & {*asking, "cli/decide.py"}


def test_i3_stop_outlives_deletion_second_record_and_import(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT), person("2", ANNA, CONSENT))
    shop.stop(phone(ANNA))
    shop.sync(ContactSnapshot(record="1", deleted=True), ContactSnapshot(record="2", deleted=True))
    shop.sync(person("3", ANNA, CONSENT, CONTRACT))
    shop.stage("3")
    assert not [m for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING]
    assert shop.campaign_messages()[0].reason == "SUPPRESSED_OBJECTION_MARKETING"


def test_i4_scope_of_a_consent_never_widens() -> None:
    topics, brands = ("*", "shoes", "hats"), ("*", "north", "south")
    for given_topic, given_brand, topic, brand in product(topics, brands, topics, brands):
        wording = replace(WORDING, topics=(given_topic,))
        scope = replace(GIVEN.scope, topic=given_topic, brand=given_brand)
        person_ = replace(PERSON, consents=(replace(GIVEN, scope=scope, wording=wording),))
        case = replace(CASE, person=person_, message=replace(MARKETING, topic=topic, brand=brand))
        covered = given_topic in ("*", topic) and given_brand in ("*", brand)
        assert decide(case).allowed is covered, (given_topic, given_brand, topic, brand)


def test_i5_unknown_is_a_no_and_an_unknown_stop_binds_all() -> None:
    assert decide(replace(CASE, policy=None)).verdict is Verdict.ERROR
    assert not decide(replace(CASE, route=None)).allowed
    assert not decide(replace(CASE, message=Message("something else"))).allowed
    assert not decide(replace(CASE, person=replace(PERSON, consents=()))).allowed
    unknown: Stop = stop("from_a_newer_version")
    for purpose in Purpose:
        person_ = replace(PERSON, stops=(unknown,), evidence=(ORDER,))
        answer = decide(replace(CASE, person=person_, message=Message(purpose, template=PLAIN)))
        assert "SUPPRESSED_UNKNOWN_KIND" in answer.reasons


def test_i6_claims_never_write_consent(shop: Shop) -> None:
    """Not by themselves, and not under a mapping either where any part of the proof is missing."""
    shop.sync(*(person(str(i), ANNA, Claim(kind, "field")) for i, kind in enumerate(ClaimKind)))
    assert not shop.rows(ConsentRow)
    assert not shop.events("consent_given")
    mapped = MappedShop(shop)
    whole = opted_in("900", BEN)
    for name, _ in whole.evidence:
        less = tuple(pair for pair in whole.evidence if pair[0] != name)
        mapped.walk([replace(whole, evidence=less)])
        assert not shop.rows(ConsentRow), f"without {name}"
    mapped.walk([whole])
    assert len(shop.rows(ConsentRow)) == 1
    assert not shop.events("consent_given"), "a claim never counts as the person's own act"


def test_i7_label_that_the_message_contradicts_is_refused() -> None:
    for change in ("promotional", "category"):
        template = replace(PLAIN, promotional=True) if change == "promotional" else MARKETING.template
        for purpose in set(Purpose) - {Purpose.MARKETING}:
            answer = decide(replace(CASE, message=Message(purpose, template=template)))
            assert answer.verdict is Verdict.DENY
            assert {"TPL_PROMO_IN_NON_MARKETING", "PURPOSE_CONTRADICTED"} & set(answer.reasons)


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_i8_every_allow_names_its_basis_and_evidence(file: Path) -> None:
    answer = decide(load(file)[1])
    assert answer.allowed is (answer.basis is not None)
    assert not answer.allowed or answer.consent_id or answer.evidence_ids
    assert answer.policy


def test_i9_stop_works_while_every_crm_is_offline(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.paper.reply = raising(Unavailable("no route to host"))
    shop.stop(phone(ANNA))
    assert not [m for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING]
    assert shop.campaign_messages()[0].reason == "SUPPRESSED_OBJECTION_MARKETING"


def test_i10_restored_backup_revives_nobody(shop: Shop) -> None:
    for number in (ANNA, BEN):
        shop.agree(phone(number))
    shop.sync(person("1", ANNA, CONSENT), person("2", BEN, CONSENT))
    with backup(shop) as saved:
        with shop.write() as session:
            inbound.apply(shop.world, session, shop.crm, [PrivacyDeletion("1", shop.world.now())])
        saved.restore(shop)
        assert shop.holds("1"), "the backup brought the person back"
        shop.stage("1", "2")
        assert not shop.claim(), "before the replay nothing leaves"
        restore.replay(shop.world, shop.controller)
        assert not shop.holds("1")
        assert shop.sync(person("1", ANNA, CONSENT)).excluded == {"SYNC_TOMBSTONE_HIT": 1}
        shop.stage("1", "2")
        assert [m.outgoing.to.value for m in shop.claim()] == [BEN]
        assert shop.proven()


def test_i11_marketing_stop_blocks_neither_invoice_nor_chat(shop: Shop) -> None:
    shop.stop(phone(ANNA))
    answer = shop.reply(phone(ANNA))
    assert answer in [m.outgoing.id for m in shop.claim()]
    shop.hear(shop.said("Noch eine Frage", phone(ANNA)))
    assert shop.contact_of(phone(ANNA)).last_inbound_at is not None
    person_ = replace(PERSON, evidence=(ORDER,), stops=(stop("objection_marketing"),))
    assert decide(replace(CASE, person=person_, message=Message("UTILITY", template=PLAIN))).allowed


def unasked(shop: Shop) -> Iterator[Event]:
    """What a plugin could hand in that no person said."""
    at = shop.world.now().replace(microsecond=0)
    yield StatusChanged(Status.READ, at, provider_message_id="wamid.x", message_id="")
    yield PreferenceChanged(VENDOR_ID, (phone(ANNA),), at, stopped=False)
    yield ContactChanged("1", at)
    yield shop.said("Ja", phone(ANNA))
    yield shop.said(shop.statement.replace("Ja", "Nein"), phone(ANNA))
    yield replace(shop.said(shop.statement, phone(ANNA)), sender="another number")
    yield shop.said(shop.statement)  # from nobody


def test_i12_no_plugin_can_say_yes_for_a_person(shop: Shop) -> None:
    for event in unasked(shop):
        shop.hear(event)
    assert not shop.rows(ConsentRow)
    assert not shop.rows(StopRow)
    assert callers("give", "hub.flows.permission") == {"flows/hearing.py"}
    # neither half of a double opt-in can be completed by staff: the form is public, the answer comes in by a webhook
    assert callers("request", "hub.flows.webform") == {"web/public/opt_in.py"}
    assert callers("confirmed", "hub.flows.confirmation") == {"flows/hearing.py"}
    assert callers("message", "hub.flows.hearing") == {"flows/inbound.py"}
    assert callers("take_over", "hub.flows.permission") == {"flows/releases.py"}
    shop.agree(bsuid())
    assert len(shop.events("consent_given")) == 1


def test_i12_no_plugin_can_prove_a_consent_that_nobody_mapped(shop: Shop) -> None:
    """Whatever a plugin hands over as evidence: without a person's approval of what it means, it means nothing."""
    shop.sync(opted_in("1", ANNA))
    with shop.write() as session:
        quarantine.close(shop.world, session, shop.controller, shop.crm)
        assert releases.step(shop.world, session, shop.controller, shop.crm) == 0
    assert not shop.rows(ConsentRow)
    plugins = (Path(hub.__file__).parent.parent / "plugins").glob("*/hub_*/**/*.py")
    assert not [path for path in plugins if "hub.flows" in path.read_text("utf-8")]
