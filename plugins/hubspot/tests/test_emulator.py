# SPDX-License-Identifier: Apache-2.0
"""The emulator, proven with HubSpot's own client: what a foreign client accepts was not built for our plugin."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import hubspot
import pytest
from hub_hubspot.emulator import HubSpotEmulator, create
from hub_hubspot.signature import decoded, verify
from hubspot.automation import actions
from hubspot.automation.actions import ApiException as ActionsError
from hubspot.crm.associations.v4 import ApiException as AssociationsError
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicGdprDeleteInput,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.lists import ListCreateRequest, ListSearchRequest
from hubspot.crm.objects import communications
from hubspot.crm.properties import ApiException as PropertiesError
from hubspot.crm.properties import PropertyCreate
from hubspot.oauth import ApiException as OAuthError
from hubspot.utils.signature import Signature

from hub import Inbound
from hub.testing.emulator import serve
from hub.testing.population import population


class Site:
    """A running emulator with the official client pointed at it."""

    def __init__(self, emulator: HubSpotEmulator, url: str) -> None:
        self.emulator, self.url = emulator, url
        self.api = hubspot.HubSpot(access_token=emulator.access_token, host=url)
        self.contacts = self.api.crm.contacts

    def get(self, path: str, **query: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.emulator.access_token}"}
        return httpx.get(self.url + path, params=query, headers=headers)


@pytest.fixture
def site() -> Iterator[Site]:
    emulator = create(searches=100)
    with serve(emulator.app()) as url:
        yield Site(emulator, url)


def test_client_lists_every_contact(site: Site) -> None:
    site.emulator.load(population(230, 1))
    found = site.contacts.get_all(properties=["firstname", "hs_legal_basis", "no_such_property"])
    assert [one.id for one in found] == list(site.emulator.contacts)
    assert set(found[0].properties) == {"createdate", "hs_object_id", "lastmodifieddate", "firstname", "hs_legal_basis"}


def test_client_creates_reads_changes_and_archives(site: Site) -> None:
    made = site.contacts.basic_api.create(
        simple_public_object_input_for_create=SimplePublicObjectInputForCreate(
            properties={"email": "ada@example.org", "firstname": "Ada"}, associations=[]
        )
    )
    written = SimplePublicObjectInput(properties={"firstname": "Grace", "phone": ""})
    site.contacts.basic_api.update(made.id, simple_public_object_input=written)
    read = site.contacts.basic_api.get_by_id("ada@example.org", id_property="email", properties=["firstname", "phone"])
    assert (read.id, read.properties["firstname"], read.properties["phone"]) == (made.id, "Grace", None)
    site.contacts.basic_api.archive(made.id)
    with pytest.raises(ApiException) as gone:
        site.contacts.basic_api.get_by_id(made.id)
    assert gone.value.status == 404
    assert [one.id for one in site.contacts.basic_api.get_page(archived=True).results] == [made.id]


def test_client_is_told_of_a_known_email_and_an_unknown_property(site: Site) -> None:
    ada = SimplePublicObjectInputForCreate(properties={"email": "ada@example.org"}, associations=[])
    site.contacts.basic_api.create(simple_public_object_input_for_create=ada)
    with pytest.raises(ApiException) as twice:
        site.contacts.basic_api.create(simple_public_object_input_for_create=ada)
    assert (twice.value.status, json.loads(twice.value.body)["category"]) == (409, "CONFLICT")
    odd = SimplePublicObjectInputForCreate(properties={"missing": "x"}, associations=[])
    with pytest.raises(ApiException) as unknown:
        site.contacts.basic_api.create(simple_public_object_input_for_create=odd)
    body = json.loads(unknown.value.body)
    assert unknown.value.status == 400
    assert body["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert '"name":"missing"' in body["message"]


def test_client_updates_a_batch_and_sees_which_failed(site: Site) -> None:
    site.emulator.load(population(3, 1))
    good, *_ = site.emulator.contacts
    inputs = [SimplePublicObjectBatchInput(id=one, properties={"city": "Bonn"}) for one in (good, "42")]
    answer = site.contacts.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert [one.id for one in answer.results] == [good]
    assert (answer.num_errors, answer.errors[0].category) == (1, "OBJECT_NOT_FOUND")
    assert answer.errors[0].context == {"ids": ["42"]}
    wanted = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id=good)], properties=["city"], properties_with_history=[]
    )
    read = site.contacts.batch_api.read(batch_read_input_simple_public_object_id=wanted)
    assert read.results[0].properties["city"] == "Bonn"


def test_client_searches_by_filter_sort_and_page(site: Site) -> None:
    site.emulator.load(population(60, 1))
    rule = Filter(property_name="hs_legal_basis", operator="EQ", value="Performance of a contract")
    request = PublicObjectSearchRequest(
        filter_groups=[FilterGroup(filters=[rule])], sorts=["hs_object_id"], properties=["hs_legal_basis"], limit=5
    )
    page = site.contacts.search_api.do_search(public_object_search_request=request)
    contracts = [
        one.id for one in site.emulator.contacts.values() if one.properties.get("hs_legal_basis") == rule.value
    ]
    assert (page.total, [one.id for one in page.results]) == (len(contracts), contracts[:5])
    request.after = page.paging.next.after
    following = site.contacts.search_api.do_search(public_object_search_request=request)
    assert [one.id for one in following.results] == contracts[5:10]


def test_search_beyond_ten_thousand_is_refused(site: Site) -> None:
    with pytest.raises(ApiException) as refused:
        site.contacts.search_api.do_search(PublicObjectSearchRequest(limit=100, after="9901"))
    assert refused.value.status == 400


def test_client_writes_communications_in_a_batch(site: Site) -> None:
    site.emulator.load(population(1, 1))
    (record,) = site.emulator.contacts
    types = [communications.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=81)]
    to = communications.PublicObjectId(id=record)
    properties = {
        "hs_communication_channel_type": "WHATS_APP",
        "hs_communication_logged_from": "CRM",
        "hs_communication_body": "Hello",
        "hs_timestamp": "2026-11-21T10:00:00Z",
    }
    good = communications.SimplePublicObjectBatchInputForCreate(
        properties=properties, associations=[communications.PublicAssociationsForObject(to=to, types=types)]
    )
    api = site.api.crm.objects.communications
    batch = communications.BatchInputSimplePublicObjectBatchInputForCreate(inputs=[good])
    made = api.batch_api.create(batch_input_simple_public_object_batch_input_for_create=batch)
    assert made.results[0].properties["hs_communication_body"] == "Hello"
    linked = site.api.crm.associations.v4.basic_api.get_page("communications", made.results[0].id, "contacts")
    assert [one.to_object_id for one in linked.results] in ([record], [int(record)])
    good.properties = {**properties, "hs_communication_logged_from": "HUB"}
    with pytest.raises(communications.ApiException) as refused:
        api.batch_api.create(batch_input_simple_public_object_batch_input_for_create=batch)
    assert refused.value.status == 400
    with pytest.raises(AssociationsError):
        site.api.crm.associations.v4.basic_api.get_page("communications", "1", "contacts")


def test_client_makes_a_list_and_reads_its_members(site: Site) -> None:
    site.emulator.load(population(120, 1))
    lists = site.api.crm.lists
    made = lists.lists_api.create(ListCreateRequest(name="Spring", object_type_id="0-1", processing_type="MANUAL"))
    some = list(site.emulator.contacts)[:110]
    change = lists.memberships_api.add(made.list.list_id, request_body=[*some, "42"])
    assert (len(change.records_ids_added), change.record_ids_missing) == (110, ["42"])
    first = lists.memberships_api.get_page(made.list.list_id, limit=100)
    rest = lists.memberships_api.get_page(made.list.list_id, limit=100, after=first.paging.next.after)
    assert [one.record_id for one in [*first.results, *rest.results]] == some
    request = ListSearchRequest(query="spr", additional_properties=["hs_list_size"], offset=0, count=10)
    hits = lists.lists_api.do_search(list_search_request=request)
    assert [(one.name, one.additional_properties["hs_list_size"]) for one in hits.lists] == [("Spring", "110")]


def test_client_makes_a_property_once(site: Site) -> None:
    core = site.api.crm.properties.core_api
    one = PropertyCreate(name="shoe", label="Shoe", type="string", field_type="text", group_name="contactinformation")
    assert core.create("contacts", property_create=one).name == "shoe"
    with pytest.raises(PropertiesError) as twice:
        core.create("contacts", property_create=one)
    assert twice.value.status == 409
    assert "shoe" in {known.name for known in core.get_all("contacts").results}


def test_client_with_a_wrong_token_is_refused(site: Site) -> None:
    api = hubspot.HubSpot(access_token="wrong", host=site.url)
    with pytest.raises(ApiException) as refused:
        api.crm.contacts.basic_api.get_page()
    assert (refused.value.status, json.loads(refused.value.body)["category"]) == (401, "INVALID_AUTHENTICATION")
    site.emulator.token_expired = True
    assert site.get("/crm/v3/objects/contacts").json()["category"] == "EXPIRED_AUTHENTICATION"


@pytest.mark.parametrize("path", ["/crm/v3/objects/contacts", "/crm/objects/2026-09/contacts"])
def test_limits_are_told_and_kept(site: Site, path: str) -> None:
    site.emulator.limits.burst.limit = 2
    first = site.get(path)
    assert first.headers["x-hubspot-ratelimit-remaining"] == "1"
    assert first.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
    site.get(path)
    refused = site.get(path)
    assert (refused.status_code, refused.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    assert refused.json()["message"] == "You have reached your ten_secondly_rolling limit."


def test_search_has_a_limiter_of_its_own_and_no_headers(site: Site) -> None:
    site.emulator.limits.search.limit = 1
    site.contacts.search_api.do_search(PublicObjectSearchRequest())
    with pytest.raises(ApiException) as refused:
        site.contacts.search_api.do_search(PublicObjectSearchRequest())
    assert json.loads(refused.value.body)["message"] == "You have reached your secondly limit."
    assert not [name for name in refused.value.headers if "ratelimit" in name]
    assert site.get("/crm/v3/objects/contacts").status_code == 200


def test_webhooks_are_signed_so_that_the_official_client_agrees(site: Site) -> None:
    site.emulator.load(population(2, 1))
    record, erased = site.emulator.contacts
    with Receiver(refusals=1) as (url, got):
        site.emulator.webhook_url = url
        site.emulator.change(record, country="Austria", firstname="not subscribed")
        _wait_for(got, 1)
        site.emulator.erase(erased)
        _wait_for(got, 2)
    assert [event["attemptNumber"] for event in json.loads(got[0].body)] == [1]
    events = [event for one in got for event in json.loads(one.body)]
    assert sorted(event["subscriptionType"] for event in events) == [
        "contact.deletion",
        "contact.privacyDeletion",
        "contact.propertyChange",
    ]
    for one in got:
        verify(site.emulator.client_secret, one)
        signature, stamp = one.headers["x-hubspot-signature-v3"], one.headers["x-hubspot-request-timestamp"]
        text, secret = one.body.decode(), site.emulator.client_secret
        # the official client leaves decoding the URL to its caller
        assert Signature.is_valid(signature, secret, text, decoded(one.url), "POST", "v3", stamp)
        assert Signature.is_valid(one.headers["x-hubspot-signature"], secret, text, signature_version="v1")


def test_client_gets_tokens_by_code_and_by_refresh(site: Site) -> None:
    app = {"client_id": site.emulator.access.client_id, "client_secret": site.emulator.client_secret}
    redirect = "https://hub.example/installed"
    agreed = httpx.get(f"{site.url}/oauth/authorize", params={**app, "redirect_uri": redirect, "state": "s"})
    target = httpx.URL(agreed.headers["location"])
    assert (target.host, target.params["state"]) == ("hub.example", "s")
    tokens = hubspot.HubSpot(host=site.url).oauth.tokens_api
    asked = {**app, "redirect_uri": redirect, "code": target.params["code"]}
    first = tokens.create(grant_type="authorization_code", **asked)
    assert (first.token_type, first.expires_in) == ("bearer", 1800)
    with pytest.raises(OAuthError) as used:
        tokens.create(grant_type="authorization_code", **asked)
    assert (used.value.status, json.loads(used.value.body)["status"]) == (400, "BAD_AUTH_CODE")
    site.emulator.clock.advance(timedelta(minutes=31))
    expired = hubspot.HubSpot(access_token=first.access_token, host=site.url)
    with pytest.raises(ApiException) as late:
        expired.crm.contacts.basic_api.get_page()
    assert (late.value.status, json.loads(late.value.body)["category"]) == (401, "EXPIRED_AUTHENTICATION")
    second = tokens.create(grant_type="refresh_token", refresh_token=first.refresh_token, **app)
    fresh = hubspot.HubSpot(access_token=second.access_token, host=site.url)
    fresh.crm.contacts.basic_api.get_page()
    told = fresh.oauth.access_tokens_api.get(second.access_token)
    assert told.hub_id == 143_553_137
    assert 1790 < told.expires_in <= 1800
    assert "crm.objects.contacts.read" in told.scopes


def test_client_without_a_scope_is_told_which(site: Site) -> None:
    site.emulator.access.scopes -= {"crm.objects.contacts.read"}
    with pytest.raises(ApiException) as refused:
        site.contacts.basic_api.get_page()
    body = json.loads(refused.value.body)
    assert (refused.value.status, body["category"]) == (403, "MISSING_SCOPES")
    assert body["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.contacts.read"]}


def test_client_defines_a_workflow_action_and_completes_its_callbacks(site: Site) -> None:
    developer = hubspot.HubSpot(api_key=site.emulator.access.developer_key, host=site.url).automation.actions
    field = actions.FieldTypeDefinition(
        name="template", type="enumeration", field_type="select", options=[], external_options=False
    )
    egg = actions.PublicActionDefinitionEgg(
        action_url="http://127.0.0.1:9/in",
        object_types=["CONTACT"],
        published=True,
        functions=[],
        input_fields=[
            actions.InputFieldDefinition(
                type_definition=field, supported_value_types=["STATIC_VALUE"], is_required=True
            )
        ],
        labels={"en": actions.PublicActionLabels(action_name="Send")},
    )
    made = developer.definitions_api.create(7, egg)
    assert [one.id for one in developer.definitions_api.get_page(7).results] == [made.id]
    with Receiver(refusals=0, answer=b'{"outputFields":{"hs_execution_state":"BLOCK"}}') as (url, got):
        patch = actions.PublicActionDefinitionPatch(action_url=url)
        assert developer.definitions_api.update(made.id, 7, patch).revision_id == "2"
        site.emulator.load(population(1, 1))
        (record,) = site.emulator.contacts
        given = {"record_id": record, "inputs": {"template": "welcome/de"}}
        run = httpx.post(f"{site.url}/_emulator/do/enrol", json=given).json()
    assert run["state"] == "blocked"
    (asked,) = got
    text, secret = asked.body.decode(), site.emulator.client_secret
    signature = asked.headers["x-hubspot-signature"]
    assert Signature.is_valid(signature, secret, text, url, "POST", "v2")
    callbacks = site.api.automation.actions.callbacks_api
    outputs = actions.CallbackCompletionRequest(output_fields={"status": "sent"})
    callbacks.complete(run["callback"], outputs)
    assert site.emulator.workflows.enrolments[run["callback"]].outputs == {"status": "sent"}
    again = actions.CallbackCompletionBatchRequest(output_fields={}, callback_id=run["callback"])
    with pytest.raises(ActionsError) as done:
        callbacks.complete_batch(actions.BatchInputCallbackCompletionBatchRequest(inputs=[again]))
    assert done.value.status == 404


def test_client_merges_and_asks_for_the_record_that_is_gone(site: Site) -> None:
    site.emulator.load(population(2, 1))
    stays, goes = site.emulator.contacts
    merge = PublicMergeInput(primary_object_id=stays, object_id_to_merge=goes)
    site.contacts.basic_api.merge(public_merge_input=merge)
    assert site.contacts.basic_api.get_by_id(goes).id == stays
    site.contacts.basic_api.purge(PublicGdprDeleteInput(object_id=stays))
    with pytest.raises(ApiException) as erased:
        site.contacts.basic_api.get_by_id(stays)
    assert erased.value.status == 404
    assert site.contacts.basic_api.get_page(archived=True).results == []


def test_client_upserts_a_batch_and_sees_what_was_new_and_what_failed(site: Site) -> None:
    site.emulator.load(population(2, 1))
    kept, protected = site.emulator.contacts.values()
    site.emulator.portal.protected.add(protected.id)
    emails = [kept.properties["email"], protected.properties["email"], "new@example.org"]
    inputs = [
        SimplePublicObjectBatchInputUpsert(id=one, id_property="email", properties={"city": "Bonn"}) for one in emails
    ]
    done = site.contacts.batch_api.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs))
    assert [one.new for one in done.results] == [False, True]
    assert (done.num_errors, done.errors[0].context) == (1, {"ids": [protected.properties["email"]]})


def test_client_reads_short_pages_to_the_end(site: Site) -> None:
    site.emulator.load(population(230, 1))
    site.emulator.portal.short_pages = 0.9
    assert [one.id for one in site.contacts.get_all()] == list(site.emulator.contacts)


def test_client_in_an_account_of_a_million_sees_the_same_person_each_time(site: Site) -> None:
    site.emulator.populate(1_000_000, seed=5)
    portal = site.emulator.portal
    last = str(portal.contacts.seeded.last) if portal.contacts.seeded else ""
    first = site.contacts.basic_api.get_by_id(last, properties=["email", "mobilephone", "phone"])
    assert first.properties["email"] == "person999999@example.org"
    site.contacts.basic_api.update(last, simple_public_object_input=SimplePublicObjectInput(properties={"city": "Ulm"}))
    again = site.contacts.basic_api.get_by_id("person999999@example.org", id_property="email", properties=["city"])
    assert (again.id, again.properties["city"]) == (last, "Ulm")
    since = str(int((site.emulator.clock.now() - timedelta(minutes=1)).timestamp() * 1000))
    rule = Filter(property_name="lastmodifieddate", operator="GTE", value=since)
    request = PublicObjectSearchRequest(filter_groups=[FilterGroup(filters=[rule])], limit=10)
    assert [one.id for one in site.contacts.search_api.do_search(request).results] == [last]
    taken = SimplePublicObjectInputForCreate(properties={"email": "person7@example.org"}, associations=[])
    with pytest.raises(ApiException) as known:
        site.contacts.basic_api.create(simple_public_object_input_for_create=taken)
    assert known.value.status == 409
    site.emulator.erase(last)
    lists = site.api.crm.lists
    members = lists.memberships_api.get_page("1", limit=250, after=str(int(last) - 3 * 7))
    assert [one.record_id for one in members.results] == [str(int(last) - 2 * 7), str(int(last) - 7)]
    assert members.total == portal.contacts.count == 999_999
    assert len(site.emulator.contacts) == 0


def test_load_gives_the_same_people_for_the_same_seed() -> None:
    first, second = create(seed=4), create(seed=4)
    for emulator in (first, second):
        emulator.load(population(50, 9))
    shown = [
        [(one.id, {**one.properties, "hub_email_double_opt_in_at": ""}) for one in emulator.contacts.values()]
        for emulator in (first, second)
    ]
    assert shown[0] == shown[1]


def test_state_counts_what_was_reported(site: Site) -> None:
    made = site.emulator.load(population(5, 1))
    record = next(iter(site.emulator.contacts))
    site.emulator.change(record, hub_whatsapp_status="delivered", hub_whatsapp_opt_out="true")
    state = httpx.get(f"{site.url}/_emulator/state").json()
    assert (state["contacts"], state["statuses"], state["lists"][made]["members"]) == (5, {"delivered": 1}, 5)


class Receiver:
    """A web server that keeps what it gets, after refusing the first `refusals` requests."""

    def __init__(self, refusals: int, answer: bytes = b"") -> None:
        self.got: list[Inbound] = []
        outer, left = self, [refusals]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                left[0] -= 1
                if left[0] < 0:
                    outer.got.append(Inbound("POST", outer.url, headers, body))
                self.send_response(500 if left[0] >= 0 else 200 if answer else 204)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in/h1?a=%3Ab"

    def __enter__(self) -> tuple[str, list[Inbound]]:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.url, self.got

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def _wait_for(got: list[Inbound], count: int) -> None:
    deadline = time.monotonic() + 5
    while len(got) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(got) >= count
