# SPDX-License-Identifier: Apache-2.0
"""Getting into an account, and staying in: OAuth tokens that end in mid-sync, grants that are taken back."""

from __future__ import annotations

from datetime import timedelta

import anyio
import pytest
from hub_hubspot import Config, HubSpot
from hub_hubspot.emulator import create
from hub_hubspot.emulator.account import account, installed, records, said
from pydantic import ValidationError

from hub import BadConfig, Outcome, Unavailable
from hub.http import client
from hub.testing.emulator import Fault
from hub.testing.population import population

TOKEN = "/token"


def test_token_that_ends_in_the_middle_of_a_sync_is_renewed_and_nothing_is_lost() -> None:
    with installed() as hubspot:
        hubspot.emulator.load(population(350, 3))

        async def walk(crm: HubSpot) -> list[str]:
            found: list[str] = []
            async for page in crm.contacts(None):
                found += [one.record for one in page.items]
                hubspot.emulator.clock.advance(timedelta(minutes=31))
            return found

        assert hubspot.ask(walk) == list(hubspot.emulator.contacts)
        assert hubspot.calls(TOKEN) == 4, "the first, and one after each page but the last"


def test_token_is_kept_for_the_next_process() -> None:
    with installed() as hubspot:
        hubspot.emulator.load(population(3, 3))
        assert len(records(hubspot.read())) == len(records(hubspot.read())) == 3
        assert hubspot.calls(TOKEN) == 1


def test_token_of_another_process_is_used_instead_of_a_renewal() -> None:
    with installed() as hubspot:
        hubspot.emulator.load(population(3, 3))

        async def two(crm: HubSpot) -> None:
            await crm.audiences()
            api = crm._api
            await api.get(api.paths.account)
            hubspot.emulator.access.expire()
            await crm.audiences()  # renews
            await api.get(api.paths.account)  # still holds the old one

        hubspot.ask(two)
        assert hubspot.calls(TOKEN) == 2


def test_refresh_token_that_is_replaced_is_kept() -> None:
    with installed() as hubspot:
        hubspot.emulator.access.rotates = True
        hubspot.read()
        hubspot.emulator.access.expire()
        hubspot.read()
        hubspot.emulator.access.expire()
        hubspot.read()
        assert hubspot.calls(TOKEN) == 3


def test_code_of_a_fresh_installation_is_taken_once() -> None:
    emulator, redirect = create(searches=1_000), "https://hub.example/installed"
    code = emulator.access.install(redirect)
    with installed(emulator, authorization_code=code, redirect_uri=redirect) as hubspot:
        hubspot.read()
        emulator.access.expire()
        hubspot.read()
        hubspot.memory.clear()
        with pytest.raises(BadConfig, match="install the app again"):
            hubspot.read()


def test_app_that_was_uninstalled_asks_a_human() -> None:
    with installed() as hubspot:
        hubspot.read()
        hubspot.emulator.access.uninstall()
        with pytest.raises(BadConfig, match="BAD_REFRESH_TOKEN") as raised:
            hubspot.read()
        assert hubspot.settings["refresh_token"] not in str(raised.value)


def test_new_grant_in_the_settings_replaces_what_is_remembered() -> None:
    with installed() as hubspot:
        hubspot.read()
        hubspot.emulator.access.uninstall()
        hubspot.settings["refresh_token"] = hubspot.emulator.access.grant()
        hubspot.read()


@pytest.mark.parametrize("fault", [Fault("status", TOKEN, 503), Fault("lost_answer", TOKEN), Fault("garbage", TOKEN)])
def test_renewal_without_an_answer_means_wait(fault: Fault) -> None:
    with installed() as hubspot:
        hubspot.emulator.faults.append(fault)
        with pytest.raises(Unavailable):
            hubspot.read()
        hubspot.emulator.faults.clear()
        hubspot.read()


def test_report_whose_token_has_ended_is_written_once() -> None:
    with installed() as hubspot:
        hubspot.emulator.load(population(1, 3))
        (record,) = hubspot.emulator.contacts
        hubspot.read()
        hubspot.emulator.access.expire()
        assert hubspot.report(said("a", record)) == [Outcome("a")]
        assert len(hubspot.emulator.communications) == 1


def test_static_token_that_ended_asks_a_human() -> None:
    with account() as hubspot:
        hubspot.emulator.token_expired = True
        with pytest.raises(BadConfig, match="EXPIRED_AUTHENTICATION"):
            hubspot.read()


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_token_path_follows_the_version(version: str) -> None:
    with installed(api_version=version) as hubspot:
        hubspot.read()
        assert hubspot.calls(f"/oauth/{version}/token") == 1


@pytest.mark.parametrize("way", [account, installed])
def test_check_names_the_scopes_that_are_missing(way: type[account]) -> None:  # type: ignore[valid-type]
    with way() as hubspot:  # type: ignore[operator]
        hubspot.ask(lambda crm: crm.prepare())
        assert hubspot.ask(lambda crm: crm.check()).ok
        hubspot.memory.clear()
        hubspot.emulator.access.scopes -= {"crm.objects.contacts.write", "automation"}
        health = hubspot.ask(lambda crm: crm.check())
        assert not health.ok
        assert "scopes missing: crm.objects.contacts.write." in health.detail


def test_call_without_its_scope_names_it() -> None:
    with account() as hubspot:
        hubspot.emulator.access.scopes -= {"crm.lists.read"}
        with pytest.raises(BadConfig, match=r"MISSING_SCOPES crm\.lists\.read"):
            hubspot.ask(lambda crm: crm.audiences())


@pytest.mark.parametrize("settings", [{}, {"client_id": "x"}, {"client_id": "x", "client_secret": "y"}])
def test_settings_without_a_way_in_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="set access_token"):
        Config.model_validate(settings)


def test_grant_is_never_shown() -> None:
    with installed() as hubspot:

        async def shown(crm: HubSpot) -> str:
            access = crm._api.access
            token = await access.token()
            assert token not in f"{access._grant!r} {crm.config!r}"
            return token

        assert hubspot.ask(shown) in hubspot.memory["oauth"]


def test_connector_without_a_memory_still_gets_in() -> None:
    with installed() as hubspot:
        from hub_hubspot.api import Api

        async def main() -> None:
            async with client(connections=2) as http:
                api = Api(hubspot.config(), http)
                await api.get(api.paths.account)

        anyio.run(main)
