# SPDX-License-Identifier: Apache-2.0
"""A restored backup revives nobody and sends nothing twice: real backups, on both databases."""

from __future__ import annotations

import shutil
from datetime import timedelta

import orjson
import pytest

from hub.contract import (
    BadInput,
    IdentityChanged,
    PreferenceChanged,
    PrivacyDeletion,
    Purpose,
    Status,
    StatusChanged,
    Unavailable,
)
from hub.flows import courier, inbound, permission, replay, replayed, restore, review, signing, standstill
from hub.flows.loss import Loss, survey
from hub.flows.restore import Replayed
from hub.flows.review import Verdict
from hub.flows.states import CampaignState, State
from hub.flows.steering import start
from hub.flows.world import World
from hub.law.facts import StopKind
from hub.store import ledger
from hub.store.catch_up import CatchUp
from hub.store.continuity import RESTORED, note
from hub.store.journal import KEPT, Journal, Line
from hub.store.journal import RESTORED as RESTORED_EVENT
from hub.store.ledger import Chain
from hub.store.tables import Campaign, ChainHead, Contact, DecisionRow, MessageRow, Review, StopRow
from hub.work.crew import Crew
from hub.work.schedule import Schedule
from tests import making
from tests.backups import backup, restart
from tests.making import ANNA, BEN, CARLA, CONSENT, OPT_OUT, SECOND, VENDOR_ID, Shop, bsuid, person, phone

DORA, EMIL = "+4915112345674", "+4915112345675"


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def look(shop: Shop) -> Loss:
    with shop.world.db.read() as session:
        return survey(session, shop.controller.id, restore.sources(shop.world))


def bring_back(shop: Shop, *others: Journal, accept_damage: bool = False) -> Replayed:
    return restore.replay(shop.world, shop.controller, others, accept_damage=accept_damage)


def sent(shop: Shop) -> list[str]:
    """To whom advertising would leave now."""
    return [m.outgoing.to.value for m in shop.claim() if m.outgoing.purpose is Purpose.MARKETING]


def fault(shop: Shop) -> str:
    return shop.world.continuity.fault(shop.controller.id)


def binding(shop: Shop) -> set[tuple[object, ...]]:
    """What binds a number or BSUID; a person's memory of a number they left has no event of its own."""
    rows = [s for s in shop.rows(StopRow) if not s.token.startswith("left:")]
    return {(s.token, s.kind, s.channel, s.purpose, s.event_time, s.ledger_id) for s in rows}


