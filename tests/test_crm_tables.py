# SPDX-License-Identifier: Apache-2.0
"""The mapping tables of the legal reference, 3.4 and 3.5, as data in `cases/crm`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hub_hubspot import Config
from hub_hubspot.wire import snapshot

from hub.contract import Claim, Purpose
from hub.law import imported
from hub.law.decide import decide
from hub.law.facts import ClaimFact, CountrySignal, Message, Person, Phase, SignalKind
from hub.law.mapping import parse, read
from tests.making import ANNA
from tests.test_law_decide import CASE, MARKETING, PLAIN, WORDING

TABLES = Path(__file__).parent / "cases" / "crm"
HUBSPOT = orjson.loads((TABLES / "hubspot.json").read_bytes())["rows"]
SALESFORCE = orjson.loads((TABLES / "salesforce.json").read_bytes())
CONFIG = Config.model_validate({"access_token": "made-up", "email_opt_out_property": "email_opt_out"})
GERMAN = Person("p1", countries=(CountrySignal(SignalKind.NUMBER, "DE"),), platform_optin="optin-1")


def fact(claim: Claim) -> ClaimFact:
    return ClaimFact(claim.source_field, claim.kind, claim.channel, claim.purpose, claim.claimed_at, claim.limited)


@pytest.mark.parametrize("row", HUBSPOT, ids=lambda row: " ".join(row["says"].values()) or "empty")
def test_hubspot_value_is_the_claim_of_the_table_and_carries_no_message(row: dict[str, Any]) -> None:
    found = snapshot({"id": "1", "properties": row["says"]}, CONFIG)
    assert found is not None
    assert [claim.kind for claim in found.claims] == row["claims"]
    person = replace(GERMAN, claims=tuple(fact(claim) for claim in found.claims))
    advertising = decide(replace(CASE, person=person, message=MARKETING))
    order = decide(replace(CASE, person=person, message=Message(Purpose.UTILITY, template=PLAIN)))
    stored = decide(replace(CASE, phase=Phase.SYNC_IN, person=person, message=None, route=None))
    assert not advertising.allowed
    assert not order.allowed
    assert row["marketing"] in advertising.reasons
    assert row["utility"] == order.reasons[0]
    assert row["store"] == stored.reasons[0]


def test_hubspot_email_opt_out_that_is_clearly_limited_stops_nothing_else() -> None:
    config = CONFIG.model_copy(update={"email_opt_out_limited": True})
    found = snapshot({"id": "1", "properties": {"email_opt_out": "true"}}, config)
    assert found is not None
    person = replace(GERMAN, claims=tuple(fact(claim) for claim in found.claims))
    assert "SUPPRESSED_CLAIM_CRM" not in decide(replace(CASE, person=person)).reasons


@pytest.mark.parametrize("row", SALESFORCE["rows"], ids=lambda row: row["about"])
def test_salesforce_value_is_read_as_the_table_says(row: dict[str, Any]) -> None:
    values = {**SALESFORCE["whole"], **row["changes"]}
    reading = read(parse(SALESFORCE["mapping"]), values, CASE.now)
    assert (reading.says, reading.basis) == (row["says"], row["basis"])
    if reading.says != "yes":
        return
    case = replace(CASE, phase=Phase.SYNC_IN, person=GERMAN, message=None, route=None)
    wording = WORDING if reading.wording == "w1" else None
    lacks = imported.lacks(case, reading, wording, reading.point == ANNA)
    assert "".join(lacks[:1]) == row["lacks"] or row["lacks"] in lacks
    assert bool(lacks) is bool(row["lacks"])
