# SPDX-License-Identifier: Apache-2.0
"""simple-salesforce, a well-known client that knows nothing of us, works against the emulator unchanged."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from hub_salesforce.emulator import SalesforceEmulator, create
from hub_salesforce.emulator.signin import generated_key
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from hub.testing.emulator import serve
from hub.testing.population import population

PRIVATE, PUBLIC = generated_key()
DOMAIN = "example.my"


class ToEmulator(HTTPAdapter):
    """Sends what is meant for Salesforce, always over https, to the emulator."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = urlsplit(base)

    def send(self, request: requests.PreparedRequest, *given: Any, **more: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        meant = (f"{DOMAIN}.salesforce.com", "login.salesforce.com", self.base.netloc)
        assert parts.netloc in meant
        if parts.netloc != self.base.netloc:
            request.headers["host"] = self.base.netloc if parts.netloc.startswith(DOMAIN) else parts.netloc
        request.url = urlunsplit(parts._replace(scheme="http", netloc=self.base.netloc))
        return super().send(request, *given, **more)


class Scene:
    """An org with the client logged in to it."""

    def __init__(self, emulator: SalesforceEmulator, base: str) -> None:
        self.emulator, self.base = emulator, base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("https://", ToEmulator(base))
        signin = emulator.signin
        self.sf = self.login(consumer_key=signin.client_id, consumer_secret=signin.client_secret)

    def login(self, **given: Any) -> Salesforce:
        return Salesforce(session=self.session, version="68.0", **{"domain": DOMAIN, **given})


@pytest.fixture
def scene() -> Iterator[Scene]:
    emulator = create()
    with serve(emulator.app()) as base:
        yield Scene(emulator, base)


def test_client_logs_in_by_jwt(scene: Scene) -> None:
    scene.emulator.signin.public_key = PUBLIC
    given = {"username": "hub@example.org", "consumer_key": scene.emulator.signin.client_id, "domain": "login"}
    sf = scene.login(privatekey=PRIVATE, **given)
    assert sf.query("SELECT Id FROM Contact")["totalSize"] == 0
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
        scene.login(privatekey=generated_key()[0], **given)


def test_client_with_wrong_secret_is_refused(scene: Scene) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        scene.login(consumer_key=scene.emulator.signin.client_id, consumer_secret="wrong")


def test_client_credentials_are_refused_on_the_common_host(scene: Scene) -> None:
    signin = scene.emulator.signin
    form = {"grant_type": "client_credentials", "client_id": signin.client_id, "client_secret": signin.client_secret}
    answer = scene.session.post("https://login.salesforce.com/services/oauth2/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_client_pages_through_a_query_with_short_pages(scene: Scene) -> None:
    scene.emulator.load(population(450, 1))
    scene.emulator.rest.page, scene.emulator.rest.short = 200, 0.7
    found = scene.sf.query_all("SELECT Id, LastName, Individual.ShouldForget FROM Contact ORDER BY SystemModstamp, Id")
    ids = [one["Id"] for one in found["records"]]
    assert (found["totalSize"], len(ids), len(set(ids))) == (450, 450, 450)
    assert found["records"][0]["Individual"]["ShouldForget"] is False
    assert scene.sf.api_usage["api-usage"].total == 15_000


def test_client_is_told_of_an_old_locator(scene: Scene) -> None:
    scene.emulator.load(population(450, 1))
    scene.emulator.rest.page = 200
    first = scene.sf.query("SELECT Id FROM Contact")
    scene.emulator.clock.advance(timedelta(days=3))
    scene.emulator.signin.sessions = {token: scene.emulator.clock.now() for token in scene.emulator.signin.sessions}
    with pytest.raises(SalesforceMalformedRequest) as refused:
        scene.sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert refused.value.content[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_client_filters_as_soql_does(scene: Scene) -> None:
    made = [scene.sf.Contact.create({"LastName": name, "DoNotCall": flag})["id"] for name, flag in PEOPLE]
    assert hits(scene, "LastName = 'O\\'Hara'") == [made[0]]
    assert hits(scene, "LastName LIKE 'mü%' AND DoNotCall = true") == [made[1]]
    assert hits(scene, "(LastName = 'Nowak' OR LastName = 'Müller') AND NOT DoNotCall = true") == [made[2]]
    assert hits(scene, "LastName NOT IN ('Nowak', 'Müller')") == [made[0]]
    assert hits(scene, "MobilePhone != NULL") == []
    assert hits(scene, "CreatedDate >= TODAY") == made
    assert hits(scene, "CreatedDate < LAST_N_DAYS:1") == []
    assert scene.sf.query("SELECT COUNT() FROM Contact WHERE DoNotCall = true")["totalSize"] == 1
    last = scene.sf.query("SELECT Id FROM Contact ORDER BY LastName DESC LIMIT 1")["records"]
    assert [one["Id"] for one in last] == [made[0]]


PEOPLE = (("O'Hara", False), ("Müller", True), ("Nowak", False))


def hits(scene: Scene, where: str) -> list[str]:
    found = scene.sf.query_all("SELECT Id FROM Contact WHERE " + where)  # noqa: S608
    return [one["Id"] for one in found["records"]]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = ", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName ~ 'x'", "MALFORMED_QUERY"),
        ("SELECT Missing__c FROM Contact", "INVALID_FIELD"),
        ("SELECT Owner.Name FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Missing", "INVALID_TYPE"),
    ],
)
def test_client_is_told_what_is_wrong_with_a_query(scene: Scene, soql: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        scene.sf.query(soql)
    assert refused.value.content[0]["errorCode"] == code


def test_client_creates_reads_changes_and_deletes(scene: Scene) -> None:
    made = scene.sf.Contact.create({"LastName": "Lovelace", "Email": "ada@example.org"})
    assert made["success"]
    record = made["id"]
    assert scene.sf.Contact.update(record, {"FirstName": "Ada"}) == 204
    assert scene.sf.Contact.get(record)["FirstName"] == "Ada"
    assert scene.sf.Contact.delete(record) == 204
    with pytest.raises(SalesforceResourceNotFound):
        scene.sf.Contact.get(record)
    assert scene.sf.query("SELECT Id FROM Contact")["totalSize"] == 0
    binned = scene.sf.query("SELECT Id, IsDeleted FROM Contact", include_deleted=True)["records"]
    assert [(one["Id"], one["IsDeleted"]) for one in binned] == [(record, True)]
    now = datetime.now(UTC)
    gone = scene.sf.Contact.deleted(now - timedelta(hours=1), now)
    assert [one["id"] for one in gone["deletedRecords"]] == [record]


def test_client_upserts_by_an_external_id(scene: Scene) -> None:
    contact = scene.sf.Contact.create({"LastName": "Lovelace"})["id"]
    task = {"WhoId": contact, "Status": "Completed", "Priority": "Normal", "Subject": "first"}
    assert scene.sf.Task.upsert("Hub_Key__c/k1", task) == 201
    assert scene.sf.Task.upsert("Hub_Key__c/k1", {"Subject": "second"}) == 200
    (only,) = scene.sf.query("SELECT Subject FROM Task")["records"]
    assert only["Subject"] == "second"
    scene.emulator.db["Task"].add({"Hub_Key__c": "k1"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        scene.sf.Task.upsert("Hub_Key__c/k1", {"Subject": "third"})


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "REQUIRED_FIELD_MISSING"),
        ({"LastName": "x", "Missing__c": 1}, "INVALID_FIELD"),
        ({"LastName": "x", "AccountId": "no id"}, "MALFORMED_ID"),
        ({"LastName": "x", "AccountId": "001M00000000001AAA"}, "MALFORMED_ID"),
        ({"LastName": "x", "AccountId": "001000000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"LastName": "x", "MobilePhone": "0" * 41}, "STRING_TOO_LONG"),
        ({"LastName": "x", "DoNotCall": "perhaps"}, "JSON_PARSER_ERROR"),
        ({"LastName": "x", "IsDeleted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_client_is_told_why_a_record_is_refused(scene: Scene, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        scene.sf.Contact.create(fields)
    assert refused.value.content[0]["errorCode"] == code


def test_client_is_told_of_a_member_that_is_one_already(scene: Scene) -> None:
    campaign = scene.sf.Campaign.create({"Name": "Spring"})["id"]
    contact = scene.sf.Contact.create({"LastName": "Lovelace"})["id"]
    scene.sf.CampaignMember.create({"CampaignId": campaign, "ContactId": contact})
    with pytest.raises(SalesforceMalformedRequest) as twice:
        scene.sf.CampaignMember.create({"CampaignId": campaign, "ContactId": contact})
    assert twice.value.content == [{"message": "Already a campaign member.", "errorCode": "DUPLICATE_VALUE"}]


def test_client_writes_a_collection_of_which_some_fail(scene: Scene) -> None:
    contact = scene.sf.Contact.create({"LastName": "Lovelace"})["id"]
    task = {"attributes": {"type": "Task"}, "Status": "Completed", "Priority": "Normal"}
    records = [{**task, "WhoId": contact}, {**task, "WhoId": "003000000000001AAA"}, {**task, "Status": ""}]
    body = {"allOrNone": False, "records": records}
    answer = cast("list[dict[str, Any]]", scene.sf.restful("composite/sobjects", method="POST", json=body))
    assert [one["success"] for one in answer] == [True, False, False]
    codes = [error["statusCode"] for one in answer for error in one["errors"]]
    assert codes == ["INVALID_CROSS_REFERENCE_KEY", "REQUIRED_FIELD_MISSING"]
    late = [{"Status": "Completed", "attributes": {"type": "Task"}}]
    with pytest.raises(SalesforceMalformedRequest) as refused:
        scene.sf.restful("composite/sobjects", method="POST", json={"records": late})
    assert refused.value.content[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_client_describes_an_object(scene: Scene) -> None:
    fields = {one["name"]: one for one in scene.sf.ContactPointTypeConsent.describe()["fields"]}
    status = fields["PrivacyConsentStatus"]
    assert [one["value"] for one in status["picklistValues"]] == ["NotSeen", "Seen", "OptIn", "OptOut"]
    assert fields["PartyId"]["referenceTo"] == ["Individual"]


def test_org_without_privacy_objects_does_not_know_them() -> None:
    emulator = create(privacy=False)
    with serve(emulator.app()) as base:
        sf = Scene(emulator, base).sf
        with pytest.raises(SalesforceResourceNotFound):
            sf.ContactPointTypeConsent.describe()
        with pytest.raises(SalesforceMalformedRequest) as refused:
            sf.query("SELECT Id FROM ContactPointTypeConsent")
        assert refused.value.content[0]["errorCode"] == "INVALID_TYPE"
        assert "IndividualId" not in {one["name"] for one in sf.Contact.describe()["fields"]}


def test_client_whose_session_ended_logs_in_again(scene: Scene) -> None:
    token = scene.sf.session_id
    scene.emulator.clock.advance(timedelta(hours=3))
    assert scene.sf.query("SELECT Id FROM Contact")["totalSize"] == 0
    bare = Salesforce(session=scene.session, version="68.0", session_id=token, instance=f"{DOMAIN}.salesforce.com")
    with pytest.raises(SalesforceExpiredSession) as ended:
        bare.query("SELECT Id FROM Contact")
    assert ended.value.content[0]["errorCode"] == "INVALID_SESSION_ID"


def test_client_whose_budget_is_used_up_is_refused(scene: Scene) -> None:
    scene.emulator.daily = 0
    with pytest.raises(SalesforceRefusedRequest) as refused:
        scene.sf.query("SELECT Id FROM Contact")
    assert refused.value.content[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_client_reads_a_bulk_query_piece_by_piece(scene: Scene, tmp_path: Path) -> None:
    scene.emulator.seed_contacts(2500)
    soql = "SELECT Id, LastName, DoNotCall FROM Contact"
    pieces = list(scene.sf.bulk2.Contact.query(soql, max_records=1000, wait=0.01))
    rows = [row for piece in pieces for row in csv.DictReader(io.StringIO(piece))]
    assert (len(pieces), len(rows), len({row["Id"] for row in rows})) == (3, 2500, 2500)
    assert {row["DoNotCall"] for row in rows} == {"true", "false"}
    files = scene.sf.bulk2.Contact.download(soql, path=str(tmp_path), max_records=2000, wait=0.01)
    assert sum(one["number_of_records"] for one in files) == 2500


def test_client_sees_a_seeded_org_as_any_other(scene: Scene) -> None:
    campaign = scene.emulator.seed_contacts(300)
    records = scene.sf.query_all("SELECT Id, IndividualId, SystemModstamp FROM Contact ORDER BY Id")["records"]
    ids = [one["Id"] for one in records]
    assert ids == sorted(ids)
    assert len(set(ids)) == 300
    scene.sf.Contact.update(ids[7], {"FirstName": "Changed"})
    scene.sf.Contact.delete(ids[9])
    after = [one["Id"] for one in scene.sf.query_all("SELECT Id FROM Contact ORDER BY SystemModstamp, Id")["records"]]
    assert after == [*ids[:7], ids[8], *ids[10:], ids[7]]
    half = records[150]["SystemModstamp"].replace("+0000", "Z")
    assert len(hits(scene, f"SystemModstamp >= {half}")) == 151
    assert hits(scene, f"IndividualId IN ('{records[3]['IndividualId']}', '{records[7]['IndividualId']}')") == [
        ids[3],
        ids[7],
    ]
    members = scene.sf.query_all("SELECT ContactId FROM CampaignMember WHERE CampaignId = '" + campaign + "'")  # noqa: S608
    assert [one["ContactId"] for one in members["records"]] == ids
