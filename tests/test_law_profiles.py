# SPDX-License-Identifier: Apache-2.0
"""What the packaged profiles have in common, where they differ, and the kill switch for transfer tools."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from pydantic import BaseModel, ValidationError

from hub.contract.words import Channel, Expression, PlatformCategory, TemplateState
from hub.law.decide import decide
from hub.law.facts import (
    Case,
    Consent,
    ConsentState,
    CountrySignal,
    Message,
    Notice,
    NoticeKind,
    Person,
    Phase,
    RecordState,
    Route,
    Scope,
    SignalKind,
    TemplateFacts,
    Transfer,
    Verification,
    WordingFacts,
)
from hub.law.policies import load, names
from hub.law.policy import Policy, parse

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PROFILES = ("at", "ch", "de", "eu_strict", "uk")
WORDING = WordingFacts("w", ("acme",), (Channel.WHATSAPP,), ("MARKETING",), ("*",), True, NOW - 90 * DAY)
CONSENT = Consent(
    "c",
    ConsentState.GIVEN,
    Scope("acme"),
    Expression.EXPRESS_STATEMENT,
    Verification.SAME_POINT,
    WORDING,
    NOW - 30 * DAY,
)
TEMPLATE = TemplateFacts(
    "t", TemplateState.APPROVED, PlatformCategory.MARKETING, PlatformCategory.MARKETING, True, True, False
)
FRAMEWORK = Transfer("US", "A45-3", NOW + 90 * DAY)
CLAUSES = Transfer("US", "A46-2-c", NOW + 90 * DAY, tia_review_at=NOW + 90 * DAY)
ROUTE = Route("s", "acme", True, False, "r:v1", RecordState.APPROVED, True, NOW + 90 * DAY, True, (FRAMEWORK,))


def raw(name: str) -> bytes:
    return files("hub.law.policies").joinpath(f"{name}.toml").read_bytes()


def case(policy: Policy, country: str = "DE", route: Route = ROUTE, consent: Consent = CONSENT) -> Case:
    person = Person(
        "p",
        consents=(consent,),
        countries=(CountrySignal(SignalKind.STATED_RESIDENCE, country),),
        platform_optin="o",
        notices=tuple(Notice(kind, f"told-{kind}", NOW - DAY) for kind in (NoticeKind.ART_13, NoticeKind.ART_21_4)),
        marketing_received=0,
    )
    message = Message("MARKETING", topic="shoes", template=TEMPLATE)
    return Case(Phase.TRANSMIT, NOW, policy, "acme", country, person, message, route)


def with_fallen(*tools: str) -> Policy:
    listed = ", ".join(f'"{tool}"' for tool in tools)
    return parse(raw("eu_strict").replace(b"invalid = []", f"invalid = [{listed}]".encode()))


def test_five_profiles_are_packaged() -> None:
    assert names() == PROFILES


@pytest.mark.parametrize("name", PROFILES)
def test_every_value_of_a_profile_stands_in_its_file(name: str) -> None:
    text = raw(name).decode()

    def stated(model: BaseModel) -> None:
        for field in type(model).model_fields:
            value = getattr(model, field)
            if field == "countries" and isinstance(value, dict):
                assert all(re.search(rf"^{code} = ", text, re.MULTILINE) for code in value)
            elif isinstance(value, BaseModel):
                assert f"[{field}]" in text
                stated(value)
            elif field not in ("sha256", "text", "blocked"):
                assert re.search(rf"^{field} = ", text, re.MULTILINE), field

    stated(load(name))


def settings(model: type[BaseModel], path: str = "") -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += settings(inner, f"{path}{name}.")
        elif name not in ("sha256", "text", "countries"):
            found.append(f"{path}{name}: {field.description or ''}")
    return found


def test_every_setting_says_what_it_means() -> None:
    assert [setting for setting in settings(Policy) if setting.endswith(": ")] == []


@pytest.mark.parametrize("line", re.findall(r"^\w+ = [^{\n]*$", raw("eu_strict").decode(), re.MULTILINE))
def test_missing_value_is_refused(line: str) -> None:
    text = raw("eu_strict").decode()
    with pytest.raises(ValidationError):
        parse(text.replace(line + "\n", "", 1).encode())


@pytest.mark.parametrize(("name", "own"), [("at", "AT"), ("ch", "CH"), ("uk", "GB")])
def test_national_profile_is_milder_at_home_and_nowhere_else(name: str, own: str) -> None:
    strict, national = load("eu_strict"), load(name)
    assert national.countries.keys() == strict.countries.keys()
    differing = {code for code in strict.countries if national.countries[code] != strict.countries[code]}
    assert differing == {own}
    act = replace(CONSENT, expression=Expression.AFFIRMATIVE_ACT)
    assert decide(case(national, own, consent=act)).allowed
    assert decide(case(national, "DE", consent=act)).reasons == ("CONSENT_NOT_EXPRESS",)
    assert decide(case(strict, own, consent=act)).reasons == ("CONSENT_NOT_EXPRESS",)


def test_german_profile_asks_as_much_as_the_strict_one() -> None:
    ignored = {"name", "sha256", "text"}
    assert load("de").model_dump(exclude=ignored) == load("eu_strict").model_dump(exclude=ignored)


@pytest.mark.parametrize("tool", ["A45-3", "A45-3>US"])
def test_21_annulled_framework_stops_routes_that_have_nothing_else(tool: str) -> None:
    assert decide(case(load("eu_strict"))).allowed
    answer = decide(case(with_fallen(tool)))
    assert answer.reasons == ("TRANSFER_MECHANISM_INVALID",)
    assert answer.policy == with_fallen(tool).id


def test_21_annulled_framework_leaves_routes_with_clauses_and_assessment() -> None:
    both = replace(ROUTE, transfers=(FRAMEWORK, CLAUSES))
    assert decide(case(with_fallen("A45-3>US"), route=both)).allowed
    overdue = replace(CLAUSES, tia_review_at=NOW - DAY)
    answer = decide(case(with_fallen("A45-3>US"), route=replace(ROUTE, transfers=(FRAMEWORK, overdue))))
    assert answer.reasons == ("TRANSFER_MECHANISM_INVALID", "TRANSFER_MECHANISM_TIA_OVERDUE")


def test_21_annulled_framework_of_one_country_leaves_others() -> None:
    uk = replace(ROUTE, transfers=(Transfer("GB", "A45-3", NOW + DAY),))
    assert decide(case(with_fallen("A45-3>US"), route=uk)).allowed
    assert not decide(case(with_fallen("A45-3"), route=uk)).allowed


@pytest.mark.parametrize("tool", ["DPF", "A45-3>usa", ""])
def test_kill_switch_with_a_tool_nobody_has_is_refused(tool: str) -> None:
    with pytest.raises(ValidationError):
        with_fallen(tool)
