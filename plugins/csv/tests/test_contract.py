# SPDX-License-Identifier: Apache-2.0
"""A CSV file against the suite every CRM must pass."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from hub_csv import PAGE, Config, CsvFile

from hub import ClaimKind
from hub.testing.crms import CrmSuite

HEADER = ["id", "telefon", "land", "rechtsgrundlage", "widerspruch", "zielgruppe"]


class Notes(dict[str, str]):
    """A connection's memory."""

    def set(self, key: str, value: str) -> None:
        self[key] = value


class File:
    """A file as the suite's world."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[list[str]] = []
        self._write()

    def crm(self, http: httpx.AsyncClient) -> CsvFile:
        return CsvFile(Config(path=self.path), http, Notes())

    def fill(self, count: int) -> list[str]:
        first = len(self.rows)
        for number in range(first, first + count):
            audience = ("Stammkunden", "Neu; mit\nUmbruch", "")[number % 3]
            self.rows.append([f"c{number}", f"+4915{number:09d}", "Deutschland", "Vertrag", "", audience])
        self._write()
        return [row[0] for row in self.rows[first:]]

    def contact(self, legal_basis: str) -> str:
        self.rows.append([f"c{len(self.rows)}", "0151 1234567", "DE", legal_basis, "", ""])
        self._write()
        return self.rows[-1][0]

    def change(self, record: str) -> None:
        row = next(row for row in self.rows if row[0] == record)
        row[4] = "ja"
        self._write()

    def _write(self) -> None:
        with self.path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, delimiter=";")
            rows.writerow(HEADER)
            rows.writerows(self.rows)


class TestCsvFile(CrmSuite):
    page_size = PAGE
    bases: ClassVar = {
        "Einwilligung": ClaimKind.CONSENT,
        "consent": ClaimKind.CONSENT,
        "Vertrag": ClaimKind.CONTRACT,
        "CONTRACT": ClaimKind.CONTRACT,
        "berechtigtes  Interesse": ClaimKind.LEGITIMATE_INTEREST,
        "legitimate_interest": ClaimKind.LEGITIMATE_INTEREST,
        "keine Einwilligung": ClaimKind.UNKNOWN,
        "ja": ClaimKind.UNKNOWN,
        "": ClaimKind.UNKNOWN,
    }

    @pytest.fixture
    def world(self, tmp_path: Path) -> File:
        return File(tmp_path / "contacts.csv")
