# SPDX-License-Identifier: Apache-2.0
"""The signed root of a day: what a controller's signature says about the links of that day."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

FORMAT = "consent-hub/root/1"


class Statement(BaseModel):
    """What is signed: "on `day` the chain of `controller` grew by links `first_seq` to `last_seq`".

    `root` is the Merkle root over the hashes of these links, `head` the hash of the last one, `key_id` the signer.
    `day` is a date in UTC, `signed_at` a time in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    format: str = FORMAT
    controller: str
    day: str
    first_seq: int
    last_seq: int
    head: str
    root: str
    key_id: str
    signed_at: str

    @property
    def links(self) -> int:
        return self.last_seq - self.first_seq + 1

    def plain(self) -> dict[str, Any]:
        """As it is signed."""
        return self.model_dump()
