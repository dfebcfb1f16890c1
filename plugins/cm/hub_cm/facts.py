# SPDX-License-Identifier: Apache-2.0
"""What is known of CM.com as a processor, fact by fact."""

from __future__ import annotations

from hub import Fact, Topic, unsourced
from hub.whatsapp.facts import PLATFORM

_TRUST = "cm.com/trust-center/security"
_SDK = "github.com/cmdotcom/text-sdk-php, Gateways"

FACTS = (
    Fact(Topic.ENTITY, "a company of the CM.com group; which one signs is not known", "none"),
    Fact(
        Topic.SEAT,
        "NL: Konijnenberg 30, Breda, as CM Payments B.V. of the group states",
        "cm.com, legal page of CM Payments B.V.",
        confirmed=True,
    ),
    Fact(
        Topic.HOSTING,
        "the Netherlands by default; on request Belgium or Germany, South Africa or Hong Kong",
        _TRUST,
        confirmed=True,
    ),
    Fact(
        Topic.SUBPROCESSORS,
        "listed at cm.com/cdn/web/en/file/subprocessors.pdf; Cloudflare, Inc. (US) with the gateway "
        "gw.messaging.cm.com, not with gw.cmtelecom.com",
        _SDK,
        confirmed=True,
    ),
    Fact(Topic.TRANSFERS, "to Cloudflare, Inc. (US) with the gateway gw.messaging.cm.com", _SDK, confirmed=True),
    Fact(Topic.TOMS, "penetration tests each quarter to half-year", _TRUST, confirmed=True),
    Fact(Topic.DPA, "pages on privacy exist; the text of a contract under Art. 28 was not seen", "none"),
    Fact(
        Topic.WEBHOOKS,
        "no signature is documented; another integration says there is none",
        "a WordPress plugin for CM.com (third party)",
    ),
    Fact(
        Topic.WEBHOOKS,
        "what people write is repeated every 5 minutes for up to a month, a status for up to 7 days",
        "developers.cm.com/messaging/docs: incoming-messages, incoming-status-report",
        confirmed=True,
    ),
    Fact(
        Topic.SMS_FALLBACK,
        "only where a message allows the channel SMS (allowedChannels)",
        "github.com/cmdotcom/text-sdk-php and text-postman",
        confirmed=True,
    ),
    Fact(Topic.OPT_OUT, "no event for a stop made inside WhatsApp was found", "none"),
    *unsourced(Topic.ROLE, Topic.PARENT, Topic.SUPPORT_ACCESS, Topic.CERTIFICATES, Topic.RETENTION, Topic.DELETION),
    *unsourced(Topic.LINK_TRACKING, Topic.CONTACT_SYNC),
    *PLATFORM,
)
