# SPDX-License-Identifier: Apache-2.0
"""What Salesforce calls the hub with: flows, outbound messages, and the document that a flow's action is made from."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import anyio
import httpx
import orjson
import pytest
from hub_salesforce import Config, Salesforce, soap
from hub_salesforce.emulator.tables import numbered

from hub import (
    AudienceChanged,
    ContactChanged,
    Event,
    Forbidden,
    Inbound,
    Option,
    Options,
    SendRequested,
    Unknown,
)
from plugins.salesforce.tests.sites import AT, Notes, Site, site

TOKEN, ORGANIZATION = "made-up-inbound-token", "00D000000000001EAA"
URL = "https://hub.example/in/s1"
ASKS = {"token": TOKEN, "template": "offer/de", "purpose": "MARKETING", "topic": "spring", "set.1": "FirstName"}


def salesforce(**settings: Any) -> Salesforce:
    given = {"base_url": "https://x.my.salesforce.com", "client_id": "x", "client_secret": "x"}
    given |= {"inbound_secret": TOKEN, "organization": ORGANIZATION[:15]}
    return Salesforce(Config.model_validate({**given, **settings}), httpx.AsyncClient(), Notes())


def call(body: bytes, query: dict[str, str] | None = None, **headers: str) -> Inbound:
    return Inbound("POST", URL, headers, body, query or {}, AT)


def events(request: Inbound) -> list[Event]:
    found: list[Event] = []

    async def read() -> None:
        found.extend(await salesforce().receive(request))

    anyio.run(read)
    return found


@pytest.fixture
def org() -> Iterator[Site]:
    with site() as one:
        yield one


def notified(org: Site, kind: str, records: list[str], *fields: str) -> bytes:
    """An outbound message about these records, as Salesforce would send it."""
    some = [(numbered("04l", "M00", place), record) for place, record in enumerate(records)]
    return org.emulator.outgoing.body(kind, some, fields)


# --- outbound messages


def test_outbound_message_is_acknowledged_and_asks_for_a_message(org: Site) -> None:
    contact = org.contact(FirstName="Jürgen & <Söhne>")
    request = call(notified(org, "Contact", [contact], "FirstName"), ASKS)
    crm = salesforce()
    crm.authenticate(request)
    answer = crm.acknowledge(request)
    assert (answer.status, answer.media_type, answer.keep) == (200, "text/xml", True)
    assert b"<Ack>true</Ack>" in answer.body
    (event,) = events(request)
    assert isinstance(event, SendRequested)
    assert (event.record, event.template, event.purpose, event.topic) == (contact, "offer/de", "MARKETING", "spring")
    assert event.parameters == (("1", "Jürgen & <Söhne>"),)
    assert event.event.startswith("notification:04l")


def test_member_is_written_to_as_its_contact_or_lead(org: Site) -> None:
    campaign, contact, lead = org.emulator.load([]), org.contact(), org.lead()
    create = org.emulator.writes.create
    members = [
        create("CampaignMember", {"CampaignId": campaign, "ContactId": contact}),
        create("CampaignMember", {"CampaignId": campaign, "LeadId": lead}),
    ]
    body = notified(org, "CampaignMember", members, "CampaignId", "ContactId", "LeadId")
    assert [getattr(event, "record", "") for event in events(call(body, ASKS))] == [contact, lead]


def test_outbound_message_without_a_template_tells_of_a_change(org: Site) -> None:
    campaign, contact = org.emulator.load([]), org.contact()
    member = org.emulator.writes.create("CampaignMember", {"CampaignId": campaign, "ContactId": contact})
    query = {"token": TOKEN}
    assert events(call(notified(org, "Contact", [contact]), query)) == [ContactChanged(contact, AT)]
    body = notified(org, "CampaignMember", [member], "CampaignId", "ContactId")
    assert events(call(body, query)) == [AudienceChanged(campaign, AT)]


def test_our_own_status_that_comes_back_asks_for_nothing(org: Site) -> None:
    campaign, contact = org.emulator.load([]), org.contact()
    member = org.emulator.writes.create("CampaignMember", {"CampaignId": campaign, "ContactId": contact})
    row = org.db["CampaignMember"].rows[member]
    org.db["CampaignMember"].change(row, {"Status": "WhatsApp: delivered"})
    body = notified(org, "CampaignMember", [member], "CampaignId", "ContactId", "Status")
    assert [type(event) for event in events(call(body, ASKS))] == [Unknown]


def test_deleted_record_and_strange_object_are_kept_as_unknown(org: Site) -> None:
    gone = org.contact()
    org.emulator.delete("Contact", gone)
    task = str(org.db["Task"].add({"Subject": "x"})["Id"])
    found = [*events(call(notified(org, "Contact", [gone]), ASKS)), *events(call(notified(org, "Task", [task]), ASKS))]
    assert [type(event) for event in found] == [Unknown, Unknown]


@pytest.mark.parametrize(
    ("settings", "query"),
    [
        ({}, {}),
        ({}, {"token": "wrong"}),
        ({"inbound_secret": ""}, {"token": ""}),
        ({"organization": ""}, {"token": TOKEN}),
        ({"organization": "00D000000000002EAA"}, {"token": TOKEN}),
        ({"outbound_actions": ("04kM00000000009AAA",)}, {"token": TOKEN}),
    ],
)
def test_outbound_message_of_a_stranger_is_refused(org: Site, settings: Any, query: dict[str, str]) -> None:
    request = call(notified(org, "Contact", [org.contact()]), query)
    salesforce().authenticate(call(request.body, {"token": TOKEN}))
    salesforce(outbound_actions=(org.emulator.outgoing.action,)).authenticate(call(request.body, {"token": TOKEN}))
    with pytest.raises(Forbidden):
        salesforce(**settings).authenticate(request)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><x>&d;</x>"""
