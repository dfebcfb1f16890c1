# SPDX-License-Identifier: Apache-2.0
"""Questions that a person answers at the keyboard: one of a list, by its number or name. What is no answer is asked
again; Ctrl-C or the end of the input leaves, with nothing done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer

from hub.cli.session import out

NONE = "0"


def choose(question: str, answers: Mapping[str, str], default: str | None = None) -> str:
    """The key of one of the answers. Where no default is among them, Enter is no answer."""
    keys = list(answers)
    out.print(f"\n[bold]{question}[/]", highlight=False)
    for index, words in enumerate(answers.values(), 1):
        out.print(f"  {index}  {words}", highlight=False, markup=False)
    usual = str(keys.index(default) + 1) if default in keys else None
    while True:
        typed = str(typer.prompt("Number", default=usual)).strip()
        if typed in keys:
            return typed
        if typed.isdecimal() and 1 <= int(typed) <= len(keys):
            return keys[int(typed) - 1]
        out.print(f"Write a number from 1 to {len(keys)}.")


def pick(question: str, likely: Sequence[tuple[str, str]], known: Sequence[str], *, usual: str = "") -> str:
    """A name from `known`, of which some are `likely` and shown with words; empty for none of them.

    `usual`: what Enter means; else the first likely one, or none. `known` empty: any name is taken.
    """
    out.print(f"\n[bold]{question}[/]", highlight=False)
    for index, (name, words) in enumerate(likely, 1):
        out.print(f"  {index}  {name}  {words}".rstrip(), highlight=False, markup=False)
    out.print(f"  {NONE}  none" + ("; or another field's name, or ? to see them all" if known else ""))
    while True:
        typed = str(typer.prompt("Number or name", default=usual or ("1" if likely else NONE))).strip()
        if typed == NONE:
            return ""
        if typed in known or (not known and not typed.isdecimal() and typed != "?"):
            return typed
        if typed.isdecimal() and int(typed) <= len(likely):
            return likely[int(typed) - 1][0]
        out.print("  ".join(known) if typed == "?" else f"There is no field {typed!r}.", highlight=False, markup=False)


def listed(question: str, default: Sequence[str] = ()) -> list[str]:
    """Several values, with commas between."""
    typed: str = typer.prompt(question, default=", ".join(default), show_default=bool(default))
    return [value.strip() for value in typed.split(",") if value.strip()]
