# SPDX-License-Identifier: Apache-2.0
"""What the emulated WhatsApp leaves to a vendor's emulator: how it says things."""

from __future__ import annotations

import threading
from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.testing.clock import Clock
from hub.testing.emulator import Emulator
from hub.testing.whatsapp.media import MediaStore
from hub.testing.whatsapp.people import User, new_wamid
from hub.testing.whatsapp.templates import Stored


@dataclass(frozen=True)
class Sent:
    """A message the platform accepted. `to` is a +number or a BSUID, `id` the vendor's name of the message."""

    at: datetime
    to: str = field(repr=False)
    type: str
    template: str
    opaque: str
    id: str = field(repr=False)
    parameters: tuple[str, ...] = field(default=(), repr=False)
    via: str = ""  # which of the vendor's ways it took
    note: str = ""  # why it does not leave yet
    content: Any = field(default=None, repr=False)  # as the dialect took it
    quoted: str = field(default="", repr=False)  # id of the message it answers


class Dialect(Emulator):
    """A vendor's side of the platform. `after` is in seconds from now."""

    number = "+493023125000"  # the business's own
    sender = "100200300400500"  # the vendor's name of that number

    def __init__(self, *, seed: int = 0, clock: Clock | None = None, webhook_url: str = "") -> None:
        super().__init__(seed=seed, clock=clock)
        self.webhook_url = webhook_url
        self.media = MediaStore(self.random, self.clock.now)
        self.acks: dict[str, datetime] = {}  # id of a user's message: when the hub answered 2xx
        self.lock = threading.RLock()

    @abstractmethod
    def tell_status(
        self, user: User, sent: Sent, status: str, at: datetime, *, category: str, code: int, after: float
    ) -> None:
        """One of `EVERY_STATUS`, or "failed" with Meta's `code`. `category` is a template's, or "service"."""

    @abstractmethod
    def tell_message(
        self, user: User, id: str, at: datetime, kind: str, content: dict[str, Any], *, quoted: str
    ) -> None:
        """A person wrote. `content` is what Meta puts under the key `kind`; `quoted` is the id of the message that is
        answered, or empty. Once the hub has answered 2xx, `acknowledged` wants to hear of it."""

    def tell_preference(self, user: User, value: str, at: datetime) -> None:
        """A person used the app's switch: "stop" or "resume". A vendor without such a webhook stays silent."""

    def tell_number_changed(self, old: User, new: User, id: str, at: datetime) -> None:
        """A person moved to another number. A vendor without such a webhook stays silent."""

    def tell_template(self, template: Stored, what: str, *, old: str, new: str) -> None:
        """`what` is "status", "category", "category_pending" or "quality". The template is as it is now."""

    def tell_sender(self, what: str, *, old: str, new: str) -> None:
        """`what` is "quality", "tier" (-1: without limit), "throughput" or "restricted" (`new`: until when). A vendor
        without such a webhook stays silent."""

    def new_id(self, user: User) -> str:
        """The vendor's name of a message."""
        return new_wamid(user, self.random)

    def acknowledged(self, id: str, at: datetime) -> None:
        """The hub took the webhook that told of this message."""
        self.acks.setdefault(id, at)
