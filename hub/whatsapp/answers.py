# SPDX-License-Identifier: Apache-2.0
"""What a vendor answers: a refusal, an acceptance, a list of several pages, or nothing that can be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import httpx

from hub.contract import HubError, Receipt, Unavailable, Uncertain
from hub.whatsapp.reading import Fields, parsed, text

_NO_CONTENT = 204


class Refusal(Protocol):
    """A plugin's own table of what went wrong. None: this is no refusal."""

    def __call__(
        self, answer: Fields, status: int, *, retry_after: str | None = None, sends: bool = False
    ) -> HubError | None: ...


def accepted(vendor: str, response: httpx.Response, refusal: Refusal, *, sends: bool = False) -> Fields:
    """The JSON object of an acceptance. Raises what `refusal` makes of the answer, and `unreadable`.

    sends: the call transmitted a message.
    """
    answer = parsed(response.content)
    after = response.headers.get("retry-after")
    if error := refusal(answer, response.status_code, retry_after=after, sends=sends):
        raise error
    if not answer and response.status_code != _NO_CONTENT:
        raise unreadable(vendor, sends=sends)
    return answer


def unreadable(vendor: str, *, sends: bool = False) -> HubError:
    """A message may have been accepted all the same; whatever else was called can be called again."""
    return (Uncertain if sends else Unavailable)(f"{vendor}'s answer cannot be read")


def receipt(vendor: str, message_id: object) -> Receipt:
    """Raises `Uncertain` when the answer names no message: it may have been accepted."""
    named = text(message_id)
    if not named:
        raise Uncertain(f"{vendor}'s answer names no message")
    return Receipt(named)


async def every(vendor: str, page: Callable[[str], Awaitable[tuple[list[Fields], str]]]) -> AsyncIterator[Fields]:
    """The objects of all pages of a list. Raises `Unavailable` when it goes round.

    page: takes a cursor, "" for the first page, and gives the objects and the next cursor, "" on the last page.
    """
    cursor, seen = "", {""}
    while True:
        items, cursor = await page(cursor)
        for item in items:
            yield item
        if not cursor:
            return
        if cursor in seen:
            raise Unavailable(f"{vendor}'s list does not end")
        seen.add(cursor)
