# SPDX-License-Identifier: Apache-2.0
"""Templates as the emulated platform stores them, and what it refuses when one is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.testing.whatsapp.refusals import Refused

LONGEST_BODY = 1024
_VARIABLE = re.compile(r"\{\{(\w+)\}\}")
_REFUSALS = {"PAUSED": 132015, "DISABLED": 132016}


@dataclass
class Stored:
    """One translation of a template."""

    id: str
    name: str
    language: str
    category: str
    body: str
    status: str = "APPROVED"
    header: str = ""
    footer: str = ""
    buttons: tuple[dict[str, Any], ...] = ()
    quality: str = "GREEN"

    @property
    def named(self) -> bool:
        return any(not name.isdecimal() for name in variables(self.body) + variables(self.header))

    @property
    def one_time_code(self) -> bool:
        return any(button["type"] == "OTP" for button in self.buttons)

    def components(self) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if self.header:
            parts.append({"type": "HEADER", "format": "TEXT", "text": self.header, **self._example("header_text")})
        parts.append({"type": "BODY", "text": self.body, **self._example("body_text")})
        if self.footer:
            parts.append({"type": "FOOTER", "text": self.footer})
        if self.buttons:
            parts.append({"type": "BUTTONS", "buttons": list(self.buttons)})
        return parts

    def _example(self, kind: str) -> dict[str, Any]:
        """Positional examples of a header are a list, those of a body a list of lists."""
        names = variables(self.header if kind == "header_text" else self.body)
        if not names:
            return {}
        if self.named:
            return {"example": {f"{kind}_named_params": [{"param_name": name, "example": "x"} for name in names]}}
        values: list[Any] = ["x" for _ in names]
        return {"example": {kind: values if kind == "header_text" else [values]}}

    def check(self, components: Sequence[Any]) -> None:
        """Raises `Refused` when a send does not fit."""
        if self.status != "APPROVED":
            raise Refused(_REFUSALS.get(self.status, 132001), f"template is {self.status}")
        given = {str(part.get("type", "")).lower(): part for part in components if isinstance(part, dict)}
        self._check_texts(self.header, given.get("header"), "header")
        filled = self._check_texts(self.body, given.get("body"), "body")
        if len(filled) > LONGEST_BODY:
            raise Refused(132005, "body is longer than 1024 characters")
        self._check_buttons([part for part in components if isinstance(part, dict)])

    def _check_texts(self, text: str, part: dict[str, Any] | None, where: str) -> str:
        parameters = list((part or {}).get("parameters", ()))
        names = variables(text)
        if len(parameters) != len(names):
            raise Refused(132000, f"{where}: localizable_params ({len(parameters)}) != expected ({len(names)})")
        for position, parameter in enumerate(parameters):
            if parameter.get("type") != "text":
                raise Refused(132012, f"{where}: expected a text parameter")
            if not parameter.get("text"):
                raise Refused(131008, f"{where}: parameter of type text is missing text value")
            name = parameter.get("parameter_name") if self.named else names[position]
            if name is None:
                raise Refused(132012, f"{where}: parameter name is missing or empty")
            if name not in names:
                raise Refused(100, f"{where}: unknown parameter name")
            text = text.replace("{{" + name + "}}", parameter["text"])
        return text

    def _check_buttons(self, components: list[dict[str, Any]]) -> None:
        given = {str(part.get("index")): part for part in components if str(part.get("type")).lower() == "button"}
        for index, button in enumerate(self.buttons):
            needed = bool(variables(button.get("url", ""))) or button["type"] == "OTP"
            parameters = given.get(str(index), {}).get("parameters", ())
            if needed and len(parameters) != 1:
                raise Refused(131008, f"buttons: button at index {index} requires a parameter")


def variables(text: str) -> list[str]:
    """Names of the variables, each once, in order."""
    return list(dict.fromkeys(_VARIABLE.findall(text)))


def button(given: str | dict[str, Any]) -> dict[str, Any]:
    """A button; a plain label makes a quick reply."""
    return {"type": "QUICK_REPLY", "text": given} if isinstance(given, str) else given
