# SPDX-License-Identifier: Apache-2.0
"""What comes in: vendor webhooks in our words. `at` is when it happened for the vendor, aware, UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hub.contract.contents import Media
from hub.contract.errors import HubError
from hub.contract.words import PlatformCategory, Point, Status, TemplateState


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """A provider's word about one message. `message_id` is ours, where the vendor echoes it."""

    status: Status
    at: datetime
    provider_message_id: str = field(default="", repr=False)
    message_id: str = ""
    error: HubError | None = None  # for `FAILED`: the same type a synchronous answer would have raised


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A person wrote to a sender. `points` are all identifiers the vendor gave, best first."""

    sender: str
    points: tuple[Point, ...]
    at: datetime
    provider_message_id: str = field(repr=False)
    kind: str  # in Meta's words, whoever the vendor is: "text", "button", "image", "audio", "reaction", "unsupported"
    text: str = field(default="", repr=False)
    button: str = ""  # payload id of a pressed button
    in_reply_to: str = field(default="", repr=False)
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class PreferenceChanged:
    """The person used the app's own marketing switch. `stopped=False` is no consent."""

    sender: str
    points: tuple[Point, ...]
    at: datetime
    stopped: bool


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """A person's number or BSUID was replaced. Stops carry over, consent does not."""

    sender: str
    old: tuple[Point, ...]
    new: tuple[Point, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class TemplateChanged:
    """A template's state or category moved at the platform, or its `words` were changed there."""

    name: str
    language: str
    at: datetime
    state: TemplateState | None = None
    category: PlatformCategory | None = None
    words: bool = False


@dataclass(frozen=True, slots=True)
class SenderChanged:
    """Something about a sender or its account that a person should see.

    worse: the platform rates its quality low, or lower than before. template: what is rated, as NAME/LANGUAGE, if it is
    a template.
    """

    sender: str
    what: str
    at: datetime
    can_send: bool = True
    worse: bool = False
    template: str = ""


@dataclass(frozen=True, slots=True)
class Echoed:
    """Somebody wrote from the WhatsApp Business app on the same number: past the gate, so the sender is stopped."""

    sender: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SendRequested:
    """A CRM workflow asks for one message. `event` is its own id and makes the request unique.

    Whatever is not named (language, sender, topic) core takes from the connection's defaults, or refuses.
    """

    event: str
    record: str = field(repr=False)
    template: str  # NAME or NAME/LANGUAGE
    purpose: str  # claimed
    at: datetime
    topic: str = ""
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    callback: str = ""  # the workflow waits; comes back in the `Report` that says what became of it


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """A CRM record changed; the next sync reads it."""

    record: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class ContactsMerged:
    """The CRM made one record of several: `record` stays, those of `merged` are gone."""

    record: str = field(repr=False)
    merged: tuple[str, ...] = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class AudienceChanged:
    """Members of a CRM list changed."""

    audience: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PrivacyDeletion:
    """The CRM erased a person on privacy grounds: erase here too (Art. 17 and 19 GDPR)."""

    record: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something this plugin does not know yet; kept and shown, never dropped."""

    what: str
    at: datetime


Event = (
    StatusChanged
    | MessageReceived
    | PreferenceChanged
    | IdentityChanged
    | TemplateChanged
    | SenderChanged
    | Echoed
    | SendRequested
    | ContactChanged
    | ContactsMerged
    | AudienceChanged
    | PrivacyDeletion
    | Unknown
)
