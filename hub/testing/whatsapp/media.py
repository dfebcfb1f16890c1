# SPDX-License-Identifier: Apache-2.0
"""Files at the emulated WhatsApp: how large, how long, and the address that opens them for five minutes.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.testing.whatsapp.refusals import Refused

UPLOADED, RECEIVED = timedelta(days=30), timedelta(days=7)
OPEN = timedelta(minutes=5)
KILO, MEGA = 1024, 1024 * 1024
_IMAGES, _VIDEOS = ("image/jpeg", "image/png"), ("video/mp4", "video/3gpp")
_SOUNDS = ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")
LARGEST = {
    **dict.fromkeys(_IMAGES, 5 * MEGA),
    **dict.fromkeys(_VIDEOS, 16 * MEGA),
    **dict.fromkeys(_SOUNDS, 16 * MEGA),
    "image/webp": 500 * KILO,
}
DOCUMENT = 100 * MEGA


@dataclass(frozen=True)
class Kept:
    """A stored file."""

    id: str
    mime_type: str
    content: bytes = field(repr=False)
    name: str = field(repr=False)
    until: datetime

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.content).digest()

    @property
    def sha256(self) -> str:
        """As webhooks write it; the answer for a media id has it in hex."""
        return base64.b64encode(self.digest).decode()


class MediaStore:
    """Files by id, gone when their time is over.

    base_url: the emulator's own address, for vendors that hand files out to everybody who has the link.
    """

    base_url = ""

    def __init__(self, rng: random.Random, now: Callable[[], datetime]) -> None:
        self._rng, self._now = rng, now
        self._files: dict[str, Kept] = {}
        self._addresses: dict[str, tuple[str, datetime]] = {}  # token: file, until when

    def put(self, content: bytes, mime_type: str, name: str = "", *, life: timedelta = UPLOADED) -> Kept:
        """Keep a file. Raises `Refused` 131053 when it is empty or too large for its type."""
        bare = mime_type.partition(";")[0].strip().lower()
        if not content or len(content) > LARGEST.get(bare, DOCUMENT):
            raise Refused(131053, "the file is empty or too large for its type")
        made = Kept(str(self._rng.randrange(10**15, 10**16)), mime_type, content, name, self._now() + life)
        self._files[made.id] = made
        return made

    def get(self, media: str) -> Kept | None:
        found = self._files.get(media)
        return found if found is not None and self._now() < found.until else None

    def delete(self, media: str) -> bool:
        return self._files.pop(media, None) is not None

    def link(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """What a person sent, with an open link to its file where the store holds it."""
        held = bool(self.base_url) and str(content.get("id", "")) in self._files
        return {**content, "link": f"{self.base_url}/files/{content['id']}"} if held else dict(content)

    def route(self) -> Route:
        """Where such links lead."""

        async def file(request: Request) -> Response:
            kept = self.get(request.path_params["media"])
            return Response(status_code=404) if kept is None else Response(kept.content, media_type=kept.mime_type)

        return Route("/files/{media}", file)

    def address(self, media: str) -> str:
        """A token that opens the file for five minutes."""
        token = f"{self._rng.getrandbits(128):032x}"
        self._addresses[token] = (media, self._now() + OPEN)
        return token

    def open(self, token: str) -> Kept | None:
        media, until = self._addresses.get(token, ("", self._now()))
        return self.get(media) if self._now() < until else None
