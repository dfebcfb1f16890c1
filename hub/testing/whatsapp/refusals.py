# SPDX-License-Identifier: Apache-2.0
"""How the emulated WhatsApp says no: by Meta's code. The dialect puts it into its vendor's words."""

from __future__ import annotations


class Refused(Exception):
    """The platform refuses. `code` is Meta's, `details` names no person."""

    def __init__(self, code: int, details: str = "") -> None:
        super().__init__(f"{code} {details}".strip())
        self.code, self.details = code, details
