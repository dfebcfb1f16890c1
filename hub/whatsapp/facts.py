# SPDX-License-Identifier: Apache-2.0
"""What is known of Meta as a processor whoever the provider is: it stands behind every WhatsApp number.

A provider in the EU ends neither Meta's part in the processing nor the transfer behind it.
"""

from __future__ import annotations

from datetime import date

from hub.contract import Fact, Topic

_STORAGE = "developers.facebook.com/documentation/business-messaging/whatsapp/local-storage"

PLATFORM = (
    Fact(
        Topic.LOCAL_STORAGE,
        "set at Meta for each number; in Europe DE, CH or GB, there is no EU value. Content at rest only: in use up to "
        "60 minutes (Marketing Messages API: 90) in data centres anywhere",
        _STORAGE,
        confirmed=True,
    ),
    Fact(
        Topic.TRANSFERS,
        "Meta, behind every provider: to WhatsApp LLC and Meta Platforms, Inc. (US) under the EU-US Data Privacy "
        "Framework; standard contractual clauses reserved",
        "whatsapp.com/legal/business-data-transfer-addendum",
        date(2024, 2, 16),
        confirmed=True,
    ),
    Fact(
        Topic.COEXISTENCE,
        "Local Storage is not available for numbers with coexistence",
        "docs.360dialog.com/docs/hub/local-storage (of Meta, in 360dialog's words)",
    ),
)
