# SPDX-License-Identifier: Apache-2.0
"""What is known of Infobip as a processor, fact by fact."""

from __future__ import annotations

from datetime import date

from hub import Fact, Topic, unsourced
from hub.whatsapp.facts import PLATFORM

_API = "Infobip's published OpenAPI file of the WhatsApp API, version 3.210"
_NOTICE = "infobip.com/policies/privacy-notice"
_PROCESSORS = "infobip.com/policies/processors (page of February 2023)"
_FEBRUARY = date(2023, 2, 1)

FACTS = (
    Fact(
        Topic.ENTITY,
        "Infobip Limited and its subsidiaries; which of them signs, the contract says",
        _NOTICE,
        confirmed=True,
    ),
    Fact(Topic.SEAT, "GB: Infobip Ltd, London", "none"),
    Fact(Topic.SEAT, "HR: Infobip d.o.o., Istarska 157, 52215 Vodnjan", "samples in Infobip's published OpenAPI files"),
    Fact(Topic.PARENT, "Infobip Limited, of all companies of the group", _NOTICE, confirmed=True),
    Fact(
        Topic.HOSTING,
        "Infobip's data centres within the EU, unless agreed otherwise",
        _PROCESSORS,
        _FEBRUARY,
        confirmed=True,
    ),
    Fact(Topic.SUBPROCESSORS, "listed at infobip.com/policies/processors", _PROCESSORS, _FEBRUARY, confirmed=True),
    Fact(
        Topic.SUPPORT_ACCESS,
        "support around the clock may look at data in the EU from affiliates outside it, without moving them",
        _PROCESSORS,
        _FEBRUARY,
        confirmed=True,
    ),
    Fact(Topic.DPA, "exists; its text was not seen", _PROCESSORS, _FEBRUARY, confirmed=True),
    Fact(
        Topic.TRANSFERS,
        "out of the EU only on explicit instruction",
        _PROCESSORS,
        _FEBRUARY,
        confirmed=True,
    ),
    Fact(Topic.TRANSFERS, "GB, where Infobip Ltd signs: adequacy decision, to be checked until when", "none"),
    Fact(
        Topic.CERTIFICATES,
        "ISO 27001, 27017, 27018, 22301, 9001, SOC 2 Type 2, PCI DSS, CSA STAR level 1, ENS basic; not BSI C5",
        "infobip.com/certificates, as collected by api-evangelist (third party)",
    ),
    Fact(Topic.DELETION, "received files: DELETE /whatsapp/1/senders/{sender}/media", _API, confirmed=True),
    Fact(
        Topic.WEBHOOKS,
        "BASIC, HMAC, OAuth, a static header or mTLS, as the notification profile says; header and encoding of the "
        "HMAC are not documented",
        "Infobip's published OpenAPI file of the Subscriptions API",
        confirmed=True,
    ),
    Fact(Topic.WEBHOOKS, "repeated until accepted; when is not known", _API, confirmed=True),
    Fact(
        Topic.LINK_TRACKING,
        "on by default: links are shortened and it is kept who clicked; off with urlOptions in each message",
        _API,
        confirmed=True,
    ),
    Fact(Topic.SMS_FALLBACK, "only where a message carries smsFailover", _API, confirmed=True),
    Fact(
        Topic.OPT_OUT,
        "event MARKETING_SUBSCRIPTION_UPDATE (stop or resume), and error 7033 EC_MARKETING_OPT_OUT",
        f"{_API}; Infobip's published list of codes",
        confirmed=True,
    ),
    *unsourced(Topic.ROLE, Topic.TOMS, Topic.RETENTION, Topic.CONTACT_SYNC),
    *PLATFORM,
)
