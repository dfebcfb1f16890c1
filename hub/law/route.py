# SPDX-License-Identifier: Apache-2.0
"""Steps 4 to 7: through whom the message would go. Sender, provider's file, transfers, and the kind of connection."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from hub.law.facts import Case, RecordState, Route, Transfer
from hub.law.policy import Policy


def check(case: Case, policy: Policy) -> Iterator[str]:
    """Codes of all that is wrong with the route; no route at all is an incomplete file."""
    route = case.route
    if route is None:
        yield "PROVIDER_RECORD_INCOMPLETE"
        return
    if route.sender_controller != case.controller:
        yield "CONTROLLER_MISMATCH"
    yield from _provider(route, case.now)
    yield from _transfers(route, case.now, policy.transfer.invalid)
    if not route.official_api:
        yield "CONNECTOR_FORBIDDEN"
    if route.coexistence:
        yield "COEXISTENCE_ACTIVE"


def _provider(route: Route, now: datetime) -> Iterator[str]:
    """The admin's file (Art. 28 GDPR): only an approved and current one carries a message."""
    if route.record_state in (RecordState.SUSPENDED, RecordState.ENDED):
        yield "PROVIDER_SUSPENDED"
    elif route.record_state is not RecordState.APPROVED or not route.record_id:
        yield "PROVIDER_RECORD_INCOMPLETE"
    if route.record_state is None:
        return
    if not route.dpa_signed:
        yield "PROVIDER_NO_DPA"
    if route.record_valid_until is None or route.record_valid_until < now:
        yield "PROVIDER_REVIEW_OVERDUE"
    if not route.subprocessors_approved:
        yield "PROVIDER_SUBPROCESSOR_UNAPPROVED"


def _transfers(route: Route, now: datetime, invalid: Collection[str]) -> Iterator[str]:
    """Art. 44 ff. GDPR. WhatsApp always ends at Meta, so no transfer on file means that one is missing.

    For each destination one valid tool is enough: standard clauses with an assessment stand in for a fallen adequacy.
    """
    if not route.transfers:
        yield "TRANSFER_MECHANISM_MISSING"
        return
    for destination in dict.fromkeys(transfer.to for transfer in route.transfers):
        faults = [_transfer_fault(transfer, now, invalid) for transfer in route.transfers if transfer.to == destination]
        if None not in faults:
            yield from (fault for fault in faults if fault)


def _transfer_fault(transfer: Transfer, now: datetime, invalid: Collection[str]) -> str | None:
    if transfer.tool in invalid or f"{transfer.tool}>{transfer.to}" in invalid:  # the policy's kill switch
        return "TRANSFER_MECHANISM_INVALID"
    if transfer.valid_until is not None and transfer.valid_until < now:
        return "TRANSFER_MECHANISM_INVALID"
    if transfer.tool.startswith("A46"):  # since C-311/18 the tool alone is not enough
        overdue = transfer.tia_review_at is None or transfer.tia_review_at < now
        return "TRANSFER_MECHANISM_TIA_OVERDUE" if overdue else None
    # An adequacy decision is only as good as its last check; Art. 49 is no standing tool (EDPB 2/2018).
    adequate = transfer.tool.startswith("A45") and transfer.valid_until is not None
    return None if adequate else "TRANSFER_MECHANISM_INVALID"