FILE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'


@pytest.mark.parametrize(
    "body",
    [BOMB, FILE, FILE.decode().encode("utf-16"), b"<x/>", b"<x", b"<", b'<?xml version="1.0" encoding="no"?><x/>'],
)
def test_hostile_or_broken_xml_is_refused(body: bytes) -> None:
    with pytest.raises(Forbidden):
        soap.read(body)
    with pytest.raises(Forbidden):
        salesforce().authenticate(call(b"<" + body.lstrip(b"<"), {"token": TOKEN}))
    assert [type(event) for event in events(call(b"<" + body.lstrip(b"<"), ASKS))] == [Unknown]


def test_redelivered_notification_has_the_same_id_and_the_record_as_it_is_by_then(org: Site) -> None:
    contact = org.contact(FirstName="Anna")
    seen: list[bytes] = []
    with Receiver(seen) as url:
        org.emulator.outgoing.url = url
        org.emulator.webhooks.retry_after = 0.05
        (number,) = org.emulator.outgoing.send("Contact", [contact], ["FirstName"])
        wait_for(seen, 1)  # answered without an acknowledgement
        org.emulator.change("Contact", contact, FirstName="Berta")
        wait_for(seen, 2)
    first, second = (events(call(body, ASKS))[0] for body in seen[:2])
    assert isinstance(first, SendRequested)
    assert isinstance(second, SendRequested)
    assert first.event == second.event == f"notification:{number}"
    assert (first.parameters, second.parameters) == ((("1", "Anna"),), (("1", "Berta"),))


def test_150_records_are_two_messages_of_which_each_is_acknowledged(org: Site) -> None:
    contacts = [org.contact() for _ in range(150)]
    seen: list[bytes] = []
    with Receiver(seen, refusals=0) as url:
        org.emulator.outgoing.url = url
        org.emulator.outgoing.send("Contact", contacts, [])
        wait_for(seen, 2)
        time.sleep(0.3)
    found = [getattr(event, "record", "") for body in seen for event in events(call(body, ASKS))]
    assert (len(seen), sorted(found)) == (2, sorted(contacts))


