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
    found = {row["name"]: row["median"] for row in said["results"]}
    assert 2 <= found[f"stops_{backend}"] <= 6
    assert found[f"allowed_after_stop_{backend}"] == 0
    assert 0 < found[f"commit_to_empty_queue_p50_ms_{backend}"] <= found[f"commit_to_empty_queue_max_ms_{backend}"]
    assert found[f"door_to_commit_p50_ms_{backend}"] <= found[f"door_to_commit_max_ms_{backend}"]
    late = max(0.0, found[f"commit_to_last_request_p99_ms_{backend}"])
    assert found["stop_p99_ms"] == late
