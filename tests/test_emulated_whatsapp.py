# SPDX-License-Identifier: Apache-2.0
"""The emulated WhatsApp keeps the platform's limits, on a clock that a test moves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.routing import BaseRoute

from hub.testing.whatsapp import Refused, Sent, Stored, TemplateSend, User, WhatsApp

ERIKA, JONAS, MARIE = "4915112345678", "4915112345679", "33612345678"
HOUR = timedelta(hours=1)
OFFER = TemplateSend("offer", "de")


class Plain(WhatsApp):
    """A dialect without a vendor: it keeps what it is told to tell."""

    name = "plain"

    def __init__(self, **options: Any) -> None:
        super().__init__(throughput=1000, **options)
        self.told: list[tuple[Any, ...]] = []
        self.add_template("offer", body="Alles um die Hälfte.")
        self.add_template("invoice", category="UTILITY", body="Ihre Rechnung")

    def routes(self) -> list[BaseRoute]:
        return []

    def tell_status(
        self, user: User, sent: Sent, status: str, at: datetime, *, category: str, code: int, after: float
    ) -> None:
        self.told.append((sent.id, status, code))

    def tell_message(
        self, user: User, id: str, at: datetime, kind: str, content: dict[str, Any], *, quoted: str
    ) -> None:
        self.told.append((id, kind, content))

    def tell_template(self, template: Stored, what: str, *, old: str, new: str) -> None:
        self.told.append((template.name, what, old, new))

    def tell_sender(self, what: str, *, old: str, new: str) -> None:
        self.told.append((what, old, new))

    def code(self, to: str = ERIKA, template: TemplateSend | None = OFFER) -> int:
        """Why a message is refused; 0 when it is taken."""
        try:
            self.accept(to, "template" if template else "text", template=template)
        except Refused as refused:
            return refused.code
        return 0

    def fate(self, to: str = ERIKA, template: TemplateSend = OFFER) -> list[Any]:
        """The statuses of one message, a failure by its code."""
        sent = self.accept(to, "template", template=template)
        return [one[2] or one[1] for one in self.told if one[0] == sent.id]


def test_portfolio_reaches_so_many_people_in_any_24_hours() -> None:
    world = Plain(tier=250)
    people = [f"49151{number:08d}" for number in range(251)]
    assert [world.code(person) for person in people[:125]] == [0] * 125
    world.clock.advance(12 * HOUR)
    assert [world.code(person) for person in people[125:250]] == [0] * 125
    assert world.code(people[250]) == world.limits.tier_code
    assert world.code(people[0]) == 0, "the same person counts once"
    world.clock.advance(12 * HOUR)
    assert world.code(people[250]) == 0, "the first half is a day old"


def test_portfolio_limit_does_not_count_who_wrote() -> None:
    world = Plain(tier=1)
    world.say(JONAS, "Hallo")
    assert [world.code(), world.code(JONAS), world.code(JONAS, None), world.code(MARIE)] == [0, 0, 0, 131048]


def test_portfolio_limit_raised_is_told() -> None:
    world = Plain(tier=250)
    world.set_tier(2000)
    assert world.told == [("tier", "250", "2000")]
    assert world.limits.tier == 2000


def test_person_gets_so_much_advertising_a_day_and_other_messages_still() -> None:
    world = Plain(marketing_cap=2)
    assert [world.fate()[-1] for _ in range(3)] == ["read", "read", 131049]
    assert world.fate(template=TemplateSend("invoice", "de"))[-1] == "read"
    assert world.fate(JONAS)[-1] == "read"
    world.say(ERIKA, "Hallo")
    assert world.fate()[-1] == "read", "inside a window nothing is capped"
    world.clock.advance(25 * HOUR)
    assert world.fate()[-1] == "read"


def test_template_rated_red_pauses_for_3_then_6_hours_then_ends() -> None:
    world = Plain()
    for hours in (3, 6):
        world.rate_template("offer", "de", "RED")
        assert world.code() == 132015
        world.clock.advance(hours * HOUR - timedelta(seconds=1))
        assert world.code() == 132015
        world.clock.advance(timedelta(seconds=2))
        assert world.code() == 0
    world.rate_template("offer", "de", "RED")
    assert world.code() == 132016
    told = [one[2:] for one in world.told if one[:2] == ("offer", "status")]
    pause, back = ("APPROVED", "PAUSED"), ("PAUSED", "APPROVED")
    assert told == [pause, back, pause, back, ("APPROVED", "DISABLED")]


@pytest.mark.parametrize(("good", "fate"), [(True, ["sent", "delivered", "read"]), (False, ["failed"])])
def test_template_paced_holds_all_but_the_first_until_it_is_judged(good: bool, fate: list[str]) -> None:
    world = Plain()
    world.add_template("new", body="Hallo", pacing=1)
    first, second = (world.accept(person, "template", template=TemplateSend("new", "de")) for person in (ERIKA, JONAS))
    assert (first.note, second.note) == ("", "held_for_quality_assessment")
    assert {one[0] for one in world.told} == {first.id}
    world.judge("new", "de", good=good)
    assert [one[1] for one in world.told if one[0] == second.id] == fate
    assert world.accept(MARIE, "template", template=TemplateSend("new", "de")).note == ""


def test_account_restricted_sends_no_templates_until_the_time_is_over() -> None:
    world = Plain()
    world.say(JONAS, "Hallo")
    world.restrict(hours=20)
    assert [world.code(), world.code(JONAS, None)] == [368, 0]
    world.clock.advance(20 * HOUR)
    assert world.code() == 0


def test_number_getting_faster_is_in_maintenance_for_a_minute() -> None:
    world = Plain()
    world.raise_throughput(1000)
    assert world.code() == 131057
    world.clock.advance(timedelta(minutes=1))
    assert (world.code(), world.limits.throughput) == (0, 1000)


def test_outage_of_a_region_withholds_statuses_and_tells_them_afterwards() -> None:
    world = Plain()
    world.outage("+49")
    assert (world.fate(), world.fate(MARIE)[-1]) == ([], "read")
    world.clock.advance(2 * HOUR)
    world.end_outage("+49")
    assert [one[1] for one in world.told if one[0] == world.received[0].id] == ["sent", "delivered", "read"]


def test_file_of_a_person_is_gone_after_seven_days_and_its_address_after_five_minutes() -> None:
    world = Plain()
    world.send_file(ERIKA, "image", b"picture", "image/jpeg", caption="Stopp")
    (told,) = world.told
    media = told[2]["id"]
    token = world.media.address(media)
    opened = world.media.open(token)
    assert opened is not None
    assert opened.content == b"picture"
    world.clock.advance(timedelta(minutes=5))
    assert world.media.open(token) is None
    assert world.media.get(media) is not None
    world.clock.advance(timedelta(days=7))
    assert world.media.get(media) is None


def test_file_uploaded_lasts_30_days_and_must_not_be_too_large() -> None:
    world = Plain()
    kept = world.media.put(b"x", "image/png")
    world.clock.advance(timedelta(days=29))
    assert world.media.get(kept.id) is not None
    for content, kind in ((b"", "image/png"), (b"x" * (5 * 1024 * 1024 + 1), "image/jpeg")):
        with pytest.raises(Refused) as refused:
            world.media.put(content, kind)
        assert refused.value.code == 131053


IMAGE = {"type": "HEADER", "format": "IMAGE"}
BODY = {"type": "BODY", "text": "Hallo {{1}}"}
COUPON = {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "SAVE10"}]}
CARD = {"components": [IMAGE, {"type": "BODY", "text": "{{1}}"}]}
PICTURE = {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.org/a.jpg"}}]}
NAMED = {"type": "body", "parameters": [{"type": "text", "text": "Erika"}]}
SAVE = {"type": "button", "sub_type": "copy_code", "index": "0"}
SAVING = {**SAVE, "parameters": [{"type": "coupon_code", "coupon_code": "SAVE10"}]}
CAROUSEL = {"type": "CAROUSEL", "cards": [CARD, CARD]}
CARDS = [{"card_index": index, "components": [PICTURE, NAMED]} for index in (0, 1)]


@pytest.mark.parametrize(
    ("template", "filled", "code"),
    [
        ([IMAGE, BODY], [PICTURE, NAMED], 0),
        ([IMAGE, BODY], [NAMED], 132012),
        ([IMAGE, BODY], [{**PICTURE, "parameters": [{"type": "text", "text": "x"}]}, NAMED], 132012),
        ([IMAGE, BODY], [{**PICTURE, "parameters": [{"type": "image", "image": {}}]}, NAMED], 131008),
        ([BODY, COUPON], [NAMED, SAVING], 0),
        ([BODY, COUPON], [NAMED], 131008),
        ([BODY, COUPON], [NAMED, {**SAVE, "parameters": [{"type": "text", "text": "SAVE10"}]}], 132012),
        ([BODY], [NAMED, SAVING], 132018),
        ([BODY, CAROUSEL], [NAMED, {"type": "carousel", "cards": CARDS}], 0),
        (
            [BODY, CAROUSEL],
            [NAMED, {"type": "carousel", "cards": CARDS[:1]}],
            132000,
        ),
        ([BODY, CAROUSEL], [NAMED], 132000),
    ],
)
def test_template_of_many_parts_must_be_filled_whole(template: list[Any], filled: list[Any], code: int) -> None:
    world = Plain()
    world.add_template("parts", components=template)
    assert world.code(template=TemplateSend("parts", "de", filled)) == code
