# SPDX-License-Identifier: Apache-2.0
"""Connecting a CRM from the command line: what it lacks is made, and said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub_hubspot.emulator import HubSpotEmulator, create
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.testing.emulator import serve


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubSpotEmulator:
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    hub("init", "--controller", "Muster GmbH")
    return create()


def hub(*words: str, fails: bool = False) -> Result:
    result = CliRunner().invoke(app, list(words))
    assert (result.exit_code != 0) is fails, result.output
    return result


def test_connect_of_a_new_account_makes_what_it_lacks(emulator: HubSpotEmulator) -> None:
    with serve(emulator.app()) as url:
        said = hub("connect", "hubspot", "--base_url", url, "--access_token", emulator.access_token).output
        assert "created property hub_whatsapp_opt_in" in said
        assert "Works: account 143553137" in said
        assert "Nothing was missing." in hub("connection", "prepare", "hubspot").output


def test_connect_of_an_account_without_a_scope_names_it(emulator: HubSpotEmulator) -> None:
    emulator.access.scopes -= {"crm.schemas.contacts.write"}
    with serve(emulator.app()) as url:
        said = hub("connect", "hubspot", "--base_url", url, "--access_token", emulator.access_token).output
    assert "Check: scopes missing: crm.schemas.contacts.write." in said


def test_prepare_registers_the_workflow_action_once_its_address_is_known(emulator: HubSpotEmulator) -> None:
    with serve(emulator.app()) as url:
        hub("connect", "hubspot", "--base_url", url, "--access_token", emulator.access_token)
        door = next(line for line in hub("connection", "list").output.split() if "/in/" in line)
        key = emulator.access.developer_key
        hub("change", "hubspot", "--app_id", "7", "--webhook_url", door, "--developer_key", key)
        assert "registered the workflow action" in hub("connection", "prepare", "hubspot").output
        (action,) = emulator.workflows.definitions["7"].values()
        assert action["actionUrl"] == door


def test_prepare_of_an_account_that_does_not_work_says_why(emulator: HubSpotEmulator) -> None:
    with serve(emulator.app()) as url:
        hub("connect", "hubspot", "--base_url", url, "--access_token", emulator.access_token)
        emulator.token_expired = True
        refused = hub("connection", "prepare", "hubspot", fails=True)
    assert "EXPIRED_AUTHENTICATION" in str(refused.exception)


def test_connect_by_a_token_that_tells_no_scopes_names_the_one_that_a_call_lacked(emulator: HubSpotEmulator) -> None:
    emulator.access.scopes -= {"crm.schemas.contacts.write"}
    emulator.access.tells_scopes = False
    with serve(emulator.app()) as url:
        said = hub("connect", "hubspot", "--base_url", url, "--access_token", emulator.access_token).output
        assert "Not prepared: HubSpot refused access (MISSING_SCOPES crm.schemas.contacts.write)" in said
        assert "Check: properties missing in HubSpot: " in said
        emulator.access.scopes |= {"crm.schemas.contacts.write"}
        said = hub("connection", "prepare", "hubspot").output
    assert "created property hub_whatsapp_evidence" in said
    assert "does not tell this token's scopes" in said


def test_connect_without_a_scope_begins_nothing_in_the_account(emulator: HubSpotEmulator) -> None:
    emulator.access.scopes -= {"crm.objects.contacts.write"}
    with serve(emulator.app()) as url:
        said = hub("connect", "hubspot", "--base_url", url, "--access_token", emulator.access_token).output
    assert "Not prepared: scopes missing: crm.objects.contacts.write." in said
    assert "consent_hub" not in emulator.portal.contacts.schema.groups
