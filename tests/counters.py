# SPDX-License-Identifier: Apache-2.0
"""A shop with a counter: what staff type as commands acts in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from hub.flows.world import build
from hub.settings import Settings
from hub.store.vault import generate
from hub.testing.clock import Clock
from tests.making import Shop


@contextmanager
def counter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop in a folder, and the environment that makes commands act in it."""
    keys = generate()
    world = build(Settings(data_dir=folder, keys=SecretStr(keys)), clock=Clock())
    world.db.migrate()
    monkeypatch.setenv("HUB_DATA_DIR", str(folder))
    monkeypatch.setenv("HUB_KEYS", keys)
    monkeypatch.setenv("HUB_LOG_LEVEL", "error")
    yield Shop(world)
    world.db.close()
