# SPDX-License-Identifier: Apache-2.0
"""A shop to test with: one company, its CRM and its WhatsApp number. All of the hub in between is real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, col, select

from hub.contract import (
    Claim,
    ClaimKind,
    ClearedMessage,
    ContactSnapshot,
    Event,
    HubError,
    MessageReceived,
    Page,
    Point,
    PointKind,
    Purpose,
    Receipt,
    Unusable,
)
from hub.flows import accounts, contacts, dispatch, drafts, inbound, notices, optin, settling, staging, steering, sync
from hub.flows.inbound import Applied
from hub.flows.lanes import Lane
from hub.flows.processor import versions
from hub.flows.processor.form import Form
from hub.flows.settling import Result
from hub.flows.states import PRIORITY, State
from hub.flows.sync import Counts
from hub.flows.world import World
from hub.law.facts import EvidenceKind, NoticeKind
from hub.store import ledger
from hub.store.tables import (
    Campaign,
    ConsentRow,
    Contact,
    ContactPoint,
    CrmRecord,
    LedgerRow,
    MessageRow,
    ReportRow,
    StopRow,
    SyncRun,
    TemplateRow,
    new_id,
)
from hub.store.vault import seal
from hub.testing import processor_files
from hub.testing.clock import Clock
from tests.carriers import OFFER, Loft, Paper, paper_crm, pigeon

COMPANY, TOPIC, VENDOR_ID = "Muster Handels GmbH", "Angebote", "106540352242922"
ANNA, BEN, CARLA = "+4915112345671", "+4915112345672", "+4915112345673"
CONSENT = Claim(ClaimKind.CONSENT, "newsletter")
CONTRACT = Claim(ClaimKind.CONTRACT, "customer")
OPT_OUT = Claim(ClaimKind.OPT_OUT, "do_not_contact")
SECOND = timedelta(seconds=1)
T = TypeVar("T", bound=SQLModel)


def number(index: int) -> str:
    """A German mobile number, valid in form."""
    return f"+49151{index:08d}"


def phone(value: str) -> Point:
    return Point(PointKind.E164, value)


def bsuid(value: str = "DE.1234567890") -> Point:
    return Point(PointKind.BSUID, value)


def person(record: str, typed: str, *claims: Claim, **more: Any) -> ContactSnapshot:
    return ContactSnapshot(record=record, phone=typed, claims=claims, **more)


class Shop:
    """One company on a world, connected and approved, with an opt-in page and a template."""

    def __init__(self, world: World, company: str = COMPANY, words: tuple[str, str] = ("paper", "pigeon")) -> None:
        assert isinstance(world.clock, Clock)
        self.world, self.clock = world, world.clock
        self.paper, self.loft = Paper(), Loft()
        for cls in (paper_crm(self.paper, words[0]), pigeon(self.loft, words[1])):
            world.registry.connectors[cls.name], world.registry.origin[cls.name] = cls, "tests"
        with self.write() as session:
            self.controller = accounts.make_controller(world, session, company, "DE")
            self.crm = accounts.connect(world, session, self.controller, words[0], {})
            self.provider = accounts.connect(world, session, self.controller, words[1], {})
            self.sender = accounts.add_sender(session, self.provider, VENDOR_ID, "+49 30 1234567")
            accounts.replace_templates(world, session, self.provider, [OFFER])
            for kind in (NoticeKind.ART_21_4, NoticeKind.ART_13):
                self.notice = notices.create(
                    world, session, self.controller, kind, "de", f"{company}: was Sie wissen müssen."
                )
            self.page = optin.create(
                world, session, self.controller, self.sender, title=TOPIC, language="de", topics=[TOPIC]
            )
            self.statement = optin.invitation(session, self.page).statement
        self.file(approve=True)

    def file(self, *, approve: bool, form: Form | None = None) -> None:
        """A new version of the file on the provider, complete; or without an approval, taken back where it had one."""
        with self.write() as session:
            if approve:
                processor_files.approve(self.world, session, self.provider, form)
            else:
                versions.reopen(self.world, session, self.provider, "Dana Schutz", "to be looked at")

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self.world.db.write() as session:
            yield session

    def rows(self, table: type[T]) -> list[T]:
        """Every row of a table, in the order they were made."""
        with self.world.db.read() as session:
            key = list(table.__table__.primary_key.columns)  # type: ignore[attr-defined]
            return list(session.exec(select(table).order_by(*key)))

    def only(self, table: type[T]) -> T:
        (row,) = self.rows(table)
        return row

    # the CRM speaks

    def sync(self, *people: ContactSnapshot, cursor: str | None = "c", unusable: Sequence[Unusable] = ()) -> Counts:
        with self.write() as session:
            run = SyncRun(connection_id=self.crm.id, started_at=self.world.now())
            session.add(run)
            session.flush()
            page = Page(people, cursor, tuple(unusable))
            crm = session.get_one(type(self.crm), self.crm.id)
            return sync.apply_page(self.world, session, self.controller, crm, run, page)

    # people speak

    def said(
        self, text: str, *points: Point, at: datetime | None = None, wamid: str = "", kind: str = "text"
    ) -> MessageReceived:
        """A message to the shop; now, in whole seconds as vendors tell times, unless `at` says otherwise."""
        at = at or self.world.now().replace(microsecond=0)
        return MessageReceived(VENDOR_ID, points, at, wamid or f"wamid.{new_id()}", kind, text)

    def hear(self, *events: Event) -> Applied:
        with self.write() as session:
            return inbound.apply(self.world, session, self.provider, events)

    def agree(self, *points: Point, at: datetime | None = None) -> None:
        """The person sends the opt-in statement; the clock then moves on."""
        self.hear(self.said(self.statement, *points, at=at))
        self.clock.advance(2 * SECOND)

    def stop(self, *points: Point, text: str = "STOP", at: datetime | None = None) -> None:
        self.hear(self.said(text, *points, at=at))
        self.clock.advance(2 * SECOND)

    # campaigns

    def draft(self, **changes: Any) -> Campaign:
        wanted: dict[str, Any] = {
            "title": "Herbst",
            "crm": self.crm,
            "audience": "all",
            "sender": self.sender,
            "template": OFFER.name,
            "language": OFFER.language,
            "purpose": Purpose.MARKETING,
            "topic": TOPIC,
            "parameters": {"1": "firstname|dort"},
            "plan": drafts.Plan(any_hour=True),  # tests run at night too
            **changes,
        }
        with self.write() as session:
            return drafts.create(self.world, session, self.controller, **wanted)

    def stage(self, *records: str, **changes: Any) -> Campaign:
        """A started campaign with these records staged."""
        campaign = self.draft(**changes)
        with self.write() as session:
            current = session.get_one(Campaign, campaign.id)
            steering.start(self.world, session, current)
            staging.stage_page(self.world, session, current, records)
        return current

    def reach(self, *numbers: str) -> Campaign:
        """People who consented and are in the CRM as record 1, 2, ..., staged into a campaign."""
        for typed in numbers:
            self.agree(phone(typed))
        records = [str(index + 1) for index in range(len(numbers))]
        self.sync(*(person(r, n, CONSENT) for r, n in zip(records, numbers, strict=True)))
        return self.stage(*records)

    def reply(self, to: Point, purpose: Purpose = Purpose.SERVICE, text: str = "Gern, wir sehen nach.") -> str:
        """Queue an answer to what somebody wrote just now. Returns the message id."""
        now, message_id = self.world.now(), new_id()
        with self.write() as session:
            contact, point = contacts.meet(self.world, session, self.controller, [to])
            contact.last_inbound_at = now
            session.add(contact)
            self._tell(session, contact.id, point.token)
            session.add(
                MessageRow(
                    id=message_id,
                    controller_id=self.controller.id,
                    sender_id=self.sender.id,
                    contact_id=contact.id,
                    point_id=point.id,
                    purpose=purpose,
                    text=seal(contacts.key_of(self.world, contact), text.encode(), f"message:{message_id}"),
                    evidence=[[EvidenceKind.INBOUND, f"in:{message_id}", now.isoformat()]],
                    state=State.QUEUED,
                    priority=PRIORITY[purpose],
                    next_attempt_at=now,
                    created_at=now,
                    changed_at=now,
                )
            )
        return message_id

    def _tell(self, session: Session, contact_id: str, token: str) -> None:
        """The person was told before (Art. 13 GDPR)."""
        chain = ledger.Chain(session, self.controller.id, self.world.now())
        notices.serve(session, chain, contact_id, token, self.notice.id, self.world.now(), {"page": self.page.id})
        chain.write()

    # messages leave

    def claim_after_notice(self) -> list[ClearedMessage]:
        """What waits for the notice of Art. 13 that goes first, and is accepted."""
        first = self.claim()
        assert {m.outgoing.purpose for m in first} == {Purpose.PRIVACY_NOTICE}
        self.settle({m.outgoing.id: Receipt(f"pigeon.{m.outgoing.id}") for m in first})
        self.clock.advance(timedelta(seconds=2))
        return self.claim()

    def claim(self, limit: int = 50, owner: str = "me") -> list[ClearedMessage]:
        with self.write() as session:
            return self.claim_in(session, limit, owner)

    def claim_in(
        self,
        session: Session,
        limit: int = 50,
        owner: str = "me",
        pace: dispatch.Pace | None = None,
        lane: Lane | None = None,
    ) -> list[ClearedMessage]:
        sender = session.get_one(type(self.sender), self.sender.id)
        chain = ledger.Chain(session, sender.controller_id, self.world.now())
        cleared = dispatch.claim(self.world, session, chain, sender, owner, limit, pace, lane)
        chain.write()
        return cleared

    def settle(self, results: Mapping[str, Result]) -> None:
        with self.write() as session:
            sender = session.get_one(type(self.sender), self.sender.id)
            chain = ledger.Chain(session, sender.controller_id, self.world.now())
            settling.settle(self.world, session, chain, sender, dict(results))
            chain.write()

    def claim_one(self) -> ClearedMessage:
        (cleared,) = self.claim()
        return cleared

    def message(self, message_id: str) -> MessageRow:
        with self.world.db.read() as session:
            return session.get_one(MessageRow, message_id)

    def campaign_messages(self) -> list[MessageRow]:
        return [row for row in self.rows(MessageRow) if row.campaign_id]

    def reports(self) -> list[tuple[str, str, str, str]]:
        """(record, kind, status, reason) of everything the CRM shall know, oldest first."""
        rows = sorted(self.rows(ReportRow), key=lambda row: (row.at, row.key))
        return [(row.record, row.kind, row.status, row.reason) for row in rows]

    def set_template(self, **values: Any) -> None:
        with self.write() as session:
            row = session.get_one(TemplateRow, (self.provider.id, OFFER.name, OFFER.language))
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)

    # looking in

    def token(self, point: Point) -> str:
        return self.world.vault.token(self.controller.id, point)

    def stops(self, point: Point) -> list[StopRow]:
        return [row for row in self.rows(StopRow) if row.token == self.token(point)]

    def consents(self, point: Point) -> list[ConsentRow]:
        return [row for row in self.rows(ConsentRow) if row.token == self.token(point)]

    def contact_of(self, point: Point) -> Contact:
        with self.world.db.read() as session:
            row = contacts.find_point(self.world, session, self.controller, point)
            assert row is not None
            return session.get_one(Contact, row.contact_id)

    def holds(self, record: str) -> bool:
        return any(row.record == record for row in self.rows(CrmRecord))

    def events(self, kind: str) -> list[LedgerRow]:
        with self.world.db.read() as session:
            found = select(LedgerRow).where(LedgerRow.kind == kind)
            return list(session.exec(found.order_by(col(LedgerRow.seq), col(LedgerRow.position))))

    def proven(self) -> bool:
        with self.world.db.read() as session:
            return ledger.verify(session, self.controller.id).ok

    def points(self) -> int:
        return len(self.rows(ContactPoint))


def everything_stored(world: World) -> str:
    """Every cell of every table, bytes as they lie there."""
    cells: list[str] = []
    with world.db.read() as session:
        for table in SQLModel.metadata.sorted_tables:
            for row in session.connection().execute(table.select()):
                cells += [cell.decode("latin-1") if isinstance(cell, bytes) else str(cell) for cell in row]
    return "\n".join(cells)


def raising(error: HubError) -> Callable[[Any], Any]:
    """A flight or an answer that ends so."""

    def answer(_: Any) -> Any:
        raise error

    return answer
