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
    """§ 7(3) UWG. `legal_approval`: id of the lawyer's approval. `similar`: groups of goods that are similar, approved
    by a person as `similar_version`. `lists`: national lists on which a person must have been looked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    enabled: bool
    legal_approval: str
    similar_version: str
    similar: tuple[tuple[str, ...], ...]
    lists: tuple[str, ...]


class Contracts(BaseModel):
    """`tail_days`: how long after its end a contract still carries messages. `necessity`: somebody must have judged
    that the message is needed for the contract."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    tail_days: int = Field(ge=0)
    necessity: bool


class Notices(BaseModel):
    """Whether the notices of Art. 13, 14 and 21(4) GDPR must be on file before anything else is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    enforce: bool


class QuietHours(BaseModel):
    """No advertising from hour `start` to hour `end`, nor on Sundays where `sundays`, in the person's time zone, else
    in `zone`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    enforce: bool
    start: int = Field(ge=0, le=23)
    end: int = Field(ge=0, le=23)
    sundays: bool
    zone: str


class Frequency(BaseModel):
    """At most `per_30_days` marketing messages to a person in 30 days, or as many as the wording promised."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    enforce: bool
    per_30_days: int = Field(gt=0)


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
    contract: Contracts
    request: Requests
    notice: Notices
    quiet_hours: QuietHours
    frequency: Frequency
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
