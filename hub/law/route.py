# SPDX-License-Identifier: Apache-2.0
"""Steps 4 to 7: through whom the message would go. Sender, provider's file, transfers, and the kind of connection.

Each predicate returns a reason code or None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hub.law.facts import ANY, RecordState, Route, Transfer
from hub.law.question import Question


def faults(q: Question) -> tuple[str, ...]:
    """Codes of all that is wrong with the route; no route at all is an incomplete file."""
    route = q.case.route
    if route is None:
        return ("PROVIDER_RECORD_INCOMPLETE",)
    return tuple([code for predicate in PREDICATES if (code := predicate(q, route))])


def own_sender(q: Question, route: Route) -> str | None:
    """The number belongs to the controller that speaks."""
    return None if route.sender_controller == q.case.controller else "CONTROLLER_MISMATCH"


# --- The admin's file (Art. 28 GDPR): only an approved and current one carries a message -----------------------------


def record_approved(q: Question, route: Route) -> str | None:
    """There is a file, and somebody approved it."""
    if route.record_state in _ENDED:
        return None
    return None if route.record_state is RecordState.APPROVED and route.record_id else "PROVIDER_RECORD_INCOMPLETE"


def purpose_on_file(q: Question, route: Route) -> str | None:
    """The file lets this purpose go through this provider (Art. 28(3) sentence 1 GDPR: the contract names it)."""
    purpose = q.case.message.purpose if q.case.message else ANY
    return None if ANY in route.purposes or purpose in route.purposes else "PROVIDER_RECORD_INCOMPLETE"


def not_suspended(q: Question, route: Route) -> str | None:
    """The provider is neither suspended nor left."""
    return "PROVIDER_SUSPENDED" if route.record_state in _ENDED else None


def dpa_signed(q: Question, route: Route) -> str | None:
    """The processing agreement is signed (Art. 28(3) GDPR)."""
    return "PROVIDER_NO_DPA" if route.record_state is not None and not route.dpa_signed else None


def review_current(q: Question, route: Route) -> str | None:
    """The file was reviewed in time."""
    if route.record_state is None:
        return None
    until = route.record_valid_until
    return "PROVIDER_REVIEW_OVERDUE" if until is None or until < q.now else None


def subprocessors_approved(q: Question, route: Route) -> str | None:
    """The sub-processors are known and accepted (Art. 28(2), (4) GDPR)."""
    unapproved = route.record_state is not None and not route.subprocessors_approved
    return "PROVIDER_SUBPROCESSOR_UNAPPROVED" if unapproved else None


_ENDED = (RecordState.SUSPENDED, RecordState.ENDED)

# --- Transfers (Art. 44 ff. GDPR). For each destination one valid tool is enough: standard clauses with an assessment
# --- stand in for a fallen adequacy. ---------------------------------------------------------------------------------


def transfers_on_file(q: Question, route: Route) -> str | None:
    """WhatsApp always ends at Meta, so no transfer on file means that one is missing."""
    return None if route.transfers else "TRANSFER_MECHANISM_MISSING"


def transfers_valid(q: Question, route: Route) -> str | None:
    """No destination is left with a tool that has fallen or was never one."""
    return _lacking(q, route, "TRANSFER_MECHANISM_INVALID")


def transfers_assessed(q: Question, route: Route) -> str | None:
    """No destination is left with clauses whose assessment is missing or overdue."""
    return _lacking(q, route, "TRANSFER_MECHANISM_TIA_OVERDUE")


def _lacking(q: Question, route: Route, code: str) -> str | None:
    for transfer in route.transfers:
        if _transfer_fault(q, transfer) is not None:
            return next((code for faults in _destinations(q, route) if code in faults), None)
    return None  # every tool holds, as it nearly always does


def _destinations(q: Question, route: Route) -> Iterator[tuple[str, ...]]:
    """What is wrong at each destination that has no valid tool. Two recipients in one country are two."""
    for destination in dict.fromkeys((one.to, one.recipient) for one in route.transfers):
        there = [one for one in route.transfers if (one.to, one.recipient) == destination]
        found = [_transfer_fault(q, transfer) for transfer in there]
        if None not in found:
            yield tuple(fault for fault in found if fault)


def _transfer_fault(q: Question, transfer: Transfer) -> str | None:
    now, invalid = q.now, q.policy.transfer.invalid
    if transfer.tool in invalid or f"{transfer.tool}>{transfer.to}" in invalid:  # the policy's kill switch
        return "TRANSFER_MECHANISM_INVALID"
    if transfer.stopped:  # the admin's own, for this hop
        return "TRANSFER_MECHANISM_INVALID"
    if transfer.valid_until is not None and transfer.valid_until < now:
        return "TRANSFER_MECHANISM_INVALID"
    if transfer.tool.startswith("A46"):  # since C-311/18 the tool alone is not enough
        overdue = transfer.tia_review_at is None or transfer.tia_review_at < now
        return "TRANSFER_MECHANISM_TIA_OVERDUE" if overdue else None
    # An adequacy decision is only as good as its last check; Art. 49 is no standing tool (EDPB 2/2018).
    adequate = transfer.tool.startswith("A45") and transfer.valid_until is not None
    return None if adequate else "TRANSFER_MECHANISM_INVALID"


# --- The connection --------------------------------------------------------------------------------------------------


def official_api(q: Question, route: Route) -> str | None:
    """The official interface, no imitation of the app."""
    return None if route.official_api else "CONNECTOR_FORBIDDEN"


def no_coexistence(q: Question, route: Route) -> str | None:
    """The app is not used on the same number: it would copy address books and send past the gate."""
    return "COEXISTENCE_ACTIVE" if route.coexistence else None


def no_disclosure(q: Question, route: Route) -> str | None:
    """The call uploads no contacts and does not ask which numbers use WhatsApp."""
    return "CONTACT_DISCLOSURE" if route.discloses_contacts else None


PREDICATES: tuple[Callable[[Question, Route], str | None], ...] = (
    own_sender,
    record_approved,
    purpose_on_file,
    not_suspended,
    dpa_signed,
    review_current,
    subprocessors_approved,
    transfers_on_file,
    transfers_valid,
    transfers_assessed,
    official_api,
    no_coexistence,
    no_disclosure,
)
