# SPDX-License-Identifier: Apache-2.0
"""The fixtures `browser`, one Chromium for a module, and `premises`, a served hub that it looks at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from hub.bridge import Bridge
from hub.testing.browser import chromium
from hub.testing.emulator import serve
from hub.web.app import build
from hub.work.jobs import Jobs
from tests.making import Shop
from tests.tabs import Premises


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def premises(shop: Shop, browser: Browser) -> Iterator[Premises]:
    with Bridge(connections=1) as bridge:
        app = build(shop.world, lambda ids: None, Jobs(shop.world, bridge))
        with serve(app) as base:
            made = Premises(shop, app, base, browser)
            yield made
            for context in made.contexts:
                context.close()
