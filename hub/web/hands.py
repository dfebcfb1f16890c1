# SPDX-License-Identifier: Apache-2.0
"""What pages and the API need done that asks a CRM or a vendor. The web process gets it handed in."""

from __future__ import annotations

from typing import Protocol

from hub.contract import Audience, Property
from hub.flows.preview import Preview
from hub.store.tables import Campaign, Connection


class Hands(Protocol):
    """Every call blocks, and may raise any `HubError`."""

    def preview(self, campaign: Campaign, tier: int | None = None) -> Preview: ...
    def size(self, campaign: Campaign) -> int: ...
    def audiences(self, connection: Connection) -> list[Audience]: ...
    def properties(self, connection: Connection) -> list[Property]: ...
