# SPDX-License-Identifier: Apache-2.0
"""Templates as the emulated platform stores them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.testing.whatsapp import filling
from hub.testing.whatsapp.filling import Part, variables
from hub.testing.whatsapp.refusals import Refused

_REFUSALS = {"PAUSED": 132015, "DISABLED": 132016}


@dataclass
class Stored:
    """One translation of a template. `parts` are its components as they were handed in.

    pacing: so many messages go out before the rest is held; None: none is held.
    """

    id: str
    name: str
    language: str
    category: str
    parts: list[Part]
    status: str = "APPROVED"
    quality: str = "GREEN"
    named: bool = False
    pauses: int = 0
    paused_until: datetime | None = None
    pacing: int | None = None
    sent: int = 0
    extra: dict[str, Any] = field(default_factory=dict)  # other fields of the platform, e.g. a time to live

    @property
    def body(self) -> str:
        return str(self._part("BODY").get("text", ""))

    @property
    def header(self) -> str:
        return str(self._part("HEADER").get("text", ""))

    @property
    def footer(self) -> str:
        return str(self._part("FOOTER").get("text", ""))

    @property
    def buttons(self) -> tuple[Part, ...]:
        return tuple(self._part("BUTTONS").get("buttons", ()))

    @property
    def one_time_code(self) -> bool:
        return any(button["type"] == "OTP" for button in self.buttons)

    def components(self) -> list[Part]:
        return self.parts

    def check(self, components: Sequence[Any]) -> None:
        """Raises `Refused` when a send does not fit."""
        if self.status != "APPROVED":
            raise Refused(_REFUSALS.get(self.status, 132001), f"template is {self.status}")
        filling.check(self.parts, components, named=self.named)

    def _part(self, kind: str) -> Part:
        return next((part for part in self.parts if part.get("type") == kind), {})


def composed(header: str, body: str, footer: str, buttons: Sequence[str | Part], *, named: bool) -> list[Part]:
    """The components of a plain template. A button that is a label makes a quick reply."""
    parts: list[Part] = []
    if header:
        example = _example("header_text", header, named)
        parts.append({"type": "HEADER", "format": "TEXT", "text": header, **example})
    parts.append({"type": "BODY", "text": body, **_example("body_text", body, named)})
    if footer:
        parts.append({"type": "FOOTER", "text": footer})
    if buttons:
        made = [{"type": "QUICK_REPLY", "text": one} if isinstance(one, str) else one for one in buttons]
        parts.append({"type": "BUTTONS", "buttons": made})
    return parts


def texts(parts: Sequence[Part]) -> Iterator[str]:
    """Every text with variables of its own, cards included."""
    for part in parts:
        if part.get("type") in ("HEADER", "BODY"):
            yield str(part.get("text", ""))
        for card in part.get("cards", ()):
            yield from texts(card.get("components", ()))


def is_named(parts: Sequence[Part]) -> bool:
    return any(not name.isdecimal() for text in texts(parts) for name in variables(text))


def _example(kind: str, text: str, named: bool) -> Part:
    """Positional examples of a header are a list, those of a body a list of lists."""
    names = variables(text)
    if not names:
        return {}
    if named:
        return {"example": {f"{kind}_named_params": [{"param_name": name, "example": "x"} for name in names]}}
    values: list[Any] = ["x" for _ in names]
    return {"example": {kind: values if kind == "header_text" else [values]}}
