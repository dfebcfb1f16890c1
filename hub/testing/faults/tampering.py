# SPDX-License-Identifier: Apache-2.0
"""The ledger is changed behind the hub's back, one row at a time: a check of the chain must name it."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlmodel import Session

from hub.store import ledger
from hub.testing.faults.fault import Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.inside import inside

CHANGES = {
    "the verdict beside the record": "UPDATE decision SET verdict = 'DENY' WHERE id = (SELECT max(id) FROM decision)",
    "the record of a decision": (
        "UPDATE decision SET record = replace(record, 'ALLOW', 'DENY') WHERE id = (SELECT max(id) FROM decision)"
    ),
    "the record of an event": (
        "UPDATE ledger SET record = replace(record, 'kind', 'kinds') WHERE id = (SELECT min(id) FROM ledger)"
    ),
    "a decision is gone": "DELETE FROM decision WHERE id = (SELECT min(id) FROM decision)",
    "the end is cut off": "DELETE FROM chain_link WHERE seq = (SELECT max(seq) FROM chain_link)",
    "a link in the middle": "UPDATE chain_link SET count = count + 1 WHERE seq = 2",
    "a row moved to another link": "UPDATE decision SET seq = seq - 1 WHERE id = (SELECT max(id) FROM decision)",
}


def tampered(ground: Ground) -> None:
    ground.one_clock = False
    with inside(ground) as hub:
        hub.campaign(ground.lab.people)
        hub.until_over()
        hub.settle()
    for what, statement in CHANGES.items():
        with ground.world.db.engine.connect() as raw:
            changed = raw.execute(text(statement)).rowcount
            problem = _problem(ground, raw)
            raw.rollback()
        ground.hold(changed == 1, f"nothing to tamper with: {what}")
        ground.hold(bool(problem), f"not noticed: {what}")


def _problem(ground: Ground, raw: Connection) -> str:
    """What the check says within the transaction that did the harm."""
    with Session(raw) as session:
        return ledger.verify(session, ground.lab.owner.id).problem


FAULTS = [
    Fault(
        "F22-tampered",
        "rows of the ledger and of its chain are changed, moved, deleted or cut off, one at a time",
        "the check of the chain names each",
        tampered,
        ground={"people": 20},
    )
]
