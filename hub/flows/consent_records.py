# SPDX-License-Identifier: Apache-2.0
"""A consent as ISO/IEC TS 27560:2023 asks for it, in terms of the W3C Data Privacy Vocabulary 2.3, as JSON-LD.

Field names follow the W3C community guide on 27560. It is a reading of ledger events and of `consent_sources`:
evidence about a consent, no judgement of its validity. `docs/evidence.md` tells where every field comes from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.contract import LegalBasis, Purpose
from hub.flows.consent_sources import YES as YES
from hub.flows.consent_sources import Sources
from hub.flows.permission import EVENT
from hub.law.facts import ANY, ConsentState
from hub.store.tables import Controller, Wording

Event = Mapping[str, Any]
SCHEMA = "dpv-27560#record-eu-gdpr"
CONTEXT = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "pd": "https://w3id.org/dpv/pd#",
    "schema_version": "dct:conformsTo",
    "record_id": "dpv:hasIdentifier",
    "subject_id": "dpv:hasDataSubject",
    "language": "dct:language",
    "purposes": "dpv:hasPurpose",
    "legal_basis": "dpv:hasLegalBasis",
    "personal_data": "dpv:hasPersonalData",
    "controllers": "dpv:hasDataController",
    "jurisdiction": "dpv:hasJurisdiction",
    "recipients": "dpv:hasRecipient",
    "storage_locations": "dpv:StorageLocation",
    "retention": "dpv:StorageDuration",
    "withdrawal_method": "dpv:WithdrawConsent",
    "rights_notice": "dpv:hasRight",
    "event_state": "dpv:hasConsentStatus",
    "expression_method": "dpv:hasIndicationMethod",
    "supersedes": "dct:replaces",
}
_PURPOSE: dict[str, str] = {Purpose.MARKETING: "dpv:DirectMarketing"}
# by whom: DPV calls it withdrawn if the person did it, and revoked if somebody else did
_STATE = {
    "consent_given": ConsentState.GIVEN,
    "consent_imported": ConsentState.GIVEN,
    "consent_withdrawn": ConsentState.WITHDRAWN,
    "objection": ConsentState.WITHDRAWN,
    "stop_all": ConsentState.WITHDRAWN,
    "platform_preference": ConsentState.WITHDRAWN,
    "opt_out_claimed": ConsentState.REVOKED,
    "consent_revoked": ConsentState.REVOKED,
    "unclear_message": ConsentState.UNKNOWN,
    "erased": ConsentState.INVALIDATED,
    "point_reassigned": ConsentState.INVALIDATED,
    "wrong_number_heard": ConsentState.UNKNOWN,
    # who is who: these name the consents that they end
    "contacts_joined": ConsentState.UNKNOWN,
    "contacts_kept_apart": ConsentState.UNKNOWN,
    "contact_split": ConsentState.UNKNOWN,
    "identity_changed": ConsentState.UNKNOWN,
    "point_moved": ConsentState.UNKNOWN,
    "point_shared": ConsentState.UNKNOWN,
}


def _kind(event: Event) -> str:
    """What happened; a stop that was carried over is still the stop it was."""
    return EVENT.get(event["stop"], "erased") if event["kind"] == "stop_carried_over" else str(event["kind"])


def tokens_in(event: Event) -> set[str]:
    """The contact points that an event speaks of."""
    return {token for token in (event.get("token"), *(event.get("tokens") or ())) if token}


def records(
    controller: Controller, events: Sequence[Event], wordings: Mapping[str, Wording], sources: Mapping[str, Sources]
) -> list[dict[str, Any]]:
    """One record per consent that was given, in the order of the ledger. `events` are a person's ledger records.

    `sources` by the id of the consent's event.
    """
    given = [event for event in events if event["kind"] in YES]
    return [_record(controller, one, events, given, wordings[one["wording"]], sources[one["id"]]) for one in given]


def _record(
    controller: Controller,
    consent: Event,
    events: Sequence[Event],
    given: Sequence[Event],
    wording: Wording,
    sources: Sources,
) -> dict[str, Any]:
    before = [e for e in given[: given.index(consent)] if e["token"] == consent["token"] and _overlap(e, consent)]
    life = [consent, *(event for event in events if _ends(event, consent))]
    # at the same time the withdrawal wins, as it does at the gate
    life.sort(key=lambda event: (event["event_time"], event["kind"] not in YES))
    return {
        "@context": CONTEXT,
        "@type": "dpv:ConsentRecord",
        "schema_version": SCHEMA,
        "record_id": consent["id"],
        "consent_ids": [scope[0] for scope in consent["consents"]],
        "supersedes": before[-1]["id"] if before else None,
        "subject_id": consent["contact"],
        "contact_point": point_of(consent["token"]),
        "notice_id": wording.id,
        "notice_version": wording.version,
        "notice_sha256": wording.id,
        "language": wording.language,
        "purposes": [{"purpose": p, "type": _PURPOSE.get(p), "topics": wording.topics} for p in wording.purposes],
        "legal_basis": LegalBasis.CONSENT.iri,
        "personal_data": [{"type": "pd:TelephoneNumber", "optional": False, "special_category": False}],
        "controllers": wording.controllers,
        "channels": wording.channels,
        "collection_method": consent["source"].get("flow"),
        "capture_source": {name: consent["source"][name] for name in ("page", "sender") if name in consent["source"]},
        "jurisdiction": [controller.country],
        "recipients": list(sources.recipients),
        "processor_record": sources.processor_record,
        "storage_locations": list(sources.places),
        "processing_locations": list(sources.places),
        "transfers": list(sources.transfers),
        "retention": sources.retention,
        "validity_duration": sources.validity,
        "withdrawal_method": [
            "reply in the chat, in any words",
            "link to the preferences",
            "platform: stop promotional messages",
        ],
        "rights_notice": list(sources.notices),
        "verification": consent["verification"],
        "state": f"dpv:{_state(life, wording.topics)}",
        "events": [_event(event, sources.validity) for event in life],
        "evidence": [
            {"kind": e["kind"], "sha256": e["evidence_sha256"], "location": f"ledger:{e['id']}"}
            for e in life
            if e.get("evidence_sha256")
        ],
    }


def _state(life: Sequence[Event], topics: Sequence[str]) -> str:
    """Where a consent stands after its events. Taken back for some topics only, it still stands for the others."""
    state, left = _STATE["consent_given"], set(topics)
    for event in life:
        if event["kind"] in YES:
            continue
        topic = event.get("topic", ANY)
        left = set() if topic == ANY else left - {topic}
        state = state if left else _STATE[_kind(event)]
    return state


def point_of(token: str) -> dict[str, str]:
    """A contact point as its keyed hash. `key_id` names the key of the ring that made it."""
    key_id, _, hmac = token.partition(".")
    return {"hmac": hmac, "key_id": key_id}


def _overlap(one: Event, other: Event) -> bool:
    return any(set(a[1:]) == set(b[1:]) for a in one["consents"] for b in other["consents"])


def _ends(event: Event, consent: Event) -> bool:
    """Does this event speak of the consent's contact point, later or at once, and reach what it covers?"""
    if _kind(event) not in _STATE or event["kind"] in YES or event["event_time"] < consent["event_time"]:
        return False
    if event["kind"] == "point_reassigned":  # the person's other points stay theirs
        return consent["token"] in tokens_in(event)
    if "consents_unverified" in event:
        return bool(set(event["consents_unverified"]) & {scope[0] for scope in consent["consents"]})
    if consent["token"] not in tokens_in(event) and event.get("contact") != consent["contact"]:
        return False
    reaches = (
        (event.get("channel", ANY), consent["channels"]),
        (event.get("purpose", ANY), consent["purposes"]),
        (event.get("topic", ANY), consent["topics"]),
    )
    return all(reach == ANY or reach in covered for reach, covered in reaches)


def _event(event: Event, validity: str | None) -> dict[str, Any]:
    """Bitemporal: when the person acted, and when the hub wrote it down."""
    return {
        "event_id": event["id"],
        "event_type": event["kind"],
        "event_state": f"dpv:{_STATE[_kind(event)]}",
        "topic": event.get("topic", ANY),
        "event_time": event["event_time"],
        "recorded_at": event["recorded_at"],
        "validity_duration": validity if event["kind"] in YES else None,
        "entity_id": event.get("contact") or "unknown",
        "expression_method": event.get("expression") or event.get("stop"),
    }
