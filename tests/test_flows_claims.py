# SPDX-License-Identifier: Apache-2.0
"""Claims, not facts: a CRM's yes becomes consent only under an approved mapping and with all of its proof."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from hub.contract import BadConfig, BadInput, Claim, ClaimKind, Property
from hub.flows import capsules, mappings, records
from hub.law import policies as packaged
from hub.law.facts import Origin
from hub.proof.checking import check
from hub.store.tables import ClaimMapping, Connection, ConsentRow, CrmRecord, DecisionRow, StopRow
from tests.making import ANNA, BEN, CONTRACT, Shop, everything_stored, person, phone
from tests.mapped import MAPPING, TEXT, MappedShop, agreed_at, opted_in

pytest_plugins = ["tests.shops"]


@pytest.fixture
def mapped(shop: Shop) -> MappedShop:
    return MappedShop(shop)


def why(shop: Shop, subject: str) -> set[str]:
    with shop.world.db.read() as session:
        return {one.code for one in records.why(shop.world, session, shop.controller, subject).reasons}


# what is proved becomes consent


def test_mapped_opt_in_with_all_its_proof_becomes_consent_as_it_was_given(mapped: MappedShop) -> None:
    mapped.walk([opted_in()])
    (consent,) = mapped.shop.consents(phone(ANNA))
    assert (consent.origin, consent.verification, consent.expression) == ("imported", "same_point", "express_statement")
    assert (consent.event_time, consent.wording_id) == (agreed_at(), mapped.wording.id)
    (event,) = mapped.shop.events("consent_imported")
    assert mapped.row.id in event.record
    assert ANNA not in event.record
    assert not mapped.shop.events("consent_given")
    assert mapped.reached("1") == [ANNA]
    assert mapped.shop.proven()


def test_nothing_becomes_consent_before_the_walk_is_over(mapped: MappedShop) -> None:
    mapped.shop.sync(opted_in())
    assert not mapped.shop.rows(ConsentRow)
    assert len(mapped.pending()) == 1
    mapped.walk([])
    assert len(mapped.shop.rows(ConsentRow)) == 1
    assert not mapped.pending()


def test_what_the_crm_showed_is_sealed_and_nothing_of_it_is_stored_in_clear(mapped: MappedShop) -> None:
    mapped.walk([opted_in(optin_number="0151 12345671")])
    stored = everything_stored(mapped.shop.world)
    assert "15112345671" not in stored
    assert "0151 12345671" not in stored
    assert len(mapped.shop.rows(ConsentRow)) == 1, "the number was normalised before it was compared"


def test_same_opt_in_again_writes_nothing_and_a_newer_one_does(mapped: MappedShop) -> None:
    mapped.walk([opted_in()])
    mapped.walk([replace(opted_in(), properties=(("firstname", "Anna"),))])
    assert len(mapped.shop.events("consent_imported")) == 1
    mapped.walk([opted_in(optin_at="2026-11-05T10:00:00Z", confirmed_at="2026-11-05T10:01:00Z")])
    assert len(mapped.shop.events("consent_imported")) == 2
    (consent,) = mapped.shop.consents(phone(ANNA))
    assert consent.event_time > agreed_at()


def test_unmapped_connection_makes_no_consent_of_the_same_fields(shop: Shop) -> None:
    mapped = MappedShop(shop)
    with shop.write() as session:
        mappings.remove(shop.world, session, shop.controller, session.get_one(Connection, shop.crm.id), "Dana Schutz")
    mapped.walk([opted_in()])
    assert not shop.rows(ConsentRow)
    assert shop.paper.asked == ()


def test_imported_consent_has_a_capsule_of_its_own(mapped: MappedShop) -> None:
    mapped.walk([opted_in()])
    assert mapped.reached("1") == [ANNA]
    (event,) = mapped.shop.events("consent_imported")
    made = capsules.make(mapped.shop.world, mapped.shop.controller, capsules.CONSENT, event.id)
    assert check(made).problems == ()
    (consent,) = orjson.loads(made)["consents"]
    assert (consent["collection_method"], consent["state"]) == ("imported", "dpv:ConsentGiven")
    assert consent["notice_id"] == mapped.wording.id


# what lacks proof stays a claim and says so


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"optin_at": ""}, "CONSENT_UNPROVEN"),
        ({"optin_at": "gestern"}, "CONSENT_UNPROVEN"),
        ({"optin_at": "2099-01-01T00:00:00Z"}, "CONSENT_NOT_YET_EFFECTIVE"),
        ({"optin_at": "2025-01-01T00:00:00Z"}, "CONSENT_WORDING_UNKNOWN"),
        ({"optin_text": ""}, "CONSENT_WORDING_UNKNOWN"),
        ({"optin_text": "2027-01"}, "CONSENT_WORDING_UNKNOWN"),
        ({"optin_channel": "E-Mail"}, "CONSENT_CHANNEL_NOT_COVERED"),
        ({"optin_channel": "Fax"}, "CONSENT_CHANNEL_NOT_COVERED"),
        ({"optin_channel": ""}, "CONSENT_CHANNEL_NOT_COVERED"),
        ({"optin_number": ""}, "CONSENT_UNPROVEN"),
        ({"optin_number": "my mobile"}, "CONSENT_UNPROVEN"),
        ({"optin_number": BEN}, "CONSENT_VERIFIED_OTHER_CONTACT_POINT"),
        ({"confirmed_at": ""}, "CONSENT_UNVERIFIED"),
        ({"confirmed_at": "2026-10-30T10:00:00Z"}, "CONSENT_UNVERIFIED"),
        ({"confirmed_at": "2099-01-01T00:00:00Z"}, "CONSENT_UNVERIFIED"),
    ],
)
def test_opt_in_without_a_part_of_its_proof_stays_a_claim_and_why_names_the_part(
    mapped: MappedShop, changes: dict[str, str], code: str
) -> None:
    mapped.walk([opted_in("1", ANNA, **changes)])
    assert not mapped.shop.rows(ConsentRow)
    assert not mapped.pending()
    assert mapped.shop.holds("1")
    assert code in why(mapped.shop, ANNA)
    assert not mapped.reached("1")
    (message,) = mapped.shop.campaign_messages()
    assert code in why(mapped.shop, message.id)
    assert mapped.shop.proven()


@pytest.mark.parametrize("expression", ["affirmative_act", "implied", "opt_out_not_used"])
def test_opt_in_that_was_not_express_stays_a_claim(mapped: MappedShop, expression: str) -> None:
    mapped.map(MAPPING.format(wording=mapped.wording.version).replace("express_statement", expression))
    mapped.walk([opted_in()])
    assert not mapped.shop.rows(ConsentRow)
    assert "CONSENT_NOT_EXPRESS" in why(mapped.shop, ANNA)


@pytest.mark.parametrize("part", ["time", "wording", "point", "verification"])
def test_mapping_without_a_part_proves_nothing(mapped: MappedShop, part: str) -> None:
    text = MAPPING.format(wording=mapped.wording.version)
    start = text.index(f"[{part}]")
    mapped.map(text[:start] + text[text.index("[", start + 1) :])
    mapped.walk([opted_in()])
    assert not mapped.shop.rows(ConsentRow)


def test_text_that_does_not_name_the_company_or_channel_is_not_registered(mapped: MappedShop) -> None:
    for text, field in ((TEXT.replace("Muster", "Andere"), "text"), (TEXT.replace("WhatsApp", "Post"), "channel")):
        with pytest.raises(BadInput) as problem:
            mapped.register(text=text)
        assert problem.value.field == field


def test_text_without_the_way_out_carries_no_imported_consent(mapped: MappedShop) -> None:
    mute = mapped.register(text=TEXT.partition(" Widerruf")[0])
    mapped.map(MAPPING.format(wording=mute.version))
    mapped.walk([opted_in()])
    assert not mapped.shop.rows(ConsentRow)
    assert "CONSENT_INFO_INCOMPLETE" in why(mapped.shop, ANNA)


def test_email_double_opt_in_proves_no_number_unless_the_policy_says_so(mapped: MappedShop) -> None:
    mapped.map(
        MAPPING.format(wording=mapped.wording.version).replace('kind = "confirmed_at"', 'kind = "email_confirmed_at"')
    )
    mapped.walk([opted_in()])
    assert not mapped.shop.rows(ConsentRow)
    assert "CONSENT_VERIFIED_OTHER_CONTACT_POINT" in why(mapped.shop, ANNA)
    strict = packaged.load("eu_strict").text
    mapped.activate(
        strict.replace('imported = "same_point"', 'imported = "other_point"').replace('"2026-11"', '"weaker"')
    )
    mapped.walk([replace(opted_in(), properties=(("firstname", "Anna"),))])
    (consent,) = mapped.shop.consents(phone(ANNA))
    assert consent.verification == "other_point", "what it truly was stays on record"
    assert mapped.reached("1") == [ANNA]


def test_inbound_message_id_verifies_the_number(mapped: MappedShop) -> None:
    mapped.map(
        MAPPING.format(wording=mapped.wording.version).replace('kind = "confirmed_at"', 'kind = "inbound_message"')
    )
    mapped.walk([opted_in(confirmed_at="wamid.HBg")], [opted_in("2", BEN, confirmed_at="")])
    assert mapped.shop.consents(phone(ANNA))
    assert not mapped.shop.consents(phone(BEN))


def test_flag_set_by_staff_stays_a_claim(mapped: MappedShop) -> None:
    """ "Customer said yes" on the phone: a flag and a date, and nothing that the person did (BGH I ZR 164/09)."""
    fields = (("optin", "ja"), ("optin_at", "2026-11-01T10:00:00Z"))
    mapped.walk([person("1", ANNA, CONTRACT, evidence=fields)])
    assert not mapped.shop.rows(ConsentRow)
    assert {"CONSENT_UNPROVEN", "CONSENT_WORDING_UNKNOWN", "CONSENT_UNVERIFIED"} <= why(mapped.shop, ANNA)


# a no, and bases by name


def test_mapped_no_stops_from_when_it_is_first_seen(mapped: MappedShop) -> None:
    """The mapped time is that of the yes: dating the no by it would let a newer consent beat it."""
    mapped.shop.agree(phone(ANNA))
    mapped.walk([opted_in(optin="nein")])
    (stop,) = mapped.shop.stops(phone(ANNA))
    assert stop.kind == "claim_crm"
    assert agreed_at() + timedelta(days=1) < stop.event_time <= mapped.shop.world.now()
    assert not mapped.reached("1")


@pytest.mark.parametrize("value", ["", "vielleicht", "true"])
def test_value_that_is_not_mapped_says_nothing(mapped: MappedShop, value: str) -> None:
    mapped.walk([opted_in(optin=value)])
    assert not mapped.shop.rows(ConsentRow)
    assert not mapped.shop.rows(StopRow)
    (row,) = mapped.shop.rows(CrmRecord)
    assert [claim["kind"] for claim in row.claims] == ["contract", "unknown"], "and the basis is not named"


@pytest.mark.parametrize(
    ("name", "admitted"), [("Vertrag", True), ("vertrag ", True), ("Newsletter", False), ("", False)]
)
def test_basis_is_what_the_admin_says_and_anything_else_is_unknown(
    mapped: MappedShop, name: str, admitted: bool
) -> None:
    mapped.walk([person("1", ANNA, evidence=(("basis", name),))])
    assert mapped.shop.holds("1") is admitted


# stops win


@pytest.mark.parametrize("days", [-2, -1, 0, 1, None])
def test_imported_opt_in_never_lifts_a_stop_whatever_its_time(mapped: MappedShop, days: int | None) -> None:
    """Earlier, the same, later and unknown times: the stop wins, and the CRM is told."""
    mapped.shop.agree(phone(ANNA))
    at = mapped.shop.world.now().replace(microsecond=0)
    mapped.shop.stop(phone(ANNA), at=at)
    when = (at + timedelta(days=days)).isoformat() if days is not None else ""
    mapped.shop.clock.advance(timedelta(days=2))
    mapped.walk(
        [opted_in(optin_at=when, confirmed_at=when and (at + timedelta(days=days or 0, minutes=1)).isoformat())]
    )
    assert not mapped.shop.events("consent_imported")
    assert "CLAIM_CONFLICT" in why(mapped.shop, ANNA)
    assert ("1", "withdrawal", "stopped", "CLAIM_CONFLICT") in mapped.shop.reports()
    assert not mapped.reached("1")
    assert mapped.refusal() == "SUPPRESSED_OBJECTION_MARKETING"


def test_stop_ends_an_imported_consent_and_only_the_person_lifts_it(mapped: MappedShop) -> None:
    mapped.walk([opted_in()])
    mapped.shop.stop(phone(ANNA))
    later = mapped.shop.world.now().isoformat()
    mapped.shop.clock.advance(timedelta(hours=1))
    mapped.walk([opted_in(optin_at=later, confirmed_at=later)])
    assert not mapped.reached("1")
    mapped.shop.agree(phone(ANNA))
    assert mapped.reached("1") == [ANNA]


def test_stop_between_page_and_end_of_the_walk_wins(mapped: MappedShop) -> None:
    mapped.shop.sync(opted_in())
    mapped.shop.stop(phone(ANNA))
    mapped.walk([])
    assert not mapped.shop.rows(ConsentRow)
    assert ("1", "withdrawal", "stopped", "CLAIM_CONFLICT") in mapped.shop.reports()


def test_imported_consent_stands_beside_the_persons_own(mapped: MappedShop) -> None:
    """It must not push out the one that lifted a stop."""
    mapped.shop.stop(phone(ANNA))
    mapped.shop.agree(phone(ANNA))
    later = mapped.shop.world.now().isoformat()
    mapped.shop.clock.advance(timedelta(hours=1))
    mapped.walk([opted_in(optin_at=later, confirmed_at=later)])
    assert {row.origin for row in mapped.shop.consents(phone(ANNA))} == {Origin.INBOUND_FIRST, Origin.IMPORTED}
    assert mapped.reached("1") == [ANNA]


def test_opt_in_of_an_erased_person_stays_out(mapped: MappedShop) -> None:
    mapped.walk([opted_in("1", ANNA, Claim(ClaimKind.ERASURE, "gdpr_delete"))])
    assert not mapped.shop.rows(ConsentRow)
    assert not mapped.pending()


def test_record_deleted_before_the_end_of_the_walk_gives_no_consent(mapped: MappedShop) -> None:
    mapped.shop.sync(opted_in())
    mapped.walk([replace(person("1", ""), deleted=True)])
    assert not mapped.shop.rows(ConsentRow)
    assert not mapped.pending()


def test_number_changed_before_the_end_of_the_walk_gives_no_consent_to_either(mapped: MappedShop) -> None:
    mapped.shop.sync(opted_in("1", ANNA))
    mapped.walk([opted_in("1", BEN, optin_number=ANNA)])
    assert not mapped.shop.rows(ConsentRow)


# versions


def test_mapping_is_a_version_with_who_approved_it_and_reads_the_crm_anew(mapped: MappedShop) -> None:
    mapped.walk([opted_in()])
    with mapped.shop.world.db.read() as session:
        assert session.get_one(Connection, mapped.shop.crm.id).sync_cursor is not None
    second = mapped.map(by="Eva Zweite")
    assert [(row.version, row.approved_by) for row in mapped.shop.rows(ClaimMapping)] == [
        (1, "Dana Schutz"),
        (2, "Eva Zweite"),
    ]
    with mapped.shop.world.db.read() as session:
        assert session.get_one(Connection, mapped.shop.crm.id).sync_cursor is None
    told = mapped.shop.events("claims_mapped")[-1].record
    assert second.sha256 in told
    assert "Eva" not in told, "the ledger keeps no names"
    mapped.shop.sync(opted_in("2", BEN), cursor="of a run that began before")
    with mapped.shop.world.db.read() as session:
        assert session.get_one(Connection, mapped.shop.crm.id).sync_cursor is None


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ('property = "optin"', 'property = "opt-in"', "consent.property"),
        ('yes = ["ja"]', 'yes = ["yes"]', "consent"),
        ('yes = ["ja"]', 'yes = ["nein"]', "consent"),
        ("[time]", "[when]", "when"),
        ("Europe/Berlin", "Berlin", "time.zone"),
        ('"2026-03" = "', '"2026-03" = "9', "wording.versions.2026-03"),
        ('= "whatsapp"', '= "telegram"', "channel.values.WhatsApp"),
        ('kind = "confirmed_at"', 'kind = "trust_me"', "verification.kind"),
        ('= "CONTRACT"', '= "VERTRAG"', "basis.names.Vertrag"),
        ("[consent]", "[consent", "mapping"),
    ],
)
def test_mapping_that_names_what_does_not_exist_is_refused_by_its_field(
    mapped: MappedShop, before: str, after: str, field: str
) -> None:
    names = ("optin_at", "optin_text", "optin_channel", "optin_number", "confirmed_at", "basis")
    mapped.shop.paper.properties = [Property("optin", ("ja", "nein")), *map(Property, names)]
    text = MAPPING.format(wording=mapped.wording.version)
    mapped.map(text)
    with pytest.raises(BadInput) as problem:
        mapped.map(text.replace(before, after))
    assert problem.value.field == field
    assert len(mapped.shop.rows(ClaimMapping)) == 2


def test_mapping_that_was_tampered_with_stops_the_sync_loudly(mapped: MappedShop) -> None:
    with mapped.shop.write() as session:
        row = session.get_one(ClaimMapping, mapped.row.id)
        row.text = row.text.replace('yes = ["ja"]', 'yes = ["ja", "vielleicht"]')
        session.add(row)
    with pytest.raises(BadConfig):
        mapped.shop.sync(opted_in())


def test_removed_mapping_revokes_what_it_wrote_if_asked(mapped: MappedShop) -> None:
    mapped.walk([opted_in()])
    with mapped.shop.write() as session:
        crm = session.get_one(Connection, mapped.shop.crm.id)
        mappings.remove(mapped.shop.world, session, mapped.shop.controller, crm, "Dana Schutz")
        assert mappings.revoke(mapped.shop.world, session, mapped.shop.controller, crm, "Dana Schutz") == 1
    assert not mapped.reached("1")
    assert mapped.refusal() == "CONSENT_REVOKED_BY_CONTROLLER"
    mapped.map()
    mapped.walk([opted_in()])
    assert [row.state for row in mapped.shop.consents(phone(ANNA))] == ["ConsentGiven"], "a better mapping may prove it"
    assert mapped.shop.proven()


def test_why_of_a_refused_opt_in_rests_on_a_decision_of_its_own(mapped: MappedShop) -> None:
    mapped.walk([opted_in(confirmed_at="")])
    mapped.walk([replace(opted_in(confirmed_at=""), properties=(("firstname", "Anna"),))])
    mine = [row for row in mapped.shop.rows(DecisionRow) if row.contact_id]
    assert [(row.phase, row.verdict) for row in mine] == [("sync_in", "DENY")], "told once, not at every sync"
