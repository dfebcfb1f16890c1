# SPDX-License-Identifier: Apache-2.0
"""A poster for an opt-in page, to print. Its code leads to the page, since who scans it has not seen the text yet."""

from __future__ import annotations

import io
import re
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hub import paper
from hub.contract import BadInput

SIZES = {"a4": (210, 297), "a5": (148, 210)}
_LEFT, _WIDTH = 18, 174  # mm on A4; A5 has the same shape and is scaled
_PLAIN, _BOLD = 0.5, 0.56  # how wide a letter is, in parts of its size; rather too wide than too narrow
_QR = 100  # mm


@dataclass(frozen=True, slots=True)
class Poster:
    """What it says."""

    controller: str
    title: str
    topics: str
    language: str
    url: str
    words: dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text at its place, in mm."""

    x: float
    y: float
    size: float
    text: str
    bold: bool = False
    soft: bool = False


def make(controller: str, title: str, topics: Sequence[str], language: str, url: str) -> Poster:
    """What a poster says, in `language`. Raises `BadInput` for one that is not offered."""
    return Poster(controller, title, ", ".join(topics), language, url, _words(language, controller))


def draw(made: Poster, size: str, form: str) -> bytes:
    """The poster as `form` "svg" or "pdf" (which needs the extra `pdf`). Raises `BadInput` for another size or form."""
    if size not in SIZES:
        raise BadInput(f"{size!r} is neither", field="size", remedy="Use a4 or a5.")
    if form not in ("pdf", "svg"):
        raise BadInput(f"{form!r} is neither", field="form", remedy="Use pdf or svg.")
    return pdf(made, size) if form == "pdf" else svg(made, size)


def code(url: str) -> str:
    """The QR code alone, as a data URI for a page."""
    return str(segno.make(url, error="m").svg_data_uri(scale=5, border=2))


def _words(language: str, owner: str) -> dict[str, str]:
    rows = tomllib.loads(files("hub.poster").joinpath("sheets", "words.toml").read_text("utf-8"))
    if language not in rows["hint"]:
        raise BadInput(f"{language!r} is not offered", field="language", remedy="Use one of: de, en.")
    return {name: said[language].replace("{controller}", owner) for name, said in rows.items()}


def pdf(made: Poster, size: str) -> bytes:
    """Needs the extra `pdf`."""
    source = files("hub.poster").joinpath("sheets", "poster.typ").read_text("utf-8")
    facts = {"title": made.title, "controller": made.controller, "topics": made.topics, "url": made.url}
    code = io.BytesIO()
    segno.make(made.url, error="q").save(code, kind="svg", border=4)
    inputs = {**made.words, **facts, "size": size, "language": made.language}
    return paper.pdf(source, inputs=inputs, files={"qr.svg": code.getvalue()})


def svg(made: Poster, size: str) -> bytes:
    """Drawn for A4; the other sizes have the same shape."""
    code = segno.make(made.url, error="q")
    drawn = re.search(r"<path[^>]*>", code.svg_inline(border=4))
    assert drawn, "segno draws a path"
    modules = code.symbol_size(border=4)[0]
    head, foot = list(_head(made)), list(_foot(made))
    top = (max(line.y for line in head) + min(line.y for line in foot) - _QR) / 2 - 5
    quiet = _QR * 4 / modules  # the empty edge of the code, so that what is seen of it stands on the margin
    qr = {"x": _LEFT - quiet, "y": top, "side": _QR, "modules": modules, "path": Markup(drawn[0])}  # noqa: S704
    lines = [*head, *_steps(made, top), *foot]
    width, height = SIZES[size]
    pages = Environment(
        loader=PackageLoader("hub.poster", "sheets"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return pages.get_template("poster.svg").render(p=made, lines=lines, qr=qr, width=width, height=height).encode()


def _head(made: Poster) -> Iterator[Line]:
    y = 18.0
    for text in _wrapped(made.controller, 6.5):
        y += 8.5
        yield Line(_LEFT, y, 6.5, text, soft=True)
    size = next((size for size in (16, 13, 11) if len(_wrapped(made.title, size, wide=_BOLD)) <= 2), 9)
    y += 5
    for text in _wrapped(made.title, size, wide=_BOLD):
        y += size * 1.15
        yield Line(_LEFT, y, size, text, bold=True)
    y += 6
    for text in _wrapped(f"{made.words['about']} {made.topics}", 7):
        y += 9.5
        yield Line(_LEFT, y, 7, text)


def _steps(made: Poster, top: float) -> Iterator[Line]:
    """Beside the code, in the middle of its height; its address is below."""
    x, size = _LEFT + _QR + 4, 6.5
    steps = [_wrapped(made.words[name], size, _WIDTH - _QR - 13) for name in ("one", "two", "three")]
    high = sum(len(step) for step in steps) * 8.2 + 6 * (len(steps) - 1)
    y = top + (_QR - high) / 2 + size
    for number, step in enumerate(steps, 1):
        yield Line(x, y, size, f"{number}.", bold=True)
        for text in step:
            yield Line(x + 9, y, size, text)
            y += 8.2
        y += 6
    yield Line(_LEFT, max(y, top + _QR) + 3, 5, made.url, soft=True)


def _foot(made: Poster) -> Iterator[Line]:
    said = _wrapped(made.words["hint"], 5)
    for index, text in enumerate(reversed(said)):
        yield Line(_LEFT, 283 - index * 6.8, 5, text)


def _wrapped(text: str, size: float, width: float = _WIDTH, wide: float = _PLAIN) -> list[str]:
    return textwrap.wrap(text, int(width / (size * wide))) or [""]
