# SPDX-License-Identifier: Apache-2.0
"""A made-up population with a ground truth, computed here from each person's story and not by the gate.

Numbers are made up and valid in form; no message ever leaves this machine.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate


class Story(StrEnum):
    """What happened between this person and the company before the campaign."""

    OPTED_IN = "opted_in"  # wrote the opt-in message on WhatsApp
    OPTED_IN_AGAIN = "opted_in_again"  # opted in, stopped, and later opted in anew
    OPTED_IN_ABROAD = "opted_in_abroad"
    OPTED_IN_DUPLICATE = "opted_in_duplicate"  # two CRM records, one number
    OPTED_IN_BUT_CRM_STOP = "opted_in_but_crm_stop"  # a colleague noted an opt-out in the CRM afterwards
    WITHDRAWN = "withdrawn"  # opted in, then wrote STOP
    EXPIRED = "expired"  # opted in long ago, never written to
    FLAG_ONLY = "flag_only"  # the CRM says "consent"; nobody can show it
    EMAIL_DOI = "email_doi"  # confirmed an e-mail address, never a number
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONTRACT = "contract"
    NO_BASIS = "no_basis"
    BAD_NUMBER = "bad_number"


MAY_RECEIVE_MARKETING = frozenset(
    {Story.OPTED_IN, Story.OPTED_IN_AGAIN, Story.OPTED_IN_ABROAD, Story.OPTED_IN_DUPLICATE}
)
WROTE_OPT_IN = MAY_RECEIVE_MARKETING | {Story.OPTED_IN_BUT_CRM_STOP, Story.WITHDRAWN, Story.EXPIRED}

_SHARES = {
    Story.OPTED_IN: 36,
    Story.OPTED_IN_AGAIN: 2,
    Story.OPTED_IN_ABROAD: 5,
    Story.OPTED_IN_DUPLICATE: 2,
    Story.OPTED_IN_BUT_CRM_STOP: 3,
    Story.WITHDRAWN: 6,
    Story.EXPIRED: 4,
    Story.FLAG_ONLY: 14,
    Story.EMAIL_DOI: 7,
    Story.LEGITIMATE_INTEREST: 8,
    Story.CONTRACT: 5,
    Story.NO_BASIS: 5,
    Story.BAD_NUMBER: 3,
}
_STORIES, _CUMULATED = tuple(_SHARES), tuple(accumulate(_SHARES.values()))
_FIRST = ("Anna", "Jonas", "Mia", "Elif", "Paul", "Zoë", "Jürgen", "Noah", "Lina", "Søren", "Chiara", "Łukasz", "Emma")
_LAST = ("Müller", "Schmidt", "Yılmaz", "Weber", "Großmann", "Nowak", "Rossi", "Huber", "Meier", "Dubois", "Jansen")
_ABROAD = {"AT": "+43660", "CH": "+4178", "FR": "+33612", "NL": "+3161", "IT": "+39347"}
_DIGITS = {"AT": 7, "CH": 7, "FR": 6, "NL": 7, "IT": 7}


@dataclass(frozen=True)
class Someone:
    """One CRM record. `number` is the true E.164 number, empty where there is none."""

    index: int
    first: str
    last: str
    email: str
    typed: str = field(repr=False)  # the phone field as somebody typed it
    number: str = field(repr=False)
    country: str
    story: Story

    @property
    def may_receive_marketing(self) -> bool:
        return self.story in MAY_RECEIVE_MARKETING

    @property
    def wrote_opt_in(self) -> bool:
        return self.story in WROTE_OPT_IN


def population(count: int, seed: int) -> list[Someone]:
    """`count` CRM records. The same arguments give the same people."""
    return list(_people(count, random.Random(seed)))


def _people(count: int, rng: random.Random) -> Iterator[Someone]:
    stories = rng.choices(list(_SHARES), weights=list(_SHARES.values()), k=count)
    made = 0
    for story in stories:
        if made >= count:
            return
        person = _someone(made, story, rng)
        yield person
        made += 1
        if story is Story.OPTED_IN_DUPLICATE and made < count:
            twin = _typed(person.number, rng)
            yield Someone(made, person.first, person.last, f"{made}.{person.email}", twin, person.number, "DE", story)
            made += 1


def _someone(index: int, story: Story, rng: random.Random) -> Someone:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    email = f"person{index}@example.org"
    if story is Story.BAD_NUMBER:
        typed = rng.choice(("", "n/a", "0151", "+49 12", "call reception", "+999 123456789", "0049-abc"))
        return Someone(index, first, last, email, typed, "", "DE", story)
    country = rng.choice(tuple(_ABROAD)) if story is Story.OPTED_IN_ABROAD else "DE"
    # the running index makes every number its own
    number = f"+4915{index % 100_000_000:09d}"
    if country != "DE":
        number = f"{_ABROAD[country]}{index % 10 ** _DIGITS[country]:0{_DIGITS[country]}d}"
    return Someone(index, first, last, email, _typed(number, rng), number, country, story)


def _typed(number: str, rng: random.Random) -> str:
    """The ways people write a number. National form only for German ones."""
    ways = [number, f"{number[:3]} {number[3:6]} {number[6:]}", f"00{number[1:]}", f"{number[:3]}-{number[3:]}"]
    if number.startswith("+49"):
        ways += [f"0{number[3:]}", f"0{number[3:6]} / {number[6:]}", f"+49 (0) {number[3:]}"]
    return rng.choice(ways)


def someone(index: int, seed: int) -> Someone:
    """The person at this place of a crowd of any size, made without those before. Nobody has two records."""
    rng = random.Random(index * 1_000_003 + seed)
    (story,) = rng.choices(_STORIES, cum_weights=_CUMULATED)
    return _someone(index, Story.OPTED_IN if story is Story.OPTED_IN_DUPLICATE else story, rng)
