# SPDX-License-Identifier: Apache-2.0
"""The provider answers badly, late, or not at all. Each answer leads to one documented state."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from hub.flows import accounts
from hub.flows.states import State
from hub.store.tables import Connection
from hub.testing.clock import until
from hub.testing.emulator import Fault as Wrong
from hub.testing.faults.fault import Fault
from hub.testing.faults.ground import Ground
from hub.testing.faults.proxy import Proxy
from hub.testing.faults.vendor import Torn

MATCH = "POST .*/messages"
MANY = 12  # sends that meet the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """How one answer is made, and what becomes of the messages that met it.

    unknown: as many end so, for good, since nobody can tell. again: they are sent once more, since nothing was taken.
    """

    name: str
    does: str
    wrong: tuple[Wrong, ...] = ()
    torn: tuple[Torn, ...] = ()
    unknown: int = 0
    again: bool = False
    rest: float = 0.0  # seconds in which nothing may be asked after the first answer
    ground: dict[str, Any] = field(default_factory=dict)


def answered(ground: Ground, answer: Answer) -> None:
    ground.stage()
    ground.vendor.fail(*answer.wrong)
    ground.vendor.tear(*answer.torn)
    ground.start()
    until(ground.ended, "the campaign to end")
    if not answer.unknown:
        ground.taken(ground.lab.people)  # a provider that is late takes it all the same
    ground.settle()
    asked, people = ground.vendor.asked(), ground.lab.people
    ground.hold(ground.count(State.FAILED) == 0, "somebody was given up")
    ground.hold(ground.count(State.UNKNOWN) == answer.unknown, f"not {answer.unknown} messages are unknown in the end")
    ground.hold(asked > people if answer.again else asked == people, f"{asked} requests for {people} messages")
    if answer.rest:
        ground.hold(_longest_rest(ground) >= answer.rest, "it called before it was allowed to")


def _longest_rest(ground: Ground) -> float:
    times = sorted(datetime.fromisoformat(one["at"]).timestamp() for one in ground.vendor.history()["requests"])
    return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


def _status(status: int, code: int = 0, **more: Any) -> tuple[Wrong, ...]:
    body = {"error": {"code": code, "message": "made up"}} if code else {}
    return (Wrong("status", MATCH, status=status, body=body, **{"times": MANY, **more}),)


ANSWERS = [
    Answer("500", "answers 500, which says nothing about what happened", _status(500), unknown=MANY),
    Answer("502", "answers 502, which says nothing about what happened", _status(502), unknown=MANY),
    Answer("503", "answers 503 half of the time", _status(503, times=None, probability=0.5), again=True),
    Answer(
        "429-after",
        "answers 429 and says when to come again",
        _status(429, headers={"retry-after": "4"}),
        again=True,
        rest=3.5,
    ),
    Answer("429-bare", "answers 429 and does not say when to come again", _status(429), again=True),
    Answer("130429", "says that the number sends too fast", _status(400, 130429), again=True),
    Answer("131056", "says that one person gets too many messages", _status(400, 131056, times=3), again=True),
    Answer(
        "lost", "takes the message; the connection ends before the answer", (Wrong("lost_answer", MATCH, times=MANY),)
    ),
    Answer("reset", "takes the message; the connection ends within the answer", torn=(Torn("reset", MANY),)),
    Answer("truncated", "takes the message; the answer is half of its JSON", torn=(Torn("truncated", MANY),)),
    Answer("nameless", "takes the message; the answer lacks its id", torn=(Torn("nameless", MANY),)),
    Answer("html", "takes the message; the answer is a web page", (Wrong("garbage", MATCH, times=MANY),)),
    Answer("drip", "takes the message; the answer comes byte by byte", torn=(Torn("drip", MANY, 0.03),)),
    Answer(
        "late",
        "takes the message and answers after 32 s, when nobody listens any more",
        (Wrong("latency", MATCH, seconds=32, times=MANY),),
    ),
]


def token_expired(ground: Ground) -> None:
    """Nobody is burnt: what met the refusal goes out once a human has entered a new token."""
    ground.stage()
    ground.start()
    ground.taken(ground.lab.people // 4)
    old = ground.vendor.settings["access_token"]
    ground.vendor.do("token", token="EAAnew" + old)
    until(lambda: bool(_connection(ground).paused_why), "the account to be paused")
    time.sleep(1)
    asked = ground.vendor.asked()
    time.sleep(3)
    ground.hold(ground.vendor.asked() == asked, "it went on calling without a valid token")
    _mended(ground, access_token="EAAnew" + old)
    ground.finish()
    ground.hold(ground.count(State.FAILED) == 0, "somebody was given up")


def no_way(ground: Ground, address: Callable[[str], str]) -> None:
    """The provider cannot be reached: nothing has left, so it is tried again."""
    right = ground.vendor.settings["base_url"]
    _mended(ground, base_url=address(right))
    ground.stage()
    ground.start()
    time.sleep(6)
    ground.hold(ground.vendor.asked() == 0, "something got through")
    _mended(ground, base_url=right)
    ground.finish()
    ground.hold(ground.verdict().unknown == 0, "what never left is called unknown")


def cut(ground: Ground) -> None:
    """Every connection to the provider is reset at once, in the middle of answers, and none gets through for 5 s."""
    parts = urlsplit(ground.vendor.settings["base_url"])
    proxy = Proxy(parts.hostname or "", parts.port or 0)
    with proxy.running():
        _mended(ground, base_url=f"http://127.0.0.1:{proxy.port}")
        ground.stage()
        ground.start()
        ground.taken(ground.lab.people // 4)
        proxy.cut()
        time.sleep(5)
        proxy.mend()
        ground.finish()
        ground.end()
    burnt, second = ground.verdict().unknown, ground.lab.sender.rate
    ground.hold(burnt <= second, f"{burnt} messages are unknown: it went on for more than a second")


def down(ground: Ground) -> None:
    """503 for a while; then it answers again, and the campaign goes on by itself."""
    ground.stage()
    ground.start()
    ground.taken(ground.lab.people // 4)
    before = ground.vendor.asked()
    ground.vendor.fail(*_status(503, times=None))
    time.sleep(600 if ground.full else 12)
    failed = ground.vendor.asked() - before
    ground.vendor.fail()
    ground.finish(600)
    ground.hold(failed <= 64 + 10, f"{failed} calls failed while it was down")
    ground.hold(ground.count(State.FAILED) == 0, "somebody was given up")


def _connection(ground: Ground) -> Connection:
    with ground.world.db.read() as session:
        return session.get_one(Connection, ground.lab.provider.id)


def _mended(ground: Ground, **settings: str) -> None:
    """An admin changes the account's settings and lets it go on."""
    with ground.world.db.write() as session:
        connection = session.get_one(Connection, ground.lab.provider.id)
        accounts.change(ground.world, session, connection, settings)
        accounts.resume(session, connection)


