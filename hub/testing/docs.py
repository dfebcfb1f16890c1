# SPDX-License-Identifier: Apache-2.0
"""Writes the pages that repeat the code: settings, reason codes, commands, error codes, providers.

`python -m hub.testing.docs [FOLDER]`. A test fails while a committed page differs from what it makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from hub.cli import app
from hub.law.facts import Verdict
from hub.law.reasons import REASONS, Reason
from hub.settings import Settings
from hub.testing import legal_docs, provider_docs, provider_matrix

_VERDICTS: dict[Verdict | None, tuple[str, str]] = {
    Verdict.ALLOW: ("Allowed", "The message may be sent, on the basis that the code names."),
    Verdict.DENY: ("Refused", "The message is not sent. Nothing asks again by itself."),
    Verdict.HOLD: ("Waits", "The message is not sent now. The gate asks again every 15 minutes."),
    Verdict.ERROR: ("Error", "No answer could be found, and no answer is a no. Before sending, the gate asks again."),
    None: ("Notes", "They accompany a decision and decide nothing."),
}


def pages() -> dict[str, str]:
    """File name to content."""
    made = {"settings.md": settings(), "reason-codes.md": reason_codes(), "commands.md": commands()}
    return made | legal_docs.pages() | provider_docs.pages() | provider_matrix.pages()


# settings


def settings() -> str:
    rows = [
        f"| `HUB_{name.upper()}` | {_default(info)} | {_values(info)} | {_cell(info.description or '')} |"
        for name, info in Settings.model_fields.items()
    ]
    return "\n".join(
        [
            legal_docs.MADE,
            "# Settings",
            "",
            "A deployment is configured by environment variables and by nothing else. Accounts (tokens, numbers,",
            "files) are no settings: they are connections, made with `hub connect` and kept encrypted in the database.",
            "",
            "| variable | default | values | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _default(info: FieldInfo) -> str:
    value = info.default.get_secret_value() if isinstance(info.default, SecretStr) else info.default
    return "empty" if str(value) == "" else f"`{value}`"


def _values(info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(info.annotation))
    limits = {name: getattr(part, name) for part in info.metadata for name in ("ge", "le") if hasattr(part, name)}
    if limits:
        return f"{limits['ge']} to {limits['le']}"
    return "secret" if info.annotation is SecretStr else "text"


# reason codes


def reason_codes() -> str:
    given = legal_docs.given()
    lines = [
        legal_docs.MADE,
        "# Reason codes",
        "",
        "Every decision carries reason codes, the weightiest first: that one is *the* reason. Codes are stable and",
        "never reused. This page lists them in their order; each leads to a page with its meaning, source and remedy,",
        "and who can lift it, in English and German. `hub why` and the CRM show the same codes.",
        "",
        "A code marked *reserved* belongs to the catalogue, but no check of this version gives it yet.",
    ]
    for verdict, (title, what) in _VERDICTS.items():
        lines += ["", f"## {title}", "", what, "", "| code | meaning | Bedeutung |", "|---|---|---|"]
        lines += [_reason(row, row.code in given) for row in REASONS if row.verdict is verdict]
    return "\n".join([*lines, ""])


def _reason(row: Reason, given: bool) -> str:
    link = f"[{row.code}](legal/reasons/{row.code}.md){'' if given else ' *reserved*'}"
    return f"| {link} | {_cell(row.meaning_en)} | {_cell(row.meaning_de)} |"


# commands


def walk(command: Any = None, path: str = "hub") -> Iterator[tuple[str, Any]]:
    """Every command with the words that call it."""
    command = command or typer.main.get_command(app)
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from walk(child, f"{path} {name}")


def commands() -> str:
    found = list(walk())
    lines = [
        legal_docs.MADE,
        "# Commands",
        "",
        "Errors that a person can mend are one sentence and exit code 2. `--help` shows all of this in the terminal.",
        "",
        "| command | what it does |",
        "|---|---|",
        *(f"| [`{path}`](#{path.replace(' ', '-')}) | {_cell(command.help)} |" for path, command in found),
    ]
    for path, command in found:
        lines += ["", f"## {path}", "", f"`{_usage(path, command)}`"]
        rows = [row for parameter in command.params for row in _parameter(parameter)]
        if rows:
            lines += ["", "| | default | meaning |", "|---|---|---|", *rows]
    return "\n".join([*lines, ""])


def _usage(path: str, command: Any) -> str:
    words = [path]
    for parameter in command.params:
        word = parameter.name.upper() if _positional(parameter) else parameter.opts[0]
        words.append(word if parameter.required else f"[{word}]")
    if command.context_settings.get("allow_extra_args"):
        words.append("--NAME VALUE ...")
    return " ".join(words)


def _parameter(parameter: Any) -> Iterator[str]:
    name = parameter.name.upper() if _positional(parameter) else parameter.opts[0]
    nothing = parameter.default in (None, "", []) or parameter.default is False
    default = "needed" if parameter.required else "" if nothing else str(parameter.default)
    yield f"| `{name}` | {_cell(default)} | {_cell(parameter.help)} |"


def _positional(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _cell(text: str) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def main(folder: Path) -> None:
    made = pages()
    for name, content in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    for old in (folder / "legal" / "reasons").glob("*.md"):  # codes that are no more
        if f"legal/reasons/{old.name}" not in made:
            old.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs"))
