# SPDX-License-Identifier: Apache-2.0
"""Everything `decide()` may look at. Facts are gathered elsewhere; nothing here does I/O or knows the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.contract.words import Channel, ClaimKind, Expression, LegalBasis, PlatformCategory, TemplateState
from hub.law.policy import Policy

ANY = "*"


class Phase(StrEnum):
    """When the question is asked. One function answers all of them."""

    SYNC_IN = "sync_in"
    STAGE = "stage"
    TRANSMIT = "transmit"


class StopKind(StrEnum):
    """Why a person may not be written to (legal reference 2.7). A kind this version cannot read binds everything."""

    OBJECTION_MARKETING = "objection_marketing"  # Art. 21(2)
    CONSENT_WITHDRAWN = "consent_withdrawn"  # Art. 7(3)
    STOP_ALL = "stop_all"
    OBJECTION_21_1 = "objection_21_1"
    PLATFORM_PREFERENCE = "platform_preference"
    BLOCKLIST_NATIONAL = "blocklist_national"
    CLAIM_CRM = "claim_crm"
    UNSURE = "unsure"  # an unclear message: marketing rests until a person has read it
    UNKNOWN = "unknown"


class ConsentState(StrEnum):
    """DPV 2.3 consent status. Only the first two are valid for processing."""

    GIVEN = "ConsentGiven"
    RENEWED = "RenewedConsentGiven"
    UNKNOWN = "ConsentUnknown"
    REQUESTED = "ConsentRequested"
    REFUSED = "ConsentRefused"
    WITHDRAWN = "ConsentWithdrawn"
    REVOKED = "ConsentRevoked"
    EXPIRED = "ConsentExpired"
    INVALIDATED = "ConsentInvalidated"


class Verification(StrEnum):
    """Was it shown that the holder of the contact point consented (BGH I ZR 164/09)?"""

    SAME_POINT = "same_point"
    OTHER_POINT = "other_point"
    PENDING = "pending"
    NONE = "none"


class Origin(StrEnum):
    """By which flow a consent came (legal reference 2.6, F1 to F5). A policy's `verification` names each."""

    INBOUND_FIRST = "inbound_first"
    WEB_FORM = "web_form"
    EMAIL_CONFIRMED = "email_confirmed"
    OFFLINE = "offline"
    IMPORTED = "imported"


# What the person did before our own eyes. Anything else is somebody's word for it, and lifts no stop.
OWN_ACTS = frozenset({Origin.INBOUND_FIRST, Origin.WEB_FORM})


@dataclass(frozen=True, slots=True)
class Scope:
    """What a consent or stop covers. `*` covers all; a wider stop binds the narrower, a consent never widens."""

    controller: str
    brand: str = ANY
    channel: str = ANY
    purpose: str = ANY
    topic: str = ANY


@dataclass(frozen=True, slots=True)
class Stop:
    id: str
    kind: str  # a StopKind; a plain string, since what cannot be read must still bind
    scope: Scope
    event_time: datetime  # when the person acted; for a CRM flag, when we first learned of it


@dataclass(frozen=True, slots=True)
class WordingFacts:
    """A consent text as shown (Art. 7(2), 4(11) GDPR; BGH I ZR 7/16, I ZR 25/19)."""

    id: str  # sha-256 of the text
    controllers: tuple[str, ...]
    channels: tuple[Channel, ...]
    purposes: tuple[str, ...]
    topics: tuple[str, ...]  # ("*",) only where the wording itself says so
    withdrawal_hint: bool
    valid_from: datetime
    promised_per_30_days: int | None = None  # how often it says that one will hear from us


@dataclass(frozen=True, slots=True)
class Consent:
    id: str
    state: ConsentState
    scope: Scope
    expression: Expression
    verification: Verification
    wording: WordingFacts | None
    event_time: datetime
    last_used_at: datetime | None = None
    effective_from: datetime | None = None
    expires_at: datetime | None = None
    coupled: bool = False
    explicit_special_category: bool = False
    origin: Origin = Origin.INBOUND_FIRST

    @property
    def own(self) -> bool:
        """Did the person do it before our own eyes? Only such a consent lifts a stop."""
        return self.origin in OWN_ACTS


@dataclass(frozen=True, slots=True)
class ClaimFact:
    """A CRM's claim (`hub.contract.Claim`), with its row id."""

    id: str
    kind: ClaimKind
    channel: Channel | None = None
    purpose: str | None = None
    claimed_at: datetime | None = None
    limited: bool = False  # an opt-out that clearly means its own channel and nothing else
    lacks: tuple[str, ...] = ()  # reason codes: what a mapped consent lacks to be proof


class SignalKind(StrEnum):
    """Where a country comes from, strongest first (legal reference 4.3)."""

    STATED_RESIDENCE = "stated_residence"
    DELIVERY = "delivery"
    CRM = "crm"
    BSUID = "bsuid"
    NUMBER = "number"
    FORMER = "former"  # the country before a move; `at` is when we learned of the move


@dataclass(frozen=True, slots=True)
class CountrySignal:
    kind: SignalKind
    country: str  # ISO 3166-1 alpha-2
    at: datetime | None = None


class EvidenceKind(StrEnum):
    """What a contract, request or duty rests on."""

    CONTRACT = "contract"
    REQUEST = "request"
    INBOUND = "inbound"
    LEGAL_DUTY = "legal_duty"
    ASSESSMENT = "assessment"  # a legitimate-interest assessment (LIA)
    STOP_RECEIVED = "stop_received"
    OPT_IN_ATTEMPT = "opt_in_attempt"


