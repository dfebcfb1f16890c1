# SPDX-License-Identifier: Apache-2.0
"""The file on a provider: what it lacks is named, what was approved counts, and nothing a plugin says is a check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from hub.contract import BadInput, Fact, Purpose, Topic
from hub.flows import accounts, gate
from hub.flows.processor import form, gaps, known, papers, standing, versions, writing
from hub.flows.processor.form import Agreement, Certificate, Check, Form, Hop, Hosting, Identity, Status, Subprocessor
from hub.flows.processor.points import POINTS
from hub.store.tables import Connection, DecisionRow, ProcessorPaper, ProcessorRecord
from hub.testing import processor_files
from tests.making import ANNA, BEN, CONSENT, Shop, everything_stored, person, phone

pytest_plugins = ["tests.shops"]

DAY = timedelta(days=1)
TODAY = date(2026, 11, 22)
CONTRACT: dict[str, Any] = {"kind": "dpa", "name": "c.pdf", "sha256": "0" * 64, "expires_on": ""}
CERTIFICATE = {**CONTRACT, "kind": "certificate", "expires_on": TODAY.isoformat()}
CLAUSES = Hop(
    recipient="Meta Platforms, Inc.",
    to="US",
    tool="A46-2-c",
    valid_until=TODAY + 300 * DAY,
    module="3",
    tia="TIA-1",
    tia_review_on=TODAY + 200 * DAY,
)
FRAMEWORK = Hop(
    recipient="Meta Platforms, Inc.",
    to="US",
    tool="A45-3",
    valid_until=TODAY + 300 * DAY,
    framework_checked_on=TODAY,
)


def whole(**changes: Any) -> Form:
    """A complete file, but for the changes."""
    made = Form(
        identity=Identity(legal_name="Bote GmbH", address="Weg 1", role="processor", seat="DE"),
        agreement=Agreement(signed_on=TODAY - DAY),
        hosting=Hosting(regions=("DE",), local_storage="DE"),
        transfers=(FRAMEWORK,),
        points={name: Check(status=Status.OK, evidence="seen") for name in POINTS},
    )
    return made.model_copy(update=changes)


def answered(name: str, **changes: Any) -> Form:
    ok = {"status": Status.OK, "evidence": "seen"}
    return whole(points={**whole().points, name: Check(**{**ok, **changes})})


def file(shop: Shop, made: Form, by: str = "Dana") -> ProcessorRecord:
    with shop.write() as session:
        return versions.draft(shop.world, session, shop.provider, made, by)


def act(shop: Shop, do: Callable[..., ProcessorRecord], *more: Any) -> ProcessorRecord:
    with shop.write() as session:
        return do(shop.world, session, shop.provider, *more)


def stranger(shop: Shop) -> Connection:
    """A second account, on which there is no file."""
    with shop.write() as session:
        return accounts.connect(shop.world, session, shop.controller, "pigeon", {}, "Second pigeon")


# what is missing


def test_complete_file_lacks_nothing() -> None:
    assert gaps.missing(whole(), [CONTRACT], TODAY) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (whole(identity=Identity()), "identity.legal_name"),
        (whole(identity=whole().identity.model_copy(update={"seat": ""})), "identity.seat"),
        (whole(purposes=()), "purposes is empty"),
        (whole(agreement=Agreement()), "agreement.signed_on is empty"),
        (whole(agreement=Agreement(signed_on=TODAY + DAY)), "which is to come"),
        (whole(hosting=Hosting(local_storage="DE")), "hosting.regions"),
        (whole(hosting=Hosting(regions=("DE",))), "hosting.local_storage"),
        (whole(transfers=()), "no transfer"),
        (whole(valid_until=TODAY - DAY), "valid_until"),
        (whole(subprocessors=(Subprocessor(name="Cloud Inc.", country="US"),)), "Cloud Inc."),
        (answered("dpa-h", status=Status.GAP), "dpa-h is gap"),
        (answered("dpa-a", status=Status.NA), "dpa-a is na"),
        (answered("tom-c", status=Status.OPEN), "tom-c is open"),
        (answered("coexistence-off", status=Status.GAP), "coexistence-off is gap"),
        (answered("contact-sync-off", status=Status.OPEN), "contact-sync-off is open"),
        (answered("webhooks", evidence=" "), "webhooks is ok without evidence"),
        (answered("tom-staff", evidence=""), "tom-staff is ok without evidence"),
        (answered("sms-fallback", status=Status.NA, evidence=""), "sms-fallback is na without evidence"),
    ],
)
def test_what_is_missing_is_named_and_nothing_else(changed: Form, said: str) -> None:
    lacking = gaps.missing(changed, [CONTRACT], TODAY)
    assert any(said in one for one in lacking)
    assert len(lacking) == (3 if said == "identity.legal_name" else 1) + (said == "identity.legal_name")


@pytest.mark.parametrize("name", ["link-tracking", "sms-fallback", "optimisation-off"])
def test_point_that_may_not_concern_a_provider_is_answered_by_na(name: str) -> None:
    assert gaps.missing(answered(name, status=Status.NA), [CONTRACT], TODAY) == []


def test_optional_point_may_stay_open() -> None:
    assert gaps.missing(answered("dpia", status=Status.OPEN), [CONTRACT], TODAY) == []


@pytest.mark.parametrize("every", [[f"dpa-{letter}" for letter in "abcdefgh"], [f"tom-{letter}" for letter in "abcd"]])
def test_each_letter_of_the_law_is_a_point_that_is_needed(every: list[str]) -> None:
    assert all(POINTS[name].needed and not POINTS[name].spare for name in every)


@pytest.mark.parametrize(
    "kept", [[], [{**CONTRACT, "kind": "toms"}], [{**CONTRACT, "expires_on": (TODAY - DAY).isoformat()}]]
)
def test_contract_must_be_attached_and_not_expired(kept: list[dict[str, Any]]) -> None:
    (lacking,) = gaps.missing(whole(), kept, TODAY)
    assert "contract" in lacking


@pytest.mark.parametrize(
    ("hops", "said"),
    [
        ((FRAMEWORK.model_copy(update={"framework_checked_on": None}),), "framework"),
        ((FRAMEWORK.model_copy(update={"valid_until": TODAY - DAY}),), "expired"),
        ((FRAMEWORK.model_copy(update={"stopped": True}),), "stopped"),
        ((FRAMEWORK.model_copy(update={"tool": "A49-1-a"}),), "Art. 49"),
        ((CLAUSES.model_copy(update={"tia": ""}),), "assessment"),
        ((CLAUSES.model_copy(update={"tia_review_on": TODAY - DAY}),), "assessment"),
        ((FRAMEWORK, FRAMEWORK.model_copy(update={"recipient": "Other", "stopped": True})), "Other"),
    ],
)
def test_each_hop_needs_a_tool_that_holds(hops: tuple[Hop, ...], said: str) -> None:
    (lacking,) = gaps.missing(whole(transfers=hops), [CONTRACT], TODAY)
    assert said in lacking


def test_fallback_stands_in_for_a_tool_that_was_stopped() -> None:
    hops = (FRAMEWORK.model_copy(update={"stopped": True}), CLAUSES)
    assert gaps.missing(whole(transfers=hops), [CONTRACT], TODAY) == []


@pytest.mark.parametrize(
    ("changed", "kept", "until"),
    [
        (whole(), [CONTRACT], TODAY + gaps.REVIEW_US),
        (whole(transfers=(CLAUSES.model_copy(update={"to": "GB"}),)), [CONTRACT], TODAY + gaps.REVIEW),
        (whole(valid_until=TODAY + 9 * DAY), [CONTRACT], TODAY + 9 * DAY),
        (whole(), [{**CONTRACT, "expires_on": (TODAY + 5 * DAY).isoformat()}], TODAY + 5 * DAY),
        (whole(), [{**CONTRACT, "expires_on": (TODAY + 5 * DAY).isoformat()}, CONTRACT], TODAY + gaps.REVIEW_US),
        (
            whole(),
            [CONTRACT, {**CONTRACT, "kind": "certificate", "expires_on": TODAY.isoformat()}],
            TODAY + gaps.REVIEW_US,
        ),
    ],
)
def test_review_comes_by_default_in_half_a_year_with_a_us_hop_and_earlier_with_the_contracts_end(
    changed: Form, kept: list[dict[str, Any]], until: date
) -> None:
    assert gaps.until(changed, kept, TODAY) == until


# the form


FACTS = (
    Fact(Topic.HOSTING, "EU data centres", "vendor, privacy notice", date(2026, 3, 1), confirmed=True),
    Fact(Topic.CERTIFICATES, "ISO 27001", "hearsay"),
)


def test_form_is_read_again_as_it_was_written(shop: Shop) -> None:
    profile = shop.world.registry.get("pigeon").profile  # type: ignore[attr-defined]
    said = whole(
        note='a "quoted"\nnote \x7f',
        subprocessors=(Subprocessor(name="Cloud", country="IE", approved_on=TODAY),),
        certificates=(Certificate(name="ISO 27001", valid_until=TODAY),),
    )
    assert form.parse(writing.toml(said, profile, "Pigeon", "pigeon")) == said
    assert form.parse(writing.toml(Form(), profile, "Pigeon", "pigeon")).status("dpa-a") is Status.OPEN


def test_what_a_plugin_knows_lies_beside_the_form_and_fills_nothing_in(shop: Shop) -> None:
    cls: Any = shop.world.registry.get("pigeon")
    profile = replace(cls.profile, facts=FACTS)
    text = writing.toml(Form(), profile, "Pigeon", "pigeon")
    assert "# known: hosting: EU data centres [vendor, privacy notice, 2026-03-01]" in text
    assert "# known: certificates: UNCONFIRMED: ISO 27001 [hearsay]" in text
    assert "# known: entity: UNCONFIRMED: Pigeon Ltd [made up]" in text
    again = form.parse(text)
    assert (again.identity.legal_name, again.hosting.regions, again.certificates) == ("", (), ())
    lacking = gaps.missing(again, [], TODAY)
    assert {f"{name} is open: {point.en}" for name, point in POINTS.items() if point.needed} <= set(lacking)


def test_profile_without_facts_is_still_known_by_its_short_fields(shop: Shop) -> None:
    cls: Any = shop.world.registry.get("meta")
    profile = replace(cls.profile, facts=())
    assert [fact.confirmed for fact in known.facts(profile, Topic.SUBPROCESSORS)] == [False, False]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("purposes = 3", "purposes"),
        ('purposes = ["ADVERTISING"]', "purposes.0"),
        ('[identity]\nseat = "Germany"', "identity.seat"),
        ('[hosting]\nlocal_storage = "somewhere"', "hosting.local_storage"),
        ('[points.dpa-z]\nstatus = "ok"', "points.dpa-z"),
        ('[points.dpa-a]\nstatus = "fine"', "points.dpa-a.status"),
        ('[[transfers]]\nrecipient = "x"\nto = "US"\ntool = "DPF"\nvalid_until = 2027-01-01', "transfers.0.tool"),
        ("colour = 1", "colour"),
        ("= =", "file"),
    ],
)
def test_form_that_cannot_be_read_names_the_place(text: str, field: str) -> None:
    with pytest.raises(BadInput) as problem:
        form.parse(text)
    assert problem.value.field == field


# versions


def test_draft_stands_beside_the_version_in_force(shop: Shop) -> None:
    drafted = file(shop, whole())
    with shop.world.db.read() as session:
        counts, last = versions.in_force(session, shop.provider.id), versions.newest(session, shop.provider.id)
    assert counts is not None
    assert last is not None
    assert (counts.state, last.state, last.version) == ("approved", "draft", drafted.version)
    shop.reach(ANNA)
    assert shop.claim_one()


def test_draft_alone_sends_nothing(shop: Shop) -> None:
    fresh = stranger(shop)
    with shop.write() as session:
        versions.draft(shop.world, session, fresh, whole(), "Dana")
        sender = accounts.add_sender(session, fresh, "7", "+49 30 7654321")
        route = gate.route_of(session, shop.controller, sender)
    assert (route.record_state, route.dpa_signed) == ("draft", True)
    with shop.write() as session:
        mine = shop.sender.id
        session.get_one(type(shop.sender), mine).connection_id = fresh.id
    answer = shop.reply(phone(ANNA))
    assert not shop.claim()
    assert shop.message(answer).reason == "PROVIDER_RECORD_INCOMPLETE"


def test_approval_says_all_that_is_missing_and_writes_nothing(shop: Shop) -> None:
    drafted = file(shop, answered("dpa-h", status=Status.GAP).model_copy(update={"hosting": Hosting()}))
    before = len(shop.rows(ProcessorRecord))
    with pytest.raises(BadInput) as problem:
        act(shop, versions.approve, "Dana")
    for said in ("3 things are missing", "dpa-h is gap", "hosting.regions", "hosting.local_storage"):
        assert said in str(problem.value)
    assert len(shop.rows(ProcessorRecord)) == before
    assert drafted.state == "draft"


@pytest.mark.parametrize(
    ("do", "code"),
    [
        (versions.suspend, "PROVIDER_SUSPENDED"),
        (versions.end, "PROVIDER_SUSPENDED"),
        (versions.reopen, "PROVIDER_RECORD_INCOMPLETE"),
    ],
)
def test_provider_that_was_stopped_sends_nothing_until_it_is_approved_again(
    shop: Shop, do: Callable[..., ProcessorRecord], code: str
) -> None:
    shop.reach(ANNA, BEN)
    act(shop, do, "Dana", "a breach was not told")
    assert not shop.claim(1)
    assert [row.reason for row in shop.campaign_messages() if row.reason] == [code]
    file(shop, whole())  # a draft lifts nothing
    with shop.world.db.read() as session:
        assert not standing.of(session, shop.provider.id, shop.world.now()).sends
    shop.file(approve=True)
    assert shop.claim_one()
    assert shop.proven()


def test_overdue_file_sends_nothing(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.file(approve=True, form=processor_files.complete(shop.world.now(), 1))
    shop.clock.advance(timedelta(days=3))
    assert not shop.claim()
    assert "PROVIDER_REVIEW_OVERDUE" in {row.reason for row in shop.campaign_messages()}
    with shop.world.db.read() as session:
        assert standing.of(session, shop.provider.id, shop.world.now()).state == standing.REVIEW_DUE


def test_transfer_that_is_stopped_carries_nothing_and_its_fallback_does(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    act(shop, versions.stop_transfer, "A45-3", "US", "Dana", "annulled")
    assert not shop.claim(1)
    assert [row.reason for row in shop.campaign_messages() if row.reason] == ["TRANSFER_MECHANISM_INVALID"]
    today = shop.world.now().date()
    clauses = CLAUSES.model_copy(update={"valid_until": today + 90 * DAY, "tia_review_on": today + 90 * DAY})
    made = processor_files.complete(shop.world.now())
    stopped = tuple(hop.model_copy(update={"stopped": True}) for hop in made.transfers)
    shop.file(approve=True, form=made.model_copy(update={"transfers": (*stopped, clauses)}))
    assert shop.claim_one()
    with pytest.raises(BadInput) as problem:
        act(shop, versions.stop_transfer, "A45-3", "US", "Dana", "again")
    assert problem.value.remedy == "There are: US:A46-2-c."


def test_purpose_that_the_file_leaves_out_is_refused(shop: Shop) -> None:
    shop.reach(ANNA)
    only = processor_files.complete(shop.world.now()).model_copy(update={"purposes": (Purpose.SERVICE,)})
    shop.file(approve=True, form=only)
    answer = shop.reply(phone(BEN))
    assert [one.outgoing.id for one in shop.claim()] == [answer]
    assert [row.reason for row in shop.campaign_messages()] == ["PROVIDER_RECORD_INCOMPLETE"]


def test_answered_point_is_signed_and_an_unchanged_one_keeps_its_signature(shop: Shop) -> None:
    file(shop, Form(points={"dpa-a": Check(status=Status.OK, evidence="§ 3")}), by="Dana")
    shop.clock.advance(timedelta(days=2))
    with shop.write() as session:
        check = Check(status=Status.OK, evidence="§ 4")
        versions.tick(shop.world, session, shop.provider, ["dpa-b"], check, "Erik")
        last = versions.newest(session, shop.provider.id)
    said = versions.form_of(last)
    assert (said.check("dpa-a").reviewer, said.check("dpa-b").reviewer) == ("Dana", "Erik")
    assert said.check("dpa-b").checked_on == shop.world.now().date()
    changed = said.check("dpa-a").model_copy(update={"evidence": "§ 5"})
    with shop.write() as session:  # the form carries the old signature along
        points = {**said.points, "dpa-a": changed}
        again = versions.draft(shop.world, session, shop.provider, said.model_copy(update={"points": points}), "Franka")
    assert versions.form_of(again).check("dpa-a").reviewer == "Franka"


def test_tick_without_evidence_is_refused(shop: Shop) -> None:
    with pytest.raises(BadInput) as problem, shop.write() as session:
        versions.tick(shop.world, session, shop.provider, ["dpa-a"], Check(status=Status.OK), "Dana")
    assert problem.value.field == "evidence"


@pytest.mark.parametrize("by", ["", "  "])
def test_nobody_files_anything(shop: Shop, by: str) -> None:
    before = len(shop.rows(ProcessorRecord))
    for do in (
        lambda: file(shop, whole(), by=by),
        lambda: act(shop, versions.approve, by),
        lambda: act(shop, versions.suspend, by, "why"),
    ):
        with pytest.raises(BadInput) as problem:
            do()
        assert problem.value.field == "reviewer"
    assert len(shop.rows(ProcessorRecord)) == before


def test_every_change_stands_in_the_ledger_without_a_name(shop: Shop) -> None:
    file(shop, whole(), by="Dana Schutz")
    act(shop, versions.suspend, "Dana Schutz", "a breach")
    told = [orjson.loads(shop.events(kind)[-1].record) for kind in ("processor_draft", "processor_suspended")]
    rows = shop.rows(ProcessorRecord)
    assert [one["record"] for one in told] == [row.id for row in rows[-2:]]
    assert [one["sha256"] for one in told] == [row.sha256 for row in rows[-2:]]
    assert "Dana" not in orjson.dumps(told).decode()
    assert shop.proven()


def test_versions_are_never_changed(shop: Shop) -> None:
    first = shop.rows(ProcessorRecord)[0].model_dump()
    file(shop, whole())
    act(shop, versions.suspend, "Dana", "why")
    assert shop.rows(ProcessorRecord)[0].model_dump() == first


# papers


def test_paper_is_kept_sealed_once_and_comes_back_as_it_was(shop: Shop) -> None:
    body = b"%PDF signed by Erika Muster"
    with shop.write() as session:
        kept = [
            papers.keep(shop.world, session, shop.controller.id, "dpa", name, body, reviewer="Dana")
            for name in ("a.pdf", "b.pdf")
        ]
        versions.draft(shop.world, session, shop.provider, whole(), "Dana", kept)
    assert kept[0]["sha256"] == kept[1]["sha256"]
    assert len(shop.rows(ProcessorPaper)) == 2  # with the shop's own contract
    assert "Erika" not in everything_stored(shop.world)
    with shop.world.db.read() as session:
        assert papers.read(shop.world, session, shop.controller.id, kept[0]["sha256"]) == body
        with pytest.raises(BadInput):
            papers.read(shop.world, session, shop.controller.id, "0" * 64)


@pytest.mark.parametrize(("kind", "body"), [("poem", b"x"), ("dpa", b""), ("dpa", b"x" * (papers.MOST + 1))])
def test_paper_that_cannot_be_kept_is_refused(shop: Shop, kind: str, body: bytes) -> None:
    with pytest.raises(BadInput) as problem, shop.write() as session:
        papers.keep(shop.world, session, shop.controller.id, kind, "x", body, reviewer="Dana")
    assert problem.value.field == "paper"


# what decisions keep


def test_decision_keeps_what_the_file_said_and_nobodys_name(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT))
    shop.stage("1")
    sent = shop.claim_one().outgoing.id
    (decision,) = [row for row in shop.rows(DecisionRow) if row.message_id == sent]
    assert '"provider_record"' in decision.record
    with shop.world.db.read() as session:
        record = versions.in_force(session, shop.provider.id)
        assert record is not None
        told = versions.told(record)
    assert told["points"]["dpa-a"] == "ok"
    assert told["papers"][0].keys() == {"kind", "name", "sha256"}
    assert "Dana" not in str(told)


def test_certificate_and_assessment_that_run_out_are_shown(shop: Shop) -> None:
    soon = shop.world.now().date() + 10 * DAY
    made = processor_files.complete(shop.world.now()).model_copy(
        update={"certificates": (Certificate(name="ISO 27001", valid_until=soon),)}
    )
    shop.file(approve=True, form=made)
    with shop.world.db.read() as session:
        assert standing.of(session, shop.provider.id, shop.world.now()).running_out == (
            f"certificate ISO 27001: ends on {soon}",
        )


def test_account_without_a_file_lacks_everything(shop: Shop) -> None:
    fresh = stranger(shop)
    with shop.world.db.read() as session:
        now = standing.of(session, fresh.id, shop.world.now())
    assert (now.state, now.version, now.sends, set(now.unchecked)) == ("none", 0, False, set(POINTS))
