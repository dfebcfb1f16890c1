# SPDX-License-Identifier: Apache-2.0
"""What Meta says of itself as a processor, fact by fact. Pages as numbered in `hub_meta`."""

from __future__ import annotations

from datetime import date

from hub import Fact, Topic, unsourced

_DOCS = "developers.facebook.com/documentation/business-messaging/whatsapp"
_ADDENDUM = "whatsapp.com/legal/business-data-transfer-addendum"
_FEBRUARY = date(2024, 2, 16)

FACTS = (
    Fact(Topic.ENTITY, "WhatsApp Ireland Limited", _ADDENDUM, _FEBRUARY, confirmed=True),
    Fact(
        Topic.ROLE,
        "processor for transporting messages; controller of its own for its users' account data",
        _ADDENDUM,
        _FEBRUARY,
        confirmed=True,
    ),
    Fact(Topic.SEAT, "IE, by the company's name", _ADDENDUM, _FEBRUARY),
    Fact(Topic.PARENT, "Meta Platforms, Inc. (US)", "none"),
    Fact(Topic.HOSTING, "Meta's data centres, in the US and elsewhere", f"{_DOCS}/data-privacy-and-security"),
    Fact(
        Topic.SUBPROCESSORS,
        "WhatsApp LLC (US), Meta Platforms, Inc. (US)",
        _ADDENDUM,
        _FEBRUARY,
        confirmed=True,
    ),
    Fact(
        Topic.TRANSFERS,
        "to WhatsApp LLC and Meta Platforms, Inc. (US) under the EU-US Data Privacy Framework; standard contractual "
        "clauses reserved",
        _ADDENDUM,
        _FEBRUARY,
        confirmed=True,
    ),
    Fact(
        Topic.LOCAL_STORAGE,
        "content at rest only; in use up to 60 minutes (Marketing Messages API: 90) in data centres anywhere",
        f"{_DOCS}/local-storage",
        confirmed=True,
    ),
    Fact(
        Topic.COEXISTENCE,
        "Local Storage is not available for numbers with coexistence",
        "docs.360dialog.com/docs/hub/local-storage (of Meta, in 360dialog's words)",
    ),
    Fact(
        Topic.RETENTION,
        "message content up to 30 days, unless No Storage is set",
        f"{_DOCS}/data-privacy-and-security",
        confirmed=True,
    ),
    Fact(
        Topic.CONTACT_SYNC,
        "contact book: a map of numbers and BSUIDs at Meta, outside Local Storage; it can be switched off",
        f"{_DOCS}/business-scoped-user-ids",
        confirmed=True,
    ),
    Fact(
        Topic.LINK_TRACKING,
        "Marketing Messages API only: clicks and reads, unless message activity sharing is off",
        f"{_DOCS}/marketing-messages/send-marketing-messages",
        confirmed=True,
    ),
    Fact(Topic.OPT_OUT, "webhook user_preferences, and error 131050", f"{_DOCS}/webhooks", confirmed=True),
    Fact(Topic.WEBHOOKS, "HMAC-SHA256 of the raw body, X-Hub-Signature-256", f"{_DOCS}/webhooks", confirmed=True),
    *unsourced(Topic.SUPPORT_ACCESS, Topic.DPA, Topic.TOMS, Topic.CERTIFICATES, Topic.DELETION, Topic.SMS_FALLBACK),
)
