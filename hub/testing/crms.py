# SPDX-License-Identifier: Apache-2.0
"""What every CRM plugin must be able to do, as tests. Subclass, fill in the table, name it `Test...`.

`CrmSuite` asks any CRM about paging, resuming, claims and reports; `OnlineCrmSuite` adds webhooks and HTTP trouble.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import anyio
import httpx
import pytest

from hub.contract import (
    BadConfig,
    Claim,
    ClaimKind,
    Event,
    Forbidden,
    HubError,
    Inbound,
    Outcome,
    Outlook,
    Reach,
    ReportKind,
    Throttled,
    Unavailable,
)
from hub.testing.crm_world import AnyCrm, Handler, World, faulty, members, read, received, records, report, resumed, run
from hub.testing.damage import HTML, STRANGE, damaged, with_unknown_fields

COUNT = 450  # contacts; several pages for any CRM that pages by 100 or 200
LATE = timedelta(hours=1)


class CrmSuite(ABC):
    """Tests for every CRM. Give a `world` fixture and the table."""

    bases: ClassVar[Mapping[str, ClaimKind]]  # what the legal-basis field may hold, and the claim it is
    secrets: ClassVar[tuple[str, ...]] = ()
    page_size: ClassVar[int] = 200  # the largest page; the suite makes more contacts than fit into one
    unknown_record: ClassVar[str] = ""  # an id the CRM will refuse; empty where it cannot tell

    @pytest.fixture
    @abstractmethod
    def world(self) -> Any:
        """A fresh, empty `World` for each test."""

    def test_contacts_paged_are_complete_and_unique(self, world: World) -> None:
        made = world.fill(max(COUNT, self.page_size + 1))
        pages = run(world, read)
        assert len(pages) > 1
        assert sorted(records(pages)) == sorted(made)
        assert all(page.cursor for page in pages)

    def test_contacts_resumed_at_each_page_yield_exactly_the_rest(self, world: World) -> None:
        world.fill(max(COUNT, self.page_size + 1))
        pages = run(world, read)
        for index, page in enumerate(pages[:-1]):
            assert records(resumed(world, page.cursor)) == records(pages[index + 1 :])

    def test_contacts_after_a_sync_show_a_later_change_completely(self, world: World) -> None:
        made = world.fill(max(COUNT, self.page_size + 1))
        done = run(world, read)[-1].cursor
        world.change(made[3])
        later = resumed(world, done)
        assert made[3] in records(later)
        assert len(records(later)) == len(set(records(later)))
        for index, page in enumerate(later[:-1]):
            assert records(resumed(world, page.cursor)) == records(later[index + 1 :])

    def test_contacts_of_any_legal_basis_carry_claims_only(self, world: World) -> None:
        expected = {world.contact(value): kind for value, kind in self.bases.items()}
        found = {one.record: one.claims for page in run(world, read) for one in page.items}
        assert {record: [claim.kind for claim in found[record]] for record in expected} == {
            record: [kind] for record, kind in expected.items()
        }
        assert all(type(claim) is Claim and claim.source_field for claims in found.values() for claim in claims)

    def test_contacts_hand_over_the_properties_asked_for(self, world: World) -> None:
        """Where the CRM can tell its properties, each can be asked for, and comes as it stands."""
        world.fill(3)

        async def told(crm: AnyCrm) -> list[str]:
            crm.asked = tuple(one.name for one in await crm.properties())
            shown = [one.evidence for page in await read(crm) for one in page.items]
            assert shown or not crm.asked
            assert all(set(dict(evidence)) <= set(crm.asked) for evidence in shown)
            return [value for evidence in shown for _, value in evidence]

        values = run(world, told)
        without = [one.evidence for page in run(world, read) for one in page.items]
        assert not any(without), "nothing is read that nobody asked for"
        assert all(values)

    def test_audiences_have_members_that_are_contacts(self, world: World) -> None:
        made = set(world.fill(COUNT))
        audiences = run(world, lambda crm: crm.audiences())
        assert audiences
        assert len({one.id for one in audiences}) == len(audiences)
        for audience in audiences:
            found = members(world, audience.id)
            assert found
            assert len(found) == len(set(found))
            assert set(found) <= made
            assert audience.size in (None, len(found))

    def test_report_of_many_gives_one_outcome_each(self, world: World) -> None:
        made = world.fill(150)
        sent = [report(f"r{index}", record) for index, record in enumerate(made)]
        if self.unknown_record:
            sent.insert(70, report("bad", self.unknown_record))
        outcomes = run(world, lambda crm: crm.report(sent))
        assert [outcome.key for outcome in outcomes] == [one.key for one in sent]
        failed = {outcome.key for outcome in outcomes if outcome.error}
        assert failed == ({"bad"} if self.unknown_record else set())

    def test_reach_is_reported_again_and_again(self, world: World) -> None:
        """Before a campaign: the same key with another answer, and the address of what would help."""
        link = "https://hub.example/console/why/1"
        told = replace(report("r", world.fill(1)[0]), kind=ReportKind.REACH, why="Why.", link=link)

        async def tell(crm: AnyCrm) -> list[list[Outcome]]:
            return [await crm.report([replace(told, status=status)]) for status in Reach]

        assert run(world, tell) == [[Outcome("r")]] * len(Reach)

    def test_outlook_is_shown_and_replaced(self, world: World) -> None:
        """A CRM without a place for it does nothing."""
        world.fill(3)

        async def show(crm: AnyCrm) -> None:
            audience, now = (await crm.audiences())[0].id, datetime.now(UTC)
            for title in ("1 of 3", "2 of 3"):
                await crm.show(Outlook("k", "spring", audience, now, 3, 1, 0, 2, None, title, title, ""))

        run(world, show)

    def test_report_of_nothing_gives_nothing(self, world: World) -> None:
        assert run(world, lambda crm: crm.report([])) == []

    def test_check_of_a_working_account_is_ok(self, world: World) -> None:
        world.fill(1)
        health = run(world, lambda crm: crm.check())
        assert health.ok, health.detail

    def test_secrets_are_never_shown(self, world: World) -> None:
        crm = world.crm(faulty(lambda _: httpx.Response(500)))
        shown = f"{crm!r} {crm} {crm.config!r} {crm.config} {crm.config.model_dump_json()}"
        assert not [secret for secret in self.secrets if secret in shown]

    def test_webhook_unsigned_is_refused(self, world: World) -> None:
        crm = world.crm(faulty(lambda _: httpx.Response(500)))
        with pytest.raises(Forbidden):
            crm.authenticate(Inbound("POST", "https://hub.example/in/1", {}, b"[]"))


class OnlineCrmSuite(CrmSuite):
    """Tests for CRMs that are reached over HTTP and send webhooks."""

    fixtures: ClassVar[Path]  # a folder of webhook bodies, one .json per event and circumstance
    signs: ClassVar[bool] = True  # False: the vendor shows a secret and signs nothing, so what it says may be changed

    @abstractmethod
    def signed(self, body: bytes, at: datetime) -> Inbound:
        """A request as the vendor would sign it at that time, received at that time."""

    def _bodies(self) -> list[bytes]:
        found = [path.read_bytes() for path in sorted(self.fixtures.glob("*.json"))]
        assert found, f"no fixtures in {self.fixtures}"
        return found

    def test_webhook_signed_is_accepted(self, world: World) -> None:
        crm = world.crm(faulty(lambda _: httpx.Response(500)))
        for body in self._bodies():
            crm.authenticate(self.signed(body, datetime.now(UTC)))

    def test_webhook_forged_or_changed_is_refused(self, world: World) -> None:
        crm = world.crm(faulty(lambda _: httpx.Response(500)))
        for body in self._bodies():
            good = self.signed(body, datetime.now(UTC))
            again = json.dumps(json.loads(body), separators=(" ,", " : ")).encode()
            wrong_headers = {name: f"{value}x" for name, value in good.headers.items()}
            changed = [replace(good, body=body + b" "), replace(good, body=again)]
            for request in [replace(good, headers=wrong_headers), *(changed if self.signs else [])]:
                with pytest.raises(Forbidden):
                    crm.authenticate(request)

    def test_webhook_replayed_is_refused_or_known_again(self, world: World) -> None:
        crm, now = world.crm(faulty(lambda _: httpx.Response(500))), datetime.now(UTC)
        for body in self._bodies():
            if not self.signs:
                old, new = (received(world, self.signed(body, at)) for at in (now - LATE, now))
                assert [replace(event, at=now) for event in old] == [replace(event, at=now) for event in new]
                continue
            with pytest.raises(Forbidden):
                crm.authenticate(replace(self.signed(body, now - LATE), received_at=now))

    def test_webhook_read_twice_gives_the_same(self, world: World) -> None:
        for body in self._bodies():
            request = self.signed(body, datetime.now(UTC))
            first = received(world, request)
            assert first
            assert received(world, request) == first

    def test_webhook_with_unknown_fields_gives_the_same(self, world: World) -> None:
        for body in self._bodies():
            now = datetime.now(UTC)
            more = json.dumps(with_unknown_fields(json.loads(body))).encode()
            assert received(world, self.signed(more, now)) == received(world, self.signed(body, now))

    def test_webhook_damaged_anywhere_is_read_without_a_crash(self, world: World) -> None:
        bodies = [*STRANGE, *(json.dumps(bad).encode() for body in self._bodies() for bad in damaged(json.loads(body)))]
        requests = [self.signed(body, datetime.now(UTC)) for body in bodies]

        async def all_of(crm: AnyCrm) -> list[list[Event]]:
            return [await crm.receive(request) for request in requests]

        assert len(run(world, all_of)) == len(bodies)

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (401, BadConfig),
            (403, BadConfig),
            (429, Throttled),
            (500, Unavailable),
            (502, Unavailable),
            (503, Unavailable),
        ],
    )
    def test_status_means(self, world: World, status: int, expected: type[HubError]) -> None:
        self._troubled(world, lambda _: httpx.Response(status), expected)

    def test_retry_after_is_honoured(self, world: World) -> None:
        trouble = self._troubled(world, lambda _: httpx.Response(429, headers={"retry-after": "7"}), Throttled)
        assert isinstance(trouble, Throttled)
        assert trouble.after == 7

    @pytest.mark.parametrize("garbage", [HTML, b"[1, 2]", b"null", b"{}", b'{"results": "none"}', b""])
    def test_garbage_is_never_an_empty_answer(self, world: World, garbage: bytes) -> None:
        self._troubled(world, lambda _: httpx.Response(200, content=garbage), Unavailable)

    @pytest.mark.parametrize("broken", [httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
    def test_broken_connection_means_wait(self, world: World, broken: type[httpx.TransportError]) -> None:
        def fail(_: httpx.Request) -> httpx.Response:
            raise broken("broken")

        self._troubled(world, fail, Unavailable)

    def _troubled(self, world: World, handler: Handler, expected: type[HubError]) -> HubError:
        """Reading raises the right kind; reporting raises, or says so for each report. Neither shows a secret."""
        with pytest.raises(expected) as raised:
            anyio.run(read, world.crm(faulty(handler)), None)
        try:
            outcomes: list[Outcome] = anyio.run(world.crm(faulty(handler)).report, [report("r1", "1")])
            assert [bool(outcome.error) for outcome in outcomes] == [True]
            said = outcomes[0].error
        except HubError as error:
            said = str(error)
        assert not [secret for secret in self.secrets if secret in f"{raised.value} {said}"]
        return raised.value
