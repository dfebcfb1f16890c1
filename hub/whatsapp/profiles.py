# SPDX-License-Identifier: Apache-2.0
"""What a plugin declares of its vendor, in `profile.toml` of its package: whoever reviews it needs no Python.

legal_entity = "Acme Messaging GmbH"
seat = "DE"                          # ISO 3166-1 alpha-2
parent = ""                          # may be left out
regions = ["DE"]
subprocessors = ["WhatsApp Ireland Limited"]
transfers = []
to_verify = ["the signed contract under Art. 28 GDPR"]   # what the admin must see with own eyes
source = "[1]; unverified until checked for this account"
unsourced = ["toms"]                 # topics on which somebody looked and found nothing: shown as UNCONFIRMED
platform = ["transfers"]             # topics on which Meta's facts stand behind it; left out: all

[pages]                              # what numbers in brackets name, here and in the plugin's comments
1 = "acme.example/docs"

[[data]]                             # personal data that the plugin touches: feeds the Art. 30 record
name = "phone number"
category = "contact data"
purpose = "address a message"
kept = "30 days [1]"                 # at the vendor

[[facts]]                            # as in `hub.whatsapp.facts`
topic = "seat"
value = "DE: Musterstadt"
source = "acme.example/imprint"
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, model_validator

from hub.contract import DataItem, ProcessorProfile, Topic, unsourced
from hub.whatsapp.facts import PLATFORM, Filed, Strict, Words, read

Several = tuple[Words, ...]
_NOTE = re.compile(r"\[(\d+)\]")


class FiledItem(Strict):
    """A `DataItem` as it stands in the file."""

    name: Words
    category: Words
    purpose: Words
    kept: Words


class FiledProfile(Filed):
    """The file."""

    legal_entity: Words
    seat: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    parent: str = ""
    regions: Several
    subprocessors: Several
    transfers: Several
    to_verify: Annotated[Several, Field(min_length=1)]
    source: Words
    unsourced: tuple[Topic, ...] = ()
    platform: tuple[Topic, ...] = tuple(Topic)
    pages: dict[str, Words] = Field(default_factory=dict)
    data: Annotated[tuple[FiledItem, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _pages_are_listed(self) -> FiledProfile:
        noted = _NOTE.findall(self.model_dump_json(exclude={"pages"}))
        if missing := [number for number in noted if number not in self.pages]:
            raise ValueError(f"[pages] does not say what [{missing[0]}] is")
        return self


def declared(package: str) -> tuple[ProcessorProfile, tuple[DataItem, ...]]:
    """`profile` and `data` of the provider in `package`. Raises `BadInput` naming file and key."""
    filed = read(package, "profile.toml", FiledProfile)
    behind = (fact for fact in PLATFORM if fact.topic in filed.platform)
    profile = ProcessorProfile(
        legal_entity=filed.legal_entity,
        seat=filed.seat,
        parent=filed.parent,
        regions=filed.regions,
        subprocessors=filed.subprocessors,
        transfers=filed.transfers,
        to_verify=filed.to_verify,
        source=filed.source,
        facts=(*filed.told, *unsourced(*filed.unsourced), *behind),
    )
    return profile, tuple(DataItem(**item.model_dump()) for item in filed.data)
