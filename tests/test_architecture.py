# SPDX-License-Identifier: Apache-2.0
"""The house rules that imports and names must keep."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import hub
from hub.testing.provider_matrix import ours

ROOT = Path(__file__).parent.parent
HUB = ROOT / "hub"

# A room may import what stands here, and itself. `contract` imports nothing of ours.
MAY_IMPORT = {
    "contract": set(),
    "whatsapp": {"contract"},
    "law": {"contract"},
    "proof": set(),
    "settings": set(),
    "logs": set(),
    "store": {"contract", "proof"},
    "plugins": {"contract"},
    "fast": set(),
    "http": {"contract", "fast"},
    "bridge": {"http"},
    "paper": {"contract"},
    "poster": {"contract", "paper"},
    "letters": {"contract", "paper", "proof"},
    "flows": {"contract", "whatsapp", "law", "proof", "store", "plugins", "settings"},
    "work": {"contract", "law", "store", "plugins", "http", "bridge", "settings", "flows"},
    "web": {"contract", "whatsapp", "law", "store", "plugins", "poster", "letters", "settings", "flows"},
    "cli": {
        "contract",
        "whatsapp",
        "law",
        "proof",
        "store",
        "plugins",
        "bridge",
        "paper",
        "poster",
        "letters",
        "settings",
        "logs",
        "flows",
        "work",
        "web",
        "testing",
    },
}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "manager", "service"}
MOST_STATEMENTS = 300  # of a provider's plugin, without its emulator
PLUGIN_RELATIVES = {"hub_dialog360": {"hub_meta"}}


def modules(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*.py")) if "__pycache__" not in p.parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(path: Path) -> set[str]:
    found = {name.split(".")[1] for name in imports(path) if name.startswith("hub.") and name.count(".") >= 1}
    known = {p.stem if p.suffix else p.name for p in HUB.iterdir()}
    return found & known


def constructions(name: str, folders: list[Path]) -> set[str]:
    """Files that call something by that name."""
    files = set()
    for folder in folders:
        for path in modules(folder):
            for node in ast.walk(ast.parse(path.read_text())):
                called = node.func if isinstance(node, ast.Call) else None
                if getattr(called, "id", getattr(called, "attr", "")) == name:
                    files.add(str(path.relative_to(ROOT)))
    return files


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_room_imports_only_from_floors_below(room: str) -> None:
    folder = HUB / room
    paths = modules(folder) if folder.is_dir() else [HUB / f"{room}.py"]
    wrong = {
        f"{path.relative_to(ROOT)} imports {sorted(found)}"
        for path in paths
        if (found := rooms_imported(path) - MAY_IMPORT[room] - {room})
    }
    assert not wrong


def test_every_room_has_a_place_in_the_house() -> None:
    rooms = {
        p.stem for p in HUB.iterdir() if p.name != "__init__.py" and (p.suffix == ".py" or (p / "__init__.py").exists())
    }
    assert rooms == {*MAY_IMPORT, "testing"}


def test_only_the_gate_makes_a_cleared_message() -> None:
    everywhere = [HUB, ROOT / "plugins", ROOT / "tests"]
    assert constructions("ClearedMessage", everywhere) == {"hub/flows/gate.py"}


def test_only_the_gate_clears_for_sending() -> None:
    # the suites for plugin authors go through the same function
    callers = constructions("clear", [HUB / "flows", HUB / "work", HUB / "web", HUB / "cli"])
    assert callers <= {"hub/flows/dispatch.py", "hub/flows/sync.py", "hub/flows/admission.py"}
    sends = {str(p.relative_to(ROOT)) for p in modules(HUB / "flows") if "gate.clear(" in p.read_text()}
    assert sends == {"hub/flows/dispatch.py"}


def test_one_function_decides() -> None:
    assert constructions("decide", [HUB / "flows", HUB / "work", HUB / "web", HUB / "cli"]) == {
        "hub/flows/gate.py",
        "hub/flows/dispatch.py",  # its own method of that name, which asks the gate
    }
    assert {p.name for p in modules(HUB / "flows") if "from hub.law.decide import" in p.read_text()} == {"gate.py"}


def test_the_law_does_no_input_or_output() -> None:
    forbidden = {"sqlalchemy", "sqlmodel", "httpx", "socket", "os", "time", "random", "requests", "redis", "dramatiq"}
    for path in modules(HUB / "law"):
        found = {name.split(".")[0] for name in imports(path)} & forbidden
        assert not found, f"{path.name} imports {found}"
        assert "datetime.now" not in path.read_text(), f"{path.name} has a clock of its own"


def test_the_law_knows_only_the_words_and_errors_of_the_contract() -> None:
    allowed = ("hub.contract.words", "hub.contract.errors")
    for path in modules(HUB / "law"):
        ours = {name for name in imports(path) if name.startswith("hub.contract")}
        assert all(name.startswith(allowed) for name in ours), path.name


def test_plugins_import_the_front_door_only() -> None:
    front_door = {"hub", *(f"hub.{name}" for name in hub.__all__)}
    shared = ("hub.whatsapp",)
    for folder in sorted((ROOT / "plugins").iterdir()):
        package = f"hub_{folder.name}"
        relatives = {package, *PLUGIN_RELATIVES.get(package, set())}
        for path in modules(folder / package):
            ours = {name for name in imports(path) if name.split(".")[0].startswith("hub") and name not in front_door}
            ours = {name for name in ours if not name.startswith(shared)}
            if "emulator" in str(path.relative_to(folder)):
                ours = {name for name in ours if not name.startswith("hub.testing")}
            strangers = {name for name in ours if name.split(".")[0] not in relatives}
            assert not strangers, f"{path.relative_to(ROOT)} imports {sorted(strangers)}"


def test_only_the_http_module_makes_clients_for_vendors() -> None:
    rooms = [HUB, *(ROOT / "plugins").glob("*/hub_*")]
    made = constructions("AsyncClient", rooms) | constructions("Client", rooms)
    in_production = {name for name in made if "testing/" not in name and "/emulator" not in name}
    assert in_production == {"hub/http.py", "hub/web/door.py"}  # the door's client refuses every call


def test_no_module_is_called_after_nothing() -> None:
    named = {p.stem for folder in (HUB, ROOT / "plugins", ROOT / "tests") for p in modules(folder)}
    assert not named & FORBIDDEN_NAMES


def test_no_module_of_ours_is_too_long() -> None:
    long = {}
    for folder in (HUB, *(ROOT / "plugins").glob("*/hub_*")):
        for path in modules(folder):
            lines = len(path.read_text().splitlines())
            if lines > 400 and "migrations" not in path.parts:
                long[str(path.relative_to(ROOT))] = lines
    assert not long


def statements(path: Path) -> int:
    """What a module says: statements without imports and docstrings."""
    plain = (ast.Import, ast.ImportFrom)
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.stmt)]
    told = [node for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    return len(nodes) - sum(isinstance(node, plain) for node in nodes) - len(told)


def test_provider_plugins_stay_small() -> None:
    sizes = {
        name: sum(
            statements(path) for path in modules(ROOT / "plugins" / name / f"hub_{name}") if "emulator" not in str(path)
        )
        for name in (cls.name for cls in ours())
        if name != "meta"  # the platform itself
    }
    assert sizes
    grown = {name: size for name, size in sizes.items() if size > MOST_STATEMENTS}
    assert not grown, f"{grown} have more than {MOST_STATEMENTS} statements: what vendors share belongs in hub.whatsapp"


def test_every_module_names_its_licence_and_purpose() -> None:
    for folder in (HUB, *(ROOT / "plugins").glob("*/hub_*")):
        for path in modules(folder):
            text = path.read_text()
            assert text.startswith("# SPDX-License-Identifier: Apache-2.0"), path
            if len(text.splitlines()) > 3:
                assert ast.get_docstring(ast.parse(text)), f"{path.relative_to(ROOT)} has no docstring"
