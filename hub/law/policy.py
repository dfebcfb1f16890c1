# SPDX-License-Identifier: Apache-2.0
"""A policy: every default a lawyer must be able to change, as typed data with a version and a hash."""

from __future__ import annotations

import hashlib
import tomllib

from pydantic import BaseModel, ConfigDict, Field


class Consents(BaseModel):
    """`max_unused_days`: a consent not used for longer has lapsed (Verfall, legal reference 2.6)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_unused_days: int = Field(gt=0)


class SoftOptIn(BaseModel):
    """§ 7(3) UWG. Even when enabled it carries nothing as long as no facts prove its four conditions."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    enabled: bool


class Requests(BaseModel):
    """How long what a person did may still be answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    service_window_hours: int = Field(gt=0)
    pre_contract_days: int = Field(gt=0)
    authentication_minutes: int = Field(gt=0)


class Country(BaseModel):
    """The rule of one country. Where several count, the strictest value of each field does.

    `express_consent`: advertising needs an express statement. `age`: own consent from this age in years (Art. 8 GDPR).
    `blocked`: nobody there is written to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    express_consent: bool
    age: int = Field(ge=13, le=18)
    blocked: bool = False


class Policy(BaseModel):
    """Profile `name`, read with `parse`. Unknown countries use `fallback`; `countries` by ISO 3166-1 alpha-2."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    version: str
    consent: Consents
    soft_opt_in: SoftOptIn
    request: Requests
    fallback: Country
    countries: dict[str, Country]
    sha256: str = ""
    text: str = Field(default="", repr=False)  # as it was read

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}:{self.sha256[:16]}"


def parse(raw: bytes) -> Policy:
    """Read a policy from its TOML bytes. Raises `pydantic.ValidationError` or `tomllib.TOMLDecodeError`."""
    fields = tomllib.loads(raw.decode())
    return Policy.model_validate({**fields, "sha256": hashlib.sha256(raw).hexdigest(), "text": raw.decode()})
