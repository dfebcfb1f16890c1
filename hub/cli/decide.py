# SPDX-License-Identifier: Apache-2.0
"""`hub decide`: one case from a file, decided and explained without any database."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import ValidationError

from hub.cli.session import out
from hub.contract import BadInput
from hub.law import policies
from hub.law.cases import CaseFile, merged, read, schema
from hub.law.decide import decide as law
from hub.law.facts import Case, Decision
from hub.law.policy import Policy, parse
from hub.law.reasons import reason
from hub.law.trace import Step, trace

_DEPTH = 8  # files that build on files


def register(app: typer.Typer) -> None:
    app.command()(decide)


def decide(
    file: Annotated[Path | None, typer.Argument(help="A case as JSON: a request with its facts.")] = None,
    policy: Annotated[str, typer.Option(help="Another policy than the file names: a profile or a .toml file.")] = "",
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    show_schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a case and end.")] = False,
) -> None:
    """Decide one case from a file, without any database. Exit code 1: the answer is not what the file expects."""
    if show_schema:
        typer.echo(json.dumps(schema(), indent=2))
        return
    if file is None:
        raise BadInput("is missing", field="file", remedy="Name a case file, or use --schema to see what it holds.")
    told, case = load(file, policy)
    decision, steps = law(case), trace(case)
    if as_json:
        typer.echo(json.dumps(as_dict(decision, steps, told), indent=2, ensure_ascii=False))
    else:
        _show(decision, steps, told, language)
    if not met(told, decision):
        raise typer.Exit(1)


def load(file: Path, policy: str = "") -> tuple[CaseFile, Case]:
    """Read a case file with all it builds on. Raises `BadInput`."""
    told = _told(file, _DEPTH)
    named = told.get("policy", "eu_strict") if isinstance(told, dict) else ""
    return read(told, _policy(policy or str(named)))


def met(told: CaseFile, decision: Decision) -> bool:
    """Is the answer what the file expects? A file that expects nothing is content."""
    want = told.expect
    return want is None or (want.verdict, want.reasons) == (decision.verdict, decision.reasons)


def as_dict(decision: Decision, steps: tuple[Step, ...], told: CaseFile) -> dict[str, Any]:
    return {
        "verdict": decision.verdict,
        "reasons": list(decision.reasons),
        "basis": decision.basis,
        "basis_iri": decision.basis.iri if decision.basis else None,
        "consent": decision.consent_id or None,
        "evidence": list(decision.evidence_ids),
        "stops": list(decision.stop_ids),
        "jurisdictions": list(decision.jurisdictions),
        "purpose": decision.purpose,
        "policy": decision.policy,
        "notes": list(decision.notes),
        "trace": [{"check": step.check, "about": step.about, "objections": list(step.codes)} for step in steps],
        "as_expected": None if told.expect is None else met(told, decision),
    }


def _show(decision: Decision, steps: tuple[Step, ...], told: CaseFile, language: str) -> None:
    out.print(told.about, highlight=False, markup=False)
    basis = f" on {decision.basis} ({decision.basis.iri})" if decision.basis else ""
    out.print(f"\n[bold]{decision.verdict}[/]{basis}", highlight=False)
    for code in decision.reasons:
        row = reason(code)
        meaning, remedy = (row.meaning_de, row.remedy_de) if language == "de" else (row.meaning_en, row.remedy_en)
        out.print(f"\n[bold]{code}[/]  {meaning} ({row.source})\n  {remedy}", highlight=False)
    out.print(f"\n{len(steps)} checks, {sum(1 for step in steps if step.codes)} with objections", highlight=False)
    for step in steps:
        if step.codes:
            out.print(f"  {step.check:<34} {', '.join(step.codes)}  {step.about}", highlight=False, markup=False)
    out.print(f"\npolicy {decision.policy}; countries {', '.join(decision.jurisdictions)}", highlight=False)
    if told.expect is not None and not met(told, decision):
        want = f"{told.expect.verdict}: {', '.join(told.expect.reasons)}"
        out.print(f"[bold red]The file expects {want}[/]", highlight=False)


def _told(file: Path, depth: int) -> Any:
    try:
        told = orjson.loads(file.read_bytes())
    except OSError as error:
        raise BadInput(f"cannot be read ({type(error).__name__})", field=str(file), remedy="Name a file.") from None
    except orjson.JSONDecodeError as error:
        raise BadInput(f"is no JSON ({error})", field=str(file), remedy="Mend the file.") from None
    base = told.get("based_on") if isinstance(told, dict) else None
    if not base:
        return told
    if depth == 0 or not isinstance(base, str) or Path(base).name != base:
        raise BadInput("is not a file of this folder", field="based_on", remedy="Name one, at most eight deep.")
    return merged(_told(file.with_name(base), depth - 1), told)


def _policy(name: str) -> Policy:
    try:
        path = Path(name)
        return parse(path.read_bytes()) if path.suffix == ".toml" else policies.load(name)
    except (OSError, LookupError):
        known = ", ".join(policies.names())
        raise BadInput(
            "there is none of that name", field="policy", remedy=f"Use one of: {known}; or a file."
        ) from None
    except (ValidationError, tomllib.TOMLDecodeError):
        raise BadInput("cannot be understood", field="policy", remedy="Compare it with a packaged one.") from None