def test_restored_database_decides_nothing_until_its_stops_are_replayed(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        saved.restore(shop)
        assert not shop.stops(phone(ANNA)), "the backup does not know it"
        assert not shop.claim()
        assert {(row.state, row.reason) for row in shop.campaign_messages()} == {(State.HELD, "ENGINE_UNAVAILABLE")}
        decisions = [row for row in shop.rows(DecisionRow) if row.phase == "transmit"]
        assert [(row.verdict, orjson.loads(row.record)["notes"]) for row in decisions] == [("ERROR", [RESTORED])] * 2
        with pytest.raises(Unavailable, match="restored"):
            shop.sync(person("1", ANNA, CONSENT))
        assert bring_back(shop).open
        shop.stage("1", "2")
        assert sent(shop) == [BEN]
        assert shop.proven()


def test_decisions_of_a_restored_database_are_made_again_alike(shop: Shop) -> None:
    shop.reach(ANNA)
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        saved.restore(shop)
        shop.claim()
        tally = replay.replay(shop.world.db, shop.controller.id)
    assert (tally.decisions, tally.same) == (1, 1)


def test_every_kind_of_stop_comes_back_as_it_was(shop: Shop) -> None:
    for number in (ANNA, BEN, CARLA):
        shop.agree(phone(number))
    with backup(shop) as saved:
        now = shop.world.now().replace(microsecond=0)
        shop.stop(phone(ANNA))
        shop.stop(phone(BEN), text="STOP ALL")
        shop.hear(PreferenceChanged(VENDOR_ID, (phone(CARLA),), now, stopped=True))
        shop.hear(IdentityChanged(VENDOR_ID, (phone(ANNA),), (bsuid(),), now))
        shop.sync(person("9", DORA, OPT_OUT))
        with shop.write() as session:
            courier.stop(shop.world, session, shop.controller, number=EMIL, by="staff", reason="letter")
        before = binding(shop)
        saved.restore(shop)
        assert not binding(shop)
        done = bring_back(shop)
        assert binding(shop) == before
        assert len(before) == 7, "six stops, and the mark that the old number has a new holder"
        assert not done.remembered
        event = shop.events("objection")[0]
        told = orjson.loads(event.record)
        assert told["replayed"].keys() == {"seq", "position", "link", "recorded_at"}
        assert told["recorded_at"] > told["replayed"]["recorded_at"]
        assert shop.proven()


def test_freeze_that_a_person_lifted_does_not_come_back(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with backup(shop) as saved:
        for number in (ANNA, BEN):
            shop.hear(shop.said("Das nervt langsam", phone(number)))
        first, _ = shop.rows(Review)
        with shop.write() as session:
            review.close(shop.world, session, shop.controller, first.id, Verdict.NO_STOP, "Dana")
        saved.restore(shop)
        bring_back(shop)
        assert not shop.stops(phone(ANNA))
        assert len(shop.stops(phone(BEN))) == 1


def erase(shop: Shop, record: str) -> None:
    with shop.write() as session:
        inbound.apply(shop.world, session, shop.crm, [PrivacyDeletion(record, shop.world.now())])


def test_erased_person_is_erased_again(shop: Shop) -> None:
    shop.sync(person("anna", ANNA, CONSENT), person("ben", BEN, CONSENT))
    shop.agree(phone(ANNA))
    with backup(shop) as saved:
        erase(shop, "anna")
        saved.restore(shop)
        anna = shop.contact_of(phone(ANNA))
        assert anna.data_key is not None, "the backup brought her key back"
        bring_back(shop)
        erased = next(row for row in shop.rows(Contact) if row.id == anna.id)
        assert (erased.data_key, erased.profile, erased.erased_at is not None) == (None, None, True)
        assert not shop.holds("anna")
        assert shop.sync(person("anna", ANNA, CONSENT)).excluded == {"SYNC_TOMBSTONE_HIT": 1}
        assert shop.holds("ben")
        assert shop.proven()


def test_person_who_came_back_after_the_restore_is_not_erased(shop: Shop) -> None:
    shop.agree(phone(BEN))
    with backup(shop) as saved:
        shop.sync(person("anna", ANNA, CONSENT))
        erase(shop, "anna")
        shop.clock.advance(SECOND)
        saved.restore(shop)
        shop.hear(shop.said("Hallo, hier bin ich wieder", phone(ANNA)))
        bring_back(shop)
        assert shop.contact_of(phone(ANNA)).erased_at is None
        assert [stop.kind for stop in shop.stops(phone(ANNA))] == ["tombstone"]


def test_event_that_nobody_can_read_comes_back_as_a_stop_of_everything(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    anna = shop.contact_of(phone(ANNA))
    with backup(shop) as saved:
        with shop.write() as session:
            chain = Chain(session, shop.controller.id, shop.world.now())
            chain.event("from_a_newer_version", shop.world.now(), {}, contact_id=anna.id)
            chain.write()
        saved.restore(shop)
        bring_back(shop)
        assert [stop.kind for stop in shop.stops(phone(ANNA))] == [StopKind.UNKNOWN]
        assert not shop.stops(phone(BEN))


def test_every_kind_in_the_journal_has_its_way_back() -> None:
    stops = {*permission.EVENT.values(), "stop_carried_over"}
    assert KEPT - {RESTORED_EVENT} == stops | replayed._EFFECTS.keys() | replayed.LEFT_TO_PEOPLE


def test_replay_repeated_changes_nothing(shop: Shop) -> None:
    shop.reach(ANNA)
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        saved.restore(shop)
        assert bring_back(shop).events == {"objection": 1}
        before = binding(shop), len(shop.rows(StopRow)), len(shop.events("restored"))
        again = bring_back(shop)
        assert (again.open, again.events, again.loss.behind) == (True, {}, False)
        assert (binding(shop), len(shop.rows(StopRow)), len(shop.events("restored"))) == before
        restart(shop)
        assert not fault(shop)


def test_second_restore_to_an_older_backup_brings_everything_back(shop: Shop) -> None:
    for number in (ANNA, BEN, CARLA):
        shop.agree(phone(number))
    with backup(shop) as oldest:
        shop.stop(phone(ANNA))
        with backup(shop) as older:
            shop.stop(phone(BEN))
            older.restore(shop)
            bring_back(shop)
            shop.stop(phone(CARLA))
            before = binding(shop)
            oldest.restore(shop)
            assert fault(shop) == RESTORED
            done = bring_back(shop)
            assert (done.events, done.loss.gaps) == ({"objection": 3}, [])
            assert binding(shop) == before
            assert shop.proven()
            assert not fault(shop)


def test_stop_heard_while_closed_binds_and_is_not_doubled(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with backup(shop) as saved:
        said = shop.said("STOP", phone(ANNA))
        shop.hear(said)
        shop.stop(phone(BEN))
        saved.restore(shop)
        shop.hear(said)  # the vendor delivers it again
        shop.stop(phone(CARLA))
        bring_back(shop)
        assert [len(shop.stops(phone(number))) for number in (ANNA, BEN, CARLA)] == [1, 1, 1]


def test_consent_given_after_the_backup_stays_lost(shop: Shop) -> None:
    shop.sync(person("1", ANNA, CONSENT))
    with backup(shop) as saved:
        shop.agree(phone(ANNA))
        saved.restore(shop)
        done = bring_back(shop)
        assert done.loss.rest["consent_given"] == 1
        shop.stage("1")
        assert not sent(shop)


# nothing is sent twice


def test_what_left_after_the_backup_is_not_sent_again(shop: Shop) -> None:
    running = shop.reach(ANNA, BEN)
    draft, waiting = shop.draft(title="Winter"), shop.stage(title="Later")
    with backup(shop) as saved:
        assert sorted(sent(shop)) == [ANNA, BEN]
        saved.restore(shop)
        assert fault(shop) == RESTORED, "no stop was lost, and still it is an old database"
        assert not shop.claim()
        done = bring_back(shop)
        assert (done.messages, set(done.campaigns)) == (2, {running.id, draft.id, waiting.id})
        assert done.loss.rest["transmit ALLOW"] == 2
        shop.clock.advance(timedelta(hours=1))
        assert not shop.claim()
        assert {(row.state, row.reason) for row in shop.campaign_messages()} == {(State.UNKNOWN, "restored")}
        assert {campaign.state for campaign in shop.rows(Campaign)} == {CampaignState.PAUSED}
        with pytest.raises(BadInput, match="paused since the database was restored"), shop.write() as session:
            start(shop.world, session, session.get_one(Campaign, draft.id))


def drain(shop: Shop) -> None:
    with Crew(shop.world, works=False, schedules=False) as crew:
        crew.jobs.dispatcher.drain(shop.sender.id)


def test_dispatcher_of_a_restored_hub_doubles_nothing(shop: Shop) -> None:
    numbers = [making.number(index) for index in range(12345601, 12345611)]
    shop.reach(*numbers)
    with backup(shop) as saved:
        drain(shop)
        assert sorted(shop.loft.numbers) == numbers
        saved.restore(shop)
        drain(shop)
        bring_back(shop)
        shop.clock.advance(timedelta(hours=1))
        drain(shop)
        assert sorted(shop.loft.numbers) == numbers
        assert {row.state for row in shop.campaign_messages()} == {State.UNKNOWN}


def test_status_that_comes_later_resolves_what_the_restore_made_unknown(shop: Shop) -> None:
    shop.reach(ANNA)
    with backup(shop) as saved:
        cleared = shop.claim_one()
        saved.restore(shop)
        bring_back(shop)
        at = shop.world.now().replace(microsecond=0)
        shop.hear(StatusChanged(Status.DELIVERED, at, provider_message_id="wamid.1", message_id=cleared.outgoing.id))
        assert shop.message(cleared.outgoing.id).state == State.DELIVERED


def test_schedule_notes_the_loss_and_fills_the_journal(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        saved.restore(shop)
        with Crew(shop.world, works=False, schedules=False) as crew:
            schedule = Schedule(shop.world, crew.nudges)
            schedule.watch()
            assert shop.only(ChainHead).behind_since is not None
            bring_back(shop)
            assert shop.only(ChainHead).behind_since is None
            journal = shop.world.db.journal
            assert journal is not None
            shop.world.db.journal = None
            shop.stop(phone(BEN))
            shop.world.db.journal = journal
            shop.clock.advance(timedelta(minutes=1))
            schedule.watch()
        known = [line.seq for line in journal.read(shop.controller.id) if isinstance(line, Line)]
        assert max(known) == shop.only(ChainHead).seq


def test_released_campaign_goes_on_and_authorised_messages_stay_unknown(shop: Shop) -> None:
    campaign = shop.reach(ANNA, BEN)
    assert len(shop.claim(limit=1)) == 1
    with backup(shop) as saved:
        shop.stop(phone(CARLA))
        saved.restore(shop)
        bring_back(shop)
        with pytest.raises(BadInput, match="by"), shop.write() as session:
            standstill.release(shop.world, session, session.get_one(Campaign, campaign.id), " ")
        with shop.write() as session:
            assert standstill.release(shop.world, session, session.get_one(Campaign, campaign.id), "Dana") == 1
        assert len(sent(shop)) == 1
        states = sorted((row.state, row.reason) for row in shop.campaign_messages())
        assert states == [(State.AUTHORISED, ""), (State.UNKNOWN, "interrupted")]
        assert "Dana" not in shop.events("campaign_released")[0].record


def test_database_swapped_under_a_running_process_sends_nothing(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    with backup(shop) as saved:
        assert len(shop.claim(limit=1)) == 1
        assert not fault(shop)
        shop.world.continuity.look_again()
        assert not fault(shop), "the process knows the newest link, and has looked this very moment"
        shop.world.db.close()
        saved.put_back()
        assert not shop.claim()


def test_other_machine_without_that_journal_is_closed_too(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        saved.restore(shop)
        mine = shop.world
        note(mine.db, shop.controller.id, shop.world.now())
        elsewhere = str(mine.settings.data_dir / "elsewhere")
        mine.settings = mine.settings.model_copy(update={"journal_dir": elsewhere})
        restart(shop)
        assert fault(shop) == RESTORED
        done = bring_back(shop)
        assert (done.open, done.loss.incomplete) == (False, True), "what is lost stands in another journal"
        assert bring_back(shop, Journal(mine.settings.data_dir / "journal")).open
        assert len(shop.stops(phone(ANNA))) == 1


def test_second_machine_adopts_the_replay_of_the_first(shop: Shop) -> None:
    shop.reach(ANNA, BEN)
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        first = shop.world.settings
        shutil.copytree(first.journal, first.data_dir / "second")
        saved.restore(shop)
        bring_back(shop)
        shop.stage("2", title="Winter")
        shop.world.settings = first.model_copy(update={"journal_dir": str(first.data_dir / "second")})
        restart(shop)
        assert fault(shop) == RESTORED, "this machine has not heard of the replay"
        note(shop.world.db, shop.controller.id, shop.world.now())
        done = bring_back(shop)
        assert (done.open, done.events, done.messages) == (True, {}, 0)
        assert len(shop.events("restored")) == 1
        restart(shop)
        assert not fault(shop)
        assert sent(shop) == [BEN], "what was staged since the replay goes on"


def test_controller_that_lost_nothing_goes_on(shop: Shop) -> None:
    other = Shop(shop.world, "Muster", ("paper2", "pigeon2"))
    other.reach(BEN)
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        saved.restore(shop)
        other.world = shop.world
        assert (fault(shop), fault(other)) == (RESTORED, "")
        assert sent(other) == [BEN]
        bring_back(shop)
        assert not fault(shop)
        assert other.rows(Campaign)[0].state == CampaignState.STAGING


# proof


def test_signed_day_that_is_lost_is_told_for_ever(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        (root,) = signing.sign_days(shop.world, shop.controller.id, today=True)
        saved.restore(shop)
        assert [one.root for one in look(shop).roots] == [root.root]
        bring_back(shop)
        (event,) = shop.events("restored")
        assert orjson.loads(event.record)["roots"][0]["head"] == root.head
        signing.sign_days(shop.world, shop.controller.id, today=True)
        with shop.world.db.read() as session:
            assert ledger.verify(session, shop.controller.id).ok
            assert not signing.verify_roots(session, shop.controller.id).problem
        assert [one.root for one in look(shop).roots] == [root.root]


def test_request_of_the_lost_time_is_remembered_and_left_to_a_person(shop: Shop) -> None:
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        shop.hear(shop.said("Welche Daten haben Sie über mich gespeichert?", phone(BEN)))
        saved.restore(shop)
        done = bring_back(shop)
        assert done.remembered["request_heard"] == 1
        assert len(shop.events("request_heard")) == 1


# the journal


def test_journal_without_the_database_s_last_links_is_filled(shop: Shop) -> None:
    shop.stop(phone(ANNA))
    journal = shop.world.db.journal
    assert journal is not None
    for file in (journal.folder / shop.controller.id).iterdir():
        file.unlink()
    restart(shop)
    assert not fault(shop), "a database that knows more than its journal is no old one"
    filler = CatchUp(shop.world.db, journal, shop.controller.id)
    assert filler.run() == len(list(journal.read(shop.controller.id)))
    assert filler.run() == 0
    shop.stop(phone(BEN))
    assert filler.run() == 0, "written by whoever made it"


def test_tampered_line_is_named_and_the_rest_is_replayed(shop: Shop) -> None:
    for number in (ANNA, BEN, CARLA):
        shop.agree(phone(number))
    with backup(shop) as saved:
        for number in (ANNA, BEN, CARLA):
            shop.stop(phone(number))
        change_line(shop, "objection", 1, lambda line: line.replace(b"objection_marketing", b"objection_mailing__"))
        saved.restore(shop)
        done = bring_back(shop)
        assert [(one.number > 0, one.why) for one in done.loss.damaged] == [(True, done.loss.damaged[0].why)]
        assert "was changed" in done.loss.damaged[0].why
        assert [len(shop.stops(phone(number))) for number in (ANNA, BEN, CARLA)] == [1, 0, 1]
        assert not done.open, "somebody's stop may be in that line"
        assert fault(shop) == RESTORED
        restart(shop)
        assert fault(shop) == RESTORED
        assert bring_back(shop, accept_damage=True).open
        assert not fault(shop)
        assert orjson.loads(shop.events("restored")[0].record)["gaps"]


def test_journal_that_ends_in_half_a_line_is_named(shop: Shop) -> None:
    shop.agree(phone(ANNA))
    with backup(shop) as saved:
        shop.stop(phone(ANNA))
        shop.stop(phone(BEN))
        change_line(shop, "objection", 1, lambda line: line[: len(line) // 2])
        saved.restore(shop)
        done = bring_back(shop)
        assert (len(done.loss.unreadable), done.open) == (1, False)
        assert len(shop.stops(phone(ANNA))) == 1


def change_line(shop: Shop, kind: str, index: int, change: object) -> None:
    """Change one of the lines that hold an event of this kind."""
    journal = shop.world.db.journal
    assert journal is not None
    (file,) = (journal.folder / shop.controller.id).iterdir()
    lines = file.read_bytes().split(b"\n")
    places = [i for i, line in enumerate(lines) if f'\\"kind\\":\\"{kind}\\"'.encode() in line]
    lines[places[index]] = change(lines[places[index]])  # type: ignore[operator]
    file.write_bytes(b"\n".join(lines))


def test_journal_holds_no_number_and_no_words(shop: Shop) -> None:
    shop.reach(ANNA)
    shop.claim()
    shop.stop(phone(ANNA), text="Bitte keine Werbung mehr, Grüße Annabella")
    journal = shop.world.db.journal
    assert journal is not None
    written = b"".join(file.read_bytes() for file in (journal.folder / shop.controller.id).iterdir())
    assert b"objection" in written
    for secret in (ANNA, ANNA[3:], "Annabella", "Werbung mehr"):
        assert secret.encode() not in written


def test_messages_of_another_controller_stay_as_they_are(shop: Shop) -> None:
    other = Shop(shop.world, "Muster", ("paper2", "pigeon2"))
    other.reach(BEN)
    with shop.write() as session:
        standstill.freeze(shop.world, session, shop.controller.id)
    assert {row.state for row in shop.rows(MessageRow) if row.campaign_id} == {State.QUEUED}
