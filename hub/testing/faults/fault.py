# SPDX-License-Identifier: Apache-2.0
"""What a fault is, as data: its name, what it does, what must hold, and the function that does it to a ground."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.testing.faults.ground import Ground

BOTH, SCALED, EMBEDDED = ("sqlite", "postgresql"), ("postgresql",), ("sqlite",)


@dataclass(frozen=True, slots=True)
class Fault:
    """One scenario. Beside `must`, nothing may be lost, sent without a basis, doubled, or unknown without a reason.

    ground: what the deployment is like, as `hub.testing.faults.ground.ground` takes it. full: the same at the stated
    size. needs: "server" for a PostgreSQL of its own that keeps what it committed, which may be killed.
    """

    name: str
    does: str
    must: str
    act: Callable[[Ground], None]
    backends: tuple[str, ...] = BOTH
    ground: Mapping[str, Any] = field(default_factory=dict)
    full: Mapping[str, Any] = field(default_factory=dict)

    @property
    def number(self) -> str:
        return self.name.partition("-")[0]
