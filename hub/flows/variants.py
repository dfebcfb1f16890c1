# SPDX-License-Identifier: Apache-2.0
"""Templates side by side in one campaign. Who gets which is drawn by campaign and person, and never drawn again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from hub.store.tables import Campaign, MessageRow

MOST = 4


class Templated(NamedTuple):
    """A template, and the category that the platform gave it when the message or its campaign was made."""

    template: str
    language: str
    approved_category: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One template of a campaign. `parameters` are (name, property, fallback); `approved_category` is that of then."""

    template: str
    language: str
    approved_category: str
    parameters: tuple[tuple[str, str, str], ...]
    weight: int = 1

    @property
    def name(self) -> str:
        return f"{self.template}/{self.language}"

    @property
    def asked(self) -> Templated:
        return Templated(self.template, self.language, self.approved_category)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def of(campaign: Campaign) -> tuple[Variant, ...]:
    """All templates of a campaign, the first of which is its own."""
    if campaign.variants:
        return _read(orjson.dumps(campaign.variants))
    parameters = tuple((name, source, fallback) for name, source, fallback in campaign.parameters)
    return (Variant(campaign.template, campaign.language, campaign.approved_category, parameters),)


@lru_cache(256)
def _read(stored: bytes) -> tuple[Variant, ...]:
    return tuple(
        Variant(**{**one, "parameters": tuple(tuple(given) for given in one["parameters"])})
        for one in orjson.loads(stored)
    )


def drawn(campaign: Campaign, contact_id: str) -> Variant:
    """The one that this person gets, by weight."""
    return draw(campaign.id, of(campaign), contact_id)


def draw(campaign_id: str, among: Sequence[Variant], contact_id: str) -> Variant:
    """The same with all templates of the campaign at hand."""
    if len(among) == 1:
        return among[0]
    point = lot(campaign_id, contact_id, "variant") * sum(one.weight for one in among)
    for one in among:
        point -= one.weight
        if point < 0:
            return one
    return among[-1]


def carried(campaign: Campaign, row: MessageRow | None = None) -> Variant:
    """The one that a message carries; without a message, the first."""
    among = of(campaign)
    named = (row.template, row.language) if row is not None else ("", "")
    return next((one for one in among if (one.template, one.language) == named), among[0])


def lot(campaign_id: str, contact_id: str, use: str) -> float:
    """A number from 0 to below 1 that is as good as random, and the same each time. Each `use` has its own."""
    digest = hashlib.sha256(f"{use}:{campaign_id}:{contact_id}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
