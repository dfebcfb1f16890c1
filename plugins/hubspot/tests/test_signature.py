# SPDX-License-Identifier: Apache-2.0
"""HubSpot's signatures, by published vectors and by the official client's own implementation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hub_hubspot.signature import decoded, v1, v2, v3, verify
from hubspot.utils.signature import Signature

from hub import Forbidden, Inbound

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URL = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"
AT = datetime.fromtimestamp(1_693_657_560, UTC)
STAMP = "1693657560000"


def request(headers: dict[str, str], *, at: datetime = AT, body: bytes = BODY) -> Inbound:
    return Inbound("POST", URL, headers, body, received_at=at)


def v3_headers(stamp: str = STAMP) -> dict[str, str]:
    return {"x-hubspot-signature-v3": v3(SECRET, "POST", URL, BODY, stamp), "x-hubspot-request-timestamp": stamp}


def test_v3_is_the_published_vector() -> None:
    assert v3(SECRET, "POST", URL, BODY, STAMP) == "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
    assert v3(SECRET, "POST", URL, BODY, "1700000300000") == "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw="


def test_v3_of_an_escaped_url_decodes_eleven_escapes_only() -> None:
    escaped = f"{URL}?src=hs%3Aapp%2Fv3"
    assert v3(SECRET, "POST", escaped, b"[]", STAMP) == "d3i3awrp4iALzH4jRP9Bvg2UW+Q6qH0NYzoldj+TxXM="
    assert decoded("a%3a%2F%3F%40%21%24%27%28%29%2A%2C%3B") == "a:/?@!$'()*,;"
    assert decoded("%20%26%3D%2B%25%23%253A%") == "%20%26%3D%2B%25%23%253A%"


def test_v2_is_the_published_vector() -> None:
    assert v2(SECRET, "GET", URL, b"") == "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"
    assert v2(SECRET, "POST", URL, BODY) == "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383"


def test_v1_is_the_published_vector() -> None:
    assert v1(SECRET, BODY) == "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"


def test_signatures_equal_those_of_the_official_client() -> None:
    text = BODY.decode()
    assert v1(SECRET, BODY) == Signature.get_signature(SECRET, text, "v1")
    assert v2(SECRET, "POST", URL, BODY) == Signature.get_signature(SECRET, text, "v2", URL, "POST")
    assert v3(SECRET, "POST", URL, BODY, STAMP) == Signature.get_signature(SECRET, text, "v3", URL, "POST", STAMP)


def test_verify_takes_every_version() -> None:
    verify(SECRET, request(v3_headers()))
    verify(SECRET, request({"x-hubspot-signature": v1(SECRET, BODY), "x-hubspot-signature-version": "v1"}))
    signed = v2(SECRET, "POST", URL, BODY)
    verify(SECRET, request({"x-hubspot-signature": signed, "x-hubspot-signature-version": "v2"}))


@pytest.mark.parametrize("away", [timedelta(seconds=301), timedelta(seconds=-301)])
def test_verify_refuses_v3_outside_five_minutes(away: timedelta) -> None:
    verify(SECRET, request(v3_headers(), at=AT + away * (299 / 301)))
    with pytest.raises(Forbidden):
        verify(SECRET, request(v3_headers(), at=AT + away))


def test_verify_never_falls_back_from_a_bad_v3_to_a_good_v1() -> None:
    good = {"x-hubspot-signature": v1(SECRET, BODY), "x-hubspot-signature-version": "v1"}
    with pytest.raises(Forbidden):
        verify(SECRET, request({**good, **v3_headers(), "x-hubspot-signature-v3": "bad"}))
    with pytest.raises(Forbidden):
        verify(SECRET, request({**good, **v3_headers()}, at=AT + timedelta(hours=1)))


@pytest.mark.parametrize("stamp", ["", "soon", "²", "-1", "9" * 30])
def test_verify_refuses_a_timestamp_that_is_none(stamp: str) -> None:
    with pytest.raises(Forbidden):
        verify(SECRET, request(v3_headers(stamp)))


def test_verify_without_a_secret_refuses_even_a_matching_signature() -> None:
    headers = {"x-hubspot-signature": v1("", BODY), "x-hubspot-signature-version": "v1"}
    with pytest.raises(Forbidden):
        verify("", request(headers))


def test_verify_refuses_an_unknown_version() -> None:
    with pytest.raises(Forbidden):
        verify(SECRET, request({"x-hubspot-signature": v1(SECRET, BODY), "x-hubspot-signature-version": "v0"}))
