# SPDX-License-Identifier: Apache-2.0
"""HubSpot's webhooks in our words ("Webhooks"). Pure."""

from __future__ import annotations

from datetime import datetime

import orjson

from hub import ContactChanged, ContactsMerged, Event, PrivacyDeletion, Unknown
from hub_hubspot.trouble import Json
from hub_hubspot.wire import moment
from hub_hubspot.words import OURS

_CHANGES = {"creation", "deletion", "merge", "restore", "propertyChange", "associationChange"}


def events(body: bytes, received_at: datetime, portal: str) -> list[Event]:
    """The events of one webhook. Never raises: what cannot be read is kept as `Unknown`."""
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError:
        return [Unknown("a body that is not JSON", received_at)]
    if not isinstance(items, list):
        return [Unknown("a body that is no list of events", received_at)]
    found = [event for item in items for event in _event(item, received_at, portal)]
    return list(dict.fromkeys(found))


def _event(item: object, received_at: datetime, portal: str) -> list[Event]:
    if not isinstance(item, dict):
        return [Unknown("an event without fields", received_at)]
    # some of HubSpot's own examples spell the field eventType
    kind = str(item.get("subscriptionType") or item.get("eventType") or "event without a type")[:80]
    at = moment(item.get("occurredAt")) or received_at
    if portal and str(item.get("portalId")) != portal:
        return [Unknown("an event of another HubSpot account", at)]
    subject, _, what = kind.partition(".")
    if subject == "object" and item.get("objectTypeId") == "0-1":
        subject = "contact"
    if what == "propertyChange" and str(item.get("propertyName")) in OURS:
        return []  # an echo: only the hub writes these
    records = _records(item)
    if subject != "contact" or not records:
        return [Unknown(kind, at)]
    if what == "privacyDeletion":
        return [PrivacyDeletion(record, at) for record in records]
    if what == "merge" and len(records) > 1:
        stays = str(item.get("newObjectId") or item.get("primaryObjectId") or records[0])
        return [ContactsMerged(stays, tuple(record for record in records if record != stays), at)]
    if what in _CHANGES:
        return [ContactChanged(record, at) for record in records]
    return [Unknown(kind, at)]


def _records(item: Json) -> list[str]:
    """Every contact an event touches; a merge touches several."""
    merged = item.get("mergedObjectIds")
    given = [item.get("objectId"), item.get("primaryObjectId"), item.get("newObjectId")]
    given += merged if isinstance(merged, list) else []
    return list(dict.fromkeys(str(one) for one in given if isinstance(one, int | str) and one))
