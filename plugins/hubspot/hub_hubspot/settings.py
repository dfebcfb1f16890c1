# SPDX-License-Identifier: Apache-2.0
"""What an admin sets for one HubSpot account. Forms and docs are made from this."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Config(BaseModel):
    """One HubSpot account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_token: SecretStr = Field(description="Token of a service key, private app or project app.")
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Client secret of the app that sends webhooks. Empty: every webhook is refused, syncs still run.",
    )
    portal: str = Field(
        default="",
        pattern=r"^\d*$",
        description="HubSpot account id (Hub ID). If set, the token and every webhook must belong to it.",
    )
    base_url: str = Field(default="https://api.hubapi.com", description="Where HubSpot's API is.")
    api_version: str = Field(
        default="2026-09",
        pattern=r"^(v3|\d{4}-\d{2}(-beta)?)$",
        description="Version in API paths: a dated one, or v3 for accounts that still need it.",
    )
    phone_properties: tuple[str, ...] = Field(
        default=("mobilephone", "phone"), min_length=1, description="Phone properties; the first that is filled counts."
    )
    country_property: str = Field(default="country", description="Property with the contact's country.")
    opt_out_property: str = Field(
        default="hub_whatsapp_opt_out",
        min_length=1,
        description="Property that stops WhatsApp messages; the hub writes withdrawals into it.",
    )
    email_double_opt_in_property: str = Field(
        default="hub_email_double_opt_in_at",
        description="Date property of a confirmed e-mail double opt-in. It proves the e-mail address, never a number.",
    )
    email_opt_out_property: str = Field(
        default="",
        description="Property that is set when the person unsubscribed from e-mail. Unless its scope is known to be "
        "e-mail alone it stops WhatsApp advertising too. Empty: not read.",
    )
    email_opt_out_limited: bool = Field(
        default=False, description="Whether that property clearly means e-mail, or one newsletter, and nothing else."
    )
    template_properties: tuple[str, ...] = Field(
        default=("firstname",), description="Properties that templates may use. Nothing else is read."
    )
    timeline_at: Literal["accepted", "sent", "delivered"] = Field(
        default="accepted", description="Message state at which a message is written to the contact's timeline."
    )
