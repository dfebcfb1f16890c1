# SPDX-License-Identifier: Apache-2.0
"""What a language module holds: the words and phrases by which its speakers say "no more".

Word lists are separated by commas, phrases by line ends. Write them as the language is spelled; accents, case,
apostrophes and punctuation are taken away on both sides. Signs in phrases, and nothing else has a meaning:

    word*         any ending             *word    any beginning
    (one|or two)  one of these           [maybe]  one of these, or nothing
    ..            up to two words        ...      up to six words
    ^  $          begin, end of clause   !word    this does not follow
    {ads}         a word of that list; {about} is advertising or messages; {other} is what both are not about

A clause is read up to the next full stop, comma or the like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Language:
    """One language. All languages are matched always: people mix them, and nobody tells us which they write."""

    code: str

    # whole messages
    strong: str = ""  # mean nothing else: they also act as the first of a few words
    whole: str = ""  # open ordinary sentences too: they act as the whole message only
    whole_all: str = ""  # nothing at all any more
    whole_unsure: str = ""
    ending: str = ""  # those of the above that may also end a contract (legal reference 4.8)
    filler: str = ""  # polite words around them

    # what a sentence is about
    ads: str = ""
    messages: str = ""
    other: str = ""  # neither: deliveries, orders, appointments
    spelled: str = ""  # words that are recognised with one letter wrong
    not_typos: str = ""  # real words that are one letter away from those
    short: str = ""  # as typed in haste: "nn=non"

    words: Mapping[str, str] = field(default_factory=dict)  # lists of this language's own, for its phrases

    # a will to receive no more
    remove_me: str = ""
    erase_me: str = ""
    objection: str = ""
    leave_me: str = ""
    do_not_write: str = ""
    no_more: str = ""
    ends: str = ""
    everything: str = ""  # nothing at all, or never again

    # unwilling, but perhaps about something else; or a question how
    unsure: str = ""
    refusing: str = ""  # a hint of refusal; unsure together with advertising or with `reaching`
    reaching: str = ""  # a hint of being written to

    # what turns a sentence round, or limits it
    negated: str = ""  # the stopping itself is negated, or is no stopping
    undone: str = ""  # done by accident, or signing up again
    missed: str = ""  # "I don't want to miss a message" is no refusal
    why: str = ""  # a complaint about too much or about too little
    how: str = ""
    limited: str = ""  # perhaps only a part: a time, a number of messages, a paid subscription
    not_received: str = ""  # "I got no message" is a complaint of another kind

    # what else is asked
    access: str = ""  # Art. 15 GDPR
    terminates: str = ""  # the end of a contract


WILL = ("remove_me", "erase_me", "objection", "leave_me", "do_not_write", "no_more", "ends")
