# SPDX-License-Identifier: Apache-2.0
"""Standard Webhooks as Bird uses them: vectors, the window, two secrets while one is rotated."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hub_bird import Bird, Config, signature
from pydantic import SecretStr, ValidationError

from hub.contract import Forbidden, Inbound
from hub.testing.provider_table import Notes

SECRET, OLDER = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "whsec_YW5vdGhlci1tYWRlLXVwLW9uZQ=="
BODY = b'{"hello":"world"}'
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("secret", "id_", "stamp", "body", "signed"),
    [
        # the worked example of the Standard Webhooks specification, as its libraries test it
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            b'{"test": 2432232314}',
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (SECRET, "msg_1", "1700000000", BODY, "5MDt8KA1pHmZyD15HJgUJS2w7lvSGdOVfwJMJlym23g="),
    ],
    ids=["the standard's", "ours"],
)
def test_vector_comes_out(secret: str, id_: str, stamp: str, body: bytes, signed: str) -> None:
    assert signature.value(body, id_, stamp, SecretStr(secret)) == signed


def webhook(at: datetime, *secrets: str) -> Inbound:
    signing = map(SecretStr, secrets or (SECRET,))
    headers = signature.headers(BODY, "ev_1", str(int(at.timestamp())), *signing)
    return Inbound("POST", "https://hub.example/in/b1", headers, BODY, received_at=NOW)


def bird(secret: str = SECRET) -> Bird:
    return Bird(Config(api_key="bk_eu1_made-up", webhook_secret=secret), None, Notes())  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_webhook_within_the_window_is_accepted(seconds: int) -> None:
    bird().authenticate(webhook(NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_webhook_outside_the_window_is_refused(seconds: int) -> None:
    with pytest.raises(Forbidden):
        bird().authenticate(webhook(NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("secrets", [(OLDER, SECRET), (SECRET, OLDER)])
def test_webhook_signed_with_two_secrets_is_accepted_by_either(secrets: tuple[str, ...]) -> None:
    for secret in secrets:
        bird(secret).authenticate(webhook(NOW, *secrets))


def test_signature_of_another_version_is_refused() -> None:
    request = webhook(NOW)
    headers = {**request.headers, "webhook-signature": request.headers["webhook-signature"].replace("v1,", "v1a,")}
    with pytest.raises(Forbidden):
        bird().authenticate(dataclasses.replace(request, headers=headers))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_webhook_lacking_a_header_is_refused(name: str) -> None:
    request = webhook(NOW)
    headers = {key: value for key, value in request.headers.items() if key != name}
    with pytest.raises(Forbidden):
        bird().authenticate(dataclasses.replace(request, headers=headers))


@pytest.mark.parametrize("secret", ["whsec_", "whsec_x", "not one of theirs"])
def test_secret_that_is_none_of_birds_verifies_nothing(secret: str) -> None:
    with pytest.raises(Forbidden):
        bird(secret).authenticate(webhook(NOW))


def test_key_of_another_region_is_refused_when_it_is_entered() -> None:
    with pytest.raises(ValidationError, match="us1") as refused:
        Config(api_key="bk_us1_made-up", webhook_secret=SECRET)  # type: ignore[arg-type]
    assert "made-up" not in str(refused.value)
    assert refused.value.errors()[0]["loc"] == ("region",)
    assert Config(api_key="bk_us1_made-up", webhook_secret=SECRET, region="us1").region == "us1"  # type: ignore[arg-type]
