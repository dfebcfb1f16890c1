# SPDX-License-Identifier: Apache-2.0
"""The hooks. A hook is a way in, not a way of working: plugins hand over classes, core calls methods on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pluggy

from hub.contract.connectors import Connector
from hub.contract.messages import Outgoing

PROJECT = "hub"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Veto:
    """A plugin's denial. `why` is shown to people and holds no personal data."""

    why: str


@hookspec
def hub_connectors() -> Iterable[type[Connector[Any]]]:
    """Hand over connector classes. Called once.

    @hookimpl
    def hub_connectors():
        return [MyProvider]
    """
    raise NotImplementedError


@hookspec
def hub_veto(message: Outgoing) -> Veto | None:
    """Add a denial to a message the law allows (budget, blocklist). An exception is a denial too.

    @hookimpl
    def hub_veto(message):
        return Veto("budget of this month is spent") if spent() else None
    """
    raise NotImplementedError
