# SPDX-License-Identifier: Apache-2.0
"""What became of a campaign: by template and by wave. Counts of messages; nobody is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session

from hub.flows import variants, watch
from hub.flows.campaigns import Progress
from hub.flows.states import State


@dataclass(frozen=True, slots=True)
class Result:
    """One template, or one wave. `sent` was taken by the provider; each later step is counted in those before.

    opted_out: people who stopped us after they had got theirs; None where that is not told apart.
    """

    name: str
    messages: int
    sent: int
    delivered: int
    read: int
    failed: int
    unknown: int
    refused: int
    weight: int | None = None
    opted_out: int | None = None

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def by_variant(session: Session, progress: Progress) -> list[Result]:
    """Each template of the campaign."""
    stopped = watch.opt_outs(session, progress.campaign)
    return [
        _of(one.name, progress.variants.get(one.name, {}), one.weight, stopped.get(one.name, 0))
        for one in variants.of(progress.campaign)
    ]


def by_wave(progress: Progress) -> list[Result]:
    """Those who went first, and the others; nothing where all went at once."""
    return (
        [_of(str(wave), states) for wave, states in sorted(progress.waves.items())] if len(progress.waves) > 1 else []
    )


def _of(name: str, states: Mapping[str, int], weight: int | None = None, opted_out: int | None = None) -> Result:
    read, delivered = (states.get(one, 0) for one in (State.READ, State.DELIVERED))
    return Result(
        name=name,
        messages=sum(states.values()),
        sent=states.get(State.ACCEPTED, 0) + states.get(State.SENT, 0) + delivered + read,
        delivered=delivered + read,
        read=read,
        failed=states.get(State.FAILED, 0),
        unknown=states.get(State.UNKNOWN, 0),
        refused=states.get(State.REFUSED, 0),
        weight=weight,
        opted_out=opted_out,
    )
