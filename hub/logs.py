# SPDX-License-Identifier: Apache-2.0
"""Logs: structured, to stderr, and without anything that looks like a number, an address or a token."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NUMBER = re.compile(r"\+?\d[\d\s/().\u2000-\u206f-]{6,}\d")  # between digits also dashes, and marks nobody sees
_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
_TOKEN = re.compile(r"\b(?:EAA|pat-|Bearer\s+)[\w.~+/=-]{8,}", re.IGNORECASE)
_OPAQUE = re.compile(r"[0-9a-f]{32}(?::[a-z_]+)?")


def redact(value: Any) -> Any:
    """A value as it may be logged. Our own opaque ids stay readable."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, dict):
        return {redact(key): redact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact(item) for item in value]
    text = value if isinstance(value, str) else repr(value)
    if _OPAQUE.fullmatch(text):
        return text
    for pattern, shown in ((_TOKEN, "[token]"), (_ADDRESS, "[address]"), (_NUMBER, "[number]")):
        text = pattern.sub(shown, text)
    return value if isinstance(value, int) and text == repr(value) else text


def _redacted(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value if key == "timestamp" else redact(value) for key, value in event.items()}


class _Stderr:
    """Whatever stderr is when something is logged; a test runner or a parent process may exchange it.

    A log that cannot be written, as on a full disk, stops nothing.
    """

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


class _Redacting(logging.Formatter):
    """What libraries log, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return str(redact(super().format(record)))


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
    handler = logging.StreamHandler(_Stderr())
    handler.setFormatter(_Redacting("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler])
