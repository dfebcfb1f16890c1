# SPDX-License-Identifier: Apache-2.0
"""`hub campaign` and `hub prices` as a marketer and an admin use them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner, Result

from hub.cli import app, campaign_watching
from hub.cli.session import out
from hub.contract import BadInput
from hub.flows.forecast import Forecast, Pace
from hub.flows.preview import Preview
from hub.flows.prices import Cost
from hub.law.policy import QuietHours
from hub.plugins import emulators
from hub.testing.emulator import serve

PEOPLE = "id;phone;country;legal_basis;firstname\n" + "\n".join(
    f"{index};+4915112345{index:03};DE;Vertrag;Anna" for index in range(100, 112)
)
BODY = "Hallo {{1}}, bei Muster Handels GmbH gibt es Angebote. Keine Werbung mehr? Antworten Sie STOPP."
UTILITY = "Hallo {{1}}, Ihre Bestellung bei der Muster Handels GmbH ist unterwegs."


def hub(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def good(*words: str) -> str:
    said = hub(*words)
    assert said.exit_code == 0, (words, said.output, said.exception)
    return said.stdout


def bad(*words: str) -> str:
    said = hub(*words)
    assert isinstance(said.exception, BadInput), (words, said.output, said.exception)
    return str(said.exception)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A company with twelve customers, an emulated number and three templates."""
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "hub"))
    monkeypatch.setattr(out, "width", 200)
    (tmp_path / "people.csv").write_text(PEOPLE)
    meta = emulators()["meta"].load()(seed=1)
    for name, body, category in (
        ("angebot", BODY, "MARKETING"),
        ("herbst", BODY, "MARKETING"),
        ("paket", UTILITY, "UTILITY"),
    ):
        meta.add_template(name, "de", category=category, body=body)
    with serve(meta.app()) as url:
        good("init", "--controller", "Muster Handels GmbH")
        good("connect", "csv", "--path", str(tmp_path / "people.csv"), "--template-columns", "firstname")
        good("sync", "csv")
        tokens = ["--access-token", meta.access_token, "--app-secret", meta.app_secret]
        more = ["--verify-token", meta.verify_token, "--waba-id", meta.waba_id, "--base-url", url]
        good("connect", "meta", *tokens, *more)
        good("sender", "meta", "--id", meta.phone_number_id, "--number", meta.display_number)
        good("templates", "read", "meta")
        yield tmp_path


def create(*more: str, title: str = "Herbst", template: str = "angebot/de", purpose: str = "marketing") -> str:
    topic = ["--topic", "Angebote"] if purpose == "marketing" else []
    aim = ["--crm", "csv", "--audience", "all", "--template", template, "--purpose", purpose]
    return good("campaign", "create", *aim, *topic, "--parameter", "1=firstname|dort", "--title", title, *more)


def test_campaign_is_started_paused_resumed_and_cancelled_and_status_says_by_whom() -> None:
    create("--by", "Dana")
    later = "2099-12-01T09:00+01:00"
    assert "starts at" in good("campaign", "start", "Herbst", "--at", later, "--by", "Dana")
    assert "is paused" in good("campaign", "pause", "Herbst", "--by", "Emil")
    said = good("campaign", "status", "Herbst")
    assert "Herbst: paused" in said
    assert "paused by Emil" in said
    assert "angehalten von Emil" in good("campaign", "status", "Herbst", "--language", "de")
    assert "is staging again" in good("campaign", "resume", "Herbst", "--by", "Dana")
    assert "is cancelled" in good("campaign", "cancel", "Herbst", "--by", "Dana")
    said = good("campaign", "status", "Herbst")
    for act in ("started  Dana", "paused  Emil", "resumed  Dana", "cancelled  Dana"):
        assert act in said
    assert "is cancelled" in bad("campaign", "resume", "Herbst", "--by", "Dana")
    assert "checked. Head" in good("ledger", "verify")


def test_large_campaign_is_approved_by_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_APPROVAL_ABOVE", "10")
    create("--by", "Dana")
    assert "waits for a second person" in good("campaign", "start", "Herbst", "--by", "Dana")
    assert "Herbst: waiting" in good("campaign", "status", "Herbst")
    assert "second person" in bad("campaign", "approve", "Herbst", "--by", "Dana")
    assert "starts" in good("campaign", "approve", "Herbst", "--by", "Emil")
    assert "Herbst: staging" in good("campaign", "status", "Herbst")


