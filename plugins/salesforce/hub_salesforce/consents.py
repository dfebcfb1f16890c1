# SPDX-License-Identifier: Apache-2.0
"""Salesforce's consent records: what each says, as a claim. Pure.

The objects exist with Data Protection and Privacy only. A record is never changed but followed by another, so every one
that is in effect counts, with its own date. WhatsApp is the name of an EngagementChannelType; a record that names none
says nothing of the channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hub import Channel, Claim, ClaimKind
from hub_salesforce.rows import Row, moment
from hub_salesforce.settings import Config


@dataclass(frozen=True, slots=True)
class Kind:
    """How one consent object names its times and its source."""

    starts: str
    ends: str
    captured: str
    source: str
    confirmed: str = ""


_OLD = Kind("EffectiveFrom", "EffectiveTo", "CaptureDate", "CaptureSource", "DoubleConsentCaptureDate")
KINDS = {
    "ContactPointConsent": _OLD,  # the most specific first
    "CommSubscriptionConsent": Kind("EffectiveFromDate", "", "ConsentCapturedDateTime", "ConsentCapturedSource"),
    "ContactPointTypeConsent": _OLD,
}
STATUS = "PrivacyConsentStatus"
_TYPES = {"Email": Channel.EMAIL, "MailingAddress": Channel.POST}  # Phone and Social may both carry WhatsApp
ELSEWHERE = "elsewhere"  # the type of a contact point that is no number
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent record. `row` has the fields of its object, and `channel`, `type`, `purpose`, `basis`, `number`."""

    object: str
    row: Row

    @property
    def kind(self) -> Kind:
        return KINDS[self.object]

    @property
    def field(self) -> str:
        return f"{self.object}.{STATUS}"

    @property
    def status(self) -> str:
        return self.row.get(STATUS, "")

    @property
    def captured(self) -> datetime | None:
        """When the person is said to have acted."""
        return moment(self.row.get(self.kind.captured, "")) or moment(self.row.get(self.kind.starts, ""))

    def over(self, now: datetime) -> bool:
        ends = moment(self.row.get(self.kind.ends, ""))
        return ends is not None and ends <= now

    def begun(self, now: datetime) -> bool:
        starts = moment(self.row.get(self.kind.starts, ""))
        return starts is None or starts <= now

    def written_by(self, mark: str) -> bool:
        """Is this a record of our own, come back?"""
        return bool(mark) and self.row.get(self.kind.source, "").startswith(mark)

    def names_whatsapp(self, config: Config) -> bool:
        return self.row.get("channel", "").casefold() == config.channel_name.casefold()

    def may_be_whatsapp(self, config: Config) -> bool:
        return self.row.get("type") != ELSEWHERE and self.channel(config) in (None, Channel.WHATSAPP)

    def channel(self, config: Config) -> Channel | None:
        """The channel that the record surely names."""
        return Channel.WHATSAPP if self.names_whatsapp(config) else _TYPES.get(self.row.get("type", ""))


def claims(found: Sequence[Consent], config: Config, now: datetime) -> Iterator[Claim]:
    """What the records in effect say. An opt-out that only begins later counts now: nobody would tell us then."""
    for one in found:
        if one.over(now):
            continue
        if one.status == "OptOut":
            yield _opt_out(one, config)
        elif one.status == "OptIn" and one.begun(now) and one.row.get("type") != ELSEWHERE:
            yield _opt_in(one, config)
        else:
            yield Claim(ClaimKind.UNKNOWN, one.field)


def _opt_out(one: Consent, config: Config) -> Claim:
    channel = one.channel(config)
    other = channel not in (None, Channel.WHATSAPP)
    # each objection stands for itself: a later one must not pass for the earlier
    field = f"{one.field} {one.captured.date()}" if one.captured else one.field
    return Claim(
        ClaimKind.OPT_OUT,
        field,
        channel=channel,
        claimed_at=one.captured,
        limited=other and config.opt_outs_limited,
    )


def _opt_in(one: Consent, config: Config) -> Claim:
    kind, channel = kind_of(one.row.get("basis", "") or "consent", config), one.channel(config)
    confirmed = one.row.get(one.kind.confirmed, "")
    if kind is ClaimKind.CONSENT and channel is Channel.EMAIL and confirmed:
        kind = ClaimKind.CONSENT_OTHER_POINT
    return Claim(kind, one.field, channel=channel, claimed_at=one.captured)


def kind_of(name: str, config: Config) -> ClaimKind:
    """What the name of a legal basis means. Exact names only; anything else is unknown."""
    pairs = (one.rpartition("=") for one in config.legal_bases)
    meant = {known.casefold(): ClaimKind(kind) for known, _, kind in pairs}
    return meant.get(name.strip().casefold(), ClaimKind.UNKNOWN)


def evidence(found: Sequence[Consent], asked: Sequence[str], config: Config, now: datetime) -> dict[str, str]:
    """The fields asked for of the one record that decides. Never of two: together they would say what neither does."""
    objects = {name.partition(".")[0] for name in asked}
    may = [one for one in found if one.object in objects and not one.over(now) and one.may_be_whatsapp(config)]
    if not may:
        return {}
    best = max(may, key=lambda one: _weight(one, config))
    values = {f"{best.object}.{field}": value for field, value in best.row.items()}
    values |= {
        "EngagementChannelType.Name": best.row.get("channel", ""),
        "DataUsePurpose.Name": best.row.get("purpose", ""),
        "DataUseLegalBasis.Name": best.row.get("basis", ""),
        "ContactPointPhone.TelephoneNumber": best.row.get("number", ""),
    }
    return {name: values[name] for name in asked if values.get(name)}


def _weight(one: Consent, config: Config) -> tuple[bool, datetime, bool]:
    """WhatsApp by name before others, then the latest; of the same time, the one that says no."""
    return one.names_whatsapp(config), one.captured or _NEVER, one.status == "OptOut"
