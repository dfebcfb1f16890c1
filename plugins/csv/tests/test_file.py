# SPDX-License-Identifier: Apache-2.0
"""Files as people really export them, and the results they get back."""

from __future__ import annotations

import csv
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hub_csv import PAGE, Config, CsvFile
from hub_csv.words import moment

from hub import BadInput, ClaimKind, ContactSnapshot, Outlook, Page, Report, ReportKind, Unavailable, Unusable

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


class Notes(dict[str, str]):
    def set(self, key: str, value: str) -> None:
        self[key] = value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contacts.csv"


def crm(path: Path, **settings: Any) -> CsvFile:
    return CsvFile(Config(path=path, **settings), httpx.AsyncClient(), Notes())


def read(path: Path, since: str | None = None, **settings: Any) -> list[Page[ContactSnapshot]]:
    async def main() -> list[Page[ContactSnapshot]]:
        return [page async for page in crm(path, **settings).contacts(since)]

    return anyio.run(main)


def only(path: Path, **settings: Any) -> ContactSnapshot:
    ((one,),) = [page.items for page in read(path, **settings) if page.items]
    return one


def unusable(path: Path) -> list[Unusable]:
    return [one for page in read(path) for one in page.unusable]


@pytest.mark.parametrize(
    "raw",
    [
        "id;Telefon;Vorname\n1;0151;Jürgen\n".encode(),
        "\ufeffid;Telefon;Vorname\r\n1;0151;Jürgen\r\n".encode(),
        "id;Telefon;Vorname\n1;0151;Jürgen".encode("cp1252"),
        "id,Telefon,Vorname\n1,0151,Jürgen\n".encode(),
        "id\tTelefon\tVorname\n1\t0151\tJürgen\n".encode(),
        '"id","Telefon","Vorname"\n"1","0151","Jürgen"\n'.encode(),
    ],
)
def test_file_of_any_usual_kind_is_read(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    one = only(path, template_columns=("vorname",))
    assert (one.record, one.phone, one.properties, one.row) == ("1", "0151", (("vorname", "Jürgen"),), 2)


def test_rows_that_cannot_be_used_say_where_and_why(path: Path) -> None:
    path.write_text('id;phone;n\n1;0151;a\n;0151;a\n2;;a\n3;0151\n\n1;0152;a\n4;"01"51;a\n5;0155;"x\ny"\n6;0156;a\n')
    assert unusable(path) == [
        Unusable("row 3", "id", "missing"),
        Unusable("row 4", "phone", "missing"),
        Unusable("row 5", "", "2 columns instead of 3"),
        Unusable("row 7", "id", "the same id as row 2"),
        Unusable("row 8", "", "quotation marks do not match"),
    ]
    assert [(one.record, one.row) for page in read(path) for one in page.items] == [("1", 2), ("5", 9), ("6", 10)]


def test_row_that_is_not_utf8_is_named_when_utf8_is_demanded(path: Path) -> None:
    path.write_bytes("id;phone;n\n1;0151;Jürgen\n".encode("cp1252"))
    ((one,),) = [page.unusable for page in read(path, encoding="utf-8") if page.unusable]
    assert one == Unusable("row 2", "", "not readable as utf-8")


def test_duplicate_id_is_found_across_a_resumed_walk(path: Path) -> None:
    rows = [f"c{n};0151" for n in range(PAGE + 10)]
    path.write_text("\n".join(["id;phone", *rows, "c3;0152"]) + "\n")
    first, *_ = read(path)
    rest = read(path, first.cursor)
    assert len(rest[0].items) == 10
    assert rest[0].unusable == (Unusable(f"row {PAGE + 12}", "id", "the same id as row 5"),)


@pytest.mark.parametrize(
    ("raw", "settings", "field"),
    [
        (b"", {}, "id"),
        (b"number;phone\n", {}, "id"),
        (b"id;name\n", {}, "phone"),
        (b"id;telefon;mobil\n", {}, "phone"),
        (b"id;phone\n", {"country_column": "nation"}, "nation"),
        (b"id;phone;phone\n", {"phone_column": "phone"}, "phone"),
        (b"id;phone\n", {"template_columns": ("vorname",)}, "vorname"),
        ("id;phone\n".encode("utf-16"), {}, "encoding"),
        (b"id;phone\n", {"encoding": "klingon"}, "encoding"),
        (b"id;phone\n", {"encoding": "base64"}, "encoding"),
        (b"id;phone\n", {"encoding": "utf-16"}, "encoding"),
    ],
)
def test_file_that_cannot_be_used_names_field_and_remedy(
    path: Path, raw: bytes, settings: dict[str, Any], field: str
) -> None:
    path.write_bytes(raw)
    with pytest.raises(BadInput) as refused:
        read(path, **settings)
    assert refused.value.field == field
    assert refused.value.remedy
    assert not anyio.run(crm(path, **settings).check).ok


def test_file_that_is_missing_is_bad_input(path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        read(path)
    assert refused.value.field == "path"


def test_check_counts_rows_and_shows_the_first_problem(path: Path) -> None:
    path.write_text("id;phone\n1;0151\n2;\n3;0153\n4;\n")
    health = anyio.run(crm(path).check)
    assert health.ok
    assert health.detail == "2 rows readable as utf-8; 2 unusable, the first is row 3: phone missing"


def test_sync_of_an_unchanged_file_reads_nothing_and_of_a_changed_one_all(path: Path) -> None:
    path.write_text("id;phone\n1;0151\n2;0152\n")
    done = read(path)[-1].cursor
    assert [page.items for page in read(path, done)] == [()]
    path.write_text("id;phone\n1;0151\n2;0152\n3;0153\n")
    assert [one.record for page in read(path, done) for one in page.items] == ["1", "2", "3"]


def test_cursor_inside_a_file_that_changed_starts_anew(path: Path) -> None:
    path.write_text("id;phone\n" + "".join(f"{n};0151\n" for n in range(PAGE + 1)))
    inside = read(path)[0].cursor
    path.write_text("id;phone\n7;0151\n8;0152\n")
    assert [one.record for page in read(path, inside) for one in page.items] == ["7", "8"]


def test_claims_carry_evidence_and_stops(path: Path) -> None:
    path.write_text(
        "id;phone;rechtsgrundlage;widerspruch;einwilligung_am;einwilligung_quelle\n"
        "1;0151;Einwilligung;weiß nicht;31.12.2025 08:30;Formular 7\n"
    )
    consent, stop = only(path).claims
    assert (consent.kind, consent.evidence) == (ClaimKind.CONSENT, "Formular 7")
    assert consent.claimed_at == datetime(2025, 12, 31, 8, 30, tzinfo=UTC)
    assert (stop.kind, stop.source_field) == (ClaimKind.OPT_OUT, "widerspruch")


@pytest.mark.parametrize("typed", ["", "gestern", "31.13.2025", "2025-02-30"])
def test_moment_of_nonsense_is_none(typed: str) -> None:
    assert moment(typed) is None


def test_audience_named_all_is_not_everyone(path: Path) -> None:
    path.write_text("id;phone;audience\n1;0151;all\n2;0152;\n")

    async def main() -> dict[str, list[str]]:
        one = crm(path)
        return {
            audience.id: [record async for page in one.members(audience.id) for record in page.items]
            for audience in await one.audiences()
        }

    assert anyio.run(main) == {"all": ["1", "2"], "audience:all": ["1"]}


def test_audience_column_with_countless_values_is_bad_input(path: Path) -> None:
    path.write_text("id;phone;audience\n" + "".join(f"{n};0151;{n}\n" for n in range(1_002)))
    with pytest.raises(BadInput, match="audience_column"):
        anyio.run(crm(path).audiences)


def test_memory_does_not_grow_with_the_file(path: Path) -> None:
    peaks = []
    for count in (5_000, 50_000):
        path.write_text("id;phone\n" + "".join(f"c{n};0151{n}\n" for n in range(count)))
        tracemalloc.start()

        async def walk() -> int:
            return sum([len(page.items) async for page in crm(path).contacts(None)])

        assert anyio.run(walk) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


# --- results


def report(path: Path, *reports: Report) -> None:
    outcomes = anyio.run(crm(path).report, reports)
    assert [outcome.error for outcome in outcomes] == [""] * len(reports)


def said(key: str, text: str = "") -> Report:
    return Report(key, "1", ReportKind.REPLY, "replied", AT, campaign="=1+1", text=text)


def results(path: Path) -> list[dict[str, str]]:
    with path.with_suffix(".results.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_results_have_one_header_and_a_line_each(path: Path) -> None:
    path.write_text("id;phone\n1;0151\n")
    report(path, said("a", "Grüße;\nvon mir"), said("b"))
    report(path, said("c"))
    assert [line["key"] for line in results(path)] == ["a", "b", "c"]
    assert results(path)[0]["text"] == "Grüße;\nvon mir"
    assert results(path)[0]["at"] == "2026-11-21T10:00:00+00:00"


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_results_are_never_formulas(path: Path, text: str) -> None:
    report(path, said("a", text))
    (line,) = results(path)
    assert line["text"] == f"'{text}"
    assert line["campaign"] == "'=1+1"


def test_results_after_a_cut_line_begin_a_new_one(path: Path) -> None:
    report(path, said("a"))
    file = path.with_suffix(".results.csv")
    file.write_bytes(file.read_bytes() + b"2026-11-21T10:0")
    report(path, said("b"))
    assert [line["at"] for line in results(path)] == [AT.isoformat(), "2026-11-21T10:0", AT.isoformat()]


def test_results_that_cannot_be_written_are_unavailable(path: Path) -> None:
    path.with_suffix(".results.csv").mkdir()
    with pytest.raises(Unavailable):
        anyio.run(crm(path).report, [said("a")])


# --- what campaigns would come to


def test_outlook_of_each_campaign_is_one_line(path: Path) -> None:
    for key, title in (("k", "5 von 7"), ("l", "=1+1"), ("k", "6 von 7")):
        outlook = Outlook(key, title, "all", AT, 7, 6, 0, 1, AT, title, f"{title},\nbis 12:00", "https://hub.example")
        anyio.run(crm(path).show, outlook)
    with path.with_suffix(".outlook.csv").open(newline="", encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file, delimiter=";"))
    assert [(line["key"], line["campaign"]) for line in lines] == [("l", "'=1+1"), ("k", "6 von 7")]
    assert lines[1]["text"] == "6 von 7,\nbis 12:00"
    assert lines[1]["finish"] == "2026-11-21T10:00+00:00"
