# SPDX-License-Identifier: Apache-2.0
"""The templates of the business on the emulated WhatsApp, and what Meta does with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hub.testing.whatsapp.dialect import Dialect
from hub.testing.whatsapp.people import is_bsuid
from hub.testing.whatsapp.refusals import Refused
from hub.testing.whatsapp.templates import Stored, button


class TemplateSend(NamedTuple):
    """Which template is sent, and what fills it. `components` are in Meta's words."""

    name: str
    language: str
    components: Sequence[Any] = ()


class Shelf(Dialect):
    """Every translation of every template."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.templates: dict[tuple[str, str], Stored] = {}  # by name and language

    def add_template(
        self,
        name: str,
        language: str = "de",
        *,
        category: str = "MARKETING",
        body: str,
        status: str = "APPROVED",
        header: str = "",
        footer: str = "",
        buttons: Sequence[str | dict[str, Any]] = (),
    ) -> Stored:
        """A template. A button may be a quick reply's label or the object as Meta lists it."""
        with self.lock:
            made = Stored(
                id=str(self.random.randrange(10**14, 10**15)),
                name=name,
                language=language,
                category=category,
                body=body,
                status=status,
                header=header,
                footer=footer,
                buttons=tuple(map(button, buttons)),
            )
            self.templates[name, language] = made
        return made

    def set_template_status(self, name: str, language: str, status: str) -> None:
        """Meta's review or quality check moves a template."""
        template = self.templates[name, language]
        old, template.status = template.status, status
        self.tell_template(template, "status", old=old, new=status)

    def recategorise(self, name: str, language: str, category: str, *, pending: bool = False) -> None:
        """Meta moves a template to another category, or first announces it."""
        template = self.templates[name, language]
        old = template.category
        if not pending:
            template.category = category
        self.tell_template(template, "category_pending" if pending else "category", old=old, new=category)

    def sendable(self, asked: TemplateSend, to: str) -> Stored:
        """The template, if it may be sent like this. Raises `Refused`."""
        template = self.templates.get((asked.name, asked.language))
        if template is None:
            raise Refused(132001, "template name does not exist in this language")
        if template.one_time_code and is_bsuid(to):
            raise Refused(131062)
        template.check(asked.components)
        return template
