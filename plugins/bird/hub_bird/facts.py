# SPDX-License-Identifier: Apache-2.0
"""What is known of Bird as a processor, fact by fact."""

from __future__ import annotations

from datetime import date

from hub import Fact, Topic, unsourced
from hub.whatsapp.facts import PLATFORM

_DPA = "bird.com/legal/dpa"
_LIST = "docs.bird.com/applications/help-and-reference/data-protection/approved-subprocessors"
_SDK = "messagebird-sdk on PyPI, 0.106.0"
_NOVEMBER = date(2024, 11, 21)

FACTS = (
    Fact(
        Topic.ENTITY,
        "Bird B.V. (in older texts MessageBird B.V.), or an affiliate: section 15 of the terms says which",
        _DPA,
        _NOVEMBER,
        confirmed=True,
    ),
    Fact(Topic.SEAT, "NL: Amsterdam", _DPA, _NOVEMBER, confirmed=True),
    Fact(
        Topic.HOSTING,
        "Amazon Web Services in Ireland, India or the US, as the customer selects for the workspace",
        _LIST,
        confirmed=True,
    ),
    Fact(
        Topic.SUBPROCESSORS,
        "Amazon Web Services EMEA SARL; Bird affiliates in NL, GB and US; Anthropic (US), optional; list on this page",
        _LIST,
        confirmed=True,
    ),
    Fact(
        Topic.SUPPORT_ACCESS,
        "affiliates in the Netherlands, the United Kingdom and the US; AI of Anthropic (US), optional",
        _LIST,
        confirmed=True,
    ),
    Fact(Topic.DPA, "published", _DPA, _NOVEMBER, confirmed=True),
    Fact(
        Topic.TRANSFERS,
        "support by affiliates in GB and US, AI in support (US) where it is on",
        _LIST,
        confirmed=True,
    ),
    Fact(
        Topic.CERTIFICATES,
        "ISO/IEC 27001, SOC 2, HIPAA",
        "Bird's trust page, as collected by api-evangelist (third party)",
    ),
    Fact(Topic.RETENTION, "received files 30 days", _SDK, confirmed=True),
    Fact(Topic.RETENTION, "messages: no source found", "none"),
    Fact(
        Topic.WEBHOOKS,
        "Standard Webhooks v1: HMAC-SHA256 of id, time and raw body, webhook-signature, at most 300 seconds old",
        f"bird.com/docs/webhooks; {_SDK}",
        confirmed=True,
    ),
    Fact(Topic.WEBHOOKS, "repeated; when and for how long is not known", "bird.com/docs/webhooks"),
    Fact(Topic.OPT_OUT, "no event for a stop made inside WhatsApp was found; a failure names Meta's code", "none"),
    Fact(
        Topic.OPT_OUT,
        "a suppression list of its own, refused as recipient_suppressed",
        _SDK,
        confirmed=True,
    ),
    *unsourced(Topic.ROLE, Topic.PARENT, Topic.TOMS, Topic.DELETION),
    *unsourced(Topic.LINK_TRACKING, Topic.SMS_FALLBACK, Topic.CONTACT_SYNC),
    *PLATFORM,
)
