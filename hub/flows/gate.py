# SPDX-License-Identifier: Apache-2.0
"""The one gate: gathers facts, asks the law, writes the decision, and clears what may be sent."""

from __future__ import annotations

from hub.contract import ClearedMessage, Outgoing
from hub.law.facts import Decision


def clear(outgoing: Outgoing, decision: Decision, decision_id: str) -> ClearedMessage:
    """The only place that makes a `ClearedMessage`. Raises `ValueError` unless the decision allows."""
    if not decision.allowed:
        raise ValueError("only an ALLOW can be cleared")
    return ClearedMessage(outgoing, decision_id)
