# SPDX-License-Identifier: Apache-2.0
"""People on the emulated WhatsApp, and what they do."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hub.testing.whatsapp.dialect import Dialect
from hub.testing.whatsapp.media import RECEIVED
from hub.testing.whatsapp.people import EVERY_STATUS, User, new_bsuid


class Crowd(Dialect):
    """Everybody with a phone. `strangers_have_whatsapp` is what is true of numbers nobody added."""

    keeps_files = RECEIVED  # those of people; a vendor that stores them itself may keep them longer

    def __init__(self, *, strangers_have_whatsapp: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.strangers_have_whatsapp = strangers_have_whatsapp
        self.users: dict[str, User] = {}  # by digits

    def add_user(
        self,
        number: str,
        *,
        name: str = "",
        bsuid: str | None = None,
        parent_bsuid: str = "",
        has_whatsapp: bool = True,
        reads: bool = True,
        hides_number: bool = False,
        statuses: Sequence[str] = EVERY_STATUS,
        fails: int = 0,
    ) -> User:
        """A person. `bsuid` None makes one, "" means the platform tells none; `fails` fails every message later."""
        seen = tuple(status for status in statuses if reads or status != "read")
        with self.lock:
            made = new_bsuid(number, self.random) if bsuid is None else bsuid
            user = User(number, name, made, parent_bsuid, has_whatsapp, hides_number, seen, fails)
            self.users[user.digits] = user
        return user

    def user(self, number: str) -> User:
        """The person at `number`; unknown ones come into being."""
        found = self.users.get(number.removeprefix("+"))
        return found or self.add_user(f"+{number.removeprefix('+')}", has_whatsapp=self.strangers_have_whatsapp)

    def user_by_bsuid(self, bsuid: str) -> User | None:
        return next((user for user in list(self.users.values()) if bsuid in (user.bsuid, user.parent_bsuid)), None)

    def say(self, number: str, text: str, *, at: datetime | None = None) -> str:
        """A person writes to the business. `at` is the time in the webhook. Returns the id, the key in `acks`."""
        return self.write(number, "text", {"body": text}, at=at)

    def press(self, number: str, payload: str, text: str) -> str:
        """A person presses a quick reply of the newest template they got."""
        quoted = self.user(number).last_template
        return self.write(number, "button", {"payload": payload, "text": text}, quoted=quoted)

    def send_file(self, number: str, kind: str, content: bytes, mime_type: str, *, caption: str = "") -> str:
        """A person sends a file, which the business may fetch for so long. Returns the id of the message."""
        kept = self.media.put(content, mime_type, life=self.keeps_files)
        told = {"id": kept.id, "mime_type": mime_type, "sha256": kept.sha256}
        return self.write(number, kind, {**told, "caption": caption} if caption else told)

    def write(
        self, number: str, kind: str, content: dict[str, Any], *, at: datetime | None = None, quoted: str = ""
    ) -> str:
        """A person sends anything; `content` is what Meta puts under the key `kind`. Returns the id."""
        user, when = self.user(number), at or self.clock.now()
        with self.lock:
            user.wrote_at = max(user.wrote_at or when, when)
            id_ = self.new_id(user)
        self.tell_message(user, id_, when, kind, content, quoted=quoted)
        return id_

    def prefer(self, number: str, value: str) -> None:
        """A person uses the app's own marketing switch: "stop" or "resume"."""
        user = self.user(number)
        user.stopped = value == "stop"
        self.tell_preference(user, value, self.clock.now())

    def change_number(self, old: str, new: str) -> None:
        """A person keeps the account and moves to another number; the BSUID is made anew."""
        user = self.user(old)
        before = dataclasses.replace(user)
        with self.lock:
            self.users.pop(before.digits)
            user.number = new
            user.bsuid = new_bsuid(new, self.random)
            self.users[user.digits] = user
            id_ = self.new_id(user)
        self.tell_number_changed(before, user, id_, self.clock.now())
