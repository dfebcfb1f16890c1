# SPDX-License-Identifier: Apache-2.0
"""Where HubSpot's resources are: the one place that knows API versions.

Dated paths ("API versioning") by default; `v3` for accounts that still need it, which for workflow actions means v4.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of one API version: "v3", or a dated one such as "2026-09"."""

    version: str

    # the only version of this call seen in recorded traffic, and the only one that tells of a static token's scopes
    account = "/account-info/v3/details"
    token_info = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105

    @property
    def dated(self) -> bool:
        return self.version != "v3"

    def objects(self, kind: str) -> str:
        return f"/crm/objects/{self.version}/{kind}" if self.dated else f"/crm/v3/objects/{kind}"

    @property
    def contacts(self) -> str:
        return self.objects("contacts")

    @property
    def properties(self) -> str:
        return f"/crm/properties/{self.version}/contacts" if self.dated else "/crm/v3/properties/contacts"

    @property
    def lists(self) -> str:
        return f"/crm/lists/{self.version}" if self.dated else "/crm/v3/lists"

    @property
    def token(self) -> str:
        return f"/oauth/{self.version}/token"

    @property
    def callbacks(self) -> str:
        """Completes callbacks of workflows, in a batch."""
        if self.dated:
            return f"/automation/actions/callbacks/{self.version}/complete"
        return "/automation/v4/actions/callbacks/complete"

    def actions(self, app: str) -> str:
        """Definitions of an app's workflow actions."""
        return (
            f"/automation/actions/{self.version}/{quote(app)}" if self.dated else f"/automation/v4/actions/{quote(app)}"
        )
