# SPDX-License-Identifier: Apache-2.0
"""What vendors have in common: answers, lists of several pages, people, proofs of webhooks, parts of messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest
from pydantic import SecretStr

from hub.contract import (
    Forbidden,
    HubError,
    Inbound,
    Media,
    MediaContent,
    MediaKind,
    Point,
    PointKind,
    Receipt,
    Rejected,
    TemplateProblem,
    Texts,
    Unavailable,
    Uncertain,
    for_status,
)
from hub.whatsapp import people, signatures, writing
from hub.whatsapp.answers import accepted, every, receipt
from hub.whatsapp.media import kind_by_name
from hub.whatsapp.reading import Fields

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


# answers


def refusal(answer: Fields, status: int, *, retry_after: str | None = None, sends: bool = False) -> HubError | None:
    return Rejected("no") if answer.get("error") else for_status(status, retry_after=retry_after, sends=sends)


@pytest.mark.parametrize(
    ("status", "body", "sends", "kind"),
    [
        (200, b'{"error":1}', True, Rejected),
        (429, b"", True, Unavailable),
        (500, b"{}", True, Uncertain),
        (200, b"<html>", True, Uncertain),
        (200, b"", False, Unavailable),
    ],
)
def test_answer_that_is_no_acceptance_is_raised(status: int, body: bytes, sends: bool, kind: type[HubError]) -> None:
    with pytest.raises(kind):
        accepted("Acme", httpx.Response(status, content=body), refusal, sends=sends)


def test_acceptance_may_be_empty_where_the_status_says_so() -> None:
    assert accepted("Acme", httpx.Response(204), refusal) == {}
    assert accepted("Acme", httpx.Response(200, json={"id": "m-1"}), refusal) == {"id": "m-1"}


def test_acceptance_without_a_name_is_uncertain() -> None:
    assert receipt("Acme", "m-1") == Receipt("m-1")
    for nothing in (None, "", {}, []):
        with pytest.raises(Uncertain):
            receipt("Acme", nothing)


def listed(*cursors: str) -> list[Fields]:
    """A list whose pages name these cursors, one after another."""
    left, asked = list(cursors), []

    async def page(cursor: str) -> tuple[list[Fields], str]:
        asked.append(cursor)
        return [{"page": cursor}], left.pop(0)

    async def run() -> list[Fields]:
        return [item async for item in every("Acme", page)]

    found = anyio.run(run)
    assert asked == ["", *cursors[:-1]]
    return found


def test_list_is_read_to_its_end() -> None:
    assert listed("a", "b", "") == [{"page": ""}, {"page": "a"}, {"page": "b"}]


@pytest.mark.parametrize("cursors", [("a", "a"), ("a", "b", "a")])
def test_list_that_goes_round_is_left(cursors: tuple[str, ...]) -> None:
    with pytest.raises(Unavailable, match="does not end"):
        listed(*cursors, "")


# people


def test_people_are_named_best_first_and_once() -> None:
    number, user = Point(PointKind.E164, "+4915112345678"), Point(PointKind.BSUID, "DE.884")
    parent = Point(PointKind.PARENT_BSUID, "DE.ENT.771")
    given = ("DE.ENT.771", "DE.884", None, "4915112345678", "+4915112345678", "erika@example.org", 7.5)
    assert people.points(*given) == (number, user, parent)


def test_person_without_what_whatsapp_reaches_is_refused() -> None:
    mail, user = Point(PointKind.EMAIL, "erika@example.org"), Point(PointKind.BSUID, "DE.884")
    assert people.address(user) == "DE.884"
    with pytest.raises(Rejected):
        people.address(mail)
    for to in (mail, user):
        with pytest.raises(Rejected):
            people.digits(to, "Acme")


# proofs


@pytest.mark.parametrize("stamp", ["1795262400", "1795262400000", "2026-11-21T12:00:00Z"])
def test_time_near_ours_is_recent(stamp: str) -> None:
    request = Inbound("POST", "", {}, b"", received_at=NOW)
    signatures.recent(request, stamp, timedelta(seconds=1))
    later = Inbound("POST", "", {}, b"", received_at=NOW + timedelta(seconds=2))
    with pytest.raises(Forbidden):
        signatures.recent(later, stamp, timedelta(seconds=1))


@pytest.mark.parametrize("stamp", ["", "yesterday", "9" * 40])
def test_time_that_cannot_be_read_is_not_recent(stamp: str) -> None:
    with pytest.raises(Forbidden):
        signatures.recent(Inbound("POST", "", {}, b"", received_at=NOW), stamp, timedelta(days=7))


def test_one_signature_of_several_is_enough_and_none_is_not() -> None:
    signatures.same_as_one(("other", "given"), "given")
    for expected in ((), ("other", "")):
        with pytest.raises(Forbidden):
            signatures.same_as_one(expected, "given")


def test_empty_secret_is_none() -> None:
    assert signatures.valid(SecretStr("now"), SecretStr(""), None) == [SecretStr("now")]


# parts of messages


def test_what_is_empty_is_left_out_and_zero_is_not() -> None:
    given = {"a": "", "b": None, "c": [], "d": {}, "index": 0, "latitude": 0.0, "preview": False, "text": "x"}
    assert writing.present(given) == {"index": 0, "latitude": 0.0, "preview": False, "text": "x"}


@pytest.mark.parametrize("names", [("name",), ("2",), ("1", "3"), ("2", "1")])
def test_variables_that_have_no_place_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(TemplateProblem):
        writing.positional(Texts(tuple((name, "x") for name in names)), "Acme")


def test_file_is_shown_with_what_whatsapp_shows() -> None:
    sound = Media(MediaKind.AUDIO, link="https://example.org/a.ogg", name="a.ogg")
    assert writing.shown_name(sound) == ""
    assert writing.caption(MediaContent(sound)) == ""
    with pytest.raises(Rejected, match="caption"):
        writing.caption(MediaContent(sound, "Ton"))
    with pytest.raises(Rejected, match="stores no files"):
        writing.link(Media(MediaKind.IMAGE, id="7"), "Acme")


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("https://x.example/a.OGG?size=1", MediaKind.AUDIO),
        ("https://x.example/a.webp", MediaKind.STICKER),
        ("https://x.example/a", None),
        ("https://[x", None),
    ],
)
def test_file_is_told_by_the_end_of_its_address(link: str, kind: MediaKind | None) -> None:
    assert kind_by_name(link) is kind
