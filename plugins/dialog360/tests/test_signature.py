# SPDX-License-Identifier: Apache-2.0
"""Only 360dialog may call: the header agreed on, and the signature where a platform secret is known."""

from __future__ import annotations

import dataclasses
from typing import Any

import httpx
import pytest
from hub_dialog360 import Config, Dialog360, signature
from pydantic import SecretStr, ValidationError

from hub.contract import Forbidden, Inbound
from hub.testing.provider_table import Notes

# the vector of our reference
SECRET, BODY = "platform-secret", b'{"hello":"world"}'
SIGNED = "98c76ad5805943099687520297fe52ba66d8fe55ca68497c2f834fa6d84a4d7d"
VALUE = "made-up-header-value"


def plugin(**settings: Any) -> Dialog360:
    given = {"phone_number_id": "1", "api_key": "made-up-key", "header_value": VALUE, **settings}
    return Dialog360(Config(**given), httpx.AsyncClient(), Notes())


def webhook(value: str = VALUE, signed: str = "", name: str = "x-hub-token") -> Inbound:
    headers = {name: value, **({"x-360dialog-signature": signed} if signed else {})}
    return Inbound("POST", "https://hub.example/in/d1", headers, BODY)


def test_header_agreed_on_is_enough_without_a_platform_secret() -> None:
    plugin().authenticate(webhook())
    plugin(header_name="X-Ours").authenticate(webhook(name="x-ours"))


@pytest.mark.parametrize("request_", [webhook(""), webhook("another"), webhook(name="x-another"), webhook("", SIGNED)])
def test_header_missing_or_different_is_refused(request_: Inbound) -> None:
    for settings in ({}, {"platform_secret": SECRET}):
        with pytest.raises(Forbidden):
            plugin(**settings).authenticate(request_)


@pytest.mark.parametrize("given", [SIGNED, f"sha256={SIGNED}"])
def test_signature_of_the_known_vector_is_accepted_bare_or_named(given: str) -> None:
    assert signature(BODY, SecretStr(SECRET)) == SIGNED
    plugin(platform_secret=SECRET).authenticate(webhook(signed=given))


@pytest.mark.parametrize("given", ["", "sha256=", SIGNED.upper(), f"sha1={SIGNED}", SIGNED[:-1] + "e", "é"])
def test_signature_missing_or_different_is_refused_with_a_platform_secret(given: str) -> None:
    with pytest.raises(Forbidden):
        plugin(platform_secret=SECRET).authenticate(webhook(signed=given))


def test_signature_of_metas_own_counts_for_nothing() -> None:
    request = webhook()
    forwarded = dataclasses.replace(request, headers={**request.headers, "x-hub-signature-256": f"sha256={SIGNED}"})
    with pytest.raises(Forbidden):
        plugin(platform_secret=SECRET).authenticate(forwarded)


def test_request_of_another_method_is_refused() -> None:
    with pytest.raises(Forbidden):
        plugin().authenticate(dataclasses.replace(webhook(), method="GET"))


@pytest.mark.parametrize("value", [None, "", "too-short"])
def test_header_that_can_be_guessed_is_refused(value: str | None) -> None:
    with pytest.raises(ValidationError):
        plugin(header_value=value)
