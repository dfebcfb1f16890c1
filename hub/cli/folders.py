# SPDX-License-Identifier: Apache-2.0
"""Folders of evidence: written whole or not at all, and checked file by file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from tempfile import mkdtemp

import typer
from rich.markup import escape

from hub import paper
from hub.cli.session import controller, err, out, world
from hub.contract import BadInput
from hub.flows import exports
from hub.proof import folder, printing
from hub.proof.checking import Problem
from hub.proof.folder_check import check_folder


def write(
    subject: str, target: Path, period: tuple[date, date], language: str, *, reveal: bool, with_pdf: bool
) -> None:
    """All messages to a person in a period, as a folder. Raises `BadInput`, and then leaves nothing behind."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BadInput("exists already", field="out", remedy="Name a new folder.")
    if with_pdf:
        paper.pdf("Is typst there?")  # before the work, not after it
    with world() as built, out.status("reading ...") as status:
        with built.db.read() as session:
            owner = controller(built, session)

        def tell(done: int, every: int) -> None:
            status.update(f"{done} of {every} messages")

        files = exports.collect(built, owner, subject, period, language, reveal=reveal, progress=tell)
        index = files[folder.INDEX]
        files["index.html"] = printing.overview(index, language).encode()
        if with_pdf:
            source, needed = printing.overview_sheet(index, language)
            files["index.pdf"] = paper.pdf(source, files=needed)
        files[folder.MANIFEST] = exports.seal(built, owner, files)
    _store(target, files)
    out.print(f"{target}: {len(files)} files. Anybody can check them with `hub verify {target}`.", highlight=False)
    if reveal:
        out.print("They hold personal data: treat them so.")


def _store(target: Path, files: Mapping[str, bytes]) -> None:
    try:
        target.absolute().parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=f".{target.name}.", dir=target.absolute().parent))
    except OSError as error:
        why = f"cannot be written ({type(error).__name__})"
        raise BadInput(why, field="out", remedy="Name a folder that can be made.") from None
    try:
        for name, raw in files.items():
            (draft / name).parent.mkdir(exist_ok=True)
            (draft / name).write_bytes(raw)
        os.replace(draft, target)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def verify(target: Path, keys: Mapping[str, bytes] | None) -> None:
    """Say whether a folder is whole. Raises `typer.Exit` when it is not, `OSError` when it cannot be read."""
    found = check_folder(target, keys)
    show(found.problems)
    if not found.ok or found.manifest is None:
        raise typer.Exit(1)
    about = found.manifest.about
    out.print(
        f"Whole: {found.capsules} messages to contact {about.contact} of {about.controller['name']}, "
        f"{about.since[:10]} until {about.until[:10]}, {len(found.manifest.files)} files.",
        highlight=False,
    )
    show_keys(found.manifest.keys, trusted=found.trusted)


def show(problems: Iterable[Problem]) -> None:
    """Name what does not hold."""
    for problem in problems:
        err.print(f"[bold red]{escape(problem.place)}[/]: {escape(problem.why)}", highlight=False)


def show_keys(keys: Iterable[str], *, trusted: bool) -> None:
    """Say whose signature it is, and how far that can be trusted."""
    for name in keys:
        trust = "published" if trusted else "from the evidence itself; ask the controller for theirs, use --key"
        out.print(f"  signed by key {name} ({trust})", highlight=False)
