# SPDX-License-Identifier: Apache-2.0
"""Files at 360dialog: Meta's, without a phone number id and at another host. Kept 30 days. Source: [7]."""

from __future__ import annotations

from hub import File, Rejected, Uncertain
from hub.whatsapp import media
from hub.whatsapp.reading import number, text
from hub_dialog360.calls import Calls


async def upload(calls: Calls, file: File) -> str:
    """The media id. Raises `Rejected`, `Unavailable`, `BadConfig`."""
    media.check(file)
    form = {"messaging_product": "whatsapp", "type": file.mime_type}
    named = (file.name or "file", file.content, file.mime_type)
    stored = text((await calls.call("POST", "media", data=form, files={"file": named})).get("id"))
    if not stored:
        raise Uncertain("360dialog's answer names no file")
    return stored


async def download(calls: Calls, stored: str, limit: int) -> File:
    """A file by its id. Raises `Rejected` when it is gone, larger than `limit` or no id: more than 20 failed calls in
    an hour are answered by half an hour's block, so none is made in vain."""
    if not stored.isalnum():
        raise Rejected("this is no id of a file")
    told = await calls.call("GET", stored, gone="the file is gone")
    if (number(told.get("file_size")) or 0) > limit:
        raise Rejected(f"the file is larger than {limit} bytes")
    content = await calls.fetch(text(told.get("url")), limit)
    mime_type = text(told.get("mime_type"))
    return File(media.kind_of(mime_type), mime_type, content)
