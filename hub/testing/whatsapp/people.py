# SPDX-License-Identifier: Apache-2.0
"""The people on the emulated WhatsApp, and the ids by which the platform names them and their messages."""

from __future__ import annotations

import base64
import random
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import phonenumbers

WINDOW = timedelta(hours=24)
EVERY_STATUS = ("sent", "delivered", "read")
_REGIONS = {str(code): regions for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()}
_BSUID = re.compile(r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$")


@dataclass
class User:
    """A person with a phone. `statuses` is what a business learns of its messages; `fails` a code instead."""

    number: str = field(repr=False)  # +E.164
    name: str = ""
    bsuid: str = field(default="", repr=False)
    parent_bsuid: str = field(default="", repr=False)
    has_whatsapp: bool = True
    hides_number: bool = False  # has a username: webhooks carry no number
    statuses: tuple[str, ...] = EVERY_STATUS
    fails: int = 0
    stopped: bool = False
    wrote_at: datetime | None = None
    last_template: str = ""  # wamid of the newest template this person got

    @property
    def digits(self) -> str:
        return self.number.removeprefix("+")

    def window_open(self, now: datetime) -> bool:
        return self.wrote_at is not None and now - self.wrote_at < WINDOW

    def ids(self, number: str, bsuid: str, parent: str) -> dict[str, str]:
        """This person's identifiers under the given keys; what is withheld is an absent key."""
        known = {number: "" if self.hides_number else self.digits, bsuid: self.bsuid, parent: self.parent_bsuid}
        return {key: value for key, value in known.items() if value}


def digits_of(written: str) -> str:
    """The digits of a number as callers write it; empty when it is none."""
    bare = re.sub(r"[+\-() ]", "", written)
    return bare if bare.isdecimal() and 5 <= len(bare) <= 15 else ""


def is_bsuid(text: str) -> bool:
    return _BSUID.match(text) is not None


def new_bsuid(number: str, rng: random.Random) -> str:
    """A user id as the platform makes them: the country of the number and digits. Empty for no known country."""
    country = _country(number)
    return f"{country}.{rng.randrange(10**18, 10**19)}" if country.isalpha() else ""


def _country(number: str) -> str:
    """Parsing is dear; most calling codes belong to one country only."""
    digits = number.removeprefix("+")
    regions = next((found for size in (1, 2, 3) if (found := _REGIONS.get(digits[:size]))), ())
    if len(regions) == 1:
        return str(regions[0])
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""


def new_wamid(user: User, rng: random.Random) -> str:
    """Looks like Meta's: base64 that holds the other party's number in clear."""
    who = (user.bsuid if user.hides_number and user.bsuid else user.digits).encode()
    secret = f"{rng.getrandbits(72):018X}".encode()
    raw = bytes((0x1C, 0x18, len(who))) + who + b"\x15\x02\x00\x11\x18\x12" + secret + b"\x00"
    return f"wamid.{base64.b64encode(raw).decode()}"
