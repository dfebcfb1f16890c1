# SPDX-License-Identifier: Apache-2.0
"""The registry: what is broken is shown with its reason and harms nobody else; a veto only ever denies."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import pytest

from hub.contract import BadInput, Outgoing, Point, PointKind, Purpose, TextContent
from hub.plugins import GROUP, Registry, emulators, load

NUMBER = "+491701234567"
MESSAGE = Outgoing("m1", "s1", Point(PointKind.E164, NUMBER), Purpose.MARKETING, TextContent("hello"))

HEAD = """
from typing import Any
from pydantic import BaseModel
from hub.contract import Crm, Provider, Veto, hookimpl

class Settings(BaseModel):
    pass

class Sender(Provider[Settings]):
    name, title, Config = "%s", "Sender", Settings
    can, profile = frozenset(), None
    def authenticate(self, request): ...
    async def receive(self, request): return []
    async def check(self): ...
    async def send(self, message): ...
    def templates(self): ...
"""
HANDS_OVER = """
@hookimpl
def hub_connectors():
    return [Sender]
"""

_numbers = itertools.count()
Make = Callable[..., EntryPoint]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Write a module and give its entry point. Module names are never used twice."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name: str, body: str = HANDS_OVER, head: str = HEAD) -> EntryPoint:
        module = f"made_up_plugin_{next(_numbers)}"
        (tmp_path / f"{module}.py").write_text(head.replace("%s", name) + dedent(body))
        return EntryPoint(name, module, GROUP)

    return make


def error(registry: Registry, name: str) -> str:
    (found,) = [broken.error for broken in registry.broken if broken.name == name]
    return found


# loading


def test_plugin_is_loaded_by_its_entry_point(plugin: Make) -> None:
    registry = load([plugin("acme")])
    assert registry.broken == []
    assert registry.get("acme").title == "Sender"


BROKEN = {
    "syntax": ("def (", "SyntaxError"),
    "import": ("import no_such_module_anywhere", "no_such_module_anywhere"),
    "raises": ("raise KeyError('at import')", "at import"),
    "hook_raises": ("@hookimpl\ndef hub_connectors(): raise KeyError('in hook')", "in hook"),
    "hook_gives_none": ("@hookimpl\ndef hub_connectors(): return [None]", "neither a Provider nor a Crm"),
    "hook_gives_an_instance": ("@hookimpl\ndef hub_connectors(): return [Settings()]", "neither a Provider nor a Crm"),
    "hook_misspelt": ("@hookimpl\ndef hub_conectors(): return [Sender]", "unknown hook hub_conectors"),
    "hook_of_another_shape": ("@hookimpl\ndef hub_connectors(request): return [Sender]", "hub_connectors"),
    "no_hook": ("def hub_connectors(): return [Sender]", "has no hook"),
    "abstract": (
        "@hookimpl\ndef hub_connectors(): return [Half]\nclass Half(Sender):\n"
        "    send = Provider.send\n    check = Provider.check",
        "Half lacks check, send",
    ),
    "nameless": (
        "@hookimpl\ndef hub_connectors(): return [Anon]\nclass Anon(Crm[Settings]):\n    title, Config = 't', Settings",
        "Anon does not say its name",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_plugin_broken_is_shown_and_others_load(plugin: Make, case: str) -> None:
    body, said = BROKEN[case]
    registry = load([plugin("aaa"), plugin("broken", body), plugin("zzz")])
    assert sorted(registry.connectors) == ["aaa", "zzz"]
    assert [broken.name for broken in registry.broken] == ["broken"]
    assert said in error(registry, "broken")


def test_plugin_that_cannot_be_found_is_shown(plugin: Make) -> None:
    registry = load([EntryPoint("gone", "no_such_module_anywhere", GROUP), plugin("acme")])
    assert list(registry.connectors) == ["acme"]
    assert "no_such_module_anywhere" in error(registry, "gone")


def test_plugin_with_a_name_already_taken_is_refused(plugin: Make) -> None:
    first, second = plugin("acme"), plugin("acme")
    second = EntryPoint("zweite", second.value, GROUP)
    registry = load([second, first])
    assert list(registry.connectors) == ["acme"]
    assert registry.origin["acme"] == first.value, "entry points are read in the order of their names"
    assert "'acme' is already taken" in error(registry, "zweite")


def test_plugin_with_one_bad_class_gives_none_of_its_classes(plugin: Make) -> None:
    registry = load([plugin("acme", "@hookimpl\ndef hub_connectors(): return [Sender, Settings]")])
    assert registry.connectors == {}


def test_plugin_with_the_same_name_twice_in_itself_is_refused(plugin: Make) -> None:
    body = "class Twin(Sender):\n    pass\n\n@hookimpl\ndef hub_connectors(): return [Sender, Twin]"
    registry = load([plugin("acme", body)])
    assert "'acme' is already taken" in error(registry, "acme")


def test_get_of_an_unknown_connector_names_what_is_installed(plugin: Make) -> None:
    with pytest.raises(BadInput, match="Installed: acme") as refused:
        load([plugin("acme")]).get("acne")
    assert "consent-hub-acne" in refused.value.remedy
    with pytest.raises(BadInput, match="Installed: none"):
        load([]).get("acme")


def test_installed_plugins_and_their_emulators_load() -> None:
    registry = load()
    assert registry.broken == []
    assert {"csv", "hubspot", "meta"} <= set(registry.connectors)
    assert {"hubspot", "meta"} <= set(emulators())


# veto


def vetoes(returns: str) -> str:
    return f"@hookimpl\ndef hub_veto(message):\n    {returns}"


def test_veto_without_plugins_is_silent() -> None:
    assert load([]).veto(MESSAGE) is None


def test_veto_of_none_is_silent(plugin: Make) -> None:
    assert load([plugin("quiet", vetoes("return None"))]).veto(MESSAGE) is None


def test_veto_of_one_among_many_denies(plugin: Make) -> None:
    body = vetoes("return Veto('budget is spent') if message.purpose == 'MARKETING' else None")
    registry = load([plugin("a", vetoes("return None")), plugin("b", body), plugin("c", vetoes("return None"))])
    veto = registry.veto(MESSAGE)
    assert veto is not None
    assert veto.why == "budget is spent"


def test_veto_that_raises_denies_and_tells_nothing(plugin: Make) -> None:
    registry = load([plugin("a", vetoes("return None")), plugin("b", vetoes("raise KeyError(message.to.value)"))])
    veto = registry.veto(MESSAGE)
    assert veto is not None
    assert "KeyError" in veto.why
    assert NUMBER not in veto.why


def test_veto_of_a_broken_plugin_is_not_asked(plugin: Make) -> None:
    body = vetoes("raise KeyError") + "\n\n@hookimpl\ndef hub_connectors(): return [None]"
    registry = load([plugin("bad", body)])
    assert [broken.name for broken in registry.broken] == ["bad"]
    assert registry.veto(MESSAGE) is None
