# SPDX-License-Identifier: Apache-2.0
"""Who is who: merge, split, shared number, number change, new BSUID, recycled number (legal reference 4.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlmodel import SQLModel

from hub.contract import (
    BadInput,
    ContactsMerged,
    IdentityChanged,
    Point,
    PointKind,
    PreferenceChanged,
    PrivacyDeletion,
    Purpose,
)
from hub.flows import (
    answers,
    campaigns,
    capsules,
    clerk,
    contacts,
    doubts,
    facts,
    gate,
    inbound,
    joining,
    records,
    review,
    staging,
    timeline,
)
from hub.flows.clerk import Word
from hub.flows.states import State
from hub.law.facts import Decision, Evidence, EvidenceKind, Message, Phase, StopKind, Verification
from hub.store.tables import Contact, ContactPoint, CrmRecord, MessageRow, Review, StopRow, TemplateRow
from hub.store.vault import KeyRing, Sealed, Vault, generate, unseal
from tests.carriers import OFFER
from tests.making import (
    ANNA,
    BEN,
    CARLA,
    CONSENT,
    CONTRACT,
    OPT_OUT,
    SECOND,
    TOPIC,
    VENDOR_ID,
    Shop,
    bsuid,
    person,
    phone,
)

pytest_plugins = ["tests.shops"]

WORD = Word("Dana Schutz", "called back")
NEW_BSUID = bsuid("DE.777")
PARENT = Point(PointKind.PARENT_BSUID, "DE.ENT.42")


def now(shop: Shop) -> datetime:
    return shop.world.now().replace(microsecond=0)


def asked(shop: Shop, point: Point, purpose: Purpose = Purpose.MARKETING, topic: str = TOPIC) -> Decision:
    """What the gate would say about writing to this point now, on the facts in the database."""
    campaign = shop.draft(purpose=purpose, topic=topic)
    with shop.world.db.read() as session:
        row = contacts.find_point(shop.world, session, shop.controller, point)
        assert row is not None
        found = facts.people(session, shop.controller, [row.id], shop.world.now())[row.id]
        route, message = campaigns.asked(session, shop.controller, campaign)
        if purpose is not Purpose.MARKETING:
            message = Message(purpose)
            order = Evidence(EvidenceKind.CONTRACT, "order-1", shop.world.now(), necessary=True)
            found = facts.replace(found, evidence=(*found.evidence, order))
        return gate.judge(gate.put(shop.world, shop.controller, Phase.STAGE, found, message, route))


def reason(shop: Shop, point: Point) -> str:
    return asked(shop, point).reasons[0]


def hello(shop: Shop, *points: Point) -> None:
    """One webhook that brings these points together."""
    shop.hear(shop.said("Hallo", *points))
    shop.clock.advance(2 * SECOND)


def moved(shop: Shop, old: tuple[Point, ...], new: tuple[Point, ...], at: datetime | None = None) -> None:
    shop.hear(IdentityChanged(VENDOR_ID, old, new, at or now(shop)))
    shop.clock.advance(2 * SECOND)


def merge_in_crm(shop: Shop, stays: str, *gone: str) -> None:
    with shop.write() as session:
        inbound.apply(shop.world, session, shop.crm, [ContactsMerged(stays, gone, shop.world.now())])
    shop.clock.advance(2 * SECOND)


def by_staff(shop: Shop, act: Callable[..., Any], *words: Any, **more: Any) -> Any:
    with shop.write() as session:
        done = act(shop.world, session, shop.controller, *words, **more)
    shop.clock.advance(2 * SECOND)
    return done


def join(shop: Shop, one: str, other: str) -> None:
    by_staff(shop, clerk.join_people, one, other, WORD)


def recycle(shop: Shop, number: str) -> None:
    by_staff(shop, clerk.recycled, number, WORD)


def live(shop: Shop) -> list[Contact]:
    return [contact for contact in shop.rows(Contact) if contact.merged_into is None]


def kinds(shop: Shop, point: Point) -> set[str]:
    """What binds whoever has the point now."""
    return {stop.kind for stop in shop.stops(point) if not stop.left_by and stop.kind != "reassigned"}


# merge


def test_webhook_that_brings_two_contacts_together_makes_them_one_person(shop: Shop) -> None:
    hello(shop, bsuid())
    shop.sync(person("17", ANNA, CONTRACT))
    hello(shop, phone(ANNA), bsuid(), PARENT)
    (kept,) = live(shop)
    assert {shop.contact_of(point).id for point in (phone(ANNA), bsuid(), PARENT)} == {kept.id}
    assert shop.only(CrmRecord).contact_id == kept.id
    (gone,) = [contact for contact in shop.rows(Contact) if contact.merged_into]
    assert (gone.merged_into, gone.data_key, gone.profile) == (kept.id, None, None)
    assert len(shop.events("contacts_joined")) == 1
    assert shop.proven()


@pytest.mark.parametrize("stopped", [phone(ANNA), bsuid(), PARENT])
def test_stop_on_any_of_a_persons_points_binds_all(shop: Shop, stopped: Point) -> None:
    others = [point for point in (phone(ANNA), bsuid(), PARENT) if point != stopped]
    shop.hear(PreferenceChanged(VENDOR_ID, (stopped,), now(shop), stopped=True))
    for point in others:
        shop.agree(point)
    hello(shop, phone(ANNA), bsuid(), PARENT)
    for point in (phone(ANNA), bsuid(), PARENT):
        assert StopKind.PLATFORM_PREFERENCE in kinds(shop, point)
        assert not asked(shop, point).allowed


def test_merged_stop_outlives_the_erasure_of_the_person_on_every_point(shop: Shop) -> None:
    hello(shop, bsuid())
    shop.sync(person("17", ANNA, CONTRACT))
    shop.stop(bsuid())
    hello(shop, phone(ANNA), bsuid())
    with shop.write() as session:
        inbound.apply(shop.world, session, shop.crm, [PrivacyDeletion("17", shop.world.now())])
    assert StopKind.OBJECTION_MARKETING in kinds(shop, phone(ANNA))
    assert StopKind.OBJECTION_MARKETING in kinds(shop, bsuid())


def test_consent_after_a_merge_holds_for_its_own_point_alone(shop: Shop) -> None:
    shop.agree(bsuid())
    shop.sync(person("17", ANNA, CONSENT))
    hello(shop, phone(ANNA), bsuid())
    assert asked(shop, bsuid()).allowed, "the platform itself showed the link, and nobody said no"
    assert reason(shop, phone(ANNA)) == "CONSENT_UNPROVEN"


def test_merge_by_staff_keeps_a_consent_only_if_both_gave_it(shop: Shop) -> None:
    for typed in (ANNA, BEN):
        shop.sync(person(typed, typed, CONTRACT))
    shop.agree(bsuid())
    shop.agree(NEW_BSUID)
    hello(shop, bsuid(), phone(ANNA))
    contact = [shop.contact_of(point).id for point in (bsuid(), NEW_BSUID, phone(BEN))]
    join(shop, contact[0], contact[1])
    assert asked(shop, bsuid()).allowed
    assert asked(shop, NEW_BSUID).allowed
    join(shop, contact[0], contact[2])
    assert reason(shop, bsuid()) == "CONSENT_UNVERIFIED"


@pytest.mark.parametrize("yes_after", [True, False])
def test_yes_of_one_and_no_of_the_other_is_no_until_given_anew(shop: Shop, yes_after: bool) -> None:
    steps = [lambda: shop.stop(phone(ANNA)), lambda: shop.agree(bsuid())]
    for step in steps if yes_after else reversed(steps):
        step()
    hello(shop, phone(ANNA), bsuid())
    assert not asked(shop, bsuid()).allowed
    assert not asked(shop, phone(ANNA)).allowed
    shop.agree(bsuid())
    assert asked(shop, bsuid()).allowed


def test_records_merged_in_the_crm_unite_stops_and_drop_the_record(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT), person("18", BEN, CONTRACT, OPT_OUT))
    shop.agree(phone(ANNA))
    merge_in_crm(shop, "17", "18", "never-seen")
    assert kinds(shop, phone(ANNA)) == {StopKind.CLAIM_CRM}
    assert shop.contact_of(phone(ANNA)).id == shop.contact_of(phone(BEN)).id
    assert [row.record for row in shop.rows(CrmRecord)] == ["17"]
    assert "CONSENT_UNVERIFIED" in asked(shop, phone(ANNA)).reasons
    assert shop.proven()


def test_crm_merge_told_again_changes_nothing(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT), person("18", BEN, CONTRACT))
    for _ in range(2):
        merge_in_crm(shop, "17", "18")
    assert len(shop.events("contacts_joined")) == 1


def test_person_merged_twice_over_is_read_erased_and_explained_as_one(shop: Shop) -> None:
    shop.agree(bsuid())
    shop.stop(NEW_BSUID, text="Das nervt langsam")
    shop.sync(person("17", ANNA, CONTRACT))
    first = shop.contact_of(bsuid()).id
    join(shop, shop.contact_of(NEW_BSUID).id, first)
    join(shop, first, "17")
    (kept,) = live(shop)
    with shop.world.db.read() as session:
        assert records.find_contact(shop.world, session, shop.controller, first).id == kept.id  # type: ignore[union-attr]
        told = {event["kind"] for event in records.why(shop.world, session, shop.controller, first).events}
        assert {"consent_given", "unclear_message", "contacts_joined"} <= told
        assert review.words(shop.world, session, shop.only(Review)) == "Das nervt langsam"
    with shop.write() as session:
        inbound.apply(shop.world, session, shop.crm, [PrivacyDeletion("17", shop.world.now())])
    with shop.world.db.read() as session:
        assert review.words(shop.world, session, shop.only(Review)) == ""
        for contact in shop.rows(Contact):
            with pytest.raises(Sealed):
                contacts.past_key(shop.world, session, contact)


def test_answer_in_the_queue_is_still_readable_after_a_merge(shop: Shop) -> None:
    hello(shop, bsuid())
    hello(shop, phone(ANNA))
    answers = {shop.reply(bsuid(), text="Zur ersten Frage"), shop.reply(phone(ANNA), text="Zur zweiten")}
    join(shop, ANNA, shop.contact_of(bsuid()).id)
    sent = [m for m in shop.claim() if m.outgoing.id in answers]  # and a notice, since nobody was told yet
    assert len(sent) == 2
    assert {m.outgoing.content.body for m in sent} == {"Zur ersten Frage", "Zur zweiten"}  # type: ignore[union-attr]


def test_template_of_its_own_still_leaves_after_a_merge(shop: Shop) -> None:
    hello(shop, bsuid())
    hello(shop, phone(ANNA))
    with shop.write() as session:
        contact, point = contacts.meet(shop.world, session, shop.controller, [bsuid()])
        template = session.get_one(TemplateRow, (shop.provider.id, OFFER.name, OFFER.language))
        queued = answers.queue_template(
            shop.world,
            session,
            shop.sender,
            contact,
            point,
            Purpose.SERVICE,
            template,
            [("1", "Anna")],
            approved_category=template.category,
            dedupe="once",
            evidence=[(EvidenceKind.REQUEST, "asked", shop.world.now())],
        )
    join(shop, ANNA, shop.contact_of(bsuid()).id)
    row, contact = shop.message(queued), shop.contact_of(bsuid())
    assert row.contact_id == contact.id
    assert row.parameters is not None
    opened = unseal(contacts.key_of(shop.world, contact), row.parameters, f"parameters:{row.id}")
    assert orjson.loads(opened) == [["1", "Anna"]]


def test_two_queued_messages_of_a_campaign_leave_one_after_a_merge(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT), person("18", BEN, CONTRACT))
    for typed in (ANNA, BEN):
        shop.hear(shop.said(shop.statement, phone(typed)))
    shop.clock.advance(2 * SECOND)
    campaign = shop.stage("17", "18")
    join(shop, "17", "18")
    with shop.write() as session:
        staging.stage_page(shop.world, session, session.merge(campaign), ["17", "18"])
    assert len([m for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING]) == 1
    refused = [row for row in shop.campaign_messages() if row.state == State.REFUSED]
    assert [(row.reason, row.decision_id != "") for row in refused] == [("DECISION_STALE", False)]
    assert [report[3] for report in shop.reports() if report[1] == "refused"] == ["DECISION_STALE"]


def test_campaign_that_reached_one_contact_is_not_sent_to_the_other_after_a_merge(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT), person("18", BEN, CONTRACT))
    for typed in (ANNA, BEN):
        shop.hear(shop.said(shop.statement, phone(typed)))
    shop.clock.advance(2 * SECOND)
    shop.stage("17", "18")
    assert len(shop.claim(limit=1)) == 1
    join(shop, "17", "18")
    assert not shop.claim()
    assert sorted(row.state for row in shop.campaign_messages()) == [State.AUTHORISED, State.REFUSED]


def test_every_table_that_names_a_contact_is_moved_by_a_merge() -> None:
    by_hand = {"contact_point", "message", "contact", "claimed_opt_in"}
    stays = {"rights_request"}  # its words lie under the key of whom it was made by; it is found by the family
    named = {
        table.name
        for table in SQLModel.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "contact" and key.parent.name == "contact_id"
    }
    assert named - stays == by_hand - {"contact"} | {table.__tablename__ for table in joining.FOLLOWS}


def test_evidence_of_a_merged_person_opens_and_says_what_became_of_the_consent(shop: Shop) -> None:
    shop.agree(bsuid())
    shop.sync(person("17", ANNA, CONTRACT))
    given = shop.contact_of(bsuid()).id
    shop.clock.advance(timedelta(minutes=1))
    join(shop, "17", given)
    capsule = orjson.loads(capsules.make(shop.world, shop.controller, "contact", ANNA, reveal=True))
    (consent,) = capsule["consents"]
    assert (consent["subject_id"], consent["state"]) == (given, "dpv:ConsentUnknown")
    assert [event["event_type"] for event in consent["events"]] == ["consent_given", "contacts_joined"]
    assert [opened["said"]["text"] for opened in capsule["opened"]] == [shop.statement]
    assert len(capsule["identity"]["points"]) == 2


# two numbers of their own


def two_numbers(shop: Shop) -> None:
    """A CRM that merged the records of two people who both write to us."""
    shop.sync(person("17", ANNA, CONTRACT), person("18", BEN, CONTRACT))
    for typed in (ANNA, BEN):
        shop.agree(phone(typed))
    merge_in_crm(shop, "17", "18")


def test_two_people_with_numbers_of_their_own_are_not_joined_but_asked_about(shop: Shop) -> None:
    two_numbers(shop)
    assert len(live(shop)) == 2
    for typed in (ANNA, BEN):
        assert reason(shop, phone(typed)) == "SUBJECT_AMBIGUOUS"
        assert not asked(shop, phone(typed), Purpose.UTILITY).allowed
    with shop.world.db.read() as session:
        (found,) = clerk.doubtful(session, shop.controller)
        (waiting,) = review.waiting(session, shop.controller)
    assert ({found.one, found.other}, found.shown) == ({contact.id for contact in live(shop)}, "crm_merge")
    with shop.write() as session, pytest.raises(BadInput, match="who is who"):
        review.close(shop.world, session, shop.controller, waiting.id, review.Verdict.DONE, "Dana")


def test_doubt_is_ended_by_joining(shop: Shop) -> None:
    two_numbers(shop)
    join(shop, ANNA, BEN)
    assert len(live(shop)) == 1
    assert asked(shop, phone(ANNA)).allowed, "both had said yes"
    assert not by_staff(shop, lambda world, session, controller: clerk.doubtful(session, controller))


def test_doubt_is_ended_by_keeping_apart_and_not_raised_again(shop: Shop) -> None:
    two_numbers(shop)
    by_staff(shop, clerk.keep_apart, ANNA, BEN, WORD)
    for typed in (ANNA, BEN):
        assert reason(shop, phone(typed)) == "CONSENT_UNVERIFIED"
        shop.agree(phone(typed))
        assert asked(shop, phone(typed)).allowed
    shop.sync(person("18", BEN, CONTRACT, CONSENT))
    merge_in_crm(shop, "17", "18")
    assert asked(shop, phone(ANNA)).allowed
    assert len([row for row in shop.rows(Review) if row.kind == doubts.IDENTITY]) == 1


def test_doubt_about_somebody_erased_is_over_for_the_other(shop: Shop) -> None:
    two_numbers(shop)
    with shop.write() as session:
        inbound.apply(shop.world, session, shop.crm, [PrivacyDeletion("17", shop.world.now())])
    assert asked(shop, phone(BEN)).allowed
    with shop.world.db.read() as session:
        assert not clerk.doubtful(session, shop.controller)


# split, shared number


def test_split_keeps_stops_on_both_and_consents_on_none(shop: Shop) -> None:
    shop.agree(phone(ANNA), bsuid())
    shop.sync(person("17", ANNA, CONTRACT, properties=(("firstname", "Anna"),)))
    shop.sync(person("17", CARLA, CONTRACT))
    shop.stop(bsuid())
    shop.agree(phone(ANNA))
    other = by_staff(shop, clerk.part, WORD, number=CARLA)
    assert shop.contact_of(phone(CARLA)).id == other != shop.contact_of(phone(ANNA)).id
    for point in (phone(ANNA), phone(CARLA), bsuid()):
        assert kinds(shop, point) == {StopKind.OBJECTION_MARKETING}
        assert not asked(shop, point).allowed
    assert {row.verification for row in shop.consents(phone(ANNA))} == {Verification.NONE}
    assert shop.only(CrmRecord).contact_id == other
    assert not [contact.profile for contact in shop.rows(Contact) if contact.profile]
    shop.agree(phone(ANNA))
    assert asked(shop, phone(ANNA)).allowed
    assert not asked(shop, phone(CARLA)).allowed
    assert shop.proven()


def test_split_off_number_is_written_to_under_its_own_key(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT))
    shop.sync(person("17", BEN, CONTRACT))
    answer = shop.reply(phone(BEN), text="Gern")
    by_staff(shop, clerk.part, WORD, record="17")
    hello(shop, phone(BEN))
    (sent,) = shop.claim()
    assert (sent.outgoing.id, sent.outgoing.to) == (answer, phone(BEN))


def test_after_a_split_the_platform_says_whose_a_bsuid_is_and_nobody_is_joined(shop: Shop) -> None:
    hello(shop, phone(ANNA), bsuid())
    shop.sync(person("17", ANNA, CONTRACT))
    shop.sync(person("17", BEN, CONTRACT))
    by_staff(shop, clerk.part, WORD, number=ANNA)
    assert shop.contact_of(bsuid()).id == shop.contact_of(phone(BEN)).id
    shop.agree(phone(BEN))
    shop.stop(phone(ANNA), bsuid())
    assert shop.contact_of(bsuid()).id == shop.contact_of(phone(ANNA)).id != shop.contact_of(phone(BEN)).id
    shop.agree(phone(BEN))
    assert asked(shop, phone(BEN)).allowed
    assert not asked(shop, phone(ANNA)).allowed


def test_shared_number_loses_its_consent_and_the_name_on_file(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONSENT, properties=(("firstname", "Anna"),)), person("18", ANNA, CONSENT))
    assert by_staff(shop, clerk.part, WORD, record="18") == ""
    assert reason(shop, phone(ANNA)) == "CONSENT_UNVERIFIED"
    assert shop.only(Contact).profile is None
    assert len(shop.events("point_shared")) == 1
    shop.agree(phone(ANNA))
    assert asked(shop, phone(ANNA)).allowed


# number change, new BSUID


@pytest.mark.parametrize("known", [True, False])
def test_number_change_takes_stops_along_and_no_consent(shop: Shop, known: bool) -> None:
    shop.agree(phone(ANNA), bsuid())
    shop.stop(phone(ANNA))
    shop.agree(phone(ANNA))
    shop.agree(bsuid())
    if known:
        shop.sync(person("18", BEN, CONTRACT))
    was = shop.contact_of(phone(ANNA)).id
    moved(shop, (phone(ANNA), bsuid()), (phone(BEN), NEW_BSUID))
    assert shop.contact_of(phone(BEN)).id == shop.contact_of(NEW_BSUID).id == was
    for point in (phone(BEN), NEW_BSUID):
        assert kinds(shop, point) == {StopKind.OBJECTION_MARKETING}
        assert not asked(shop, point).allowed
    shop.agree(phone(BEN))
    assert asked(shop, phone(BEN)).allowed
    assert shop.proven()


def test_old_number_is_written_to_no_more_whatever_it_is(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONTRACT))
    campaign = shop.stage("17")
    answer = shop.reply(phone(ANNA))
    moved(shop, (phone(ANNA),), (phone(BEN),))
    assert not shop.claim()
    assert {row.reason for row in shop.rows(MessageRow)} == {"CONTACT_POINT_REASSIGNED"}
    assert shop.message(answer).state == State.REFUSED
    assert [r[3] for r in shop.reports() if r[1] == "refused"] == ["CONTACT_POINT_REASSIGNED"], campaign.id


def test_new_bsuid_alone_asks_for_consent_anew_on_the_number_too(shop: Shop) -> None:
    shop.agree(phone(ANNA), bsuid())
    moved(shop, (bsuid(), PARENT), (NEW_BSUID,))
    assert reason(shop, phone(ANNA)) == "CONSENT_UNVERIFIED"
    shop.agree(phone(ANNA), NEW_BSUID)
    assert asked(shop, phone(ANNA)).allowed


def test_new_bsuid_seen_in_a_message_asks_for_consent_anew(shop: Shop) -> None:
    shop.agree(phone(ANNA), bsuid())
    hello(shop, phone(ANNA), PARENT)
    assert asked(shop, phone(ANNA)).allowed, "a first id of its kind is no change"
    hello(shop, phone(ANNA), NEW_BSUID)
    assert reason(shop, phone(ANNA)) == "CONSENT_UNVERIFIED"


def test_number_change_carries_stops_to_the_point_however_old_its_key(shop: Shop) -> None:
    shop.stop(phone(ANNA))
    shop.sync(person("18", BEN, CONTRACT))
    shop.world.vault = Vault(KeyRing.parse(f"{generate()},{shop.world.settings.keys.get_secret_value()}"))
    moved(shop, (phone(ANNA),), (phone(BEN),))
    shop.agree(phone(BEN), at=now(shop) - timedelta(hours=1))
    assert reason(shop, phone(BEN)).startswith("SUPPRESSED")


def test_number_change_of_somebody_unknown_carries_a_stop_kept_under_the_number_alone(shop: Shop) -> None:
    shop.sync(person("17", ANNA, OPT_OUT))
    moved(shop, (phone(ANNA),), (phone(BEN),))
    assert not shop.rows(Contact)
    shop.sync(person("18", BEN, CONTRACT))
    assert reason(shop, phone(BEN)) == "SUPPRESSED_CLAIM_CRM"


def test_number_change_to_the_number_of_another_customer_is_asked_about(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.agree(phone(BEN))
    moved(shop, (phone(ANNA),), (phone(BEN),))
    assert reason(shop, phone(BEN)) == "SUBJECT_AMBIGUOUS"


def test_late_or_repeated_number_change_leaves_the_new_holder_alone(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    at = now(shop)
    moved(shop, (phone(ANNA),), (phone(BEN),), at)
    shop.agree(phone(ANNA))
    moved(shop, (phone(ANNA),), (phone(BEN),), at)
    assert asked(shop, phone(ANNA)).allowed
    assert shop.contact_of(phone(ANNA)).id != shop.contact_of(phone(BEN)).id


def test_number_that_changes_in_the_crm_keeps_person_and_stops(shop: Shop) -> None:
    shop.sync(person("17", ANNA, CONTRACT))
    shop.stop(phone(ANNA))
    shop.sync(person("17", BEN, CONTRACT))
    shop.sync(person("17", CARLA, CONTRACT))
    assert len(live(shop)) == 1
    assert kinds(shop, phone(CARLA)) == {StopKind.OBJECTION_MARKETING}


# recycled number


def former_and_new_holder(shop: Shop) -> None:
    """Anna had a number and a BSUID and stopped; her number went to a stranger."""
    shop.sync(person("17", ANNA, CONTRACT, properties=(("firstname", "Anna"),)))
    shop.agree(phone(ANNA), bsuid())
    shop.agree(bsuid())
    shop.stop(phone(ANNA), text="Stop everything")
    shop.agree(phone(ANNA))
    recycle(shop, ANNA)


def test_recycled_number_ends_consent_and_keeps_the_former_holders_stop(shop: Shop) -> None:
    former_and_new_holder(shop)
    anna = shop.contact_of(bsuid())
    assert reason(shop, bsuid()) == "SUPPRESSED_SUBJECT_STOP_ALL", "nothing is lifted for her own BSUID"
    shop.stage("17")
    assert [m for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING] == []
    assert shop.campaign_messages()[0].reason == "SUPPRESSED_SUBJECT_STOP_ALL"
    assert "CONTACT_POINT_REASSIGNED" in asked_left(shop, anna).reasons
    assert shop.stops(phone(ANNA)), "the stop is kept"
    assert shop.proven()


def asked_left(shop: Shop, contact: Contact) -> Decision:
    campaign = shop.draft()
    with shop.world.db.read() as session:
        (row,) = [p for p in shop.rows(ContactPoint) if p.contact_id == contact.id and p.left_at]
        found = facts.people(session, shop.controller, [row.id], shop.world.now())[row.id]
        route, message = campaigns.asked(session, shop.controller, campaign)
        return gate.judge(gate.put(shop.world, shop.controller, Phase.STAGE, found, message, route))


def test_consent_record_of_the_other_point_outlives_a_recycled_number(shop: Shop) -> None:
    shop.agree(phone(ANNA), bsuid())
    shop.agree(bsuid())
    recycle(shop, ANNA)
    anna = shop.contact_of(bsuid()).id
    capsule = orjson.loads(capsules.make(shop.world, shop.controller, "contact", anna))
    assert [consent["state"] for consent in capsule["consents"]] == ["dpv:ConsentInvalidated", "dpv:ConsentGiven"]


def test_new_holder_starts_anew_and_is_bound_by_their_own_word_alone(shop: Shop) -> None:
    former_and_new_holder(shop)
    hello(shop, phone(ANNA), NEW_BSUID)
    stranger, anna = shop.contact_of(phone(ANNA)), shop.contact_of(bsuid())
    assert stranger.id != anna.id
    held = asked(shop, phone(ANNA), Purpose.UTILITY).reasons
    assert held == ("NOTICE_13_MISSING",), "nobody told them yet; the former holder's stop is not theirs"
    assert reason(shop, phone(ANNA)) == "CONSENT_MISSING"
    shop.agree(phone(ANNA))
    assert asked(shop, phone(ANNA)).allowed
    shop.stop(phone(ANNA))
    assert not asked(shop, phone(ANNA)).allowed


def test_new_holder_is_shown_nothing_of_the_former_one_who_keeps_it_all(shop: Shop) -> None:
    former_and_new_holder(shop)
    hello(shop, phone(ANNA), NEW_BSUID)
    seen: dict[str, tuple[list[str], list[str], set[str]]] = {}
    with shop.world.db.read() as session:
        for name, contact in (("new", shop.contact_of(phone(ANNA))), ("former", shop.contact_of(bsuid()))):
            entries = timeline.page(session, contact, "", 100)
            told = records.why(shop.world, session, shop.controller, contact.id).events
            stops = {stop.kind for stop in timeline.person(session, contact).stops}
            seen[name] = [one.what for one in entries if not one.decision], [one["kind"] for one in told], stops
    paged, told, stops = seen["new"]
    assert not {"stop_all", "consent_given"} & {*paged, *told}
    assert StopKind.STOP_ALL not in stops
    paged, told, stops = seen["former"]
    assert {"stop_all", "consent_given", "point_reassigned"} <= {*paged} & {*told}
    assert StopKind.STOP_ALL in stops


def test_stop_of_the_former_holder_that_comes_late_still_reaches_them(shop: Shop) -> None:
    shop.agree(phone(ANNA), bsuid())
    shop.agree(bsuid())
    at = now(shop)
    shop.clock.advance(5 * SECOND)
    recycle(shop, ANNA)
    shop.stop(phone(ANNA), at=at)
    assert reason(shop, bsuid()) == "SUPPRESSED_OBJECTION_MARKETING"


def test_record_that_still_names_a_recycled_number_stays_with_its_person(shop: Shop) -> None:
    former_and_new_holder(shop)
    hello(shop, phone(ANNA), NEW_BSUID)
    counts = shop.sync(person("17", ANNA, CONTRACT, OPT_OUT, properties=(("firstname", "Annika"),)))
    assert counts.excluded == {"CONTACT_POINT_REASSIGNED": 1}
    assert shop.only(CrmRecord).contact_id == shop.contact_of(bsuid()).id
    assert shop.contact_of(phone(ANNA)).profile is None, "a stranger is not called Anna"
    assert StopKind.CLAIM_CRM not in kinds(shop, phone(ANNA))
    shop.sync(person("17", CARLA, CONTRACT))
    assert shop.contact_of(phone(CARLA)).id == shop.contact_of(bsuid()).id
    assert StopKind.STOP_ALL in kinds(shop, phone(CARLA))


def test_recycled_number_that_is_deleted_and_imported_again_needs_a_new_consent(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    shop.clock.advance(timedelta(hours=2))
    recycle(shop, ANNA)
    shop.sync(person("fair-1", ANNA, CONSENT))
    assert not asked(shop, phone(ANNA)).allowed
    shop.hear(shop.said(shop.statement, phone(ANNA), at=now(shop) - timedelta(hours=1)))
    assert reason(shop, phone(ANNA)) == "CONTACT_POINT_REASSIGNED", "said before the number changed hands"
    shop.agree(phone(ANNA))
    assert asked(shop, phone(ANNA)).allowed


@pytest.mark.parametrize("text", ["Falsche Nummer!", "Sorry, wrong number", "Mauvais numéro"])
def test_wrong_person_reply_ends_consent_lifts_no_stop_and_asks_a_person(shop: Shop, text: str) -> None:
    shop.agree(phone(ANNA))
    shop.stop(phone(ANNA))
    shop.agree(phone(ANNA))
    shop.sync(person("17", ANNA, CONTRACT, properties=(("firstname", "Anna"),)))
    reply = shop.said(text, phone(ANNA))
    for _ in range(2):
        shop.hear(reply)
    shop.clock.advance(2 * SECOND)
    assert "CONTACT_POINT_REASSIGNED" in asked(shop, phone(ANNA)).reasons
    assert StopKind.OBJECTION_MARKETING in kinds(shop, phone(ANNA))
    assert {row.kind for row in shop.rows(Review)} == {doubts.WRONG_NUMBER, review.UNCLEAR}
    assert len(shop.rows(Review)) == 2
    assert shop.contact_of(phone(ANNA)).profile is None
    shop.agree(phone(ANNA))
    assert asked(shop, phone(ANNA)).allowed


# edge 9: nothing is guessed


def test_stop_under_a_number_binds_a_username_once_the_platform_links_them(shop: Shop) -> None:
    shop.agree(bsuid())
    shop.stop(phone(ANNA))
    hello(shop, bsuid(), PARENT)
    assert asked(shop, bsuid()).allowed, "nobody can know yet"
    hello(shop, phone(ANNA), PARENT)
    assert not asked(shop, bsuid()).allowed


def test_username_without_a_link_and_without_a_word_of_its_own_is_not_written_to(shop: Shop) -> None:
    shop.stop(phone(ANNA))
    hello(shop, bsuid())
    assert reason(shop, bsuid()) == "CONSENT_MISSING"
    assert not shop.stops(bsuid())


# what staff say


@pytest.mark.parametrize(
    ("act", "words", "more", "field"),
    [
        (clerk.join_people, (ANNA, "nobody", WORD), {}, "other"),
        (clerk.join_people, (ANNA, ANNA, WORD), {}, "one and other"),
        (clerk.join_people, (ANNA, BEN, Word("", "")), {}, "by or reason"),
        (clerk.keep_apart, (ANNA, "nobody", WORD), {}, "other"),
        (clerk.part, (WORD,), {}, "number or record"),
        (clerk.part, (WORD,), {"number": "call me"}, "number"),
        (clerk.part, (WORD,), {"number": CARLA}, "number"),
        (clerk.part, (WORD,), {"record": "99"}, "record"),
        (clerk.recycled, (CARLA, WORD), {}, "number"),
        (clerk.recycled, (ANNA, Word(" ", "x")), {}, "by or reason"),
    ],
)
def test_word_of_staff_that_cannot_be_used_changes_nothing(
    shop: Shop, act: Callable[..., Any], words: tuple[Any, ...], more: dict[str, str], field: str
) -> None:
    shop.sync(person("17", ANNA, CONTRACT), person("18", BEN, CONTRACT))
    shop.agree(phone(ANNA))
    before = [shop.rows(table) for table in (Contact, ContactPoint, StopRow, Review)]
    with pytest.raises(BadInput) as problem:
        by_staff(shop, act, *words, **more)
    assert problem.value.field == field
    assert [shop.rows(table) for table in (Contact, ContactPoint, StopRow, Review)] == before


def test_people_of_another_company_are_never_joined(shop: Shop) -> None:
    other = Shop(shop.world, "Andere Handels GmbH", ("paper2", "pigeon2"))
    other.hear(other.said("Hallo", phone(ANNA)))
    shop.hear(shop.said("Hallo", bsuid(), phone(ANNA)))
    with pytest.raises(BadInput):
        by_staff(shop, clerk.join_people, ANNA, other.contact_of(phone(ANNA)).id, WORD)
    assert len(live(shop)) == 2