@dataclass(frozen=True, slots=True)
class Evidence:
    kind: EvidenceKind
    id: str
    at: datetime
    valid_until: datetime | None = None
    disclosed: bool = True  # for an assessment: the interest was named at collection (C-394/23)
    necessary: bool | None = None  # this message is objectively needed for it (C-394/23); None: nobody has judged
    answered: bool = False  # the one message that it allows has been sent


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale in which a number was given: the conditions of § 7(3) UWG start here."""

    id: str
    controller: str  # the seller
    category: str  # of what was sold, in the words of the policy's similarity table
    at: datetime
    given_by_customer: bool  # for this sale, by the customer: not bought, not from a card or a directory
    remunerated: bool  # money, or what a lawyer accepted as indirect remuneration (C-654/23)
    objection_hint: bool  # the clear notice at collection that objecting is free at any time


class NoticeKind(StrEnum):
    """Information that was served on the person."""

    ART_13 = "art_13"
    ART_14 = "art_14"
    ART_21_4 = "art_21_4"  # the right to object, apart from other information


@dataclass(frozen=True, slots=True)
class Notice:
    kind: NoticeKind
    id: str
    at: datetime


class Source(StrEnum):
    """Who gave the person's data (Art. 13 or 14 GDPR)."""

    PERSON = "person"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    """One recipient, as far as the law asks. `id` is pseudonymous."""

    id: str
    resolved: bool = True  # exactly one valid contact point
    ambiguous: bool = False
    left: bool = False  # the person no longer has this contact point
    erased: bool = False
    restricted: bool = False
    reassigned_at: datetime | None = None  # the number may have a new holder since then
    stops: tuple[Stop, ...] = ()
    consents: tuple[Consent, ...] = ()
    claims: tuple[ClaimFact, ...] = ()
    countries: tuple[CountrySignal, ...] = ()
    age: int | None = None
    platform_optin: str = ""  # evidence id of the opt-in that Meta's policy asks for
    last_inbound_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    sales: tuple[Sale, ...] = ()
    lists_checked: tuple[str, ...] = ()  # national lists on which the person was looked for and not found
    parental_authorisation: str = ""  # evidence id of the parent's own yes (Art. 8(1) GDPR)
    source: Source = Source.UNKNOWN
    notices: tuple[Notice, ...] = ()
    zone: str = ""  # IANA time zone where the person lives, if known
    marketing_received: int | None = None  # messages in the last 30 days; None: not counted
    platform_limited_until: datetime | None = None  # the platform's own cap on marketing (131049)


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """A template as last read from the platform, and what the content lint found in it."""

    id: str
    state: TemplateState
    category: PlatformCategory
    approved_category: PlatformCategory  # the one the campaign was approved with
    stop_hint: bool
    sender_identity: bool
    promotional: bool


@dataclass(frozen=True, slots=True)
class Message:
    purpose: str  # claimed; a plain string, since what cannot be read must be refused
    topic: str = ANY
    brand: str = ANY
    template: TemplateFacts | None = None  # None: free text
    free_text_promotional: bool = False
    special_category: bool = False  # the text reveals it
    segment_special_category: bool = False  # the choice of recipients reveals it
    child_directed: bool = False
    approved: bool = True
    keeps_quiet_hours: bool = False  # on the way out, even where the policy does not enforce them
    category: str = ""  # of the goods advertised, in the words of the policy's similarity table
    by_ai: bool = False  # written by a machine without a person in between
    ai_disclosed: bool = False  # the person is told so, here or earlier in this conversation
    free_text_variables: bool = False  # a template variable is filled from a field that may hold anything

    @property
    def sensitive(self) -> bool:
        """Does the message reveal a special category of data (Art. 9 GDPR), even as a probability (C-21/23)?"""
        return self.special_category or self.segment_special_category


class RecordState(StrEnum):
    """State of the admin's file on a provider (Art. 28)."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One hop to a third country (Art. 44 ff.): the tool relied on, and until when it was checked."""

    to: str
    tool: str  # "A45-3", "A46-2-c", ...
    valid_until: datetime | None = None
    tia_review_at: datetime | None = None  # needed for A46 tools
    recipient: str = ""  # who receives it there: each needs a tool of its own
    stopped: bool = False  # the admin's kill switch: it carries nothing more


@dataclass(frozen=True, slots=True)
class Route:
    """Through whom a message would go."""

    sender_id: str
    sender_controller: str
    official_api: bool
    coexistence: bool
    record_id: str = ""
    record_state: RecordState | None = None  # None: there is no file
    dpa_signed: bool = False
    record_valid_until: datetime | None = None
    subprocessors_approved: bool = False
    transfers: tuple[Transfer, ...] = ()
    purposes: tuple[str, ...] = (ANY,)  # that the file lets go through this provider
    discloses_contacts: bool = False  # the call would upload contacts or ask which numbers use WhatsApp


@dataclass(frozen=True, slots=True)
class Case:
    """One question: may this happen to this person, now?"""

    phase: Phase
    now: datetime
    policy: Policy | None  # None: no policy could be loaded
    controller: str
    controller_country: str
    person: Person
    message: Message | None = None  # None in SYNC_IN
    route: Route | None = None  # None in SYNC_IN
    fault: str = ""  # why the engine itself must not decide, in words; empty when it is well


class Verdict(StrEnum):
    ALLOW = "ALLOW"
    DENY = "DENY"
    HOLD = "HOLD"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer and what it rests on. `reasons` are codes, highest rank first."""

    verdict: Verdict
    reasons: tuple[str, ...]
    basis: LegalBasis | None = None
    consent_id: str = ""
    evidence_ids: tuple[str, ...] = ()
    stop_ids: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    purpose: str = ""
    policy: str = ""  # version and hash
    notes: tuple[str, ...] = field(default=())
    overruled: bool = False  # an ALLOW of the law, refused for a fact that only came up on the way out

    @property
    def allowed(self) -> bool:
        return self.verdict is Verdict.ALLOW
