# SPDX-License-Identifier: Apache-2.0
"""Files at Meta: handed in for sending, fetched when people sent them.

Source: business-phone-numbers/media. An upload is kept 30 days, a received file 7; its address opens for 5 minutes.
"""

from __future__ import annotations

from hub import File, Rejected, Uncertain
from hub.whatsapp import media
from hub.whatsapp.reading import number, text
from hub_meta.graph import Graph


async def upload(graph: Graph, sender: str, file: File) -> str:
    """The media id. Raises `Rejected`, `Unavailable`, `BadConfig`."""
    media.check(file)
    form = {"messaging_product": "whatsapp", "type": file.mime_type}
    named = (file.name or "file", file.content, file.mime_type)
    answer = await graph.call("POST", f"{sender}/media", data=form, files={"file": named})
    stored = text(answer.get("id"))
    if not stored:
        raise Uncertain("Meta's answer names no file")
    return stored


async def download(graph: Graph, sender: str, stored: str, limit: int) -> File:
    """A file by its id. Raises `Rejected` when it is gone, larger than `limit` or no id."""
    if not stored.isalnum():
        raise Rejected("this is no id of a file")
    told = await graph.call("GET", stored, {"phone_number_id": sender}, gone="the file is gone")
    if (number(told.get("file_size")) or 0) > limit:
        raise Rejected(f"the file is larger than {limit} bytes")
    content = await graph.fetch(text(told.get("url")), limit)
    mime_type = text(told.get("mime_type"))
    return File(media.kind_of(mime_type), mime_type, content)
