# SPDX-License-Identifier: Apache-2.0
"""Only tyntec may call: signature, time stamp, static header."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hub_tyntec import Config, Tyntec
from hub_tyntec.signature import signature
from pydantic import SecretStr, ValidationError

from hub.contract import Forbidden, Inbound
from hub.testing.provider_table import Notes

# the vector of our reference, made with tyntec's published recipe
SECRET, STAMP, BODY = "shared-secret-1", "1700000000", b'{"hello":"world"}'
PADDED = "tHncJMBlGE4FB39GLS3KsfY2ZKjFKc_L1GV9p87ubg4="
THEN = datetime.fromtimestamp(1_700_000_000, UTC)


def plugin(**settings: Any) -> Tyntec:
    given = {"account": "a-1", "api_key": "made-up-key", "signature_secret": SECRET, **settings}
    return Tyntec(Config(**given), httpx.AsyncClient(), Notes())


def webhook(signed: str = PADDED, stamp: str = STAMP, at: datetime = THEN, **headers: str) -> Inbound:
    sent = {"x-signature": signed, "x-request-timestamp": stamp, "x-signature-version": "V1.0", **headers}
    return Inbound("POST", "https://hub.example/in/t1", sent, BODY, received_at=at)


def signed(stamp: str, secret: str = SECRET, method: str = "HS256") -> str:
    return signature(BODY, stamp, SecretStr(secret), method)


@pytest.mark.parametrize("given", [PADDED, PADDED.rstrip("=")])
def test_signature_of_the_known_vector_is_accepted_padded_or_not(given: str) -> None:
    assert signed(STAMP) == PADDED.rstrip("=")
    plugin().authenticate(webhook(given))


def test_signature_of_the_other_method_is_accepted_only_where_agreed() -> None:
    longer = webhook(signed(STAMP, method="HS512"))
    plugin(signature_method="HS512").authenticate(longer)
    with pytest.raises(Forbidden):
        plugin().authenticate(longer)


def test_signature_in_the_other_alphabet_is_refused() -> None:
    with pytest.raises(Forbidden):
        plugin().authenticate(webhook(PADDED.replace("_", "/")))


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_time_stamp_within_five_minutes_is_accepted(seconds: int) -> None:
    plugin().authenticate(webhook(at=THEN + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_time_stamp_further_away_is_refused(seconds: int) -> None:
    with pytest.raises(Forbidden):
        plugin().authenticate(webhook(at=THEN + timedelta(seconds=seconds)))


@pytest.mark.parametrize("stamp", ["1700000000000", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20"])
def test_time_stamp_in_other_spellings_is_read(stamp: str) -> None:
    plugin().authenticate(webhook(signed(stamp), stamp))


@pytest.mark.parametrize("stamp", ["", "yesterday", "-1", "9" * 40])
def test_time_stamp_that_is_none_is_refused_though_signed(stamp: str) -> None:
    with pytest.raises(Forbidden):
        plugin().authenticate(webhook(signed(stamp), stamp))


def test_time_stamp_moved_without_signing_anew_is_refused() -> None:
    with pytest.raises(Forbidden):
        plugin().authenticate(webhook(stamp="1700000001"))


def test_secret_of_before_is_accepted_while_it_is_changed() -> None:
    old = webhook(signed(STAMP, "the-old-secret"))
    plugin(previous_signature_secret="the-old-secret").authenticate(old)
    for before in (None, ""):
        with pytest.raises(Forbidden):
            plugin(previous_signature_secret=before).authenticate(old)


def test_empty_secret_of_before_verifies_nothing() -> None:
    with pytest.raises(Forbidden):
        plugin(previous_signature_secret="").authenticate(webhook(signed(STAMP, "")))


def test_static_header_is_demanded_besides_the_signature() -> None:
    guarded = plugin(header_name="X-Our-Token", header_value="made-up-value")
    guarded.authenticate(webhook(**{"x-our-token": "made-up-value"}))
    for headers in ({}, {"x-our-token": "another"}):
        with pytest.raises(Forbidden):
            guarded.authenticate(webhook(**headers))
    with pytest.raises(Forbidden):
        guarded.authenticate(webhook("unsigned", **{"x-our-token": "made-up-value"}))


def test_request_of_another_method_is_refused() -> None:
    with pytest.raises(Forbidden):
        plugin().authenticate(dataclasses.replace(webhook(), method="GET"))


@pytest.mark.parametrize("secret", ["short", "x" * 126])
def test_secret_that_tyntec_does_not_take_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError):
        plugin(signature_secret=secret)
