# SPDX-License-Identifier: Apache-2.0
"""From CRM to hub: what has a basis is stored, the rest is counted and forgotten, and a stop is never lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.bridge import Bridge
from hub.contract import BadConfig, BadInput, Channel, Claim, ClaimKind, HubError, Page, Purpose, Throttled, Unusable
from hub.flows import watching
from hub.flows.sync import apply_page
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.store.tables import (
    ChainLink,
    Connection,
    Contact,
    CrmRecord,
    DecisionRow,
    StopRow,
    SyncProblem,
    SyncRun,
)
from hub.store.vault import KeyRing, Vault, generate
from hub.work import leases
from hub.work.jobs import Jobs
from tests.making import (
    ANNA,
    BEN,
    CARLA,
    CONSENT,
    CONTRACT,
    OPT_OUT,
    SECOND,
    Shop,
    everything_stored,
    person,
    phone,
)

pytest_plugins = ["tests.shops"]

INTEREST = Claim(ClaimKind.LEGITIMATE_INTEREST, "prospect")
NOTHING = Claim(ClaimKind.UNKNOWN, "lead_status")


def forget(shop: Shop, record: str) -> None:
    """The CRM deletes a record."""
    shop.sync(replace(person(record, ""), deleted=True))


# who is stored


def test_record_without_basis_is_counted_and_nowhere_stored(shop: Shop) -> None:
    people = [person("17", ANNA), person("18", BEN, NOTHING), person("19", "0151 12345673", INTEREST)]
    counts = shop.sync(*people, unusable=[Unusable("row 9", "id", "missing")])
    assert (counts.seen, counts.admitted) == (4, 0)
    assert counts.excluded == {"SYNC_NO_BASIS": 2, "LI_ASSESSMENT_MISSING": 1, "SUBJECT_UNRESOLVED": 1}
    assert not shop.rows(CrmRecord)
    assert not shop.rows(Contact)
    stored = everything_stored(shop.world)
    for digits in ("15112345671", "15112345672", "15112345673"):
        assert digits not in stored


@pytest.mark.parametrize("claim", [CONSENT, CONTRACT, Claim(ClaimKind.CONSENT_OTHER_POINT, "email_doi")])
def test_record_with_a_claimed_basis_is_stored_sealed(shop: Shop, claim: Claim) -> None:
    counts = shop.sync(person("17", "0151 / 12345671", claim, properties=(("firstname", "Anneliese"),)))
    assert (counts.admitted, shop.holds("17")) == (1, True)
    stored = everything_stored(shop.world)
    assert "15112345671" not in stored
    assert "Anneliese" not in stored
    assert not shop.consents(phone(ANNA)), "a claim is never consent"


def test_legitimate_interest_needs_an_assessment_that_was_disclosed(shop: Shop) -> None:
    for assessment, disclosed, expected in (("LIA-7", False, "LI_NOT_DISCLOSED"), ("LIA-7", True, None)):
        with shop.write() as session:
            shop.controller.li_assessment, shop.controller.li_disclosed = assessment, disclosed
            session.merge(shop.controller)
        counts = shop.sync(person("17", ANNA, INTEREST))
        assert (expected in counts.excluded) if expected else counts.admitted == 1


def test_person_who_wrote_an_opt_in_is_admitted_without_any_claim(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    assert shop.sync(person("17", ANNA)).admitted == 1


def test_two_records_with_one_number_are_one_contact(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONSENT), person("18", "0151 12345671", CONTRACT))
    assert shop.points() == 1
    first, second = shop.rows(CrmRecord)
    assert first.contact_id == second.contact_id == shop.only(Contact).id


def test_one_record_twice_on_a_page_is_stored_as_it_stands_last(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONSENT), person("17", BEN, CONSENT))
    assert shop.only(CrmRecord).contact_id == shop.contact_of(phone(BEN)).id


def test_record_whose_basis_is_gone_is_dropped(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT))
    counts = shop.sync(person("17", ANNA, NOTHING))
    assert counts.excluded == {"SYNC_NO_BASIS": 1}
    assert not shop.holds("17")


def test_record_of_an_erased_person_stays_out(shop: Shop) -> None:
    counts = shop.sync(person("17", ANNA, CONSENT, Claim(ClaimKind.ERASURE, "gdpr_delete")))
    assert counts.excluded == {"SYNC_TOMBSTONE_HIT": 1}
    assert not shop.holds("17")


# what changes


def test_unchanged_record_writes_nothing(shop: Shop) -> None:
    anna = person("17", ANNA, CONSENT, properties=(("firstname", "Anna"),))
    shop.sync(anna)
    contact, record = shop.only(Contact), shop.only(CrmRecord)
    shop.clock.advance(SECOND)
    counts = shop.sync(anna)
    assert (counts.unchanged, counts.admitted) == (1, 0)
    assert (shop.only(Contact), shop.only(CrmRecord)) == (contact, record)


def test_changed_name_is_what_the_next_template_says(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONSENT, properties=(("firstname", "Ana"),)))
    shop.sync(person("17", ANNA, CONSENT, properties=(("firstname", "Anna"),)))
    shop.stage("17")
    assert shop.claim_one().outgoing.content.parameters == (("1", "Anna"),)  # type: ignore[union-attr]


def test_changed_number_keeps_the_person_and_their_stops(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT))
    contact = shop.only(Contact)
    shop.stop(phone(ANNA))
    shop.sync(person("17", BEN, CONTRACT))
    assert shop.contact_of(phone(BEN)).id == contact.id
    (carried,) = shop.stops(phone(BEN))
    (original,) = shop.stops(phone(ANNA))
    assert (carried.kind, carried.event_time) == (StopKind.OBJECTION_MARKETING, original.event_time)
    assert shop.proven()


def test_changed_number_does_not_take_the_consent_along(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONSENT))
    shop.sync(person("17", BEN, CONSENT))
    shop.stage("17")
    assert not shop.claim()
    assert shop.campaign_messages()[0].reason == "CONSENT_UNPROVEN"


def test_number_that_moves_to_somebody_known_brings_the_stop_there(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT), person("18", BEN, CONTRACT))
    shop.stop(phone(ANNA))
    shop.sync(person("17", BEN, CONTRACT))
    assert [stop.kind for stop in shop.stops(phone(BEN))] == [StopKind.OBJECTION_MARKETING]


def test_stop_on_two_points_of_a_person_is_carried_over_once(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT))
    shop.sync(person("17", CARLA, CONTRACT))
    shop.stop(phone(ANNA))
    shop.sync(person("17", BEN, CONTRACT))
    assert len(shop.stops(phone(BEN))) == 1


# opt-outs a CRM claims


def test_opt_out_claim_of_a_record_that_is_not_stored_still_stops(shop: Shop) -> None:
    shop.sync(person("17", ANNA, OPT_OUT))
    assert not shop.holds("17")
    (stop,) = shop.stops(phone(ANNA))
    assert (stop.kind, stop.purpose, stop.channel) == (StopKind.CLAIM_CRM, Purpose.MARKETING, "*")
    assert "15112345671" not in everything_stored(shop.world)


def test_opt_out_claim_for_one_channel_reaches_only_that(shop: Shop) -> None:
    mail = replace(OPT_OUT, channel=Channel.EMAIL, limited=True)
    shop.agree(phone(ANNA))
    shop.sync(person("1", ANNA, CONSENT, mail))
    shop.stage("1")
    assert len(shop.claim()) == 1


def test_opt_out_flag_that_stays_set_is_no_new_stop(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT, OPT_OUT))
    shop.clock.advance(SECOND)
    shop.sync(person("17", ANNA, CONTRACT, OPT_OUT, properties=(("firstname", "Anna"),)))
    assert len(shop.stops(phone(ANNA))) == 1


def test_old_opt_out_flag_does_not_beat_a_later_consent(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT, OPT_OUT))
    shop.clock.advance(2 * SECOND)
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONTRACT, OPT_OUT, properties=(("firstname", "Anna"),)))
    shop.stage("17")
    assert len(shop.claim()) == 1


def test_opt_out_flag_set_anew_after_a_consent_stops_again(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT, OPT_OUT))
    shop.clock.advance(2 * SECOND)
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONTRACT))
    shop.sync(person("17", ANNA, CONTRACT, OPT_OUT))
    assert len(shop.stops(phone(ANNA))) == 2
    shop.stage("17")
    assert not shop.claim()


@pytest.mark.parametrize("claim", [CONSENT, CONTRACT, Claim(ClaimKind.CONSENT, "import", claimed_at=None)])
def test_claim_never_revives_a_stopped_person(shop: Shop, claim: Claim) -> None:
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shop.sync(person("17", ANNA, replace(claim, claimed_at=shop.world.now() + timedelta(days=1))))
    shop.stage("17")
    (confirmation,) = shop.claim()
    assert confirmation.outgoing.purpose is Purpose.OPT_OUT_CONFIRMATION
    assert shop.campaign_messages()[0].reason == "SUPPRESSED_OBJECTION_MARKETING"


def test_deleted_and_imported_again_is_still_stopped(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONSENT, OPT_OUT))
    forget(shop, "17")
    assert not shop.holds("17")
    shop.sync(person("900", "0151 12345671", CONSENT))
    assert shop.stops(phone(ANNA))
    shop.stage("900")
    (row,) = shop.campaign_messages()
    assert row.reason == "SUPPRESSED_CLAIM_CRM"


def test_stop_kept_under_an_old_key_binds_a_later_import(shop: Shop) -> None:
    shop.sync(person("17", ANNA, OPT_OUT))
    shop.world.vault = rotated(shop.world)
    shop.sync(person("900", ANNA, CONSENT))
    shop.stage("900")
    (row,) = shop.campaign_messages()
    assert row.reason == "SUPPRESSED_CLAIM_CRM"


def test_person_known_under_an_old_key_is_not_made_twice(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONSENT))
    shop.world.vault = rotated(shop.world)
    shop.sync(person("18", ANNA, CONSENT))
    assert len(shop.rows(Contact)) == 1


# what cannot be read


@pytest.mark.parametrize("typed", ["", "n/a", "+49 12", "call reception", "0900 1 234567"])
def test_bad_number_is_reported_by_place_field_and_reason_without_its_value(shop: Shop, typed: str) -> None:
    shop.sync(person("17", typed, CONSENT, row=4), person("18", typed, CONSENT))
    assert [(p.place, p.field) for p in shop.rows(SyncProblem)] == [("row 4", "phone"), ("record 18", "phone")]
    for problem in shop.rows(SyncProblem):
        assert problem.why.startswith("is ")
        assert not typed or typed not in problem.why


def test_problem_that_the_plugin_found_is_kept(shop: Shop) -> None:
    shop.sync(unusable=[Unusable("row 9", "id", "missing")])
    problem = shop.only(SyncProblem)
    assert (problem.place, problem.field, problem.why) == ("row 9", "id", "missing")


# one page, one transaction


def test_page_is_proven_by_one_decision_with_its_counts(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONSENT), person("18", BEN))
    decision = shop.only(DecisionRow)
    assert (decision.phase, decision.verdict) == ("sync_in", "BATCH")
    assert '"admitted":1' in decision.record
    assert '"SYNC_NO_BASIS":1' in decision.record
    assert shop.proven()


def test_page_that_fails_leaves_nothing(shop: Shop) -> None:
    links = len(shop.rows(ChainLink))
    page = Page((person("17", ANNA, CONSENT, OPT_OUT), person("18", "n/a")), "next")
    with suppress(ZeroDivisionError), shop.write() as session:
        run = SyncRun(connection_id=shop.crm.id, started_at=shop.world.now())
        session.add(run)
        crm = session.get_one(Connection, shop.crm.id)
        apply_page(shop.world, session, shop.controller, crm, run, page)
        session.flush()
        _ = 1 / 0
    for table in (CrmRecord, Contact, StopRow, SyncProblem, SyncRun, DecisionRow):
        assert not shop.rows(table)
    assert len(shop.rows(ChainLink)) == links
    assert cursor(shop) is None


def test_cursor_moves_with_the_page(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONSENT), cursor="after-17")
    assert cursor(shop) == "after-17"
    shop.sync(cursor=None)
    assert cursor(shop) == "after-17"


# the job around the pages


@pytest.mark.parametrize(
    ("error", "paused", "wait"),
    [(BadConfig("token revoked"), "token revoked", 60.0), (Throttled("busy", after=7.0), "", 7.0)],
)
def test_sync_that_breaks_off_keeps_what_it_has(shop: Shop, error: HubError, paused: str, wait: float) -> None:
    shop.paper.pages = [Page((person("17", ANNA, CONSENT),), "after-17"), Page((person("18", BEN, CONSENT),), "end")]
    with Bridge(connections=1) as bridge:
        jobs = Jobs(shop.world, bridge)
        shop.paper.turning = raising_at(1, error)
        run = jobs.sync(shop.crm.id)
        assert run is not None
        assert (run.admitted, run.error) == (1, str(error))
        with shop.world.db.read() as session:
            crm = session.get_one(Connection, shop.crm.id)
        assert (crm.sync_cursor, crm.paused_why) == ("after-17", paused)
        assert crm.next_sync_at == run.finished_at + timedelta(seconds=wait)  # type: ignore[operator]
        shop.paper.turning = lambda index: None
        run = jobs.sync(shop.crm.id)
    assert run is not None
    assert (run.seen, run.admitted, run.unchanged, run.error) == (2, 1, 1, "")


def test_sync_that_is_stopped_keeps_what_it_has_and_the_next_goes_on(shop: Shop, jobs: Jobs) -> None:
    shop.paper.pages = [Page((person("17", ANNA, CONSENT),), "after-17"), Page((person("18", BEN, CONSENT),), "end")]

    def stop(_: object) -> None:
        with shop.write() as session:
            watching.stop_sync(session, shop.crm)

    shop.paper.turning = lambda index: stop(index) if index == 0 else None
    run = jobs.sync(shop.crm.id)
    assert run is not None
    assert (run.stopped, run.seen, run.error, cursor(shop)) == (True, 1, "", "after-17")
    with pytest.raises(BadInput, match="not being read"):
        stop(0)
    shop.paper.turning = lambda index: None
    run = jobs.sync(shop.crm.id)
    assert run is not None
    assert (run.stopped, run.error, cursor(shop)) == (False, "", "end")
    assert {row.record for row in shop.rows(CrmRecord)} == {"17", "18"}


def test_sync_whose_process_died_is_seen_to_be_over(shop: Shop, jobs: Jobs) -> None:
    with shop.write() as session:
        session.add(SyncRun(connection_id=shop.crm.id, started_at=shop.world.now()))
    jobs.sync(shop.crm.id)
    died, whole = shop.rows(SyncRun)
    assert died.finished_at is not None
    assert ("broken off" in died.error, whole.error) == (True, "")


def test_second_sync_of_one_connection_waits_for_the_first(shop: Shop) -> None:
    assert leases.take(shop.world, f"sync:{shop.crm.id}", "another process", 30.0)
    with Bridge(connections=1) as bridge:
        assert Jobs(shop.world, bridge).sync(shop.crm.id) is None
    assert not shop.rows(SyncRun)


def test_sync_of_a_provider_says_that_it_is_no_crm(shop: Shop) -> None:
    with Bridge(connections=1) as bridge, pytest.raises(BadInput) as problem:
        Jobs(shop.world, bridge).sync(shop.provider.id)
    assert problem.value.field == "connection"


def cursor(shop: Shop) -> str | None:
    with shop.world.db.read() as session:
        return session.get_one(Connection, shop.crm.id).sync_cursor


def rotated(world: World) -> Vault:
    """The vault after a new key was put in front of the ring."""
    return Vault(KeyRing.parse(f"{generate()},{world.settings.keys.get_secret_value()}"))


def raising_at(page: int, error: HubError) -> Callable[[int], None]:
    def turn(index: int) -> None:
        if index == page:
            raise error

    return turn
