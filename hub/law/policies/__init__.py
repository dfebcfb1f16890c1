# SPDX-License-Identifier: Apache-2.0
"""The policies we ship. A default lives here, in a file a lawyer can read, and nowhere in code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from hub.law.policy import Policy, parse


def names() -> tuple[str, ...]:
    """The names `load` knows."""
    return tuple(sorted(file.name.removesuffix(".toml") for file in files(__name__).iterdir() if _is_policy(file.name)))


@cache
def load(name: str) -> Policy:
    """The packaged policy of that name. Raises `LookupError` if there is none."""
    return parse(text(name).encode())


def text(name: str) -> str:
    """The TOML of the packaged policy of that name. Raises `LookupError` if there is none."""
    if name not in names():
        raise LookupError(f"no policy named {name!r}")
    return files(__name__).joinpath(f"{name}.toml").read_text("utf-8")


def _is_policy(file: str) -> bool:
    return file.endswith(".toml")
