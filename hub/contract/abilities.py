# SPDX-License-Identifier: Apache-2.0
"""What some providers can do beyond sending. A plugin that can, inherits the class beside `Provider` and lists the
word in `can`; the suite holds both against each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.contract.contents import (
    ButtonsContent,
    CardsContent,
    FlowContent,
    LinkContent,
    ListContent,
    LocationContent,
    MediaContent,
    MediaKind,
    ReactionContent,
    TemplateContent,
    TextContent,
)
from hub.contract.errors import Rejected
from hub.contract.messages import Outgoing
from hub.contract.words import Can, PlatformCategory, Point, TemplateState


@dataclass(frozen=True, slots=True)
class File:
    """Bytes of one media file. `mime_type` as in "image/jpeg"."""

    kind: MediaKind
    mime_type: str
    content: bytes = field(repr=False)
    name: str = field(default="", repr=False)


class CarriesMedia(ABC):
    """Stores files for sending, and hands over those that people sent."""

    @abstractmethod
    async def upload(self, sender: str, file: File) -> str:
        """The vendor's id of the stored file. Raises `Rejected` (kind or size), `Unavailable`, `BadConfig`."""

    @abstractmethod
    async def download(self, sender: str, media: str, limit: int) -> File:
        """A received file by its id; `limit` in bytes. Raises `Rejected` when it is gone or larger."""


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A template to be reviewed by the platform. `components` are in Meta's words, which every vendor passes on.

    Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
    """

    name: str
    language: str
    category: PlatformCategory
    components: Sequence[dict[str, Any]]


class ManagesTemplates(ABC):
    """Creates, changes and deletes templates. All raise `TemplateProblem`, `Unavailable`, `BadConfig`."""

    @abstractmethod
    async def create_template(self, draft: TemplateDraft) -> TemplateState:
        """Hand a template in for review."""

    @abstractmethod
    async def edit_template(self, draft: TemplateDraft) -> TemplateState:
        """Change the components of the template with this name and language; it is reviewed again."""

    @abstractmethod
    async def delete_template(self, name: str) -> None:
        """Delete a template in all its languages."""


class MarksRead(ABC):
    """Tells a person that a message was read."""

    @abstractmethod
    async def mark_read(self, sender: str, message: str, *, typing: bool = False) -> None:
        """`message` is the provider's id; `typing` also shows that an answer is being written."""


class Blocks(ABC):
    """Keeps the vendor's list of people who may not write to a sender."""

    @abstractmethod
    async def block(self, sender: str, people: Sequence[Point]) -> None: ...

    @abstractmethod
    async def unblock(self, sender: str, people: Sequence[Point]) -> None: ...

    @abstractmethod
    def blocked(self, sender: str) -> AsyncIterator[Point]: ...


@dataclass(frozen=True, slots=True)
class SenderState:
    """A number as the vendor sees it. Empty: the vendor does not say."""

    id: str
    number: str
    name: str = ""
    quality: str = ""
    status: str = ""
    storage_region: str = ""  # ISO 3166-1 alpha-2 of Meta's local storage; content at rest only


class KnowsSenders(ABC):
    """Lists its numbers."""

    @abstractmethod
    async def senders(self) -> list[SenderState]:
        """Every number of the account."""


class StoresLocally(ABC):
    """Can have Meta keep content at rest in one country (Local Storage).

    Source: developers.facebook.com/documentation/business-messaging/whatsapp/local-storage
    """

    @abstractmethod
    async def localise(self, sender: str, region: str, pin: str) -> None:
        """Switch it on for a number. `region` as ISO 3166-1 alpha-2; `pin` of the two-step verification."""


ABILITIES: dict[Can, type] = {
    Can.MEDIA_STORED: CarriesMedia,
    Can.TEMPLATES_MANAGED: ManagesTemplates,
    Can.MARK_READ: MarksRead,
    Can.BLOCK: Blocks,
    Can.SENDERS_LISTED: KnowsSenders,
    Can.LOCAL_STORAGE: StoresLocally,
}

CARRIES: dict[type, Can] = {
    TextContent: Can.TEXT,
    TemplateContent: Can.TEMPLATE,
    MediaContent: Can.MEDIA,
    ButtonsContent: Can.BUTTONS,
    ListContent: Can.LIST,
    LinkContent: Can.LINK_BUTTON,
    FlowContent: Can.FLOW,
    LocationContent: Can.LOCATION,
    CardsContent: Can.CARDS,
    ReactionContent: Can.REACTION,
}


def not_carried(outgoing: Outgoing) -> Rejected:
    """What a plugin raises for a content it does not translate."""
    return Rejected(f"this provider's plugin carries no {CARRIES[type(outgoing.content)].replace('_', ' ')}")
