# SPDX-License-Identifier: Apache-2.0
"""A campaign that runs while people stop it, with a look at every commit and every request."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import orjson
from sqlalchemy import func
from sqlmodel import col, select

from hub.contract import Purpose
from hub.flows import courier
from hub.flows.world import World
from hub.store.tables import ContactPoint, DecisionRow, LedgerRow, MessageRow, StopRow
from hub.testing.clock import until
from hub.testing.emulator import serve
from hub.testing.journey import free_port
from hub.testing.lab import WAITING, Lab, emulated, number
from hub.testing.stop_probes import Probes
from hub.web.app import build
from hub.work.crew import Crew

_NEXT = 5  # in the queue: a race with the dispatcher


class StopLab(Lab):
    """The lab, in which somebody says stop."""

    def __init__(self, world: World, probes: Probes, meta: dict[str, str], people: int, rate: int) -> None:
        super().__init__(world, meta, people, rate, probes.provider)
        self.probes = probes
        self.numbers = {self.token(number(index)): number(index) for index in range(people)}

    def somebody(self, dice: random.Random) -> str | None:
        """Whose message leaves within moments, or waits for longer, or has left. None once nothing waits."""
        with self.world.db.read() as session:
            waiting = session.exec(
                select(ContactPoint.token)
                .join(MessageRow, col(MessageRow.point_id) == col(ContactPoint.id))
                .where(MessageRow.campaign_id == self.campaign.id, col(MessageRow.state).in_(WAITING))
                .order_by(col(MessageRow.next_attempt_at), col(MessageRow.id))
            ).all()
        if not waiting:
            return None
        return self.numbers[dice.choice((waiting[:_NEXT], waiting, list(self.numbers))[dice.randrange(3)])]

    def by_chat(self, who: str) -> None:
        """The person writes STOP; Meta delivers it to the door."""
        body = orjson.dumps({"number": who, "text": "STOP"})
        httpx.post(f"{self.meta['base_url']}/_emulator/do/say", content=body, trust_env=False).raise_for_status()

    def by_staff(self, who: str) -> None:
        with self.world.db.write() as session:
            courier.stop(self.world, session, self.owner, number=who, by="bench", reason="bench")

    def empty_for(self, who: str) -> bool:
        """Is nothing with advertising queued for this person?"""
        with self.world.db.read() as session:
            mine = (ContactPoint.token == self.token(who), MessageRow.purpose == Purpose.MARKETING)
            left = session.exec(
                select(MessageRow.id)
                .join(ContactPoint, col(ContactPoint.contact_id) == col(MessageRow.contact_id))
                .where(*mine, col(MessageRow.state).in_(WAITING))
            ).first()
        return left is None

    def allowed_after(self, who: str) -> int:
        """Sends of advertising to this person that the gate allowed after the stop, by their order in the ledger."""
        with self.world.db.read() as session:
            stop = session.exec(select(StopRow).where(StopRow.token == self.token(who))).first()
            if stop is None:
                raise RuntimeError("a stop was lost")
            seq = session.get_one(LedgerRow, stop.ledger_id).seq
            mine = (MessageRow.campaign_id == self.campaign.id, ContactPoint.token == stop.token)
            later = (DecisionRow.phase == "transmit", DecisionRow.verdict == "ALLOW", col(DecisionRow.seq) > seq)
            found = session.exec(
                select(func.count())
                .select_from(DecisionRow)
                .join(MessageRow, col(MessageRow.id) == col(DecisionRow.message_id))
                .join(ContactPoint, col(ContactPoint.id) == col(MessageRow.point_id))
                .where(*mine, *later)
            )
            return int(found.one())


@contextmanager
def opened(world: World, people: int, rate: int) -> Iterator[tuple[StopLab, Probes]]:
    """A lab with its campaign staged; the hub runs from here on and sends at once."""
    probes, port = Probes(), free_port()
    with ExitStack() as stack:
        vendor = stack.enter_context(emulated(throughput=10 * rate, pair_rate=False))
        lab = StopLab(world, probes, vendor.settings, people, rate)
        vendor.tell(f"http://127.0.0.1:{port}/in/{lab.provider.door}")
        lab.agree()
        stack.enter_context(probes.database())
        crew = stack.enter_context(Crew(world, schedules=False))
        stack.enter_context(serve(probes.door(build(world, crew.nudges.receive)), port=port))
        crew.jobs.templates(lab.provider.id)
        crew.jobs.sync(lab.crm.id)
        lab.stage(crew.jobs)
        probes.listening = True
        crew.nudges.dispatch.send(lab.sender.id)
        yield lab, probes
        until(lambda: not lab.open(), "the campaign to end", 120)