def test_reach_is_shown_beside_the_file_at_once_and_no_more_after_the_start(home: Path) -> None:
    create("--by", "Dana")
    said = good("campaign", "reach", "Herbst")
    assert "0 of 12 records can be reached" in said
    assert "took 12 reports" in said
    assert (home / "people.results.csv").read_text().count(";reach;blocked;") == 12
    assert "0 von 12 Datensätzen erreichbar" in (home / "people.outlook.csv").read_text()
    good("campaign", "start", "Herbst", "--by", "Dana", "--at", "2099-12-01T09:00+01:00")
    good("campaign", "reach", "Herbst")
    good("campaign", "cancel", "Herbst", "--by", "Dana")
    assert "has begun" in bad("campaign", "reach", "Herbst")


def test_prices_are_loaded_shown_and_checked(home: Path) -> None:
    prices = home / "prices.toml"
    prices.write_text(
        'currency = "EUR"\nvalid_from = 2026-01-01\n[[price]]\ncountry = "DE"\ncategory = "UTILITY"\nprice = 0.05\n'
    )
    assert "1 prices" in good("prices", "load", str(prices))
    assert "0.05" in good("prices", "show")
    create(title="Paket", template="paket/de", purpose="utility")
    assert "records in the audience" in good("campaign", "preview", "Paket", "--tier", "250")
    broken = home / "broken.csv"
    broken.write_text("country,category\nDE,UTILITY\n")
    assert "entry 2" in bad("prices", "load", str(broken))


def test_preview_prints_when_under_which_limits_and_for_how_much() -> None:
    now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    hours = QuietHours(enforce=False, start=20, end=8, sundays=True, zone="Europe/Berlin")
    seen = Preview(
        forecast=Forecast(now, now + timedelta(hours=26)),
        pace=Pace(78.4, tier=1000, others=(40, 2), hours=hours),
        cost=Cost({"EUR": Decimal("1.005")}, {"EUR": Decimal(12)}, Counter({"FR": 4})),
    )
    said = printed(seen, now)
    for wanted in (
        "2026-12-02 11:00 UTC",
        "after 1 day, 2:00:00; 78.4 messages per second; 1000 people in 24 hours; quiet from 20:00 to 8:00",
        "42 messages of other campaigns",
        "1.00 to 12.00 EUR",
        "no price for FR",
        "4 messages",
    ):
        assert wanted in said
    assert "not within a year" in printed(replace(seen, forecast=Forecast(now, None)), now)
    assert "message" not in printed(Preview(), now)


def printed(seen: Preview, now: datetime) -> str:
    table = Table(show_header=False)
    campaign_watching.time_rows(table, seen, now)
    campaign_watching.cost_rows(table, seen)
    console = Console(width=200, file=StringIO())
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_every_wish_is_kept_with_the_draft() -> None:
    split = ["--variant", "herbst/de=3", "--weight", "1"]
    first = ["--canary", "5", "--canary-wait", "10", "--max-errors", "5", "--max-opt-outs", "1", "--sample", "20"]
    create(*split, *first, "--local-time", "10:00", "--late", "15", "--by", "Dana")
    said = good("campaign", "status", "Herbst")
    for wanted in ("herbst/de", "angebot/de", "0 wait for the first 5", "pauses above 5 %", "pauses above 1 %"):
        assert wanted in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--variant", "herbst"], "Write NAME/LANGUAGE"),
        (["--variant", "herbst/de=much"], "has no weight"),
        (["--variant", "angebot/de"], "twice"),
        (["--local-time", "soon"], "Write it as 10:00"),
        (["--local-time", "22:00"], "quiet hours"),
        (["--max-errors", "200"], "percentage"),
        (["--canary", "-1"], "below 0"),
        (["--late", "-1"], "below 0"),
    ],
)
def test_wish_that_cannot_be_met_is_one_sentence(more: list[str], said: str) -> None:
    aim = ["--crm", "csv", "--audience", "all", "--template", "angebot/de", "--purpose", "marketing"]
    found = bad("campaign", "create", *aim, "--topic", "Angebote", "--parameter", "1=firstname|dort", *more)
    assert said in found
    assert "Herbst" not in good("campaign", "list")
