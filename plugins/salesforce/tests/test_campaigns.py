# SPDX-License-Identifier: Apache-2.0
"""Campaigns as audiences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hub_salesforce import Salesforce

from hub import BadInput
from hub.testing.population import population
from plugins.salesforce.tests.sites import Site, site


@pytest.fixture
def org() -> Iterator[Site]:
    with site() as one:
        yield one


def members(org: Site, audience: str) -> list[str]:
    async def read(crm: Salesforce) -> list[str]:
        return [record async for page in crm.members(audience) for record in page.items]

    return org.ask(read)


def test_campaigns_are_audiences_with_the_size_salesforce_tells(org: Site) -> None:
    campaign = org.emulator.load(population(7, 1), name="Spring")
    empty = org.emulator.writes.create("Campaign", {"Name": "Autumn"})
    found = org.ask(lambda crm: crm.audiences())
    assert [(one.id, one.title, one.size) for one in found] == [(empty, "Autumn", None), (campaign, "Spring", 7)]


def test_members_are_contacts_and_leads_over_several_pages(org: Site) -> None:
    org.emulator.rest.page = 50
    campaign = org.emulator.load(population(120, 1))
    lead = org.lead()
    org.emulator.writes.create("CampaignMember", {"CampaignId": campaign, "LeadId": lead})
    found = members(org, campaign)
    assert sorted(found) == sorted([*org.db["Contact"].rows, lead])


def test_converted_lead_is_a_member_as_its_contact(org: Site) -> None:
    campaign, lead = org.emulator.load([]), org.lead()
    org.emulator.writes.create("CampaignMember", {"CampaignId": campaign, "LeadId": lead})
    contact = org.emulator.convert(lead)
    assert members(org, campaign) == [contact]


def test_campaign_of_15_characters_is_found(org: Site) -> None:
    campaign = org.emulator.load(population(3, 1))
    assert len(members(org, campaign[:15])) == 3


@pytest.mark.parametrize("audience", ["", "42", "701000000000001AAA", "003M00000000000IAA", "' OR Id != '"])
def test_campaign_that_does_not_exist_is_bad_input(org: Site, audience: str) -> None:
    with pytest.raises(BadInput):
        members(org, audience)
