# SPDX-License-Identifier: Apache-2.0
"""The life of a message, and of a campaign.

queued -> authorised -> accepted -> sent -> delivered -> read
            |  |  \\-> queued again: nothing was accepted (busy, paused), or the authorisation grew old
            |  \\----> unknown: the request left and nobody knows; only a status resolves it, never a second send
            \\-------> failed: refused for good by the provider
queued -> refused: the gate said no. queued -> held: the gate waits for a fact, then asks again.
"""

from __future__ import annotations

from enum import StrEnum

from hub.contract import Purpose, Status


class State(StrEnum):
    QUEUED = "queued"
    HELD = "held"
    AUTHORISED = "authorised"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    REFUSED = "refused"


class CampaignState(StrEnum):
    DRAFT = "draft"
    WAITING = "waiting"  # for a second person's approval
    STAGING = "staging"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    PAUSED = "paused"  # by a person or a rule; or the database was restored and nobody knows what has left


RESTING = (CampaignState.CANCELLED, CampaignState.PAUSED, CampaignState.WAITING)  # nothing of it may leave
OPEN = (State.QUEUED, State.HELD, State.AUTHORISED)
NOT_HELD = "SYNC_NO_BASIS"  # a member the hub stores nothing about: no basis for it, or no usable number
CANCELLED = "POLICY_NOT_APPROVED"  # why nothing is sent of a campaign that was cancelled
MAY_HAVE_ARRIVED = (State.AUTHORISED, State.UNKNOWN, State.ACCEPTED, State.SENT, State.DELIVERED, State.READ)

_RANK: dict[str, int] = {
    State.UNKNOWN: 0,
    State.AUTHORISED: 1,
    State.ACCEPTED: 2,
    State.SENT: 3,
    State.DELIVERED: 4,
    State.READ: 5,
}

PRIORITY = {
    Purpose.AUTHENTICATION: 0,
    Purpose.OPT_OUT_CONFIRMATION: 1,
    Purpose.OPT_IN_CONFIRMATION: 1,
    Purpose.SERVICE: 1,
    Purpose.LEGAL: 1,
    Purpose.PRIVACY_NOTICE: 1,
    Purpose.PRE_CONTRACT: 1,
    Purpose.UTILITY: 2,
    Purpose.MARKETING: 3,
}


def rank(status: str) -> int:
    """How far a status is along the way; what people said stands at the end."""
    return _RANK.get(status, 9)


def after(state: State, status: Status) -> State:
    """The state after a provider's word. It never goes back; what changes nothing is still kept as an event."""
    target = State(status)
    if state not in _RANK:  # refused and failed are final; queued has not left yet, but a status proves that it has
        return target if state is State.QUEUED else state
    if target is State.FAILED:
        return target if _RANK[state] <= _RANK[State.SENT] else state
    return target if _RANK[target] > _RANK[state] else state
