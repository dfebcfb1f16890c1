# SPDX-License-Identifier: Apache-2.0
"""Webhooks come many times, in any order, far too late, in heaps, forged, or into a process that is being killed."""

from __future__ import annotations

import time
from dataclasses import replace

import orjson
from sqlalchemy import func
from sqlmodel import select

from hub.flows import accounts
from hub.flows.states import State
from hub.store.tables import Connection, Inbox, MessageEvent
from hub.testing.clock import until
from hub.testing.faults.fault import Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.letters import Letter, PostOffice, deliver, deliver_all, post_office
from hub.testing.faults.process import HOUR

_STATUS = b'"status":'
_WEEK = 168 * HOUR.total_seconds()


def many_times(ground: Ground) -> None:
    """Every status by itself, five times (full: ten), last ones first, to several doors at once; then a week late."""
    times = 10 if ground.full else 5
    with post_office() as (office, address):
        _collect_statuses(ground, office, address)
        pile = [letter for letter in reversed(office.kept) for _ in range(times)]
        answers = deliver_all(ground.doors(4), pile)
        ground.hold(set(answers) == {200}, f"answers to genuine webhooks: {sorted(set(answers))}")
        ground.settle()
        _everybody_read(ground)
        ground.end()
        ground.start(offset=_WEEK)
        ground.dice.shuffle(pile)
        deliver_all(ground.doors(1), pile[: len(office.kept)])
        ground.settle()
        _everybody_read(ground)


def _collect_statuses(ground: Ground, office: PostOffice, address: str) -> None:
    ground.vendor.letters(batch=1)
    ground.vendor.webhooks_to(address)
    ground.stage()
    ground.start()
    until(ground.ended, "the campaign to end")
    until(lambda: office.holds(_STATUS) == 3 * ground.lab.people, "every status to be in the post office")


def _everybody_read(ground: Ground) -> None:
    ground.hold(ground.count(State.READ) == ground.lab.people, "not everybody is known to have read it")
    with ground.world.db.read() as session:
        events = session.exec(select(func.count()).select_from(MessageEvent)).one()
    ground.hold(events == 3 * ground.lab.people, f"{events} events of {3 * ground.lab.people}")


def in_a_heap(ground: Ground) -> None:
    """A thousand changes in one body."""
    ground.vendor.letters(batch=1000, gather=3.0)
    ground.stage()
    ground.start()
    ground.finish()
    _everybody_read(ground)


def forged(ground: Ground) -> None:
    """What Meta did not sign, or not so, has no effect; what it signed twice has one."""
    secret = ground.vendor.settings["app_secret"]
    with post_office() as (office, address):
        ground.vendor.letters(batch=1)
        ground.vendor.webhooks_to(address)
        ground.start()
        (door,) = ground.doors(1)
        stopping = ground.somebody(2)
        for who in stopping:
            ground.vendor.say(who, "STOP")
        until(lambda: len(office.kept) == 2, "two letters")
        ground.vendor.webhooks_to(door)
        first, second = office.kept
        other = orjson.dumps(orjson.loads(first.body), option=orjson.OPT_SORT_KEYS)
        wrong = {
            "without a signature": replace(first, signature=""),
            "signed with another secret": first.signed("0" * 32),
            "signed for another body": replace(first, signature=second.signature),
            "serialised anew": replace(first, body=other),
        }
        for how, letter in wrong.items():
            ground.hold(deliver(door, letter) == 401, f"a webhook {how} was not refused")
        huge = Letter(b"[" + b" " * (5 * 1024 * 1024) + b"]", "").signed(secret)
        ground.hold(deliver(door, huge) == 413, "5 MiB were not refused")
        time.sleep(2)
        ground.hold(_inbox(ground) == 0, "a refused webhook is in the inbox")
        poison = [Letter(body, "").signed(secret) for body in (b"{", b'{"entry":7}', b"[[]]", b"\xff")]
        answers = deliver_all([door], [*poison, first, first, first])
        ground.hold(answers[-3:] == [200, 200, 200], "a genuine webhook was refused")
        ground.stopped.add(stopping[0])
        until(lambda: not ground.inbox(), "the rest to be applied, whatever was unreadable")
        _rotated(ground, door, second)
        ground.stopped.add(stopping[1])
        ground.settle()
        ground.stage()
        ground.expected -= {ground.lab.token(who) for who in stopping}
        ground.finish()


def _rotated(ground: Ground, door: str, letter: Letter) -> None:
    """The old secret counts while it is entered as the previous one."""
    old = ground.vendor.settings["app_secret"]
    _change(ground, app_secret="n" * 32)
    ground.hold(deliver(door, letter) == 401, "a webhook signed with the old secret was taken")
    _change(ground, app_secret="n" * 32, previous_app_secret=old)
    ground.hold(deliver(door, letter) == 200, "a webhook signed with the previous secret was refused")
    _change(ground, app_secret=old, previous_app_secret=None)


def _change(ground: Ground, **settings: str | None) -> None:
    with ground.world.db.write() as session:
        accounts.change(ground.world, session, session.get_one(Connection, ground.lab.provider.id), settings)
    time.sleep(6)  # a web process remembers settings for 5 s


def _inbox(ground: Ground) -> int:
    with ground.world.db.read() as session:
        return session.exec(select(func.count()).select_from(Inbox)).one()


_EFFECT = "the same final state as once and in order"
FAULTS = [
    Fault(
        "F11-many",
        "every status five times (full: ten), newest first, to four web processes at once; then again a week late",
        _EFFECT,
        many_times,
        ground={"people": 60},
        full={"people": 1000},
    ),
    Fault("F11-heap", "a thousand statuses in one webhook", _EFFECT, in_a_heap, ground={"people": 360}),
    Fault(
        "F12-forged",
        "webhooks unsigned, signed wrongly, serialised anew, too large, unreadable, replayed; the secret is rotated",
        "401 or 413 and no effect; unreadable ones block nobody; a replay has one effect",
        forged,
        ground={"people": 30},
    ),
]
