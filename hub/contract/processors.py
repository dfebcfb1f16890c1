# SPDX-License-Identifier: Apache-2.0
"""What is publicly known of a provider as a processor (Art. 28 GDPR), fact by fact, each with where it was read.

A fact is never a check. It fills the admin's form in advance; only what a person has seen and signed counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Topic(StrEnum):
    """What a processor record asks of every provider; the comparison has one row for each."""

    ENTITY = "entity"  # the company that signs, its address and register number
    ROLE = "role"  # processor, or controller of its own for some of the data
    SEAT = "seat"
    PARENT = "parent"
    HOSTING = "hosting"  # where the provider's own systems stand
    LOCAL_STORAGE = "local_storage"  # where Meta keeps content at rest, set for each number
    SUBPROCESSORS = "subprocessors"  # who they are, and where changes are announced
    SUPPORT_ACCESS = "support_access"  # countries from which people or AI services can see data
    DPA = "dpa"  # the contract under Art. 28(3)
    TOMS = "toms"  # the measures under Art. 32
    TRANSFERS = "transfers"  # each way out of the EEA, and what carries it
    CERTIFICATES = "certificates"
    RETENTION = "retention"  # how long messages, media and logs stay
    DELETION = "deletion"  # how they can be removed earlier
    WEBHOOKS = "webhooks"  # how it proves that a webhook is its own
    LINK_TRACKING = "link_tracking"
    SMS_FALLBACK = "sms_fallback"
    OPT_OUT = "opt_out"  # how a stop made inside WhatsApp arrives
    COEXISTENCE = "coexistence"  # the WhatsApp Business app on the same number
    CONTACT_SYNC = "contact_sync"  # address books at the provider or at Meta


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was read about a provider; a topic may have several.

    `source` is a page's address or a reference that a reader can look up, `as_of` the day on which it said so.
    `confirmed`: the vendor's own words say it. False means UNCONFIRMED: shown as such, and no reason for anything.
    """

    topic: Topic
    value: str  # in English, short: "DE", "ISO 27001", "app region eu"
    source: str
    as_of: date | None = None
    confirmed: bool = False


def unsourced(*topics: Topic) -> tuple[Fact, ...]:
    """Topics on which somebody looked and found no usable source: shown as UNCONFIRMED rather than left out."""
    return tuple(Fact(topic, "no source found", "none") for topic in topics)
