# SPDX-License-Identifier: Apache-2.0
"""The main job, on both ways to run: emulated HubSpot and Meta, the real hub, checked against the people's stories."""

from __future__ import annotations

import time

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli import app
from hub.settings import Settings
from hub.testing.journey import TEMPLATE, Journey
from hub.testing.outcome import KEYS, outcome
from hub.testing.population import Story

pytestmark = pytest.mark.timeout(180)


def test_campaign_reaches_exactly_those_it_may(backend: Settings) -> None:
    began = time.monotonic()
    with Journey(backend, contacts=220, seed=3) as way:
        way.connect()
        way.history()
        way.sync()
        way.draft()
        preview = way.preview()
        assert not way.campaign_sends(), "a preview writes to nobody"
        way.start()
        way.inject_stops(5)
        way.finish()
        result = outcome(way, time.monotonic() - began)
        crm = way.hubspot.state()
    counts = result.counts
    assert (counts["wrongly_sent"], counts["wrongly_refused"]) == (0, 0)
    assert (counts["sends_after_stop"], result.doubled) == (0, 0)
    assert result.verification.ok, result.verification.problem
    assert counts["stops_injected"] == 5
    assert counts["unknown"] == 0
    people = {p.number: p for p in way.people if p.number}
    may = sum(p.may_receive_marketing for p in people.values())
    assert preview.reachable == may
    assert may - 5 <= counts["allowed"] <= may
    assert counts["contacts_seen"] == len(way.people) == counts["audience"]
    assert counts["read"] < counts["delivered"] <= counts["sent"] < counts["allowed"], (
        "some left WhatsApp, some hide reads"
    )
    _reasons_fit_the_stories(way, counts["refused"])
    # HubSpot knows the outcome of everybody the hub holds, and the timeline of everybody written to
    assert crm["statuses"]["read"] + crm["statuses"]["delivered"] + crm["stopped"] >= counts["sent"]
    assert crm["communications"] >= counts["allowed"]


def _reasons_fit_the_stories(way: Journey, refused: dict[str, int]) -> None:
    stories = [p.story for p in {p.number: p for p in way.people if p.number}.values()]
    assert refused["CONSENT_STALE_UNUSED"] == stories.count(Story.EXPIRED)
    assert refused["SUPPRESSED_CLAIM_CRM"] == stories.count(Story.OPTED_IN_BUT_CRM_STOP)
    assert refused["CONSENT_UNPROVEN"] == stories.count(Story.FLAG_ONLY)
    assert refused["CONSENT_VERIFIED_OTHER_CONTACT_POINT"] == stories.count(Story.EMAIL_DOI)
    assert refused["SUPPRESSED_OBJECTION_MARKETING"] >= stories.count(Story.WITHDRAWN)


def test_demo_prints_one_object_with_exactly_its_keys() -> None:
    run = CliRunner().invoke(app, ["demo", "--contacts", "80", "--seed", "5", "--json"])
    assert run.exit_code == 0, run.output
    printed = orjson.loads(run.stdout)
    assert tuple(printed) == KEYS
    assert printed["wrongly_sent"] == 0
    assert printed["ledger_verified"] is True


def test_messages_carry_no_personal_data_in_their_opaque_id(backend: Settings) -> None:
    with Journey(backend, contacts=60, seed=9) as way:
        way.connect()
        way.history()
        way.sync()
        way.draft()
        way.start()
        way.finish()
        sends = [s for s in way.meta.received if s.template == TEMPLATE]
        assert sends
        assert all(len(s.opaque) == 32 and int(s.opaque, 16) for s in sends)
        firsts = {p.number: p.first for p in way.people}
        assert all(s.parameters == (firsts[s.to],) for s in sends), "each got their own name"
