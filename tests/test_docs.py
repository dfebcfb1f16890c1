# SPDX-License-Identifier: Apache-2.0
"""The documentation tells of everything there is, of nothing else, and its code runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from hub_csv import CsvFile
from hub_meta import Meta

from hub import plugins
from hub.contract import Connector, Outgoing, Point, PointKind, Provider, Purpose, TextContent, Veto, hookspecs
from hub.law import policies
from hub.law.differences import settings as settings_of
from hub.law.reasons import REASONS
from hub.law.trace import CHECKS, name_of
from hub.settings import Settings
from hub.testing import docs, legal_docs
from hub.testing.provider_matrix import ours

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GUIDE = DOCS / "write-a-plugin.md"
MADE = docs.pages()
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md"), *(ROOT / "plugins").glob("*/README.md")]
)
WALKED = [ROOT / "README.md", DOCS / "start.md", DOCS / "campaigns.md", GUIDE]
COMMANDS: dict[str, Any] = dict(docs.walk())
CONNECTORS: dict[str, type[Connector[Any]]] = {"csv": CsvFile, "meta": Meta}

CLAIMS = re.compile(r"\b(compliant|DSGVO-konform\w*|rechtssicher\w*)\b|100 ?%", re.IGNORECASE)
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`(hub [^`]+)`")
CODE = re.compile(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# pages made from code


@pytest.mark.parametrize("name", sorted(MADE))
def test_generated_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == MADE[name], "run `python -m hub.testing.docs`"


def test_every_setting_is_documented() -> None:
    page = (DOCS / "settings.md").read_text("utf-8")
    assert [name for name in Settings.model_fields if f"| `HUB_{name.upper()}` |" not in page] == []


def test_every_reason_code_is_documented_in_both_languages() -> None:
    index = (DOCS / "reason-codes.md").read_text("utf-8")
    for row in REASONS:
        page = (DOCS / "legal" / "reasons" / f"{row.code}.md").read_text("utf-8")
        for told in (row.meaning_en, row.meaning_de, row.remedy_en, row.remedy_de, row.source):
            assert told in page
        for told in (*legal_docs.VERDICTS[row.verdict], *legal_docs.LIFTS[row.lift]):
            assert told in page
        assert f"(legal/reasons/{row.code}.md)" in index
    pages = {path.stem for path in (DOCS / "legal" / "reasons").iterdir()}
    assert pages == {row.code for row in REASONS}


def test_every_check_stands_on_the_page_for_lawyers_with_its_codes() -> None:
    page = (DOCS / "legal" / "how-a-decision-is-made.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    assert [row[0] for row in rows] == [name_of(check).split(".")[1] for check in CHECKS]
    assert all("(reasons/" in row[3] for row in rows)
    by_name = {row[0]: row[3] for row in rows}
    assert "SUPPRESSED_SUBJECT_STOP_ALL" in by_name["binding"]
    assert "AGE_BELOW_CONSENT" in by_name["old_enough"]


def test_every_value_marked_as_a_default_of_ours_is_there_to_be_confirmed() -> None:
    page = (DOCS / "legal" / "to-confirm-before-go-live.md").read_text("utf-8")
    for name in policies.names():
        assert f"`{name}" in page
    for setting in settings_of(policies.load("eu_strict")):
        assert f"| `{setting.path}` | {setting.value or 'empty'} |" in page
    marked = policies.text("eu_strict").count("[D]") - 1  # one explains the mark
    assert page.count("[D]") >= marked
    assert re.search(r"`quiet_hours\.start` \| 20 \|.*\[D\]", page)


def test_every_command_and_option_is_documented() -> None:
    page = (DOCS / "commands.md").read_text("utf-8")
    for path, command in COMMANDS.items():
        section = page.split(f"\n## {path}\n", 1)[1].split("\n## ", 1)[0]
        assert [opt for p in command.params for opt in p.opts[:1] if opt.startswith("--") and opt not in section] == []


def test_reserved_codes_are_those_the_code_never_gives() -> None:
    page = (DOCS / "reason-codes.md").read_text("utf-8")
    reserved = set(re.findall(r"^\| \[(\w+)\]\(\S+\) \*reserved\* ", page, re.MULTILINE))
    for code in reserved:
        assert "*Reserved*" in (DOCS / "legal" / "reasons" / f"{code}.md").read_text("utf-8")
    assert "SYNC_RESUBSCRIBE_FORBIDDEN" in reserved
    assert not reserved & {"OK_CONSENT", "SUPPRESSED_OBJECTION_MARKETING", "PROVIDER_NO_DPA"}


def test_every_hook_is_documented() -> None:
    hooks = [name for name in vars(hookspecs) if name.startswith("hub_")]
    assert len(hooks) == 2
    assert [name for name in hooks if f"`{name}(" not in GUIDE.read_text("utf-8")] == []


# what pages say


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_page_claims_nothing_it_cannot_show(page: Path) -> None:
    assert CLAIMS.findall(page.read_text("utf-8")) == []


@pytest.mark.parametrize("provider", ours(), ids=lambda cls: cls.name)
def test_readme_of_a_provider_lists_its_settings(provider: type[Provider[Any]]) -> None:
    readme = (ROOT / "plugins" / provider.name / "README.md").read_text("utf-8")
    assert [name for name in provider.Config.model_fields if f"| `{name}` |" not in readme] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_resolves(page: Path) -> None:
    broken = []
    for target in LINK.findall(page.read_text("utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        aimed = (page.parent / file).resolve() if file else page
        if not aimed.exists() or (anchor and anchor not in anchors(aimed)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=named)
def test_every_reason_code_and_setting_named_exists(page: Path) -> None:
    known = {row.code for row in REASONS} | {f"HUB_{name.upper()}" for name in Settings.model_fields}
    areas = {code.split("_")[0] for code in known}
    told = {word for word in CODE.findall(page.read_text("utf-8")) if word.split("_")[0] in areas}
    ours = {purpose.value for purpose in Purpose} | {"SYNC_IN"}
    assert told - known - ours == set()


# commands in pages


def shell_lines(page: Path) -> list[str]:
    """`hub ...` lines of shell blocks, continued lines joined."""
    blocks = [body for language, _, body in BLOCK.findall(page.read_text("utf-8")) if language == "sh"]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("hub ")]


CALLS = [(page, line) for page in WALKED for line in shell_lines(page)]
TOLD = [page for page in PAGES if page.name != "commands.md"]  # that one is made from the commands
SPANS = sorted({(page, span) for page in TOLD for span in SPAN.findall(page.read_text("utf-8"))})


def find(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words call, and what is left of them. A group stands for its commands."""
    for count in (3, 2):
        if (command := COMMANDS.get(" ".join(words[:count]))) is not None:
            return command, words[count:]
    if len(words) == 2 and any(path.startswith(f"{words[0]} {words[1]} ") for path in COMMANDS):
        return None, []
    raise AssertionError(f"there is no {' '.join(words)}")


