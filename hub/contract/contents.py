# SPDX-License-Identifier: Apache-2.0
"""What a message says. All but `TemplateContent` is free-form: the platform takes it inside the service window only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class MediaKind(StrEnum):
    """The kinds of file that WhatsApp carries."""

    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    AUDIO = "audio"
    STICKER = "sticker"


@dataclass(frozen=True, slots=True)
class Media:
    """A file at the vendor (`id`) or on the web (`link`, https); one of the two. `name` is shown for documents."""

    kind: MediaKind
    link: str = field(default="", repr=False)
    id: str = ""
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TextContent:
    """Free text."""

    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TemplateContent:
    """An approved template and what fills it; `hub.contract.parts` says which keys `parameters` may have."""

    name: str
    language: str
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class MediaContent:
    """A file, with a caption where the kind has one (image, video, document)."""

    media: Media
    caption: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to press: a button, or a row of a list. `id` comes back as `MessageReceived.button`."""

    id: str
    title: str
    description: str = ""  # rows only


@dataclass(frozen=True, slots=True)
class ButtonsContent:
    """A question with up to three buttons."""

    body: str = field(repr=False)
    buttons: tuple[Choice, ...]
    header: str | Media = field(default="", repr=False)
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of a list under one title."""

    title: str
    rows: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ListContent:
    """A question with a list behind a button labelled `label`; ten rows at most over all sections."""

    body: str = field(repr=False)
    label: str
    sections: tuple[Section, ...]
    header: str = field(default="", repr=False)
    footer: str = ""


@dataclass(frozen=True, slots=True)
class LinkContent:
    """A text with one button that opens a web page (WhatsApp: call to action URL)."""

    body: str = field(repr=False)
    label: str
    url: str = field(repr=False)
    header: str | Media = field(default="", repr=False)
    footer: str = ""


@dataclass(frozen=True, slots=True)
class FlowContent:
    """A text with one button that opens a WhatsApp Flow. `token` is ours and opaque, `screen` the first one."""

    body: str = field(repr=False)
    label: str
    flow: str
    token: str
    screen: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True)
class LocationContent:
    """A place. Degrees, WGS 84."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A contact card of somebody who agreed to be passed on, or of the company itself."""

    name: str = field(repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)  # with country code
    emails: tuple[str, ...] = field(default=(), repr=False)
    company: str = ""


@dataclass(frozen=True, slots=True)
class CardsContent:
    """Contact cards."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class ReactionContent:
    """An emoji on a message of the person, named by the provider's id; an empty emoji takes it back."""

    to: str = field(repr=False)
    emoji: str


Content = (
    TextContent
    | TemplateContent
    | MediaContent
    | ButtonsContent
    | ListContent
    | LinkContent
    | FlowContent
    | LocationContent
    | CardsContent
    | ReactionContent
)
