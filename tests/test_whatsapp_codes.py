# SPDX-License-Identifier: Apache-2.0
"""Meta's error codes: every one of the reference has a rule, and a sentence in English and German."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hub.contract import (
    BadConfig,
    HubError,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    Rejected,
    Scope,
    TemplateProblem,
    Throttled,
    Unavailable,
    Uncertain,
    WindowClosed,
)
from hub.whatsapp.codes import MEANINGS, classify, meaning

CODES = [
    (RecipientCapped, (131049,)),
    (Rejected, (100, 130472, 130497, 131008, 131009, 131014, 131021, 131030, 131035, 131051, 131052, 131053)),
    (
        Rejected,
        (131055, 131060, 131061, 131062, 131063, 132068, 134100, 134102, 134103, 135000, 137000, 138000, 138999),
    ),
    (Rejected, (139100, 139101, 139200, 147001, 147002, 147003, 147004, 147005, 2494164, 2494179)),
    (Rejected, (2593107, 2593108, 2593109)),
    (RecipientOptedOut, (130403, 131050)),
    (RecipientUnreachable, (131026,)),
    (WindowClosed, (131047,)),
    (TemplateProblem, (132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018, 2388019, 2388023)),
    (TemplateProblem, (2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299, 2388318, 2388330)),
    (BadConfig, (0, 3, 10, 33, 102, 104, 190, 200, 299, 368, 131005, 131031, 131037, 131042, 131044, 131045)),
    (BadConfig, (133000, 133005, 133006, 133010, 134011, 139000)),
    (Unavailable, (2, 131016, 131059, 133004, 134101, 139102, 139103)),
    (Uncertain, (1, 131000)),
    (Throttled, (4, 80007, 130429, 131048, 131056, 131057, 131064, 132069, 133008, 133009, 133015, 133016, 2494100)),
]


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in CODES for code in codes])
def test_error_code_leads_to_what_happens_next(kind: type[HubError], code: int) -> None:
    for given in (code, str(code)):
        error = classify({"code": given, "message": "call +12025550147", "error_data": "a text"}, status=400)
        assert type(error) is kind
        assert str(code) in str(error)
        assert "12025550147" not in str(error)


def test_error_table_has_no_code_without_a_test() -> None:
    tested = {code for _, codes in CODES for code in codes}
    assert [family for known in MEANINGS for family in known.codes if not tested & {family[0], family[-1]}] == []


def test_no_code_has_two_meanings() -> None:
    codes = [code for known in MEANINGS for family in known.codes for code in family]
    assert len(codes) == len(set(codes))


def test_every_meaning_is_a_sentence_in_both_languages() -> None:
    sentences = [said for known in MEANINGS for said in (known.en, known.de)]
    assert [said for said in sentences if not re.fullmatch(r"[A-Z].+[^.]\.", said)] == []
    assert len({known.de for known in MEANINGS}) == len(MEANINGS)
    opted_out = meaning(131050)
    assert opted_out is not None
    assert "abgestellt" in opted_out.de


def test_waiting_time_is_set_where_it_counts_and_nowhere_else() -> None:
    waiting = {known.codes[0][0] for known in MEANINGS if known.after != 1.0}
    assert all(
        issubclass(known.kind, (Throttled, RecipientCapped)) for known in MEANINGS if known.codes[0][0] in waiting
    )
    assert {131048, 131049, 131056, 133016} <= waiting


def test_code_unknown_has_no_meaning() -> None:
    assert meaning(139999) is None


@pytest.mark.parametrize(("subcode", "kind"), [(2388299, TemplateProblem), (131049, Rejected), (None, Rejected)])
def test_subcode_is_read_for_templates_handed_in_only(subcode: int | None, kind: type[HubError]) -> None:
    assert type(classify({"code": 100, "error_subcode": subcode}, status=400)) is kind
    assert type(classify({"code": 131009, "error_subcode": subcode}, status=400)) is Rejected


@pytest.mark.parametrize(("code", "scope"), [(130429, Scope.SENDER), (131056, Scope.PAIR), (80007, Scope.ACCOUNT)])
def test_throttle_names_whom_it_binds(code: int, scope: Scope) -> None:
    error = classify({"code": code}, status=400)
    assert isinstance(error, Throttled)
    assert error.scope is scope


def test_throttle_waits_as_long_as_the_answer_says() -> None:
    error = classify({"code": 130429}, status=429, retry_after="42")
    assert isinstance(error, Throttled)
    assert error.after == 42.0


def test_error_100_for_an_object_out_of_reach_needs_a_human() -> None:
    said = "Unsupported post request. Object with ID '1' does not exist, cannot be loaded due to missing permissions"
    assert type(classify({"code": 100, "message": said}, status=400)) is BadConfig


@pytest.mark.parametrize(
    ("status", "extra", "kind"),
    [
        (400, {}, Rejected),
        (400, {"is_transient": True}, Unavailable),
        (429, {}, Throttled),
        (500, {}, Uncertain),
        (503, {}, Throttled),
        (0, {}, Rejected),
    ],
)
def test_error_code_unknown_falls_back_to_the_status(status: int, extra: dict[str, Any], kind: type[HubError]) -> None:
    assert type(classify({"code": 139999, **extra}, status=status, sends=True)) is kind


@pytest.mark.parametrize("error", [None, "x", [], {}, {"code": None}, {"code": {}}, {"code": True}])
def test_error_that_is_none_is_still_an_error(error: object) -> None:
    assert type(classify(error)) is Rejected


def test_every_meaning_is_said_without_a_number() -> None:
    assert [known.en for known in MEANINGS if re.search(r"\+?\d{5,}", known.en + known.de)] == []
