# SPDX-License-Identifier: Apache-2.0
"""Paper: a PDF from a Typst source. Nothing is fetched and nothing is read from disk but fonts."""

from __future__ import annotations

from collections.abc import Mapping

from hub.contract import BadInput


def pdf(source: str, *, inputs: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None) -> bytes:
    """Typeset `source`. It reads `inputs` as `sys.inputs`, so that they are never code, and `files` by their names.

    Raises `BadInput` without the extra `pdf`, and `ValueError` for a source that is not Typst.
    """
    try:
        import typst
    except ImportError:
        raise BadInput("PDF needs Typst", field="pdf", remedy="pip install consent-hub[pdf]") from None
    sheets = {**(files or {}), "main.typ": source.encode()}
    try:
        # a mapping of files is taken, too; its types do not say so
        made: bytes = typst.compile(sheets, format="pdf", sys_inputs=dict(inputs or {}))  # type: ignore[call-overload]
    except typst.TypstError as error:
        raise ValueError(error.message) from None
    return made
