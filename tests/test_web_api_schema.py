# SPDX-License-Identifier: Apache-2.0
"""The API keeps to its own description, whatever somebody sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from hub.bridge import Bridge
from hub.flows import keys, world
from hub.flows.roles import Role
from hub.settings import Settings
from hub.store.vault import generate
from hub.testing.clock import Clock
from hub.web import api
from hub.work.jobs import Jobs
from tests.making import Shop


@pytest.fixture(scope="module")
def secret_and_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, object]]:
    folder: Path = tmp_path_factory.mktemp("api")
    built = world.build(Settings(data_dir=folder, keys=SecretStr(generate())), clock=Clock())
    built.db.migrate()
    shop = Shop(built)
    with shop.write() as session:
        _, secret = keys.make(built, session, shop.controller, title="tests", role=Role.ADMIN, days=1, by="Dana")
    with Bridge(connections=1) as bridge:
        app = api.build(built, Jobs(built, bridge))
        yield secret, app
    built.db.close()


def test_every_endpoint_keeps_to_its_description(secret_and_app: tuple[str, object]) -> None:
    secret, app = secret_and_app
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    headers = {"authorization": f"Bearer {secret}"}
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        def keeps_to_it(case: schemathesis.Case) -> None:
            # the second: a description cannot say which audiences and templates there are. The first:
            # it would send our key along when it means to send none; who may come in is tested elsewhere
            case.call_and_validate(headers=headers, excluded_checks=[ignored_auth, positive_data_acceptance])

        keeps_to_it()
        tried += 1
    assert tried >= 12
