# SPDX-License-Identifier: Apache-2.0
"""Check a folder of capsules: every file, every capsule, and that the index says what the capsules say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hub.proof.chain import digest
from hub.proof.checking import Problem, check, open_keys
from hub.proof.folder import FORMAT, INDEX, MANIFEST, Manifest, file_of, index
from hub.proof.signature import signed


@dataclass(frozen=True, slots=True)
class CheckedFolder:
    """What was found. `place` of a problem is a file, and a JSON pointer into it. `trusted` as for a capsule."""

    problems: tuple[Problem, ...]
    trusted: bool
    manifest: Manifest | None = None
    capsules: int = 0

    @property
    def ok(self) -> bool:
        return not self.problems


def check_folder(folder: Path, published: Mapping[str, bytes] | None = None) -> CheckedFolder:
    """Check a folder against the published public keys (by id), or only against itself without them.

    Raises `OSError` when it cannot be read.
    """
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    raw = files.pop(MANIFEST, None)
    if raw is None:
        return CheckedFolder((Problem(MANIFEST, "is missing: nothing says what belongs here"),), False)
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as error:
        where = "/".join(map(str, error.errors()[0]["loc"]))
        return CheckedFolder((Problem(f"{MANIFEST}/{where}", error.errors()[0]["msg"]),), False)
    capsules = {name: held for name, held in files.items() if name.startswith("capsules/")}
    problems = (
        *_signature(manifest, published),
        *_files(manifest, files),
        *_capsules(manifest, capsules, published),
        *_index(manifest, files.get(INDEX, b""), capsules),
    )
    return CheckedFolder(problems, published is not None, manifest, len(capsules))


def _signature(manifest: Manifest, published: Mapping[str, bytes] | None) -> Iterator[Problem]:
    keys, problems = open_keys(manifest.keys, published)
    yield from (Problem(f"{MANIFEST}{problem.place}", problem.why) for problem in problems)
    if manifest.format != FORMAT:
        yield Problem(f"{MANIFEST}/format", f"is not {FORMAT}")
    if not signed(keys.get(manifest.key_id, b""), manifest.signed_part, manifest.signature):
        yield Problem(MANIFEST, "the signature does not hold, so nothing says that the folder is whole")


def _files(manifest: Manifest, files: Mapping[str, bytes]) -> Iterator[Problem]:
    for name in sorted({*manifest.files, *files}):
        if name not in files:
            yield Problem(name, "is missing")
        elif name not in manifest.files:
            yield Problem(name, "does not belong here: it was added after export")
        elif digest(files[name]) != manifest.files[name]:
            yield Problem(name, "was changed after export")


def _capsules(
    manifest: Manifest, capsules: Mapping[str, bytes], published: Mapping[str, bytes] | None
) -> Iterator[Problem]:
    for name, raw in sorted(capsules.items()):
        found = check(raw, published)
        for problem in found.problems:
            yield Problem(
                f"{name}{problem.place if problem.place.startswith('/') else ', ' + problem.place}", problem.why
            )
        held = found.capsule
        if held is None:
            continue
        if held.subject.kind != "message" or name != file_of(held.subject.id):
            yield Problem(f"{name}/subject", "is not the message that the file is called after")
        if held.controller.model_dump() != manifest.about.controller:
            yield Problem(f"{name}/controller", "is not the controller of this folder")
        if held.identity.get("contact") != manifest.about.contact:
            yield Problem(f"{name}/identity/contact", "is not the person of this folder")


def _index(manifest: Manifest, found: bytes, capsules: Mapping[str, bytes]) -> Iterator[Problem]:
    try:
        made = index(manifest.about, capsules)
    except (ValueError, LookupError, TypeError, AttributeError):  # a broken capsule, which is named already
        return
    if made != found:
        yield Problem(INDEX, "does not say what the capsules say")
