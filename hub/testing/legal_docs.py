# SPDX-License-Identifier: Apache-2.0
"""What `docs/legal` repeats from the code: a page per reason code, the checks in their order, every default.

The pages for lawyers are written by hand around blocks between `<!-- made: NAME -->` and `<!-- end -->`; only these
blocks are made here.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import hub
from hub.law import policies
from hub.law.differences import Setting, differences
from hub.law.differences import settings as settings_of
from hub.law.facts import Verdict
from hub.law.policy import Policy
from hub.law.purposes import RULES
from hub.law.reasons import REASONS, Lift, Reason
from hub.law.trace import CHECKS, meaning, name_of

MADE = "<!-- Made by `python -m hub.testing.docs`. Do not edit. -->\n"
_ROOT = Path(hub.__path__[0])
_LEGAL = _ROOT.parent / "docs" / "legal"
_HAND = ("how-a-decision-is-made.md", "to-confirm-before-go-live.md")
_BLOCK = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_DEFAULT = "eu_strict"

VERDICTS: dict[Verdict | None, tuple[str, str]] = {
    Verdict.ALLOW: ("Allowed", "Erlaubt"),
    Verdict.DENY: ("Refused", "Abgelehnt"),
    Verdict.HOLD: ("Held back, and asked again every 15 minutes", "Zurückgehalten, alle 15 Minuten neu gefragt"),
    Verdict.ERROR: ("No answer, so refused", "Keine Antwort, also abgelehnt"),
    None: ("A note, which decides nothing", "Ein Vermerk, der nichts entscheidet"),
}
LIFTS: dict[Lift, tuple[str, str]] = {
    Lift.EVIDENCE: ("whoever can supply the missing evidence", "wer den fehlenden Nachweis beibringt"),
    Lift.LEGAL_APPROVAL: (
        "legal or data protection, by an approval on file",
        "Recht oder Datenschutz, mit einer Freigabe in der Akte",
    ),
    Lift.ADMIN: ("the admin, by repairing what is wrong", "Admin, durch Beheben der Ursache"),
    Lift.PERSON: (
        "only the person, by a new act, or the law",
        "nur die Person selbst, durch neues Tun, oder das Gesetz",
    ),
    Lift.NOT_NEEDED: ("nobody needs to", "niemand muss"),
}
_ROOMS = {
    "decide": "The person, and the country",
    "stops": "Stops",
    "route": "Sender, provider and transfer",
    "notice": "What the person was told",
    "message": "Purpose, content and platform",
    "limits": "The operator's own limits",
    "consent": "Consent, for each that is on file",
    "bases": "Other bases, for each piece of evidence",
    "softoptin": "Existing customers, for each sale",
    "storing": "Storing a CRM record",
}


def pages() -> dict[str, str]:
    """File name, below `docs`, to content."""
    found = {f"legal/{name}": _filled((_LEGAL / name).read_text("utf-8")) for name in _HAND}
    givers = _givers()
    return found | {f"legal/reasons/{row.code}.md": reason_page(row, givers.get(row.code, ())) for row in REASONS}


def given() -> set[str]:
    """The codes that some check of this version gives; the others are reserved."""
    return set(_givers())


# a page per reason code


def reason_page(row: Reason, givers: tuple[str, ...]) -> str:
    """One code for people: both languages side by side, what it rests on, and where it is given."""
    verdict, lift = VERDICTS[row.verdict], LIFTS[row.lift]
    lines = [
        MADE,
        f"# {row.code}",
        "",
        "| | English | Deutsch |",
        "|---|---|---|",
        f"| Meaning / Bedeutung | {row.meaning_en} | {row.meaning_de} |",
        f"| Remedy / Abhilfe | {row.remedy_en} | {row.remedy_de} |",
        f"| Verdict / Ergebnis | {verdict[0]} (`{row.verdict or 'note'}`) | {verdict[1]} |",
        f"| Lifted by / Aufgehoben durch | {lift[0]} | {lift[1]} |",
        "",
        f"- Source / Quelle: {row.source}",
        f"- Rank / Rang: {row.rank + 1} of {len(REASONS)}; of several reasons the smallest rank comes first",
    ]
    if givers:
        lines.append(f"- Given by / Vergeben von: {', '.join(givers)}")
    else:
        lines.append("- *Reserved*: no check of this version gives it yet / noch von keiner Prüfung vergeben")
    return "\n".join([*lines, "", "All codes: [reason codes](../../reason-codes.md)", ""])


def _givers() -> dict[str, tuple[str, ...]]:
    """By code: the functions or tables of the hub's own code in which it stands."""
    found: dict[str, dict[str, None]] = {}
    codes = {row.code for row in REASONS}
    for path in sorted(_ROOT.rglob("*.py")):
        room = path.relative_to(_ROOT)
        if room.parts[0] in ("testing", "cli"):
            continue
        for part in ast.parse(path.read_text("utf-8")).body:
            for code in _strings(part) & codes:
                found.setdefault(code, {})[f"`hub/{room.as_posix()}`{_place(part)}"] = None
    return {code: tuple(places) for code, places in found.items()}