def test_pages_walk_through_commands() -> None:
    assert len(CALLS) > 25
    assert len(SPANS) > 10


@pytest.mark.parametrize(("page", "line"), CALLS, ids=[f"{named(p)}: {line[:50]}" for p, line in CALLS])
def test_command_line_parses(page: Path, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("wording.txt", "prices.toml", "provider.toml"):
        (tmp_path / name).write_text("made up")
    command, rest = find(shlex.split(line, comments=True))
    if rest[-1:] == ["--help"]:
        return
    context = command.make_context(command.name, list(rest), parent=None)
    if command is COMMANDS["hub connect"]:
        given = {word[2:].replace("-", "_") for word in context.args if word.startswith("--")}
        fields = CONNECTORS[rest[0]].Config.model_fields
        needed = {name for name, info in fields.items() if info.is_required()}
        assert needed <= given <= fields.keys() | {"title"}


@pytest.mark.parametrize(("page", "span"), SPANS, ids=[f"{named(p)}: {span[:50]}" for p, span in SPANS])
def test_command_named_in_a_sentence_exists(page: Path, span: str) -> None:
    command, rest = find(shlex.split(span))
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"} if command else set()
    assert [word for word in rest if word.startswith("--") and word not in known] == []


# the plugin of the guide


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's files, as a reader would write them."""
    folder = tmp_path_factory.mktemp("consent-hub-acme")
    for _, name, body in BLOCK.findall(GUIDE.read_text("utf-8")):
        if name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(body, "utf-8")
    return folder


def points(guide: Path, group: str) -> list[EntryPoint]:
    project = tomllib.loads((guide / "pyproject.toml").read_text("utf-8"))["project"]
    return [EntryPoint(name, value, group) for name, value in project["entry-points"][group].items()]


def test_plugin_of_the_guide_is_found(guide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(guide))
    registry = plugins.load(points(guide, plugins.GROUP))
    assert registry.broken == []
    assert registry.get("acme").title == "Acme Messaging"
    (emulator,) = points(guide, plugins.EMULATORS)
    assert emulator.load()(seed=1).name == registry.get("acme").name


def test_veto_of_the_guide_denies(guide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(guide))
    registry = plugins.load([EntryPoint("quiet", "hub_quiet", plugins.GROUP)])
    assert registry.broken == []

    def to(number: str) -> Outgoing:
        return Outgoing("m1", "s1", Point(PointKind.E164, number), Purpose.SERVICE, TextContent("made up"))

    assert isinstance(registry.veto(to("+4930000000")), Veto)
    assert registry.veto(to("+4930000001")) is None


def test_suite_of_the_guide_passes(guide: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(guide)}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=guide,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert int(re.findall(r"(\d+) passed", ran.stdout)[0]) >= 30
