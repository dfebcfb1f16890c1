# SPDX-License-Identifier: Apache-2.0
"""Paper: a PDF from a typst source. Nothing is fetched, nothing is read from disk."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from hub.contract import BadInput


def pdf(source: str, *, inputs: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None) -> bytes:
    """Typeset `source` as PDF/A-3a. It reads `inputs` as `sys.inputs`, so they are never code, and `files` by name.

    Only the fonts that typst brings are used, so that the same input gives the same bytes everywhere. Raises
    `BadInput` without the extra `pdf`, and `ValueError` for a source that is not typst.
    """
    try:
        typst: Any = importlib.import_module("typst")
    except ImportError:
        raise BadInput("PDF needs typst", field="pdf", remedy="pip install consent-hub[pdf]") from None
    sheets = {**(files or {}), "main.typ": source.encode()}
    given = {"sys_inputs": dict(inputs or {}), "pdf_standards": "a-3a", "ignore_system_fonts": True}
    try:
        return bytes(typst.compile(sheets, format="pdf", **given))
    except typst.TypstError as error:
        raise ValueError(error.message) from None
