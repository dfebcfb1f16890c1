# SPDX-License-Identifier: Apache-2.0
"""People, clicks and releases race with a campaign: stops, starting twice, switching off and on, new columns."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from hub.contract import BadInput
from hub.flows import accounts
from hub.store.tables import Connection
from hub.testing.faults.fault import Fault
from hub.testing.faults.ground import Ground
from hub.testing.journey import free_port
from hub.testing.lab import number


def stops(ground: Ground) -> None:
    """Half by chat through the door, half told to staff, at random moments of the whole campaign."""
    people = ground.lab.people
    count = people // 20 if ground.full else people // 5
    ground.stage()
    ground.start()
    ground.taken(1)
    pause = 0.8 * people / ground.lab.sender.rate / count
    for index, who in enumerate(ground.somebody(count)):
        time.sleep(pause * 2 * ground.dice.random())
        (ground.staff_stops if index % 2 else ground.says_stop)(who)
    ground.finish()
    refused = ground.count("refused")
    ground.hold(0 < refused <= count, f"{refused} of {count} stops came in time: no race")


def started_twice(ground: Ground) -> None:
    """Two people press the button at once, and everything that plans and sends runs twice."""
    ground.draft()
    ground.start()
    beside = ground.settings.model_copy(update={"port": free_port()})
    for command in ("up",) if ground.backend == "sqlite" else ("worker", "schedule"):
        ground.run(command, settings=beside)
    with ThreadPoolExecutor(4) as people:
        pressed = [people.submit(_press, ground) for _ in range(4)]
        ground.hold(any(one.result() for one in pressed), "nobody could start it")
    ground.finish()


def _press(ground: Ground) -> bool:
    try:
        ground.launch()
    except BadInput:
        return False
    return True


def switched(ground: Ground) -> None:
    """The account is paused and let go on, twenty times while it sends."""
    ground.stage()
    ground.start()
    ground.taken(5)
    for _ in range(20):
        _switch(ground, on=False)
        time.sleep(0.1 + 0.2 * ground.dice.random())
        _switch(ground, on=True)
        time.sleep(0.3 * ground.dice.random())
    ground.finish()
    ground.hold(ground.verdict().unknown == 0, "a pause leaves nothing unknown")


def _switch(ground: Ground, *, on: bool) -> None:
    with ground.world.db.write() as session:
        connection = session.get_one(Connection, ground.lab.provider.id)
        if on:
            accounts.resume(session, connection)
        else:
            accounts.pause(session, connection.id, "by hand")


def new_columns(ground: Ground) -> None:
    """A later version adds columns while this one still works, and its process works beside ours."""
    ground.stage()
    process = ground.start()
    ground.taken(ground.lab.people // 4)
    with ground.world.db.engine.begin() as raw:
        for table in ("message", "campaign", "inbox", "contact", "sender"):
            raw.execute(text(f"ALTER TABLE {table} ADD COLUMN later VARCHAR"))
    for index in ground.somebody(5):
        ground.says_stop(index)
    time.sleep(1)
    ground.hold(process.alive, "the old process died of the new columns")
    ground.run(process.command, settings=ground.settings.model_copy(update={"port": free_port()}))
    time.sleep(3)
    process.end(60)
    ground.revive()
    ground.says_stop(number(0))
    ground.finish()
    ground.hold(ground.verdict().unknown == 0, "something is unknown")


FAULTS = [
    Fault(
        "F13-stops",
        "one in five stops at a random moment of a running campaign (full: 500 of 10,000)",
        "nobody is authorised after their stop, by the order of the ledger; no request begins later than the bound",
        stops,
        ground={"people": 300, "rate": 40},
        full={"people": 10_000, "rate": 200},
    ),
    Fault(
        "F17-twice",
        "four people start a campaign at once; two planners, two workers, two schedules",
        "one message per person",
        started_twice,
    ),
    Fault(
        "F17-switched",
        "the account is paused and resumed 20 times while it sends",
        "nothing is unknown",
        switched,
        ground={"people": 200, "rate": 40},
    ),
    Fault(
        "F18-columns",
        "columns are added to the tables while processes run; a new one joins, the old one ends",
        "no process dies of it, nothing is unknown",
        new_columns,
        ground={"people": 200, "rate": 40},
    ),
]
