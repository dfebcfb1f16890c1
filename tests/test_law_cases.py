# SPDX-License-Identifier: Apache-2.0
"""The published cases, each a file that a lawyer can read: facts, the expected answer, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli.decide import load
from hub.cli.main import app
from hub.contract import BadInput
from hub.law.cases import merged, schema
from hub.law.decide import decide
from hub.law.reasons import RANKS
from hub.law.trace import trace

FOLDER = Path(__file__).parent / "cases" / "decisions"
FILES = sorted(FOLDER.glob("*.json"))
COMPLETE = FOLDER / "consent-complete.json"
run = CliRunner()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_case_is_decided_as_its_author_expects(file: Path) -> None:
    told, case = load(file)
    answer = decide(case)
    assert told.expect is not None
    assert (answer.verdict, answer.reasons) == (told.expect.verdict, told.expect.reasons)
    assert told.about.endswith(".")
    assert {code for step in trace(case) for code in step.codes} >= set(answer.reasons) - {"BASIS_NONE"} - set(OK)


OK = tuple(code for code in RANKS if code.startswith("OK_"))


def test_there_are_enough_cases_and_each_says_something_else() -> None:
    assert len(FILES) >= 120
    told = [load(file)[0].about for file in FILES]
    assert len(set(told)) == len(told)


# Codes that no case file can show, and who gives them.
ELSEWHERE = {
    "ENGINE_UNAVAILABLE": "a failure inside; a file with such facts is refused before (test_law_decide)",
    "POLICY_UNKNOWN": "no policy could be loaded; a file always names one (test_law_decide)",
    "AUDIT_WRITE_FAILED": "the decision and the claim are one transaction, so a failed write leaves no claim (I1)",
    "DECISION_STALE": "dispatch gives a stale authorisation anew and decides again (test_flows_dispatch)",
    "TOKEN_MISMATCH": "a clearance is made from the message it clears; nobody else can make one (test_architecture)",
    "SYNC_ART14_CLOCK_STARTED": "a note of sync, which does not read the source of data yet",
    "SYNC_BULK_QUARANTINED": "a matter of many records; sync does not quarantine yet",
    "SYNC_FIELD_NOT_ALLOWED": "for a mapping that an admin approves; there is none yet",
    "SYNC_PURPOSE_INCOMPATIBLE": "for writing to a CRM; reports carry only what became of messages",
    "SYNC_RECIPIENT_NO_CONTRACT": "for the CRM vendor's file, which is not kept yet",
    "SYNC_RESUBSCRIBE_FORBIDDEN": "no plugin can resubscribe: the contract has no such report",
    "SYNC_STOP_NOT_DELIVERED": "for reports that a CRM does not take; they are retried and counted",
}


def test_every_code_is_shown_by_a_case_or_belongs_elsewhere() -> None:
    answers = [decide(load(file)[1]) for file in FILES]
    shown = {code for answer in answers for code in (*answer.reasons, *answer.notes)}
    assert shown.isdisjoint(ELSEWHERE)
    assert shown | ELSEWHERE.keys() == RANKS.keys()


def test_engine_codes_that_no_file_can_show() -> None:
    case = load(COMPLETE)[1]
    assert decide(replace(case, policy=None)).reasons == ("POLICY_UNKNOWN",)
    assert trace(replace(case, policy=None))[0].codes == ("POLICY_UNKNOWN",)
    broken = replace(case, now=case.now.replace(tzinfo=None))
    assert decide(broken).reasons == ("ENGINE_UNAVAILABLE",)
    assert trace(broken)[0].codes == ("ENGINE_UNAVAILABLE",)


# --- hub decide -----------------------------------------------------------------------------------------------------


def write(folder: Path, changes: dict[str, Any]) -> Path:
    file = folder / "case.json"
    file.write_text(json.dumps(merged(json.loads(COMPLETE.read_text("utf-8")), changes)))
    return file


def test_decide_prints_the_answer_with_its_trace() -> None:
    result = run.invoke(app, ["decide", str(FOLDER / "edge-01-survey-in-an-invoice.json"), "--json"])
    told = json.loads(result.output)
    assert result.exit_code == 0
    assert (told["verdict"], told["reasons"]) == ("DENY", ["TPL_PROMO_IN_NON_MARKETING"])
    assert told["as_expected"] is True
    objections = [(step["check"], step["objections"]) for step in told["trace"] if step["objections"]]
    assert objections == [("message.no_promotion", ["TPL_PROMO_IN_NON_MARKETING"])]
    assert len(told["trace"]) > 30


@pytest.mark.parametrize("language", ["en", "de"])
def test_decide_explains_in_words(language: str) -> None:
    result = run.invoke(app, ["decide", str(FOLDER / "stop-objection-marketing.json"), "--language", language])
    assert result.exit_code == 0
    assert "SUPPRESSED_OBJECTION_MARKETING" in result.output
    assert ("Werbung" in result.output) is (language == "de")


def test_decide_ends_with_1_where_the_answer_is_another(tmp_path: Path) -> None:
    file = write(tmp_path, {"expect": {"verdict": "DENY", "reasons": ["CONSENT_MISSING"]}})
    result = run.invoke(app, ["decide", str(file)])
    assert result.exit_code == 1
    assert "The file expects DENY: CONSENT_MISSING" in result.output


def test_decide_under_another_policy(tmp_path: Path) -> None:
    packaged = files("hub.law.policies").joinpath("eu_strict.toml").read_text("utf-8")
    policy = tmp_path / "short.toml"
    policy.write_text(packaged.replace("max_unused_days = 365", "max_unused_days = 7"))
    result = run.invoke(app, ["decide", str(COMPLETE), "--policy", str(policy), "--json"])
    assert json.loads(result.output)["reasons"] == ["CONSENT_STALE_UNUSED"]
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"case": {"person": {"agee": 15}}}, "case.person.agee"),
        ({"case": {"phase": "later"}}, "case.phase"),
        ({"case": {"now": "2026-11-02T12:00:00"}}, "case.now"),
        ({"case": {"person": {"consents": [{"id": "c"}]}}}, "case.person.consents.0.state"),
        (
            {"case": {"route": {"transfers": [{"to": "US", "tool": "A45-3", "until": "never"}]}}},
            "case.route.transfers.0.until",
        ),
        ({"policy": "nowhere"}, "policy"),
        ({"policy_changes": {"consent": {"max_unused_days": 0}}}, "policy_changes.consent.max_unused_days"),
        ({"based_on": "../secret.json"}, "based_on"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_remedy(tmp_path: Path, changes: dict[str, Any], path: str) -> None:
    with pytest.raises(BadInput) as refused:
        load(write(tmp_path, changes))
    assert refused.value.field == path
    assert refused.value.remedy.endswith(".")


def test_broken_or_missing_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    for file in (broken, tmp_path / "missing.json"):
        with pytest.raises(BadInput) as refused:
            load(file)
        assert refused.value.field == str(file)


def test_case_that_builds_on_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="based_on"):
        load(write(tmp_path, {"based_on": "case.json"}))


def test_schema_names_every_fact() -> None:
    printed = json.loads(run.invoke(app, ["decide", "--schema"]).output)
    assert printed == schema()
    for name in ("Person", "Consent", "Stop", "Evidence", "Sale", "Notice", "Route", "Transfer", "TemplateFacts"):
        assert printed["$defs"][name]["additionalProperties"] is False
    assert "policy" not in printed["$defs"]["Case"]["properties"]
