# SPDX-License-Identifier: Apache-2.0
"""What is known of tyntec as a processor, fact by fact. Its page on the GDPR partly describes the on-premise era."""

from __future__ import annotations

from datetime import date

from hub import Fact, Topic, unsourced
from hub.whatsapp.facts import PLATFORM

_API = "github.com/tyntec/api-collection"
_PAGE = "tyntec.com/?p=35611, GDPR with WhatsApp Business (partly of the on-premise era)"
_MAY = date(2026, 5, 13)

FACTS = (
    Fact(Topic.ENTITY, "tyntec GmbH", f"{_API}, an address in a Postman sample", _MAY),
    Fact(Topic.SEAT, "DE: Dortmund", f"{_API}, an address in a Postman sample", _MAY),
    Fact(Topic.ROLE, "Meta is called a processor for messages that a business begins", _PAGE, confirmed=True),
    Fact(Topic.HOSTING, "content is kept secure and within the EU", _PAGE, confirmed=True),
    Fact(Topic.DPA, "data processing terms of its own, aligned with Art. 28", _PAGE, confirmed=True),
    Fact(
        Topic.RETENTION,
        "messages and files stay only for delivery and are deleted after 7 / 30 days",
        _PAGE,
        confirmed=True,
    ),
    Fact(
        Topic.DELETION,
        "a file by its id: DELETE /media/{id}; GET /media lists what is there",
        f"{_API}, conversations/v3",
        _MAY,
        confirmed=True,
    ),
    Fact(
        Topic.WEBHOOKS,
        "HMAC (HS256 or HS512) of time stamp and raw body, x-signature, against replay by x-request-timestamp; a "
        "static header besides",
        f"{_API}, configurations.yaml, webhook-events-v2.yaml",
        _MAY,
        confirmed=True,
    ),
    Fact(
        Topic.WEBHOOKS,
        "statuses are repeated twice, what people write for up to 14 days",
        f"{_API}, conversations/v3/common.yaml",
        _MAY,
        confirmed=True,
    ),
    Fact(Topic.WEBHOOKS, "they come from 78.110.226.11", f"{_API}, webhook-events-v2.yaml", _MAY, confirmed=True),
    Fact(Topic.OPT_OUT, "no event of its own was found; a failure names Meta's code (131050)", "none"),
    *unsourced(Topic.PARENT, Topic.SUBPROCESSORS, Topic.SUPPORT_ACCESS, Topic.TOMS, Topic.CERTIFICATES),
    *unsourced(Topic.LINK_TRACKING, Topic.SMS_FALLBACK, Topic.CONTACT_SYNC),
    *PLATFORM,
)
