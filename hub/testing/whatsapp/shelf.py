# SPDX-License-Identifier: Apache-2.0
"""The templates of the business on the emulated WhatsApp, and what Meta does with them.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates: template-quality, -pausing, -pacing
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from hub.testing.whatsapp.dialect import Dialect
from hub.testing.whatsapp.people import is_bsuid
from hub.testing.whatsapp.refusals import Refused
from hub.testing.whatsapp.templates import Stored, composed, is_named

PAUSES = (timedelta(hours=3), timedelta(hours=6))  # the third time it is disabled


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
        body: str = "",
        status: str = "APPROVED",
        header: str = "",
        footer: str = "",
        buttons: Sequence[str | dict[str, Any]] = (),
        components: Sequence[dict[str, Any]] = (),
        pacing: int | None = None,
    ) -> Stored:
        """A template, from its texts or whole `components`. A button may be a quick reply's label or an object."""
        plain = [{"type": "HEADER", "text": header}, {"type": "BODY", "text": body}]
        named = is_named(components or plain)
        parts = list(components) or composed(header, body, footer, buttons, named=named)
        with self.lock:
            id_ = str(self.random.randrange(10**14, 10**15))
            made = Stored(id_, name, language, category, parts, status, named=named, pacing=pacing)
            self.templates[name, language] = made
        return made

    def set_template_status(self, name: str, language: str, status: str) -> None:
        """Meta's review or quality check moves a template."""
        self._move(self.templates[name, language], status)

    def rate_template(self, name: str, language: str, quality: str) -> None:
        """People's feedback moves the quality. RED pauses the template for 3 h, then 6 h, then disables it."""
        template = self.templates[name, language]
        old, template.quality = template.quality, quality
        self.tell_template(template, "quality", old=old, new=quality)
        if quality != "RED":
            return
        if template.pauses == len(PAUSES):
            self._move(template, "DISABLED")
            return
        template.paused_until = self.clock.now() + PAUSES[template.pauses]
        template.pauses += 1
        self._move(template, "PAUSED")

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
        if template.paused_until is not None and self.clock.now() >= template.paused_until:
            template.paused_until = None
            self._move(template, "APPROVED")
        template.check(asked.components)
        return template

    def _move(self, template: Stored, status: str) -> None:
        old, template.status = template.status, status
        self.tell_template(template, "status", old=old, new=status)
