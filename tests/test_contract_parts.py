# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from hub.contract import BadInput, Button, ButtonKind, LocationContent, Media, MediaKind, Texts, parts


def test_positional_variables_come_in_their_order_and_named_ones_as_given() -> None:
    assert parts((("10", "j"), ("2", "b"), ("1", "a"))).body.values == ("a", "b", "j")
    named = parts((("surname", "M"), ("first", "E"))).body
    assert (named.positional, named.pairs) == (False, (("surname", "M"), ("first", "E")))


def test_a_header_is_text_a_file_or_a_place() -> None:
    assert parts((("header.1", "Mai"),)).header == Texts((("1", "Mai"),))
    document = (("header.document", "https://example.org/a.pdf"), ("header.document.name", "a.pdf"))
    assert parts(document).header == Media(MediaKind.DOCUMENT, link="https://example.org/a.pdf", name="a.pdf")
    assert parts((("header.image", "id:4711"),)).header == Media(MediaKind.IMAGE, id="4711")
    assert parts((("header.location", "52.5,13.4,Laden,Weg 1, Berlin"),)).header == LocationContent(
        52.5, 13.4, "Laden", "Weg 1, Berlin"
    )


def test_buttons_come_by_index() -> None:
    found = parts((("payload.1", "no"), ("button.0", "x/1"), ("copy.2", "MAI10"))).buttons
    assert found == (
        Button(0, ButtonKind.LINK, "x/1"),
        Button(1, ButtonKind.REPLY, "no"),
        Button(2, ButtonKind.COUPON, "MAI10"),
    )


def test_cards_have_parts_of_their_own() -> None:
    found = parts((("card.1.1", "b"), ("1", "x"), ("card.0.header.image", "id:1"), ("card.0.payload.0", "yes")))
    assert found.body.values == ("x",)
    assert [card.body.values for card in found.cards] == [(), ("b",)]
    assert found.cards[0].header == Media(MediaKind.IMAGE, id="1")
    assert found.cards[0].buttons == (Button(0, ButtonKind.REPLY, "yes"),)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ((("footer.1", "x"),), "footer.1"),
        ((("header.image", "http://example.org/a.png"),), "header.image"),
        ((("header.location", "here"),), "header.location"),
        ((("card.1.1", "x"),), "card"),
    ],
)
def test_a_key_without_a_place_is_named(parameters: tuple[tuple[str, str], ...], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        parts(parameters)
    assert caught.value.field == field
