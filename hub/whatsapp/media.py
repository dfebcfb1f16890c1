# SPDX-License-Identifier: Apache-2.0
"""Files as the platform takes them: which types, how large.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

import httpx

from hub.contract import File, MediaKind, Rejected, Unavailable

MEGABYTE = 1024 * 1024
TYPES: dict[MediaKind, tuple[str, ...]] = {
    MediaKind.IMAGE: ("image/jpeg", "image/png"),
    MediaKind.VIDEO: ("video/mp4", "video/3gpp"),
    MediaKind.AUDIO: ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
    MediaKind.STICKER: ("image/webp",),
    MediaKind.DOCUMENT: (),  # any
}
LARGEST: dict[MediaKind, int] = {
    MediaKind.IMAGE: 5 * MEGABYTE,
    MediaKind.VIDEO: 16 * MEGABYTE,
    MediaKind.AUDIO: 16 * MEGABYTE,
    MediaKind.STICKER: 500 * 1024,  # an animated one; a still one 100 KB
    MediaKind.DOCUMENT: 100 * MEGABYTE,
}
# the ends of names in web addresses, for vendors that tell a file by nothing else
SUFFIXES: dict[str, MediaKind] = {
    **dict.fromkeys((".jpg", ".jpeg", ".png"), MediaKind.IMAGE),
    **dict.fromkeys((".mp4", ".3gp"), MediaKind.VIDEO),
    **dict.fromkeys((".aac", ".amr", ".mp3", ".m4a", ".ogg", ".oga", ".opus"), MediaKind.AUDIO),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".txt", ".csv"), MediaKind.DOCUMENT),
    ".webp": MediaKind.STICKER,
}


def check(file: File) -> None:
    """Raises `Rejected` for a file that WhatsApp does not take as this kind."""
    types, largest = TYPES[file.kind], LARGEST[file.kind]
    if types and bare(file.mime_type) not in types:
        raise Rejected(
            f"WhatsApp takes {', '.join(types)} as {file.kind}, not {bare(file.mime_type) or 'an unknown type'}"
        )
    if not file.content or len(file.content) > largest:
        raise Rejected(f"the file is empty or larger than {largest} bytes, the most for {file.kind}")


def kind_of(mime_type: str) -> MediaKind:
    """What a received file is, by its type."""
    known = (kind for kind, types in TYPES.items() if bare(mime_type) in types)
    return next(known, MediaKind.DOCUMENT)


def kind_by_name(link: str) -> MediaKind | None:
    """What a file is, by the end of its address. None: it cannot be told."""
    try:
        return SUFFIXES.get(PurePosixPath(urlsplit(link).path).suffix.lower())
    except ValueError:
        return None


def bare(mime_type: str) -> str:
    """The type without its parameters, in lower case."""
    return mime_type.partition(";")[0].strip().lower()


async def fetch(http: httpx.AsyncClient, url: str, headers: dict[str, str], limit: int) -> bytes:
    """The bytes behind an address that the plugin trusts, `limit` at most.

    Raises `Rejected` when they are gone or more, `Unavailable`.
    """
    async with http.stream("GET", url, headers=headers) as response:
        if response.status_code >= 400:
            gone = response.status_code in (401, 404, 410)
            raise Rejected("the file is gone") if gone else Unavailable(f"HTTP {response.status_code}")
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > limit:
                raise Rejected(f"the file is larger than {limit} bytes")
    return bytes(content)
