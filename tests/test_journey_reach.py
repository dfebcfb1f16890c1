# SPDX-License-Identifier: Apache-2.0
"""A marketer never leaves the CRM: it shows whom a draft would reach, a link says what would help, and afterwards each
contact says why. HubSpot and Salesforce, as their emulators play them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from hub_salesforce.emulator import create

from hub.contract import Receipt
from hub.flows import staff, steering
from hub.flows.roles import Role
from hub.law.reasons import reason
from hub.settings import Settings
from hub.store.tables import Campaign
from hub.testing.emulator import serve
from hub.testing.journey import Journey, until
from hub.testing.population import Story
from hub.work.jobs import Jobs
from tests.making import ANNA, BEN, CARLA, TOPIC, phone
from tests.test_salesforce_through_the_hub import Link
from tests.test_web_console import PASSWORD, Browser, House

pytest_plugins = ["tests.shops", "tests.test_web_console"]


def test_hubspot_shows_whom_a_draft_would_reach_and_afterwards_why(backend: Settings) -> None:
    with Journey(backend, contacts=60, seed=3) as way:
        way.connect()
        way.history()
        way.sync()
        way.draft()
        contacts = {person.email: person for person in way.people}
        members = {record: contacts[one.properties["email"]] for record, one in way.hubspot.contacts.items()}

        def shown(record: str, name: str) -> str:
            return str(way.hubspot.contacts[record].properties.get(f"hub_whatsapp_{name}", ""))

        until(lambda: all(shown(one, "reach") for one in members) and way.hubspot.portal.tasks.all, "HubSpot to know")
        may = {record for record, person in members.items() if person.may_receive_marketing}
        assert {one for one in members if shown(one, "reach") == "eligible"} == may
        assert all(shown(one, "reach_why") for one in members)
        assert {one for one in members if shown(one, "reach_link")} == members.keys() - may
        (task,) = way.hubspot.portal.tasks.all.values()
        people = len({members[one].number for one in may})  # some stand in it twice
        assert task.properties["hs_task_subject"].endswith(f"{people} von {len(members)} Datensätzen erreichbar")
        assert way.campaign_sends() == []

        stopped = next(one for one, person in members.items() if person.story is Story.WITHDRAWN and person.number)
        unstored = next(one for one, person in members.items() if person.story is Story.BAD_NUMBER)
        with way.world.db.write() as session:
            for role in (Role.MARKETER, Role.READER):
                named = {"login": f"{role}@example.org", "name": role, "password": PASSWORD, "by": "Dana"}
                staff.add(way.world, session, way.controller, role=role, **named)
        marketer = follow(shown(stopped, "reach_link"), Role.MARKETER)
        assert reason(shown(stopped, "reach_reason")).remedy_de in marketer
        assert reason("SYNC_NO_BASIS").remedy_de in follow(shown(unstored, "reach_link"), Role.MARKETER)
        assert reason("SYNC_NO_BASIS").remedy_de not in follow(shown(unstored, "reach_link"), Role.READER)

        way.start()
        way.finish()
        for record in members:
            assert shown(record, "why"), record
            assert shown(record, "campaign") == "Herbstangebote"
            assert shown(record, "reach") == "", "what it would have been is no news"
        unsent = {one for one in members if shown(one, "status") in ("refused", "failed")}
        assert members.keys() - may <= unsent
        assert all(shown(one, "link") for one in unsent)
        assert "Nachricht nicht gesendet" in follow(shown(stopped, "link"), Role.MARKETER)


def follow(link: str, role: Role) -> str:
    """A link in the CRM, pressed by somebody who is not logged in yet; the page they come to."""
    base, path = link.split("/console/", 1)
    browser = Browser(base)
    login = browser.get(f"/console/{path}").headers["location"]
    onward = browser.get(login).text
    assert f'url=/console/{path}?here=1"' in onward, "the browser is led on, so that its cookie comes along"
    login = browser.get(f"/console/{path}?here=1").headers["location"]
    about = path.rpartition("/")[2]
    assert f'name="why" value="{about}"' in browser.get(login).text
    entered = browser.post("/console/login", login=f"{role}@example.org", password=PASSWORD, why=about)
    assert entered.headers["location"] == f"/console/{path}"
    browser.http.cookies.set("hub_language", "de", path="/console")
    return browser.get(f"/console/{path}").text


@pytest.fixture
def link(house: House, jobs: Jobs) -> Iterator[Link]:
    emulator = create(clock=house.shop.clock)
    with serve(emulator.app()) as url:
        yield Link(emulator, url, house.shop, jobs)


def test_salesforce_shows_whom_a_draft_would_reach_and_afterwards_why(link: Link, house: House) -> None:
    shop, jobs, writes = house.shop, link.jobs, link.emulator.writes
    audience = writes.create("Campaign", {"Name": "Herbst"})
    for number in (ANNA, BEN):
        shop.agree(phone(number))
    records = {one: link.contact(one) for one in (ANNA, BEN)}
    records[CARLA] = link.contact(CARLA, Legal_Basis__c=None)
    for record in records.values():
        writes.create("CampaignMember", {"CampaignId": audience, "ContactId": record})
    link.sync()
    shop.stop(phone(BEN))
    draft = shop.draft(crm=link.connection, audience=audience, topic=TOPIC)
    tell(link, draft)

    def member(number: str) -> dict[str, Any]:
        rows = link.db["CampaignMember"].rows.values()
        return next(row for row in rows if row["ContactId"] == records[number])

    states = ("can be written to", "blocked, opted out", "blocked, no legal basis")
    assert tuple(member(one)["Status"] for one in records) == tuple(f"WhatsApp: {state}" for state in states)
    assert member(BEN)["WhatsApp_Reason__c"] == reason("SUPPRESSED_OBJECTION_MARKETING").meaning_de
    outlook = link.db["Campaign"].rows[audience]["WhatsApp_Outlook__c"]
    assert "1 von 3 Datensätzen erreichbar" in outlook
    assert "Erste Nachricht" in outlook
    assert member(ANNA)["WhatsApp_Link__c"] is None

    browser = house.visitor(Role.MARKETER)
    path = urlsplit(member(BEN)["WhatsApp_Link__c"]).path
    assert reason("SUPPRESSED_OBJECTION_MARKETING").remedy_de in browser.get(path).text
    browser.http.cookies.set("hub_language", "en", path="/console")
    assert reason("SUPPRESSED_OBJECTION_MARKETING").remedy_en in browser.get(path).text
    shop.agree(phone(BEN))
    assert "Can be written to" in browser.get(path).text, "the page asks the gate at that moment"
    tell(link, draft)
    assert member(BEN)["Status"] == "WhatsApp: can be written to"
    assert member(BEN)["WhatsApp_Link__c"] is None
    shop.stop(phone(BEN))

    with shop.write() as session:
        steering.start(shop.world, session, session.get_one(Campaign, draft.id))
    jobs.stage(draft.id)
    shop.settle({one.outgoing.id: Receipt(f"pigeon.{one.outgoing.id}") for one in shop.claim()})
    jobs.report(link.connection.id)
    states = ("sent", "not sent, opted out", "not sent, no legal basis")
    assert tuple(member(one)["Status"] for one in records) == tuple(f"WhatsApp: {state}" for state in states)
    codes = ("OK_CONSENT", "SUPPRESSED_OBJECTION_MARKETING", "SYNC_NO_BASIS")
    assert tuple(member(one)["WhatsApp_Reason__c"] for one in records) == tuple(reason(one).meaning_de for one in codes)
    assert "Message not sent" in browser.get(urlsplit(member(BEN)["WhatsApp_Link__c"]).path).text
    assert "Message not sent" in browser.get(path).text, "the link of before leads on"


def tell(link: Link, campaign: Campaign) -> None:
    link.jobs.reach(campaign.id)
    link.jobs.report(link.connection.id)
