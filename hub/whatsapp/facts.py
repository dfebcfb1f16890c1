# SPDX-License-Identifier: Apache-2.0
"""Facts on a processor, kept in a TOML file, so that whoever reviews them needs no Python:

[[facts]]
topic = "seat"                       # of `hub.Topic`
value = "DE: Musterstadt"
source = "acme.example/imprint"      # "none" where nobody says so
as_of = 2026-05-13                   # the day on which it said so; may be left out
confirmed = true                     # in the vendor's own words; false, where left out
"""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hub.contract import BadInput, Fact, Topic

Words = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """What a file may hold; anything else in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FiledFact(Strict):
    """A fact as it stands in a file."""

    topic: Topic
    value: Words
    source: Words
    as_of: date | None = None
    confirmed: bool = False

    @model_validator(mode="after")
    def _confirmed_by_somebody(self) -> FiledFact:
        if self.confirmed and self.source == "none":
            raise ValueError("it is confirmed, so its source must be named")
        return self


class Filed(Strict):
    """A file with facts."""

    facts: tuple[FiledFact, ...] = ()

    @property
    def told(self) -> tuple[Fact, ...]:
        return tuple(Fact(**one.model_dump()) for one in self.facts)


Read = TypeVar("Read", bound=Strict)


def read(package: str, file: str, model: type[Read]) -> Read:
    """A TOML file of a package. Raises `BadInput` naming file and key when it is missing or cannot be used."""
    where, remedy = f"{package}/{file}", f"See {model.__module__} for what it holds."
    try:
        return model.model_validate(tomllib.loads(files(package).joinpath(file).read_text("utf-8")))
    except OSError:
        raise BadInput("is missing", field=where, remedy=remedy) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole"
        raise BadInput(first["msg"], field=f"{where}: {key}", remedy=remedy) from None
    except ValueError as error:
        raise BadInput(f"is no TOML: {error}", field=where, remedy="Correct the line.") from None


# of Meta, whoever the provider is: it stands behind every WhatsApp number
PLATFORM = read("hub.whatsapp", "platform.toml", Filed).told
