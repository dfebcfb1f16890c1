# SPDX-License-Identifier: Apache-2.0
"""Sinch's signature: the vendor's published vector, ours, the window, and the change of a secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hub_sinch import Config, Sinch, signature
from pydantic import SecretStr

from hub.contract import Forbidden, Inbound
from hub.testing.provider_table import Notes

SECRET = "made-up-webhook-secret"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
# developers.sinch.com/docs/conversation/callbacks: body, headers and result of the worked example
VENDORS_BODY = (
    b'{"app_id":"","accepted_time":"2021-10-18T17:49:13.813615Z","project_id":"e2df3a34-a71b-4448-9db5-a8d2baad28e4",'
    b'"contact_create_notification":{"contact":{"id":"01FJA8B466Y0R2GNXD78MD9SM1","channel_identities":[{"channel":"SMS",'
    b'"identity":"48123456789","app_id":""}],"display_name":"New Test Contact","email":"new.contact@email.com",'
    b'"external_id":"","metadata":"","language":"EN_US"}},"message_metadata":""}'
)


@pytest.mark.parametrize(
    ("secret", "body", "nonce", "stamp", "signed"),
    [
        (
            "foo_secret1234",
            VENDORS_BODY,
            "01FJA8B4A7BM43YGWSG9GBV067",
            "1634579353",
            "6bpJoRmFoXVjfJIVglMoJzYXxnoxRujzR4k2GOXewOE=",
        ),
        (
            "sinch-secret",
            b'{"hello":"world"}',
            "nonce-1",
            "1700000000",
            "EGIzr4Zp96pEdNBm1SbKgb4sT3NewK+KwhWtjBn0UhI=",
        ),
    ],
    ids=["the vendor's", "ours"],
)
def test_vector_comes_out(secret: str, body: bytes, nonce: str, stamp: str, signed: str) -> None:
    assert signature.value(body, nonce, stamp, SecretStr(secret)) == signed


def webhook(at: datetime, secret: str = SECRET) -> Inbound:
    body = b'{"hello":"world"}'
    headers = signature.headers(body, "nonce-1", str(int(at.timestamp())), SecretStr(secret))
    return Inbound("POST", "https://hub.example/in/s1", dict(headers), body, received_at=NOW)


def sinch(**more: object) -> Sinch:
    given = {"project_id": "p1", "app_id": "a1", "key_id": "k1", "key_secret": "made-up", "webhook_secret": SECRET}
    return Sinch(Config.model_validate({**given, **more}), None, Notes())  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [-86_399, 0, 86_399])
def test_webhook_within_the_window_is_accepted(seconds: int) -> None:
    sinch().authenticate(webhook(NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-86_401, 86_401])
def test_webhook_outside_the_window_is_refused(seconds: int) -> None:
    with pytest.raises(Forbidden):
        sinch().authenticate(webhook(NOW + timedelta(seconds=seconds)))


def test_window_can_be_narrower() -> None:
    with pytest.raises(Forbidden):
        sinch(replay_window=300).authenticate(webhook(NOW - timedelta(minutes=50)))


@pytest.mark.parametrize("part", ["-nonce", "-timestamp", ""])
def test_webhook_lacking_a_header_is_refused(part: str) -> None:
    request = webhook(NOW)
    headers = {name: value for name, value in request.headers.items() if name != f"x-sinch-webhook-signature{part}"}
    with pytest.raises(Forbidden):
        sinch().authenticate(Inbound(request.method, request.url, headers, request.body, received_at=NOW))


def test_secret_before_this_one_is_accepted_while_it_is_entered() -> None:
    old = webhook(NOW, "the-secret-before-this")
    with pytest.raises(Forbidden):
        sinch().authenticate(old)
    sinch(previous_webhook_secret="the-secret-before-this").authenticate(old)


def test_empty_previous_secret_verifies_nothing() -> None:
    with pytest.raises(Forbidden):
        sinch(previous_webhook_secret="").authenticate(webhook(NOW, ""))
