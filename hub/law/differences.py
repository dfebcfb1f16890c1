# SPDX-License-Identifier: Apache-2.0
"""Two policies side by side: which settings differ, and what each of them means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from hub.law.policy import Country, Policy

_NOT_THERE = "not listed"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of a policy, by its path in the file."""

    path: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that two policies hold differently."""

    path: str
    before: str
    after: str
    meaning: str


def settings(policy: Policy) -> tuple[Setting, ...]:
    """Every value of a policy, in the order of the file."""
    return tuple(_walk(policy, ""))


def differences(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """What changes from one policy to the other; names and versions are no settings."""
    old, new = ({setting.path: setting for setting in settings(policy)} for policy in (before, after))
    found = []
    for path in dict.fromkeys((*old, *new)):
        a, b = old.get(path), new.get(path)
        value_a, value_b = (setting.value if setting else _NOT_THERE for setting in (a, b))
        if value_a != value_b:
            meaning = (a or b or Setting("", "", "")).meaning
            found.append(Difference(path, value_a, value_b, meaning))
    return tuple(found)


def _walk(model: BaseModel, path: str) -> Iterator[Setting]:
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _walk(value, f"{path}{name}.")
        elif isinstance(value, dict):
            for code, country in value.items():
                yield from _country(code, country, f"{path}{name}.")
        elif path:  # what stands at the top says which policy it is
            yield Setting(f"{path}{name}", _shown(value), info.description or "")


def _country(code: str, country: Country, path: str) -> Iterator[Setting]:
    for setting in _walk(country, f"{path}{code}."):
        yield Setting(setting.path, setting.value, f"{code}: {setting.meaning}")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)
