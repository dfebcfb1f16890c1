# SPDX-License-Identifier: Apache-2.0
"""Results written into an account that works, and into one that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from hub_hubspot import Config, HubSpot
from hub_hubspot.emulator import HubSpotEmulator, create
from hub_hubspot.trouble import error_of
from hub_hubspot.words import OURS

from hub import BadConfig, ClaimKind, Outcome, Outlook, Reach, Report, ReportKind, Throttled, Unavailable
from hub.http import client
from hub.testing.emulator import Fault, serve
from hub.testing.population import population

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
UPDATE, CREATE = "contacts/batch/update", "communications/batch/create"


class Notes(dict[str, str]):
    def set(self, key: str, value: str) -> None:
        self[key] = value


class Account:
    def __init__(self, emulator: HubSpotEmulator, url: str, **settings: Any) -> None:
        self.emulator, self.url, self.settings = emulator, url, settings
        self.records = list(emulator.portal.lists[emulator.load(population(250, 3))].members)

    def ask(self, work: Callable[[HubSpot], Any]) -> Any:
        async def main() -> Any:
            async with client(connections=8) as http:
                settings = {"access_token": self.emulator.access_token, "base_url": self.url, **self.settings}
                return await work(HubSpot(Config.model_validate(settings), http, Notes()))

        return anyio.run(main)

    def report(self, *reports: Report) -> list[Outcome]:
        outcomes: list[Outcome] = self.ask(lambda crm: crm.report(reports))
        return outcomes

    def calls(self, ending: str) -> int:
        return sum(call.path.endswith(ending) for call in self.emulator.log)


@contextmanager
def account(**settings: Any) -> Iterator[Account]:
    emulator = create()
    with serve(emulator.app()) as url:
        yield Account(emulator, url, **settings)


@pytest.fixture
def hubspot() -> Iterator[Account]:
    with account() as one:
        yield one


def said(key: str, record: str, status: str = "accepted", kind: ReportKind = ReportKind.STATUS, **more: Any) -> Report:
    return Report(key, record, kind, status, more.pop("at", AT), **more)


@pytest.mark.parametrize("version", ["2026-09", "v3"])
def test_report_is_written_on_contact_and_timeline(version: str) -> None:
    with account(api_version=version) as hubspot:
        record = hubspot.records[0]
        assert hubspot.report(said("a", record, campaign="spring", basis="CONSENT")) == [Outcome("a")]
        written = hubspot.emulator.contacts[record].properties
        assert written["hub_whatsapp_status"] == "accepted"
        assert written["hub_whatsapp_status_at"] == "2026-11-21T10:00:00.000Z"
        (entry,) = hubspot.emulator.communications.values()
        assert entry.associations == [(record, 81)]
        assert entry.properties["hs_communication_channel_type"] == "WHATS_APP"


def test_report_of_250_records_takes_three_batches_each(hubspot: Account) -> None:
    outcomes = hubspot.report(*(said(f"r{i}", record) for i, record in enumerate(hubspot.records)))
    assert [outcome.error for outcome in outcomes] == [""] * 250
    assert (hubspot.calls(UPDATE), hubspot.calls(CREATE)) == (3, 3)


def test_report_of_one_record_several_times_is_one_update(hubspot: Account) -> None:
    record = hubspot.records[0]
    stop = said("stop", record, "withdrawn", ReportKind.WITHDRAWAL, at=AT + timedelta(minutes=1))
    late = said("late", record, "delivered", at=AT + timedelta(minutes=2))
    assert hubspot.report(said("a", record), stop, late) == [Outcome("a"), Outcome("stop"), Outcome("late")]
    written = hubspot.emulator.contacts[record].properties
    assert (written["hub_whatsapp_status"], written["hub_whatsapp_opt_in"]) == ("delivered", "stopped")
    assert "hub_whatsapp_opt_out" not in written, "by this one people at the company tell the hub"
    assert len(hubspot.emulator.communications) == 2


def test_report_refused_by_one_value_reaches_the_others(hubspot: Account) -> None:
    schema = hubspot.emulator.portal.contacts.schema.properties["hub_whatsapp_campaign"]
    schema |= {"type": "enumeration", "options": [{"value": "spring"}]}  # an admin made it a choice
    reports = [said(f"r{i}", record, campaign="spring") for i, record in enumerate(hubspot.records[:60])]
    reports[17] = said("bad", hubspot.records[17], campaign="autumn")
    outcomes = hubspot.report(*reports)
    assert [outcome.key for outcome in outcomes if outcome.error] == ["bad"]
    assert "INVALID_OPTION" in next(outcome.error for outcome in outcomes if outcome.error)
    assert len(hubspot.emulator.communications) == 59


def test_report_throttled_at_once_raises_with_the_wait(hubspot: Account) -> None:
    hubspot.emulator.faults.append(Fault("status", UPDATE, 429, {"policyName": "TEN_SECONDLY_ROLLING"}))
    with pytest.raises(Throttled) as raised:
        hubspot.report(said("a", hubspot.records[0]))
    assert raised.value.after == 10


def test_report_throttled_half_way_says_which_to_repeat(hubspot: Account) -> None:
    hubspot.emulator.limits.burst.limit = 1
    outcomes = hubspot.report(*(said(f"r{i}", record) for i, record in enumerate(hubspot.records)))
    assert all(outcome.retry and outcome.error for outcome in outcomes)
    assert (hubspot.calls(UPDATE), hubspot.calls(CREATE)) == (2, 0)
    assert len(hubspot.emulator.communications) == 0


def test_report_with_a_lost_timeline_answer_is_not_repeated(hubspot: Account) -> None:
    hubspot.emulator.faults.append(Fault("lost_answer", CREATE))
    (outcome,) = hubspot.report(said("a", hubspot.records[0]))
    assert outcome.error
    assert not outcome.retry
    assert len(hubspot.emulator.communications) == 1


def test_report_with_a_lost_update_answer_may_be_repeated(hubspot: Account) -> None:
    hubspot.emulator.faults.append(Fault("lost_answer", UPDATE, times=1))
    with pytest.raises(Unavailable):
        hubspot.report(said("a", hubspot.records[0]))
    assert hubspot.report(said("a", hubspot.records[0])) == [Outcome("a")]
    assert len(hubspot.emulator.communications) == 1


def test_report_without_our_properties_asks_a_human_and_prepare_helps(hubspot: Account) -> None:
    schema = hubspot.emulator.portal.contacts.schema
    del schema.properties["hub_whatsapp_status"]
    with pytest.raises(BadConfig, match="hub_whatsapp_status"):
        hubspot.report(said("a", hubspot.records[0]))
    assert not hubspot.ask(lambda crm: crm.check()).ok
    assert hubspot.ask(lambda crm: crm.prepare()) == ["created property hub_whatsapp_status"]
    assert hubspot.ask(lambda crm: crm.prepare()) == []
    assert hubspot.ask(lambda crm: crm.check()).ok
    assert hubspot.report(said("a", hubspot.records[0])) == [Outcome("a")]


def test_check_of_another_account_says_so() -> None:
    with account(portal="7") as hubspot:
        health = hubspot.ask(lambda crm: crm.check())
    assert not health.ok
    assert "143553137" in health.detail


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ({"message": "You have reached your secondly limit.", "policyName": "SECONDLY"}, 1),
        ({"message": "You have reached your secondly limit."}, 1),
        ({"message": "You have reached your ten_secondly_rolling limit."}, 10),
        ({"message": "You have reached your daily limit.", "policyName": "DAILY"}, 3_600),
        ({}, 10),
    ],
)
def test_throttle_waits_as_its_limiter_needs(body: dict[str, str], after: float) -> None:
    error = error_of(429, body, None)
    assert isinstance(error, Throttled)
    assert error.after == after


def test_error_keeps_codes_and_no_values() -> None:
    message = (
        'Property values were not valid: [{"message":"ada@example.org is bad","error":"INVALID_EMAIL","name":"email"}]'
    )
    error = error_of(400, {"category": "VALIDATION_ERROR", "message": message}, None)
    assert str(error) == "HubSpot refused: VALIDATION_ERROR INVALID_EMAIL email"


def test_error_without_an_account_is_bad_config() -> None:
    emulator = create()

    async def main(url: str) -> None:
        async with client(connections=8) as http:
            crm = HubSpot(Config.model_validate({"access_token": "wrong", "base_url": url}), http, Notes())
            await crm.audiences()

    with serve(emulator.app()) as url, pytest.raises(BadConfig, match="INVALID_AUTHENTICATION"):
        anyio.run(main, url)


def test_report_of_an_older_permission_never_replaces_a_later_one(hubspot: Account) -> None:
    record = hubspot.records[0]
    stop = said("stop", record, "stopped", ReportKind.WITHDRAWAL, at=AT + timedelta(minutes=5), evidence="L-2")
    assert hubspot.report(stop) == [Outcome("stop")]
    late = said("yes", record, "given", ReportKind.CONSENT, at=AT, evidence="L-1")
    assert hubspot.report(late) == [Outcome("yes")]
    shown = hubspot.emulator.contacts[record].properties
    assert (shown["hub_whatsapp_opt_in"], shown["hub_whatsapp_evidence"]) == ("stopped", "L-2")
    again = said("again", record, "given", ReportKind.CONSENT, at=AT + timedelta(minutes=6), evidence="L-3")
    assert hubspot.report(again) == [Outcome("again")]
    assert (shown["hub_whatsapp_opt_in"], shown["hub_whatsapp_evidence"]) == ("opted_in", "L-3")


def test_report_of_a_permission_comes_back_as_no_claim(hubspot: Account) -> None:
    first, second, *_ = hubspot.records
    before = {one.record: one.claims for page in hubspot.ask(_pages(None)) for one in page.items}
    hubspot.report(said("a", first, "stopped", ReportKind.WITHDRAWAL), said("b", second, "given", ReportKind.CONSENT))
    after = {one.record: one for page in hubspot.ask(_pages(None)) for one in page.items}
    assert {record: after[record].claims for record in (first, second)} == {one: before[one] for one in (first, second)}
    named = {one.name for one in hubspot.ask(lambda crm: crm.properties())}
    assert "hs_legal_basis" in named
    assert not [name for name in named if name in OURS], "no mapping can name what the hub writes"


def _pages(cursor: str | None) -> Callable[[HubSpot], Any]:
    async def pages(crm: HubSpot) -> Any:
        return [page async for page in crm.contacts(cursor)]

    return pages


def test_stop_noted_in_hubspot_after_ours_is_heard(hubspot: Account) -> None:
    record = hubspot.records[0]
    hubspot.report(said("a", record, "stopped", ReportKind.WITHDRAWAL))
    hubspot.report(said("b", record, "given", ReportKind.CONSENT, at=AT + timedelta(minutes=1)))
    hubspot.emulator.change(record, hub_whatsapp_opt_out="true")
    (found,) = [one for page in hubspot.ask(_pages(None)) for one in page.items if one.record == record]
    assert ClaimKind.OPT_OUT in [claim.kind for claim in found.claims]


def test_report_refused_by_a_rule_of_the_admin_reaches_the_others(hubspot: Account) -> None:
    hubspot.emulator.portal.protected.add(hubspot.records[7])
    outcomes = hubspot.report(*(said(f"r{i}", record) for i, record in enumerate(hubspot.records[:60])))
    assert [(one.key, one.error, one.retry) for one in outcomes if one.error] == [
        ("r7", "VALIDATION_ERROR REQUIRED_FIELD lifecyclestage", False)
    ]
    assert hubspot.calls(UPDATE) == 1, "a partial answer names the one"


def test_report_of_a_failure_is_seen_on_the_timeline() -> None:
    with account(refusals_on_timeline=True) as hubspot:
        first, second, *_ = hubspot.records
        lost = said("a", first, "failed", reason="NOT_ON_WHATSAPP", campaign="spring")
        no = said("b", second, "refused", ReportKind.REFUSED, reason="CONSENT_UNPROVEN")
        assert hubspot.report(lost, no) == [Outcome("a"), Outcome("b")]
        notes = list(hubspot.emulator.portal.notes.all.values())
        assert [one.associations for one in notes] == [[(first, 202)], [(second, 202)]]
        assert [one.properties["hs_note_body"] for one in notes] == [
            "WhatsApp message not delivered: spring (NOT_ON_WHATSAPP)",
            "WhatsApp message not sent (CONSENT_UNPROVEN)",
        ]


def test_prepare_of_an_account_that_has_all_writes_nothing(hubspot: Account) -> None:
    assert hubspot.ask(lambda crm: crm.prepare()) == []
    assert not [call for call in hubspot.emulator.log if call.method == "POST"]


# --- before anything is sent


def outlook(title: str) -> Outlook:
    return Outlook("k", "Herbst", "7", AT, 7, 5, 0, 2, AT, title, f"{title}, why, until when", "https://hub.example")


def test_outlook_is_one_task_that_is_kept_up_to_date(hubspot: Account) -> None:
    memory = Notes()

    def show(title: str) -> None:
        hubspot.ask(lambda crm: HubSpot(crm.config, crm.http, memory).show(outlook(title)))

    for title in ("5 of 7", "6 of 7"):
        show(title)
    tasks = hubspot.emulator.portal.tasks
    ((record, task),) = tasks.all.items()
    assert (task.properties["hs_task_subject"], task.properties["hs_task_body"]) == (
        "6 of 7",
        "6 of 7, why, until when",
    )
    hubspot.emulator.portal.archive(tasks, task)
    show("7 of 7")
    assert [one.properties["hs_task_subject"] for key, one in tasks.all.items() if key != record] == ["7 of 7"]


def test_outlook_is_no_task_where_nobody_wants_one() -> None:
    with account(outlook_as_task=False) as hubspot:
        hubspot.ask(lambda crm: crm.show(outlook("5 of 7")))
        assert not hubspot.emulator.portal.tasks.all


def test_reach_of_250_contacts_is_three_calls_and_no_timeline(hubspot: Account) -> None:
    reports = [said(f"r{i}", one, Reach.BLOCKED, ReportKind.REACH) for i, one in enumerate(hubspot.records)]
    assert not any(outcome.error for outcome in hubspot.report(*reports))
    assert (hubspot.calls(UPDATE), hubspot.calls("batch/read"), hubspot.calls("batch/create")) == (3, 0, 0)
    shown = {hubspot.emulator.contacts[one].properties["hub_whatsapp_reach"] for one in hubspot.records}
    assert shown == {"blocked"}
