# SPDX-License-Identifier: Apache-2.0
"""Reads a form with files (multipart/form-data), as emulators of vendors that take uploads need it."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes, policy


@dataclass(frozen=True)
class Item:
    """One field of a form. `filename` is empty where it is no file."""

    content: bytes = field(repr=False)
    filename: str = field(default="", repr=False)
    mime_type: str = ""

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")


def read(content_type: str, body: bytes) -> dict[str, Item]:
    """The fields by name; empty when this is no such form."""
    if not content_type.lower().startswith("multipart/form-data"):
        return {}
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=policy.HTTP)
    items: dict[str, Item] = {}
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and isinstance(content, bytes):
            items[name] = Item(content, part.get_filename() or "", part.get_content_type())
    return items
