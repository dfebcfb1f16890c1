# SPDX-License-Identifier: Apache-2.0
"""Webhooks out: which events an app is subscribed to, and how HubSpot writes and signs them."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import orjson

from hub.testing.clock import Clock
from hub.testing.emulator import Webhooks
from hub_hubspot import signature
from hub_hubspot.emulator.answers import Json

MAX_EVENTS = 100
APP = 2_633_736
SUBSCRIPTIONS = (
    "contact.creation",
    "contact.deletion",
    "contact.merge",
    "contact.privacyDeletion",
    "contact.propertyChange",
    "contact.restore",
)
WATCHED = frozenset({"phone", "mobilephone", "country", "hs_legal_basis", "hub_whatsapp_opt_out"})


class Outgoing:
    """Collects events and delivers them in arrays."""

    def __init__(self, webhooks: Webhooks, clock: Clock, portal: int, client_secret: str) -> None:
        self.webhooks, self.clock, self.portal, self.client_secret = webhooks, clock, portal, client_secret
        self.url = ""
        self.watched = set(WATCHED)  # properties the app subscribed to
        self.muted = False
        self._waiting: list[Json] = []
        self._lock = threading.Lock()  # the API runs in the server's thread, people may act in another
        self._events = 0

    def add(self, kind: str, fields: Json) -> None:
        """Note an event; `flush` delivers it."""
        unwatched = kind == "contact.propertyChange" and fields["propertyName"] not in self.watched
        if self.muted or not self.url or unwatched or kind not in SUBSCRIPTIONS:
            return
        self._events += 1
        event = {
            "eventId": self._events,
            "subscriptionId": 1_000 + SUBSCRIPTIONS.index(kind),
            "portalId": self.portal,
            "appId": APP,
            "occurredAt": int(self.clock.now().timestamp() * 1000),
            "subscriptionType": kind,
            "attemptNumber": 0,
        }
        with self._lock:
            self._waiting.append(event | fields)

    def flush(self) -> None:
        """Deliver what waits, at most 100 events in one request."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), MAX_EVENTS):
            self.deliver(waiting[start : start + MAX_EVENTS])

    def deliver(self, events: Iterable[Json]) -> None:
        """One request; a redelivery counts `attemptNumber` up and is signed anew."""
        url, listed = self.url, list(events)

        def body(attempt: int) -> bytes:
            return orjson.dumps([event | {"attemptNumber": attempt} for event in listed])

        self.webhooks.post(url, body, lambda attempt: self.headers(url, body(attempt)))

    def headers(self, url: str, body: bytes) -> dict[str, str]:
        """v3 beside v1, as HubSpot sends older signatures along for compatibility."""
        timestamp = str(int(self.clock.now().timestamp() * 1000))
        return {
            "content-type": "application/json",
            "x-hubspot-signature": signature.v1(self.client_secret, body),
            "x-hubspot-signature-version": "v1",
            "x-hubspot-signature-v3": signature.v3(self.client_secret, "POST", url, body, timestamp),
            "x-hubspot-request-timestamp": timestamp,
        }
