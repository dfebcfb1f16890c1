# SPDX-License-Identifier: Apache-2.0
"""Logs: structured, to stderr, and without anything that looks like a number, an address or a token."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NUMBER = re.compile(r"\+?\d[\d\s/().-]{6,}\d")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_TOKEN = re.compile(r"\b(?:EAA|pat-|Bearer )[\w.-]{8,}")
_OPAQUE = re.compile(r"[0-9a-f]{32}(?::[\w.]+)?")


def redact(value: Any) -> Any:
    """A value as it may be logged. Our own opaque ids stay readable."""
    if not isinstance(value, str) or _OPAQUE.fullmatch(value):
        return value
    for pattern, shown in ((_TOKEN, "[token]"), (_ADDRESS, "[address]"), (_NUMBER, "[number]")):
        value = pattern.sub(shown, value)
    return value


def _redacted(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value if key == "timestamp" else redact(value) for key, value in event.items()}


class _Stderr:
    """Whatever stderr is when something is logged; a test runner or a parent process may exchange it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(level: str = "info") -> None:
    """Once per process, by its entry point."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redacted,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(_Stderr()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
