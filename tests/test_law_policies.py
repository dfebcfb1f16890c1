# SPDX-License-Identifier: Apache-2.0
"""The packaged policies: readable, strict about mistakes, and identified by their very bytes."""

from __future__ import annotations

from importlib.resources import files

import pytest
from pydantic import ValidationError

from hub.law.policies import load, names
from hub.law.policy import parse

RAW = files("hub.law.policies").joinpath("eu_strict.toml").read_bytes()


def test_strict_policy_says_what_the_default_is() -> None:
    policy = load("eu_strict")
    assert policy.name == "eu_strict"
    assert policy.soft_opt_in.enabled is False
    assert policy.consent.max_unused_days == 365
    assert policy.request.service_window_hours == 24
    assert policy.request.pre_contract_days == 14
    assert policy.fallback.age == 16
    assert {code: rule.age for code, rule in policy.countries.items() if rule.age != 16} == {
        "AT": 14,
        "BE": 13,
        "ES": 14,
        "FI": 13,
        "FR": 15,
        "GB": 13,
        "IT": 14,
        "SE": 13,
    }
    assert all(rule.express_consent for rule in (policy.fallback, *policy.countries.values()))


def test_every_packaged_policy_loads() -> None:
    assert "eu_strict" in names()
    assert [load(name).name for name in names()] == list(names())


@pytest.mark.parametrize("name", ["", "nowhere", "../policy", "eu_strict.toml"])
def test_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(LookupError):
        load(name)


def test_identity_changes_with_any_byte() -> None:
    changed = parse(RAW + b"\n# a remark\n")
    assert changed.sha256 != parse(RAW).sha256
    assert changed.id != parse(RAW).id


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"max_unused_days = 365", b"max_unused_days = 0"),
        (b"max_unused_days = 365", b"max_unsued_days = 365"),
        (b"age = 16", b"age = 9"),
        (b"enabled = false", b""),
    ],
)
def test_mistake_in_a_policy_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(ValidationError):
        parse(RAW.replace(old, new, 1))