class Receiver:
    """An HTTP server that keeps what it gets. Its first answers lack an acknowledgement."""

    def __init__(self, seen: list[bytes], refusals: int = 1) -> None:
        left = [refusals]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                seen.append(body)
                left[0] -= 1
                answer = b"ok" if left[0] >= 0 else soap.ACK
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def wait_for(seen: list[bytes], count: int) -> None:
    deadline = time.monotonic() + 10
    while len(seen) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- flows


FLOW = {"requestId": "r1", "recordId": "003dM00001vWOXJQA4", "template": "offer/de", "purpose": "MARKETING"}


def test_flow_is_told_that_its_request_is_kept() -> None:
    request = call(orjson.dumps(FLOW | {"parameters": [{"name": "1", "value": "x"}]}), **{"x-hub-token": TOKEN})
    answer = salesforce().acknowledge(request)
    assert (answer.status, answer.keep) == (202, True)
    assert orjson.loads(answer.body) == {"accepted": True, "id": "r1", "error": ""}
    assert events(request) == [
        SendRequested("flow:r1", "003dM00001vWOXJQA4", "offer/de", "MARKETING", AT, parameters=(("1", "x"),))
    ]


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({"requestId": ""}, "requestId"),
        ({"requestId": 7}, "requestId"),
        ({"template": None}, "template"),
        ({"purpose": "x" * 256}, "purpose"),
        ({"recordId": "001dM00001vWOXJQA4"}, "recordId"),
        ({"recordId": "003dM00001vWOXJQA5"}, "recordId"),
        ({"parameters": {"1": "x"}}, "parameters"),
        ({"parameters": [{"name": "1"}]}, "parameters"),
    ],
)
def test_flow_is_told_what_its_request_lacks(change: dict[str, Any], lacks: str) -> None:
    request = call(orjson.dumps(FLOW | change))
    answer = salesforce().acknowledge(request)
    assert (answer.status, answer.keep) == (400, False)
    assert lacks in orjson.loads(answer.body)["error"]
    assert [type(event) for event in events(request)] == [Unknown]


def test_document_is_openapi_3_0_that_external_services_takes() -> None:
    options = Options(
        (Option("offer/de", "Offer"),), (Option("MARKETING", "Advertising"),), (Option("spring", "Spring"),)
    )
    request = Inbound("GET", URL, {"x-hub-token": TOKEN}, b"", {}, AT)
    crm = salesforce()
    crm.authenticate(request)
    assert not crm.acknowledge(request).keep
    answer = crm.choices(request, options)
    assert answer is not None
    assert not answer.keep
    document = orjson.loads(answer.body)
    assert document["openapi"].startswith("3.0.")
    assert document["servers"] == [{"url": "https://hub.example"}]
    operation = document["paths"]["/in/s1"]["post"]
    assert operation["operationId"] == "sendWhatsAppMessage"
    schemas = document["components"]["schemas"]
    assert schemas["SendRequest"]["properties"]["purpose"]["enum"] == ["MARKETING"]
    assert "offer/de" in schemas["SendRequest"]["properties"]["template"]["description"]
    kinds = [one["type"] for schema in schemas.values() for one in schema["properties"].values()]
    assert set(kinds) == {"string", "boolean", "array"}, "every field has one plain type: 3.1 may list several"
    assert TOKEN not in answer.body.decode()


def test_request_built_from_the_document_is_taken() -> None:
    document = orjson.loads(
        (salesforce().choices(Inbound("GET", URL, {}, b""), Options((), ())) or pytest.fail("no document")).body
    )
    schema = document["components"]["schemas"]["SendRequest"]
    assert set(FLOW) == set(schema["required"])
    assert salesforce().acknowledge(call(orjson.dumps(FLOW))).status == 202


def test_ordinary_call_asks_for_no_choices() -> None:
    assert salesforce().choices(call(orjson.dumps(FLOW)), Options((), ())) is None
