# SPDX-License-Identifier: Apache-2.0
"""The closed lists of the field: purposes, bases, channels, states. Imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Purpose(StrEnum):
    """Why a message is sent. A caller's purpose is a claim; the gate resolves it."""

    MARKETING = "MARKETING"
    UTILITY = "UTILITY"
    SERVICE = "SERVICE"
    AUTHENTICATION = "AUTHENTICATION"
    PRE_CONTRACT = "PRE_CONTRACT"
    LEGAL = "LEGAL"
    PRIVACY_NOTICE = "PRIVACY_NOTICE"
    OPT_IN_CONFIRMATION = "OPT_IN_CONFIRMATION"
    OPT_OUT_CONFIRMATION = "OPT_OUT_CONFIRMATION"


class LegalBasis(StrEnum):
    """Art. 6(1) and 9(2)(a) GDPR, and Art. 13(2) Directive 2002/58/EC (§ 7(3) UWG). `iri` is the DPV 2.3 term."""

    iri: str

    def __new__(cls, value: str, iri: str) -> LegalBasis:
        basis = str.__new__(cls, value)
        basis._value_ = value
        basis.iri = iri
        return basis

    CONSENT = "CONSENT", "eu-gdpr:A6-1-a"
    CONSENT_EXPLICIT = "CONSENT_EXPLICIT", "eu-gdpr:A6-1-a-explicit-consent"
    CONTRACT = "CONTRACT", "eu-gdpr:A6-1-b-contract-performance"
    PRE_CONTRACT = "PRE_CONTRACT", "eu-gdpr:A6-1-b-enter-into-contract"
    LEGAL_OBLIGATION = "LEGAL_OBLIGATION", "eu-gdpr:A6-1-c"
    VITAL_INTEREST = "VITAL_INTEREST", "eu-gdpr:A6-1-d"
    PUBLIC_TASK = "PUBLIC_TASK", "eu-gdpr:A6-1-e"
    LEGITIMATE_INTEREST = "LEGITIMATE_INTEREST", "eu-gdpr:A6-1-f"
    EPRIVACY_13_2 = "EPRIVACY_13_2", "hub:DE-UWG-7-3"
    UNKNOWN = "UNKNOWN", "dpv:ConsentUnknown"


class Channel(StrEnum):
    """A way to reach a person, as a consent wording names it."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"
    PHONE = "phone"
    POST = "post"


class PointKind(StrEnum):
    """What identifies a person on WhatsApp: a number, or Meta's business-scoped user id (BSUID)."""

    E164 = "e164"
    BSUID = "bsuid"
    PARENT_BSUID = "pbsuid"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Point:
    """A contact point. Its value never shows in a `repr`, so it cannot slip into a log."""

    kind: PointKind
    value: str = field(repr=False)


class Status(StrEnum):
    """What a provider says about a message it accepted. Moves forward only."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class ClaimKind(StrEnum):
    """What a CRM says about a person's permission. A claim is never proof (Art. 7(1) GDPR)."""

    CONSENT = "consent"
    CONSENT_OTHER_POINT = "consent_other_point"  # verified, but on another contact point (e-mail double opt-in)
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"
    UNKNOWN = "unknown"
    OPT_OUT = "opt_out"
    RESTRICTION = "restriction"
    ERASURE = "erasure"


class Expression(StrEnum):
    """How a person expressed consent. § 7(2) UWG accepts only an express statement for advertising."""

    EXPRESS_STATEMENT = "express_statement"
    AFFIRMATIVE_ACT = "affirmative_act"
    IMPLIED = "implied"
    OPT_OUT_NOT_USED = "opt_out_not_used"


class ReportKind(StrEnum):
    """What goes back to the CRM."""

    STATUS = "status"
    REFUSED = "refused"
    REPLY = "reply"
    WITHDRAWAL = "withdrawal"
    CONSENT = "consent"  # the hub has proof of it: the CRM may show it, and must not give it back as a claim
    REACH = "reach"  # before a campaign is sent: may this record be written to? The status is a `Reach`


class Reach(StrEnum):
    """What the gate says about a record before a campaign is sent. It may change until the campaign starts."""

    ELIGIBLE = "eligible"
    WAITING = "waiting"  # not now; by itself it may go later
    BLOCKED = "blocked"
    OVER = "over"  # the campaign was cancelled before it began, or the record has left its list


class PlatformCategory(StrEnum):
    """The category the platform stores for a template. It is not the legal purpose."""

    MARKETING = "MARKETING"
    UTILITY = "UTILITY"
    AUTHENTICATION = "AUTHENTICATION"


class TemplateState(StrEnum):
    """Only `APPROVED` can be sent."""

    APPROVED = "APPROVED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"
    GONE = "GONE"


class Can(StrEnum):
    """What a provider plugin can do; the feature table is generated from it."""

    # what it carries
    TEXT = "text"
    TEMPLATE = "template"
    HEADER_MEDIA = "header_media"  # templates with a file above the text
    CAROUSEL = "carousel"  # templates with cards
    MEDIA = "media"
    BUTTONS = "buttons"
    LIST = "list"
    LINK_BUTTON = "link_button"
    FLOW = "flow"
    LOCATION = "location"
    CARDS = "cards"
    REACTION = "reaction"
    REPLY = "reply"  # quotes the message that is answered
    BSUID = "bsuid"
    # what it tells
    TEMPLATES_LISTED = "templates_listed"
    STATUS_DELIVERED = "status_delivered"
    STATUS_READ = "status_read"
    INBOUND = "inbound"
    NATIVE_OPT_OUT = "native_opt_out"
    OPAQUE_ID = "opaque_id"  # echoes our message id in status webhooks
    IDEMPOTENT_SEND = "idempotent_send"  # a repeated request with the same key sends once
    # what it manages: see `hub.contract.abilities`
    MEDIA_STORED = "media_stored"
    TEMPLATES_MANAGED = "templates_managed"
    MARK_READ = "mark_read"
    BLOCK = "block"
    SENDERS_LISTED = "senders_listed"
    LOCAL_STORAGE = "local_storage"
