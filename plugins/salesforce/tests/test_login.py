# SPDX-License-Identifier: Apache-2.0
"""Logging in both ways, remembering the token, and what refusals mean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hub_salesforce import Config
from hub_salesforce.emulator.signin import generated_key
from hub_salesforce.ids import full, person
from hub_salesforce.login import KEY
from pydantic import ValidationError

from hub import BadConfig, Throttled
from hub.testing.emulator import Fault
from plugins.salesforce.tests.sites import Site, site

PRIVATE, PUBLIC = generated_key()


def by_jwt(org: Site, **settings: Any) -> None:
    org.emulator.signin.public_key = PUBLIC
    del org.settings["client_secret"]
    org.settings |= {"private_key": PRIVATE, "username": "hub@example.org", **settings}


def test_token_is_remembered_between_connectors() -> None:
    with site() as org:
        org.people()
        org.people()
        assert org.calls("oauth2/token") == 1


def test_token_that_ended_is_replaced() -> None:
    with site() as org:
        org.people()
        org.emulator.clock.advance(timedelta(hours=3))
        org.people()
        assert org.calls("oauth2/token") == 2


def test_token_of_other_settings_is_not_used() -> None:
    with site() as org:
        org.people()
        org.settings["client_secret"] = "another"
        with pytest.raises(BadConfig, match="invalid_client"):
            org.people()


def test_jwt_bearer_logs_in_with_a_real_signature() -> None:
    with site() as org:
        by_jwt(org)
        contact = org.contact()
        assert set(org.people()) == {contact}


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"username": "other@example.org"}, "user hasn't approved this consumer"),
        ({"audience": "https://example.org"}, "audience is invalid"),
        ({"client_id": "other"}, "invalid_client_id"),
        ({"private_key": generated_key()[0]}, "invalid assertion"),
        ({"private_key": "no key"}, "private_key"),
    ],
)
def test_jwt_bearer_that_is_refused_says_why(settings: dict[str, str], why: str) -> None:
    with site() as org:
        by_jwt(org, **settings)
        with pytest.raises(BadConfig, match=why):
            org.people()


def test_login_refused_shows_nothing_but_known_words() -> None:
    with site() as org:
        body = {"error": "made_up", "error_description": "no such user hub@example.org"}
        org.emulator.faults.append(Fault("status", "oauth2/token", 400, body))
        with pytest.raises(BadConfig) as raised:
            org.people()
        assert "hub@example.org" not in str(raised.value)


def test_too_many_logins_mean_wait() -> None:
    with site() as org:
        org.emulator.faults.append(Fault("status", "oauth2/token", 400, {"error": "rate_limit_exceeded"}))
        with pytest.raises(Throttled):
            org.people()


def test_token_is_kept_in_the_connections_memory_alone() -> None:
    with site() as org:
        org.people()
        assert KEY in org.memory
        (token,) = org.emulator.signin.sessions
        assert token not in repr(Config.model_validate(org.settings))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"client_secret": "x", "private_key": "x", "username": "x"},
        {"private_key": "x"},
        {"client_secret": "x", "base_url": "x.my.salesforce.com"},
        {"client_secret": "x", "legal_bases": ("contract=anything",)},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"base_url": "https://x.my.salesforce.com", "client_id": "x", **settings})


def test_id_of_15_characters_gets_the_suffix_that_a_real_org_gave() -> None:
    assert full("003dM00001vWOXJ") == full("003dM00001vWOXJQA4") == "003dM00001vWOXJQA4"


@pytest.mark.parametrize("typed", ["", "003", "003dM00001vWOXJQA5", "003dM00001vWOXJQA", "003dM00001vWOX-", "42"])
def test_id_that_is_none_is_empty(typed: str) -> None:
    assert full(typed) == ""


def test_person_is_a_contact_or_a_lead() -> None:
    assert person("003dM00001vWOXJ") == "003dM00001vWOXJQA4"
    assert person("00QdM00001vWOXJ").startswith("00QdM00001vWOXJ")
    assert person("001dM00001vWOXJ") == ""
