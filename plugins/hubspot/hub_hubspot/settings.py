# SPDX-License-Identifier: Apache-2.0
"""What an admin sets for one HubSpot account. Forms and docs are made from this."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class Config(BaseModel):
    """One HubSpot account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_token: SecretStr = Field(
        default=SecretStr(""), description="Token of a service key, private app or project app. Empty: OAuth."
    )
    client_id: str = Field(default="", description="Client id of the app, for OAuth.")
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Client secret of the app: for OAuth, and to know its webhooks by. Empty: every webhook and "
        "workflow is refused, syncs still run.",
    )
    refresh_token: SecretStr = Field(default=SecretStr(""), description="OAuth: refresh token of the installed app.")
    authorization_code: SecretStr = Field(
        default=SecretStr(""),
        description="OAuth: the code of a fresh installation, instead of a refresh token. HubSpot takes it once.",
    )
    redirect_uri: str = Field(default="", description="OAuth: the redirect URL that the code was sent to.")
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
        description="Property by which somebody in HubSpot stops WhatsApp messages. The hub only reads it.",
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
    refusals_on_timeline: bool = Field(
        default=False, description="Write a note on the contact for each message that was refused, with its reason."
    )
    outlook_as_task: bool = Field(
        default=True,
        description="Keep a task in HubSpot for each campaign that has not begun: how many it would reach, why not the "
        "others, and when it would end.",
    )
    app_id: str = Field(
        default="",
        pattern=r"^\d*$",
        description="HubSpot app id, to register the workflow action with. Empty: not done.",
    )
    developer_key: SecretStr = Field(
        default=SecretStr(""), description="Developer API key of the app's account, to register the workflow action."
    )
    webhook_url: str = Field(
        default="",
        description="This connection's own webhook address, see `hub connection list`: where the workflow action asks.",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> Config:
        if not self.access_token.get_secret_value():
            code = self.authorization_code.get_secret_value() and self.redirect_uri
            grant = self.refresh_token.get_secret_value() or code
            if not (self.client_id and self.client_secret.get_secret_value() and grant):
                raise ValueError(
                    "set access_token; or, for OAuth, client_id, client_secret and either refresh_token, or "
                    "authorization_code with redirect_uri"
                )
        return self
