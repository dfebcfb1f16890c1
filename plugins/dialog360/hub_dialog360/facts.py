# SPDX-License-Identifier: Apache-2.0
"""What is known of 360dialog as a processor, fact by fact. Its own contract and legal pages could not be read."""

from __future__ import annotations

from datetime import date

from hub import Fact, Topic, unsourced
from hub.whatsapp.facts import PLATFORM

_DOCS = "docs.360dialog.com"

FACTS = (
    Fact(Topic.ENTITY, "360dialog GmbH", "none"),
    Fact(Topic.SEAT, "DE: Torstraße 61, 10119 Berlin", "salesmanago.com/info/sub-processors.htm (third party)"),
    Fact(
        Topic.SEAT,
        "DE: Tölzer Straße 1, 82031 Grünwald",
        "text of an invoice in a public repository's test (third party)",
        date(2026, 7, 1),
    ),
    Fact(Topic.HOSTING, "servers in Germany", "whatsapotheke.de/dsgvo.php (third party, before Cloud API)"),
    Fact(
        Topic.SUBPROCESSORS,
        "Meta: since October 2025 there is Cloud API only, so content passes 360dialog and Meta",
        f"{_DOCS}/partner/integration/waba-integration, {_DOCS}/docs/resources/architecture-and-security",
        confirmed=True,
    ),
    Fact(Topic.SUBPROCESSORS, "the cloud host of waba-v2.360dialog.io and all others: no source found", "none"),
    Fact(Topic.SUPPORT_ACCESS, "offices outside the EU; whether they have access is not known", "none"),
    Fact(
        Topic.DPA,
        "customers state a contract under Art. 28(3); its text was not seen",
        "whatsapotheke.de/dsgvo.php (third party, before Cloud API)",
    ),
    Fact(
        Topic.DPA,
        "the end customer signs with 360dialog itself, also where a software partner stands between",
        "userlike-de.helpscoutdocs.com/article/670 (third party)",
    ),
    Fact(
        Topic.LOCAL_STORAGE,
        "switched on per number, by 360dialog's support or in its Hub",
        f"{_DOCS}/docs/hub/local-storage",
        confirmed=True,
    ),
    Fact(
        Topic.COEXISTENCE,
        "no Local Storage for numbers with coexistence",
        f"{_DOCS}/docs/hub/local-storage",
        confirmed=True,
    ),
    Fact(Topic.RETENTION, "files 30 days", f"{_DOCS}/partner/messaging/media-messages", confirmed=True),
    Fact(
        Topic.DELETION,
        "a file by its id: DELETE /{media-id}",
        f"{_DOCS}/partner/messaging/media-messages",
        confirmed=True,
    ),
    Fact(
        Topic.WEBHOOKS,
        "headers of your choice",
        f"{_DOCS}/docs/hub/webhook-url",
        confirmed=True,
    ),
    Fact(
        Topic.WEBHOOKS,
        "HMAC-SHA256 of the raw body, x-360dialog-signature, with a partner's platform secret; no replay protection",
        f"{_DOCS}/partner/onboarding/webhook-events-and-setup/signature-validation",
        confirmed=True,
    ),
    Fact(
        Topic.WEBHOOKS,
        "repeated for up to 7 days with growing pauses",
        f"{_DOCS}/partner/messaging/receiving-messages-via-webhook",
        confirmed=True,
    ),
    Fact(Topic.OPT_OUT, "whether Meta's user_preferences is passed on is not known; error 131050 is", "none"),
    *unsourced(Topic.ROLE, Topic.PARENT, Topic.TOMS, Topic.CERTIFICATES),
    *unsourced(Topic.LINK_TRACKING, Topic.SMS_FALLBACK, Topic.CONTACT_SYNC),
    *(fact for fact in PLATFORM if fact.topic is not Topic.COEXISTENCE),
)