def _must(answer: Answer) -> str:
    if answer.unknown:
        return "it ends unknown, for good: nobody can tell"
    if answer.again:
        return "it is sent again: nothing was taken" + (f", after {answer.rest:.0f} s or more" if answer.rest else "")
    return "it is never sent again; its status tells the truth"


_SMALL = {"people": 60, "rate": 100}
_SLOW = {"people": 120, "rate": 40, "latency": 0.2}
FAULTS = [
    *(
        Fault(f"F9-{a.name}", f"the provider {a.does}", _must(a), partial(answered, answer=a), ground=_SMALL)
        for a in ANSWERS
    ),
    Fault(
        "F9-token",
        "the access token expires in the middle of a campaign",
        "no call after it; nobody is given up; it goes on once a new one is entered",
        token_expired,
        ground=_SLOW,
    ),
    Fault(
        "F9-tls",
        "the provider's address does not speak TLS",
        "nothing is unknown: nothing left",
        partial(no_way, address=lambda right: right.replace("http://", "https://")),
        ground=_SMALL,
    ),
    Fault(
        "F9-dns",
        "the provider's name cannot be resolved",
        "nothing is unknown: nothing left",
        partial(no_way, address=lambda _: "http://provider.invalid"),
        ground=_SMALL,
    ),
    Fault(
        "F9-cut",
        "every connection to the provider is reset in the middle, none is made for 5 s",
        "it stops before more than a second's messages are unknown; what was taken is told by its status",
        cut,
        ground=_SLOW,
    ),
    Fault(
        "F10-down",
        "the provider answers 503 for 12 s (full: 10 minutes)",
        "at most 10 calls fail beside those in flight; it goes on by itself",
        down,
        ground=_SLOW,
    ),
]
