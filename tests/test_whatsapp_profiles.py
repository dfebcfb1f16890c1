# SPDX-License-Identifier: Apache-2.0
"""What a plugin declares of its vendor is read from `profile.toml`, and whatever is wrong there is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hub.contract import BadInput, DataItem, Fact, Topic
from hub.whatsapp.facts import PLATFORM
from hub.whatsapp.profiles import declared

WHOLE = """
legal_entity = "Acme Messaging GmbH"
seat = "DE"
regions = ["DE [1]"]
subprocessors = []
transfers = []
to_verify = ["the signed contract"]
source = "[1], unverified"
unsourced = ["toms"]
platform = ["transfers"]

[pages]
1 = "acme.example/docs"

[[data]]
name = "phone number"
category = "contact data"
purpose = "address a message"
kept = "30 days"

[[facts]]
topic = "seat"
value = "DE: Musterstadt"
source = "acme.example/imprint"
as_of = 2026-05-13
confirmed = true
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable package of a name of its own."""
    folder = tmp_path / f"hub_acme_{tmp_path.name}"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_profile_is_read_with_what_stands_behind_it(package: Path) -> None:
    (package / "profile.toml").write_text(WHOLE, "utf-8")
    profile, data = declared(package.name)
    assert (profile.legal_entity, profile.seat, profile.parent, profile.regions) == (
        "Acme Messaging GmbH",
        "DE",
        "",
        ("DE [1]",),
    )
    assert data == (DataItem("phone number", "contact data", "address a message", "30 days"),)
    (behind,) = (fact for fact in PLATFORM if fact.topic is Topic.TRANSFERS)
    assert profile.facts == (
        Fact(Topic.SEAT, "DE: Musterstadt", "acme.example/imprint", date(2026, 5, 13), confirmed=True),
        Fact(Topic.TOMS, "no source found", "none"),
        behind,
    )


@pytest.mark.parametrize(
    ("was", "becomes", "named"),
    [
        ('seat = "DE"', 'seat = "Germany"', "seat"),
        ('seat = "DE"', "", "seat"),
        ('seat = "DE"', "seat = ", "no TOML"),
        ('topic = "seat"', 'topic = "address"', "facts.0.topic"),
        ("confirmed = true", "confirmd = true", "facts.0.confirmd"),
        ("as_of = 2026-05-13", 'as_of = "May"', "facts.0.as_of"),
        ('source = "acme.example/imprint"', 'source = "none"', "facts.0"),
        ('kept = "30 days"', 'kept = ""', "data.0.kept"),
        ('kept = "30 days"', 'kept = "30 days [2]"', r"\[2\]"),
        ('to_verify = ["the signed contract"]', "to_verify = []", "to_verify"),
    ],
)
def test_file_that_cannot_be_used_is_named_with_the_key(package: Path, was: str, becomes: str, named: str) -> None:
    assert was in WHOLE
    (package / "profile.toml").write_text(WHOLE.replace(was, becomes), "utf-8")
    with pytest.raises(BadInput, match=f"{package.name}/profile.toml.*{named}"):
        declared(package.name)


def test_file_that_is_missing_is_named(package: Path) -> None:
    with pytest.raises(BadInput, match=r"profile\.toml: is missing"):
        declared(package.name)
