# SPDX-License-Identifier: Apache-2.0
"""What is known of Sinch as a processor, fact by fact."""

from __future__ import annotations

from hub import Fact, Topic, unsourced
from hub.whatsapp.facts import PLATFORM

_API = "github.com/sinch/skills, sinch-conversation-api"
_LEGAL = "sinch.com/data-protection-agreement, sinch.com/de/legal/privacy-notice"

FACTS = (
    Fact(
        Topic.ENTITY,
        "Sinch AB (publ) and its subsidiaries; which of them signs, the order says",
        _LEGAL,
        confirmed=True,
    ),
    Fact(Topic.SEAT, "SE", _LEGAL, confirmed=True),
    Fact(Topic.PARENT, "Sinch AB (publ), where a subsidiary signs", _LEGAL, confirmed=True),
    Fact(
        Topic.HOSTING,
        "the region of the app (eu, us or br); an app of the region eu is reached over the EU host only",
        _API,
        confirmed=True,
    ),
    Fact(Topic.HOSTING, "the country behind the region eu: no source found", "none"),
    Fact(Topic.SUPPORT_ACCESS, "affiliates in the US and India exist; whether they have access is not known", "none"),
    Fact(Topic.DPA, "the Data Protection Agreement is part of the terms", _LEGAL, confirmed=True),
    Fact(
        Topic.TRANSFERS,
        "texts of templates, no messages, over one global host (provisioning.api.sinch.com)",
        _API,
        confirmed=True,
    ),
    Fact(
        Topic.CERTIFICATES,
        "ISO 27001, SOC 2, PCI DSS, HIPAA; BSI C5: no source found",
        "trust.sinch.com, as collected by api-evangelist (third party)",
    ),
    Fact(
        Topic.WEBHOOKS,
        "HMAC-SHA256 of raw body, nonce and time, x-sinch-webhook-signature; OAuth 2.0 towards the receiver besides",
        f"{_API}; Sinch SDK for Python",
        confirmed=True,
    ),
    Fact(Topic.WEBHOOKS, "repeated with growing pauses; for how long is not known", _API, confirmed=True),
    Fact(
        Topic.CONTACT_SYNC,
        "processing mode CONVERSATION stores contacts and conversations, DISPATCH does not",
        _API,
        confirmed=True,
    ),
    Fact(
        Topic.OPT_OUT,
        "STOP on WhatsApp arrives as a message; OPT_OUT events are of other channels",
        _API,
        confirmed=True,
    ),
    Fact(
        Topic.OPT_OUT,
        "consent lists of its own, enforced where switched on for the app",
        "developers.sinch.com/docs/conversation/consent-management",
        confirmed=True,
    ),
    *unsourced(Topic.ROLE, Topic.SUBPROCESSORS, Topic.TOMS, Topic.RETENTION, Topic.DELETION),
    *unsourced(Topic.LINK_TRACKING, Topic.SMS_FALLBACK),
    *PLATFORM,
)
