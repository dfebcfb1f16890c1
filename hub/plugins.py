# SPDX-License-Identifier: Apache-2.0
"""Finds connectors by entry points, loads them one by one, and keeps what is broken together with its error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy
import structlog

from hub.contract import BadInput, Connector, Crm, Outgoing, Provider, Veto, hookspecs

log = structlog.get_logger("hub.plugins")

GROUP = "hub"
EMULATORS = "hub.emulators"


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry point that could not be used, and why."""

    name: str
    error: str


@dataclass
class Registry:
    """Connector classes by name."""

    manager: pluggy.PluginManager
    connectors: dict[str, type[Connector[Any]]] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)  # connector name -> distribution and version
    broken: list[Broken] = field(default_factory=list)

    def get(self, name: str) -> type[Connector[Any]]:
        """Raises `BadInput` naming what is installed."""
        if name not in self.connectors:
            known = ", ".join(sorted(self.connectors)) or "none"
            raise BadInput(
                f"there is no connector {name!r}",
                field="connector",
                remedy=f"Installed: {known}. Install one with pip (consent-hub-{name}), or see `hub plugins`.",
            )
        return self.connectors[name]

    def veto(self, message: Outgoing) -> Veto | None:
        """The first denial of any plugin. A plugin that raises denies: fail closed."""
        try:
            answers = self.manager.hook.hub_veto(message=message)
        except Exception as error:
            log.error("veto failed", error=type(error).__name__)
            return Veto(f"a plugin's check failed ({type(error).__name__})")
        return answers[0] if answers else None


def load(points: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every installed plugin."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    registry = Registry(manager)
    found = entry_points(group=GROUP) if points is None else points
    for point in sorted(found, key=lambda p: p.name):
        try:
            _add(registry, point)
        except Exception as error:
            registry.broken.append(Broken(point.name, f"{type(error).__name__}: {error}"))
    return registry


def _add(registry: Registry, point: EntryPoint) -> None:
    plugin = point.load()
    registry.manager.register(plugin, name=point.name)
    try:
        _check_hooks(registry.manager, plugin)
        hook = registry.manager.subset_hook_caller(
            "hub_connectors", [p for p in registry.manager.get_plugins() if p is not plugin]
        )
        classes = [cls for answer in hook() for cls in answer]
        for cls in classes:
            _check_class(registry, cls)
        if len({cls.name for cls in classes}) < len(classes):
            raise ValueError("hands over two connectors of one name")
    except Exception:
        registry.manager.unregister(plugin)
        raise
    for cls in classes:
        registry.connectors[cls.name] = cls
        registry.origin[cls.name] = f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _check_hooks(manager: pluggy.PluginManager, plugin: object) -> None:
    """A misspelt hook would register silently and never be called."""
    known = {"hub_connectors", "hub_veto"}
    called = {caller.name for caller in manager.get_hookcallers(plugin) or []}
    if unknown := sorted(called - known):
        raise ValueError(f"unknown hook {unknown[0]}; there are {', '.join(sorted(known))}")
    if not called:
        raise ValueError("has no hook; mark a function hub_connectors with @hookimpl")


def _check_class(registry: Registry, cls: type[Connector[Any]]) -> None:
    if not (isinstance(cls, type) and issubclass(cls, (Provider, Crm))):
        raise TypeError(f"{cls!r} is neither a Provider nor a Crm")
    missing = [name for name in ("name", "title", "Config") if not hasattr(cls, name)]
    if missing:
        raise TypeError(f"{cls.__name__} does not say its {missing[0]}")
    if abstract := sorted(getattr(cls, "__abstractmethods__", ())):
        raise TypeError(f"{cls.__name__} lacks {', '.join(abstract)}")
    if cls.name in registry.connectors:
        raise ValueError(f"the name {cls.name!r} is already taken by {registry.origin[cls.name]}")


def emulators() -> dict[str, EntryPoint]:
    """Emulators by connector name; loading one needs the plugin's emulator dependencies."""
    return {point.name: point for point in entry_points(group=EMULATORS)}
