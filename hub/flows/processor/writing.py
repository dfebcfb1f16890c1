# SPDX-License-Identifier: Apache-2.0
"""A file as TOML to fill in: what stands in it already, every question, and as remarks what is publicly known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import orjson
from pydantic import BaseModel

from hub.contract import ProcessorProfile, Topic
from hub.flows.processor import known
from hub.flows.processor.form import Certificate, Form, Hop, Subprocessor
from hub.flows.processor.points import POINTS

_HEAD = """\
# File on {title}. Fill in what you have seen yourself, then: hub processor file {name} FILE --by "YOUR NAME"
# Lines that begin with # are not read. "known:" is what the plugin's author read somewhere; it counts as no check,
# and what is marked UNCONFIRMED had no usable source. Dates are written 2026-01-31, countries as two letters.
"""
_EMPTY: dict[str, str] = {"date": "2026-01-31", "int": "24"}
_OF: dict[str, tuple[Topic, ...]] = {
    "identity": (Topic.ENTITY, Topic.ROLE, Topic.SEAT, Topic.PARENT),
    "agreement": (Topic.DPA,),
    "hosting": (Topic.HOSTING, Topic.LOCAL_STORAGE, Topic.SUPPORT_ACCESS, Topic.RETENTION),
    "subprocessors": (Topic.SUBPROCESSORS,),
    "transfers": (Topic.TRANSFERS,),
    "certificates": (Topic.CERTIFICATES,),
}


def toml(form: Form, profile: ProcessorProfile, title: str, name: str) -> str:
    """The whole form. Read again as it is, it says the same as `form`."""
    return "\n".join(_lines(form, profile, title, name)) + "\n"


def _lines(form: Form, profile: ProcessorProfile, title: str, name: str) -> Iterator[str]:
    yield _HEAD.format(title=title, name=name)
    yield from (f"# see with your own eyes: {what}" for what in profile.to_verify)
    yield "# purposes that may go through this provider: all, or a list such as SERVICE, UTILITY, OPT_OUT_CONFIRMATION"
    yield f"purposes = {_value(form.purposes)}"
    yield _entry("valid_until", form.valid_until, "date") + "  # next review; without it 12 months, 6 with a US hop"
    yield f"note = {_value(form.note)}"
    single: tuple[tuple[str, BaseModel], ...] = (
        ("identity", form.identity),
        ("agreement", form.agreement),
        ("hosting", form.hosting),
    )
    for section, one in single:
        yield from ("", f"[{section}]", *_known(profile, *_OF[section]), *_fields(one))
    lists: tuple[tuple[str, tuple[BaseModel, ...], BaseModel], ...] = (
        ("subprocessors", form.subprocessors, Subprocessor(name="", country="")),
        ("transfers", form.transfers, Hop(recipient="", to="US", tool="A45-3", valid_until=date(2027, 1, 31))),
        ("certificates", form.certificates, Certificate(name="", valid_until=date(2027, 1, 31))),
    )
    for section, parts, example in lists:
        yield from ("", f"# {section}: one block each", *_known(profile, *_OF[section]))
        for part in parts:
            yield from (f"[[{section}]]", *_fields(part))
        if not parts:
            yield from (f"# {line}" for line in (f"[[{section}]]", *_fields(example)))
    yield from _points(form, profile)


def _points(form: Form, profile: ProcessorProfile) -> Iterator[str]:
    yield from ("", "# points. status: open, ok, gap or na. evidence: where it can be seen.")
    section = ""
    for point in POINTS.values():
        if point.section != section:
            section = point.section
            yield from ("", f"# --- {section}")
        need = "needed, or na" if point.spare else "needed" if point.needed else "optional"
        yield from ("", f"# {point.en}", f"# {point.de}", f"# {point.source}; {need}")
        yield from _known(profile, point.topic)
        yield f"[points.{point.id}]"
        yield from _fields(form.check(point.id))


def _known(profile: ProcessorProfile, *topics: Topic) -> Iterator[str]:
    for topic in topics:
        for fact in known.facts(profile, topic):
            yield f"# known: {topic}: {' '.join(known.line(fact).split())}"


def _fields(part: BaseModel) -> Iterator[str]:
    for name, info in type(part).model_fields.items():
        kind = "date" if "date" in str(info.annotation) else "int"
        yield _entry(name, getattr(part, name), kind)


def _entry(name: str, value: Any, kind: str) -> str:
    return f"{name} = {_value(value)}" if value is not None else f"# {name} = {_EMPTY[kind]}"


def _value(value: Any) -> str:
    """TOML's strings are JSON's; DEL, which JSON lets stand, is the one exception."""
    if isinstance(value, date):
        return value.isoformat()
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")
