# SPDX-License-Identifier: Apache-2.0
"""`ProviderSuite`: what every provider plugin must show. A plugin's author subclasses it and fills in the table.

class TestMine(ProviderSuite):
    connector = Mine
    settings = {"api_key": "made-up-key", ...}
    ...
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.contract import (
    ABILITIES,
    CARRIES,
    BadConfig,
    Can,
    Forbidden,
    Inbound,
    Provider,
    Receipt,
    Rejected,
    Throttled,
    Unavailable,
    Uncertain,
    Unknown,
)
from hub.testing.damage import ANSWERS, BROKEN, HTML, STRANGE, damaged, plain, with_unknown_fields
from hub.testing.emulator import Fault
from hub.testing.provider_table import CONTENTS, OPAQUE, ProviderTable

ESCAPED = rb'{"words":"\u00e4 \/ \ud83d\ude00","list":[1,2]}'


class ProviderSuite(ProviderTable):
    """Subclass it, fill in the attributes, write `webhook`."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "fixture" in metafunc.fixturenames:
            files = sorted(self.fixtures.glob("*.json"))
            metafunc.parametrize("fixture", files, ids=[file.stem for file in files])

    # who may call

    def test_webhook_authentic_is_accepted(self) -> None:
        request = self.webhook(ESCAPED)
        self.build().authenticate(request)
        answer = self.build().acknowledge(request)
        assert answer.status < 300
        assert answer.keep

    def test_webhook_unsigned_is_refused(self) -> None:
        bare = dataclasses.replace(self.webhook(ESCAPED), headers={}, query={})
        with pytest.raises(Forbidden):
            self.build().authenticate(bare)

    def test_webhook_forged_with_another_secret_is_refused(self) -> None:
        with pytest.raises(Forbidden):
            self.stranger().authenticate(self.webhook(ESCAPED))

    @pytest.mark.parametrize("position", [0, len(ESCAPED) // 2, len(ESCAPED) - 1])
    def test_webhook_with_one_byte_changed_is_refused(self, position: int) -> None:
        changed = bytes(byte ^ (index == position) for index, byte in enumerate(ESCAPED))
        self.refused_if_signed(changed)

    def test_webhook_reserialised_is_refused(self) -> None:
        self.refused_if_signed(json.dumps(json.loads(ESCAPED), ensure_ascii=False).encode())

    def refused_if_signed(self, body: bytes) -> None:
        changed = dataclasses.replace(self.webhook(ESCAPED), body=body)
        if self.signs_body:
            with pytest.raises(Forbidden):
                self.build().authenticate(changed)
        else:
            self.build().authenticate(changed)

    def test_handshake_is_answered_only_with_our_secret(self) -> None:
        handshake = self.handshake()
        if handshake is None:  # then nothing but a webhook may pass
            with pytest.raises(Forbidden):
                self.build().authenticate(Inbound("GET", "https://hub.example/in/1", {}, b""))
            return
        request, expected = handshake
        self.build().authenticate(request)
        answer = self.build().acknowledge(request)
        assert (answer.body, answer.keep) == (expected, False)
        with pytest.raises(Forbidden):
            self.stranger().authenticate(request)

    # what comes in

    def test_fixtures_exist(self) -> None:
        assert list(self.fixtures.glob("*.json"))

    def test_fixture_parses_and_twice_gives_the_same(self, fixture: Path) -> None:
        first, again = self.received(fixture.read_bytes(), fixture.read_bytes())
        assert first
        assert list(map(plain, first)) == list(map(plain, again))
        if not fixture.stem.startswith("unknown"):
            assert not [event for event in first if isinstance(event, Unknown)]

    def test_fixture_with_unknown_fields_gives_the_same(self, fixture: Path) -> None:
        body = fixture.read_bytes()
        more = json.dumps(with_unknown_fields(json.loads(body))).encode()
        known, still = [
            [plain(event) for event in events if not isinstance(event, Unknown)] for events in self.received(body, more)
        ]
        assert known == still

    def test_fixture_damaged_anywhere_never_raises(self, fixture: Path) -> None:
        broken = [json.dumps(one).encode() for one in damaged(json.loads(fixture.read_bytes()))]
        assert len(self.received(*broken)) == len(broken)

    def test_strange_bodies_never_raise(self) -> None:
        assert len(self.received(*STRANGE)) == len(STRANGE)

    # what goes out

    def test_send_accepted_gives_a_receipt_from_one_call(self) -> None:
        receipt, calls = self.send(lambda _: httpx.Response(200, json=self.accepted))
        assert isinstance(receipt, Receipt)
        assert receipt.provider_message_id
        assert receipt.provider_message_id not in repr(receipt)
        assert calls == 1

    def test_send_carries_the_opaque_id_where_promised(self) -> None:
        seen: list[bytes] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request.content + str(request.url).encode() + str(request.headers).encode())
            return httpx.Response(200, json=self.accepted)

        self.send(answer)
        assert (OPAQUE.encode() in seen[0]) == (Can.OPAQUE_ID in self.connector.can)

    @pytest.mark.parametrize("kind", CONTENTS, ids=[kind.__name__ for kind in CONTENTS])
    def test_send_carries_what_it_promises_and_refuses_the_rest_without_a_call(self, kind: type) -> None:
        content = self.sample(kind)
        outcome, calls = self.send(lambda _: httpx.Response(200, json=self.acceptance(content)), content)
        carried = CARRIES[kind] in self.connector.can
        assert isinstance(outcome, Receipt if carried else Rejected), outcome
        assert calls == int(carried)

    def test_send_of_a_parameter_that_names_no_place_is_refused_without_a_call(self) -> None:
        strange = dataclasses.replace(self.template, parameters=(*self.template.parameters, ("footer.9", "x")))
        outcome, calls = self.send(lambda _: httpx.Response(200, json=self.accepted), strange)
        assert isinstance(outcome, Rejected), outcome
        assert calls == 0

    def test_abilities_are_those_promised(self) -> None:
        assert {can for can, ability in ABILITIES.items() if issubclass(self.connector, ability)} == (
            self.connector.can & ABILITIES.keys()
        )

    @pytest.mark.parametrize("case", ANSWERS)
    def test_send_answered_badly_raises_what_happens_next(self, case: str) -> None:
        (status, headers, content), expected = ANSWERS[case]
        error, calls = self.send(lambda _: httpx.Response(status, headers=headers, content=content))
        assert isinstance(error, expected)
        assert calls == 1, "a plugin never retries"
        if case == "429":
            assert isinstance(error, Throttled)
            assert error.after == 7.0
        self.tells_nothing(error)

    @pytest.mark.parametrize("case", BROKEN)
    def test_send_broken_off_is_never_repeated(self, case: str) -> None:
        failure, expected = BROKEN[case]

        def answer(_: httpx.Request) -> httpx.Response:
            raise failure

        error, calls = self.send(answer)
        assert isinstance(error, expected)
        assert calls == 1
        self.tells_nothing(error)

    @pytest.mark.parametrize("status", [200, 500, 503])
    def test_templates_answered_badly_can_be_read_later(self, status: int) -> None:
        error, calls = self.call(lambda _: httpx.Response(status, content=HTML), self.listed)
        if calls or Can.TEMPLATES_LISTED in self.connector.can:  # else nobody was asked
            assert isinstance(error, Unavailable)

    # what must not be told

    def test_secrets_never_show(self) -> None:
        provider = self.build()
        assert self.secrets()
        self.tells_nothing(f"{provider!r} {provider.config!r} {provider.config} {provider.config.model_dump_json()}")

    def test_settings_are_described(self) -> None:
        fields = self.connector.Config.model_fields
        assert [name for name, field in fields.items() if not field.description] == []

    # against the emulator

    def test_emulated_account_is_healthy_and_sends_once(self) -> None:
        async def both(provider: Provider[Any]) -> tuple[Any, Any]:
            return await provider.check(), await provider.send(self.cleared())

        outcome = self.against(self.emulator(), both)
        assert isinstance(outcome, tuple), outcome
        assert outcome[0].ok
        assert outcome[1].provider_message_id

    def test_emulated_account_with_wrong_secrets_needs_a_human(self) -> None:
        wrong = {name: f"wrong-{secret}" for name, secret in self.secrets().items()}
        emulator = self.emulator()
        assert isinstance(self.against(emulator, lambda provider: provider.send(self.cleared()), wrong), BadConfig)
        health = self.against(self.emulator(), lambda provider: provider.check(), wrong)
        assert not getattr(health, "ok", True)

    def test_emulated_answer_lost_after_acceptance_is_uncertain(self) -> None:
        emulator = self.emulator()
        emulator.faults.append(Fault("lost_answer"))
        error = self.against(emulator, lambda provider: provider.send(self.cleared()))
        assert isinstance(error, Uncertain)
        assert len(emulator.log) == 1

    def test_emulated_templates_are_listed(self) -> None:
        listed = self.against(self.emulator(), self.listed)
        assert isinstance(listed, list), listed
        names = {(template.name, template.language) for template in listed}
        assert ((self.template.name, self.template.language) in names) == (Can.TEMPLATES_LISTED in self.connector.can)
