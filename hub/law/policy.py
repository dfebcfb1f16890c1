# SPDX-License-Identifier: Apache-2.0
"""A policy: every default a lawyer must be able to change, as typed data with a version and a hash.

No value has a default here: a policy that leaves one out is refused. The description of each setting is its meaning,
as `hub policy compare` prints it.
"""

from __future__ import annotations

import hashlib
import tomllib
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Proof = Literal["same_point", "other_point", "none"]
Mechanism = Annotated[str, StringConstraints(pattern=r"^A4[569][A-Za-z0-9-]*(>[A-Z]{2})?$")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        raise ValueError(f"{name!r} is no time zone; write it as Europe/Berlin") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Consents(_Section):
    """How long a consent lasts."""

    max_unused_days: int = Field(gt=0, description="Days without use after which a consent has lapsed (Verfall)")
    review_days: int = Field(gt=0, description="Age in days at which a person looks at a consent again")


class SoftOptIn(_Section):
    """§ 7(3) UWG; Art. 13(2) Directive 2002/58/EC. Enabled without an approval it stays closed."""

    enabled: bool = Field(description="Whether existing customers may be written to under § 7(3) UWG")
    legal_approval: str = Field(description="Id of a lawyer's approval of that")
    similar_version: str = Field(description="Who approved the groups of similar goods, and when")
    similar: tuple[tuple[str, ...], ...] = Field(description="Groups of goods that are similar to each other")
    lists: tuple[str, ...] = Field(description="National lists on which a person must have been looked for")


class Contracts(_Section):
    """What a contract carries."""

    tail_days: int = Field(ge=0, description="Days after its end in which a contract still carries messages")
    necessity: bool = Field(description="Whether somebody must have judged that the message is needed for the contract")


class Requests(_Section):
    """How long what a person did may still be answered."""

    service_window_hours: int = Field(gt=0, description="Hours in which a message of the person may be answered")
    pre_contract_days: int = Field(gt=0, description="Days in which a quote or callback asked for may be answered")
    authentication_minutes: int = Field(gt=0, description="Minutes in which a one-time code asked for may be sent")


class OptIn(_Section):
    """The question whether a person consents, asked over WhatsApp after a web form (flow F2)."""

    confirmations: int = Field(ge=0, description="How often it is asked")
    confirmation_hours: int = Field(gt=0, description="Hours after which the question has expired")


class Verifications(_Section):
    """Which proof that the holder of the contact point consented each opt-in flow must bring."""

    inbound_first: Proof = Field(description="Proof needed when the person wrote first (F1)")
    web_form: Proof = Field(description="Proof needed after a web form with a confirmation over WhatsApp (F2)")
    email_confirmed: Proof = Field(description="Proof needed after a web form confirmed by e-mail (F3)")
    offline: Proof = Field(description="Proof needed for paper, counter and phone (F4)")
    imported: Proof = Field(description="Proof needed for a flag from a CRM (F5)")


class Transfers(_Section):
    """The kill switch of Art. 44 ff. GDPR: a tool listed here carries nothing from the next decision on."""

    invalid: tuple[Mechanism, ...] = Field(
        description="Transfer tools that no longer hold, as TOOL or TOOL>COUNTRY, such as A45-3>US"
    )


class Jurisdictions(_Section):
    """Whose rules count."""

    old_country_months: int = Field(ge=0, description="Months for which the country before a move still counts")


class Blocklists(_Section):
    """National lists of those who want no advertising."""

    countries: tuple[str, ...] = Field(description="Countries whose list is checked where one is connected")


class Notices(_Section):
    """What a person must have been told first."""

    enforce: bool = Field(description="Whether the notices of Art. 13, 14 and 21(4) GDPR must be on file")


class QuietHours(_Section):
    """When advertising disturbs nobody."""

    enforce: bool = Field(description="Whether quiet hours are kept")
    start: int = Field(ge=0, le=23, description="Hour at which quiet hours begin")
    end: int = Field(ge=0, le=23, description="Hour at which quiet hours end")
    sundays: bool = Field(description="Whether all of Sunday is quiet")
    zone: Zone = Field(description="Time zone (IANA) where the person's own is not known")


class Frequency(_Section):
    """The cap on advertising. A wording that promises less goes first."""

    enforce: bool = Field(description="Whether the cap is kept")
    per_30_days: int = Field(gt=0, description="Advertising messages to one person in 30 days at most")


class Withdrawals(_Section):
    """How fast a no takes effect. In the ledger it does so at once."""

    purge_seconds: int = Field(gt=0, description="Seconds in which queued messages must be gone after a stop")
    crm_hours: int = Field(gt=0, description="Hours in which every CRM must know of a stop")
    confirm_hours: int = Field(gt=0, description="Hours in which repeated stops of a person get one confirmation")


class Imports(_Section):
    """Changes of many people at once."""

    opt_ins: int = Field(gt=0, description="New opt-ins of one sync from which on a person must approve them")


class Clocks(_Section):
    """Deadlines of the GDPR. Data, since they are about to change (Digital Omnibus)."""

    art_14_days: int = Field(gt=0, description="Days until a notice about data from third parties is due")
    request_months: int = Field(gt=0, description="Months until a request of a person must be answered")
    request_extension_months: int = Field(gt=0, description="Months by which that can be extended, with reasons")
    breach_hours: int = Field(gt=0, description="Hours until a breach must be told to the authority")


class Retention(_Section):
    """How long things are kept. Wordings and notices stay as long as a record refers to them."""

    consent_years: int = Field(ge=0, description="Calendar years a consent is kept after its end or last use")
    deny_days: int = Field(gt=0, description="Days a refusal is kept; an ALLOW is kept with its consent")
    stop_review_years: int = Field(gt=0, description="Years after which a person looks at a stop again")
    content_days: int = Field(gt=0, description="Days the content of a message is kept")
    webhook_days: int = Field(gt=0, description="Days a raw webhook is kept")
    delivery_days: int = Field(gt=0, description="Days delivery data are kept")
    request_years: int = Field(ge=0, description="Calendar years a request of a person is kept")


class Country(_Section):
    """The rule of one country. Where several count, the strictest value of each field does."""

    express_consent: bool = Field(description="Whether advertising needs an express statement")
    age: int = Field(ge=13, le=18, description="Age in years from which a person consents alone (Art. 8 GDPR)")
    blocked: bool = Field(False, description="Whether nobody there is written to")


class Policy(_Section):
    """Profile `name`, read with `parse`. Unknown countries use `fallback`; `countries` by ISO 3166-1 alpha-2."""

    name: str = Field(description="Name of the profile")
    version: str = Field(description="Version of the profile")
    consent: Consents
    soft_opt_in: SoftOptIn
    contract: Contracts
    request: Requests
    opt_in: OptIn
    verification: Verifications
    transfer: Transfers
    jurisdiction: Jurisdictions
    blocklist: Blocklists
    notice: Notices
    quiet_hours: QuietHours
    frequency: Frequency
    withdrawal: Withdrawals
    imports: Imports
    clock: Clocks
    retention: Retention
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
