# SPDX-License-Identifier: Apache-2.0
"""The emulated CRMs, driven by clients for Node: HubSpot's own, and jsforce for Salesforce."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hub_hubspot import emulator as hubspot
from hub_hubspot import signature
from hub_salesforce import emulator as salesforce

from hub.testing.emulator import serve
from hub.testing.population import population
from tests.node.packages import installed, play

pytestmark = pytest.mark.timeout(300)  # the first time packages are fetched
SEARCHES = 5


@pytest.fixture(scope="session")
def packages() -> Path:
    return installed()


def test_hubspots_own_client_for_node_works_unchanged(packages: Path) -> None:
    account = hubspot.create(searches=SEARCHES)
    account.load(population(230, 1))
    ids, body, hook, at = list(account.contacts), '[{"eventId":1}]', "https://hub.example/in/1", str(int(time.time()))
    account.portal.short_pages = 0.5
    with serve(account.app()) as url:
        given = {"url": url, "token": account.access_token, "secret": account.client_secret, "searches": SEARCHES}
        seen = play("hubspot.cjs", packages, given | {"hook": hook, "body": body, "at": at})
    assert seen["ids"] == ids
    assert (seen["updated"], seen["missing"]) == ([ids[0]], [["OBJECT_NOT_FOUND", ["42"]]])
    assert seen["merged"] not in ids[1:]
    assert seen["gone"]["status"] == 404
    assert seen["beyond"]["status"] == 400
    assert seen["hits"] == [1] * (SEARCHES + 1)
    assert [call.status for call in account.log if call.path.endswith("contacts/search")].count(429) >= 1
    assert seen["lists"] == [["Everyone", "228"]]
    raw = body.encode()
    ours = [
        signature.v1(account.client_secret, raw),
        signature.v2(account.client_secret, "POST", hook, raw),
        signature.v3(account.client_secret, "POST", hook, raw, at),
    ]
    assert seen["signatures"] == ours
    assert seen["stranger"] == {"status": 401, "category": "INVALID_AUTHENTICATION"}


def test_jsforce_works_unchanged(packages: Path) -> None:
    org = salesforce.create(page=200)
    org.load(population(450, 1))
    org.rest.short = 0.5
    ids = sorted(org.db["Contact"].rows)
    with serve(org.app()) as url:
        seen = play("salesforce.cjs", packages, {"url": url, **org.settings(url)})
    assert (seen["total"], seen["ids"]) == (450, ids)
    assert seen["written"] == ["", "INVALID_CROSS_REFERENCE_KEY", "REQUIRED_FIELD_MISSING"]
    assert (seen["name"], seen["deleted"], seen["wrong"]) == ("Ada Lovelace", "ENTITY_IS_DELETED", "INVALID_FIELD")
    assert {"PrivacyConsentStatus", "PartyId", "CaptureDate"} <= set(seen["fields"])
    assert sorted(one for one, _ in seen["bulk"]) == ids
    assert {flag for _, flag in seen["bulk"]} == {"true", "false"}
    assert (seen["after"], seen["logins"]) == (450, 2)
    assert seen["used"]["limit"] == 15_000
