# SPDX-License-Identifier: Apache-2.0
"""The file itself, as typed data: what a person filled in. Read from TOML, and kept as JSON in its version."""

from __future__ import annotations

import tomllib
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from hub.contract import BadInput, Purpose
from hub.flows.processor.points import POINTS

ALL = "*"
_HELP = "Compare the file with `hub processor form CONNECTION`."


def _country(code: str) -> str:
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise ValueError(f"{code!r} is no country; use two letters, such as DE")
    return code.upper()


def _purpose(word: str) -> str:
    if word != ALL and word not in set(Purpose):
        raise ValueError(f"{word!r} is no purpose; use * or one of: {', '.join(Purpose)}")
    return word


Country = Annotated[str, AfterValidator(_country)]
Tool = Annotated[str, StringConstraints(pattern=r"^A4[569][A-Za-z0-9-]*$")]  # an article: A45-3, A46-2-c, ...
Word = Annotated[str, AfterValidator(_purpose)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Status(StrEnum):
    """What somebody found."""

    OPEN = "open"  # nobody has looked
    OK = "ok"
    GAP = "gap"  # looked at, and not as it must be
    NA = "na"  # does not concern this provider


class Check(_Part):
    """The answer to one point. `evidence` says where it can be seen: a clause, a page, a screenshot, a document."""

    status: Status = Status.OPEN
    evidence: str = ""
    note: str = ""
    reviewer: str = ""
    checked_on: date | None = None


class Identity(_Part):
    """Who signs the contract."""

    legal_name: str = ""
    address: str = ""
    register_no: str = ""
    role: Literal["", "processor", "sub_processor", "joint_controller", "own_controller"] = ""
    own_controller_for: str = ""  # data for which it is not a processor: Meta, for its users' account data
    seat: Country = ""
    parent: str = ""
    parent_country: Country = ""
    dpo_contact: str = ""


class Agreement(_Part):
    """The contract under Art. 28(3). The signed document itself is attached as a paper of kind dpa."""

    signed_on: date | None = None
    version: str = ""
    breach_hours: int | None = Field(default=None, gt=0)
    eu_clauses: bool = False  # the Commission's clauses, Decision (EU) 2021/915, are used


class Hosting(_Part):
    """Where the data are. `local_storage` is the region that Meta keeps content at rest in; "none": not switched on."""

    regions: tuple[Country, ...] = ()
    backup: tuple[Country, ...] = ()
    support_access: tuple[Country, ...] = ()
    local_storage: str = Field(default="", pattern=r"^(|none|[A-Z]{2})$")
    retention: str = ""


class Subprocessor(_Part):
    name: str
    country: Country
    service: str = ""
    source: str = ""
    objection_until: date | None = None
    approved_on: date | None = None  # None: nobody has decided


class Hop(_Part):
    """One way out of the EEA. Another entry with the same recipient and country is its fallback.

    `stopped`: the kill switch of this hop, for this file alone; the policy has one for all.
    """

    recipient: str
    to: Country
    tool: Tool
    valid_until: date
    framework_checked_on: date | None = None  # the recipient's entry in the Data Privacy Framework list was seen
    module: str = ""  # of the standard contractual clauses
    tia: str = ""  # the transfer impact assessment: its id
    tia_review_on: date | None = None
    remark: str = ""
    stopped: bool = False


class Certificate(_Part):
    """It never replaces a point."""

    name: str
    issuer: str = ""
    number: str = ""
    scope: str = ""
    valid_until: date


class Form(_Part):
    """A file. `purposes` are those that may go through this provider; `valid_until` is the day of the next review."""

    purposes: tuple[Word, ...] = (ALL,)
    valid_until: date | None = None
    note: str = ""
    identity: Identity = Identity()
    agreement: Agreement = Agreement()
    hosting: Hosting = Hosting()
    subprocessors: tuple[Subprocessor, ...] = ()
    transfers: tuple[Hop, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    points: dict[str, Check] = Field(default_factory=dict)

    def check(self, point: str) -> Check:
        return self.points.get(point, _UNSEEN)

    def status(self, point: str) -> Status:
        return self.check(point).status

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return self.model_dump(mode="json", exclude_defaults=True)


_UNSEEN = Check()


def parse(text: str) -> Form:
    """A file from its TOML. Raises `BadInput` naming the first thing that cannot be read."""
    try:
        return build(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(str(error), field="file", remedy="The file must be TOML in UTF-8.") from None


def build(data: Any) -> Form:
    """A file from plain data. Raises `BadInput`."""
    try:
        form = Form.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "file"
        raise BadInput(first["msg"].removeprefix("Value error, "), field=place, remedy=_HELP) from None
    strange = [name for name in form.points if name not in POINTS]
    if strange:
        raise BadInput("is no point of the list", field=f"points.{strange[0]}", remedy=_HELP)
    return form
