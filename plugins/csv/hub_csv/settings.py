# SPDX-License-Identifier: Apache-2.0
"""What an admin sets for one CSV file. Forms and docs are made from this."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

FOUND = "Empty: found by its usual English or German name."


class Config(BaseModel):
    """One file of contacts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(description="The CSV file, as the hub's own machine sees it.")
    results: Path | None = Field(
        default=None, description="Where results are appended. Empty: `<name>.results.csv` next to the file."
    )
    delimiter: str = Field(default="", max_length=1, description="Character between columns. Empty: found in row 1.")
    encoding: str = Field(
        default="", pattern=r"^[A-Za-z0-9_-]*$", description="Text encoding. Empty: UTF-8, else Windows-1252."
    )
    id_column: str = Field(default="", description=f"Column with the record's own, lasting id. {FOUND}")
    phone_column: str = Field(default="", description=f"Column with the phone number. {FOUND}")
    country_column: str = Field(default="", description=f"Column with the country. {FOUND}")
    legal_basis_column: str = Field(default="", description=f"Column with the legal basis. {FOUND}")
    opt_out_column: str = Field(default="", description=f"Column that stops messages. {FOUND}")
    audience_column: str = Field(default="", description=f"Column that names an audience. {FOUND}")
    consent_at_column: str = Field(default="", description=f"Column with the time of consent. {FOUND}")
    consent_source_column: str = Field(default="", description=f"Column saying where the proof is. {FOUND}")
    template_columns: tuple[str, ...] = Field(default=(), description="Columns that templates may use.")

    @field_validator("path", "results")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        """Workers may run in another folder than the command that connected the file."""
        return path.expanduser().absolute() if path else path

    @property
    def results_path(self) -> Path:
        return self.results or self.path.with_suffix(".results.csv")

    @property
    def outlooks_path(self) -> Path:
        """Beside the results: what campaigns would come to."""
        return self.results_path.with_name(f"{self.path.stem}.outlook.csv")
