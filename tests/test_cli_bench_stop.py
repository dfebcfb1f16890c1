# SPDX-License-Identifier: Apache-2.0
"""`hub bench stop`: a small campaign on each database, stopped while it runs."""

from __future__ import annotations

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli import app


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_stops_in_a_running_campaign_are_measured_and_nothing_is_allowed_after_them(backend: str) -> None:
    words = ("bench", "stop", "--people", "150", "--stops", "6", "--rate", "30", "--backend", backend, "--json")
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 0, ran.output
    said = orjson.loads(ran.stdout)
    assert said["bench"] == "stop"
    (result,) = said["results"].values()
    assert 2 <= result["stops"] <= 6
    assert result["allowed_after_stop"] == 0
    assert result["commit_to_empty_queue_ms"]["count"] == result["stops"]
    assert result["door_to_commit_ms"]["p50"] <= result["door_to_commit_ms"]["max"]