def _strings(part: ast.AST) -> set[str]:
    constants = (node.value for node in ast.walk(part) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def _place(part: ast.stmt) -> str:
    if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
        return f" (`{part.name}`)"
    names = _named(part)
    return f" (`{names[0]}`)" if names else ""


def _named(part: ast.stmt) -> list[str]:
    targets = part.targets if isinstance(part, ast.Assign) else [part.target] if isinstance(part, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


# blocks in pages written by hand


def _filled(text: str) -> str:
    """The page with its blocks made anew. Raises `KeyError` for a block nobody makes."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{_BLOCKS[found[2]]()}\n\n{found[3]}", text)


def checks() -> str:
    """Every check in the order in which it is asked, with the function that makes it and the codes it may give."""
    lines = []
    for room, members in groupby(CHECKS, lambda check: name_of(check).split(".")[0]):
        lines += ["", f"### {_ROOMS[room]}: `hub/law/{room}.py`" if room in _ROOMS else f"### {room}", ""]
        lines += ["| check | what it asks | was gefragt wird | objections |", "|---|---|---|---|"]
        lines += [_check(check) for check in members]
    return "\n".join(lines).strip()


def _check(check: Callable[..., object]) -> str:
    name = name_of(check)
    told = " ".join(f"[{code}](reasons/{code}.md)" for code in sorted(_codes(check, depth=3)))
    return f"| `{name.split('.')[1]}` | {meaning(name)} | {meaning(name, 'de')} | {told} |"


def _codes(part: object, depth: int) -> set[str]:
    """The codes in a function, and in the functions and tables of the law that it uses."""
    module = inspect.getmodule(part)
    if depth == 0 or module is None or not module.__name__.startswith("hub.law.") or not inspect.isfunction(part):
        return set()
    tree = ast.parse(inspect.getsource(part))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = _strings(tree)
    for statement in ast.parse(inspect.getsource(module)).body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and used & set(_named(statement)):
            found |= _strings(statement)
    for name in used:
        found |= _codes(part.__globals__.get(name), depth - 1)
    for asked in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {"missing", "ended"}:
        found |= {getattr(ground, asked) for rule in RULES.values() for ground in rule.grounds}
    return found & {row.code for row in REASONS}


def defaults() -> str:
    """Every value of the default policy, marked where it is a default of ours, and how the other profiles differ."""
    policy = policies.load(_DEFAULT)
    remarks = _remarks(policies.text(_DEFAULT))
    lines = [f"### The profile `{policy.name}@{policy.version}`", "", "| setting | value | meaning | remark |"]
    lines += ["|---|---|---|---|", *(_setting(one, remarks) for one in settings_of(policy))]
    for name in policies.names():
        if name != _DEFAULT:
            lines += ["", f"### What `{name}` holds differently", "", *_differing(policy, policies.load(name))]
    return "\n".join(lines)


def _setting(one: Setting, remarks: dict[str, str]) -> str:
    remark = remarks.get(one.path) or remarks.get(".".join(one.path.split(".")[:2]), "")
    if not remark and one.path.split(".")[0] in remarks:
        remark = remarks[one.path.split(".")[0]]
    return f"| `{one.path}` | {one.value or 'empty'} | {one.meaning} | {remark} |"


def _differing(base: Policy, other: Policy) -> Iterator[str]:
    remarks = _remarks(policies.text(other.name))
    yield from ("| setting | default | here | remark |", "|---|---|---|---|")
    for one in differences(base, other):
        remark = remarks.get(".".join(one.path.split(".")[:2]), "")
        yield f"| `{one.path}` | {one.before} | {one.after} | {remark} |"


def _remarks(text: str) -> dict[str, str]:
    """What the file says about each setting, by path: beside it, else above it or above its group."""
    found: dict[str, str] = {}
    section, above, covers = "", list[str](), False  # covers: a setting has followed those lines
    for line in text.splitlines():
        code, _, beside = line.partition("  #")
        if line.startswith("#"):
            above = [*([] if covers else above), line.lstrip("# ")]
            covers = False
        elif line.startswith("["):
            section = line.strip("[]")
            if above:
                found[section] = " ".join(above)
            above = []
        elif "=" in code and section:
            remark = beside.strip() or " ".join(above)
            if remark:
                found[f"{section}.{code.split('=')[0].strip()}"] = remark
            covers = True
        elif not line.strip():
            above = []
    return {path: remark.replace("|", "\\|") for path, remark in found.items()}


_BLOCKS: dict[str, Callable[[], str]] = {"checks": checks, "defaults": defaults}
