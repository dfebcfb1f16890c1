# SPDX-License-Identifier: Apache-2.0
"""The settings of one WhatsApp Business account."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Config(BaseModel):
    """Settings of one WhatsApp Business account. Its numbers are the senders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    waba_id: str = Field(
        pattern=r"^\d+$",
        description="Id of the WhatsApp Business account (WABA, now also called Messaging account); "
        "WhatsApp Manager shows it under account settings.",
    )
    access_token: SecretStr = Field(
        min_length=1,
        description="Token of a system user to whom the account is assigned, with the permissions "
        "whatsapp_business_messaging and whatsapp_business_management.",
    )
    app_secret: SecretStr = Field(min_length=1, description="App secret of the Meta app; Meta signs webhooks with it.")
    previous_app_secret: SecretStr | None = Field(
        None, description="The app secret before this one. Enter it while you rotate, empty it afterwards."
    )
    verify_token: SecretStr = Field(
        min_length=16, description="A random text that you choose; enter the same one in Meta's webhook settings."
    )
    appsecret_proof: bool = Field(
        False, description="Prove knowledge of the app secret with every call; needed when the app requires it."
    )
    marketing_api: bool = Field(
        False,
        description="Send marketing templates through Meta's Marketing Messages API, which must be set up for the "
        "account. Off: they go out like all other messages.",
    )
    marketing_fallback: bool = Field(
        True,
        description="Marketing Messages API: let Meta send the ordinary way what is not eligible for it. Off: such a "
        "message fails.",
    )
    marketing_sharing: bool = Field(
        False,
        description="Marketing Messages API: share with Meta what people do with a message, to optimise advertising. "
        "Leave it off unless your legal basis covers it.",
    )
    marketing_creative: bool = Field(
        False,
        description="Marketing Messages API: let Meta change pictures and formatting of marketing templates handed in "
        "from here. Off: each of its known changes is refused when the template is made.",
    )
    version: str = Field("v25.0", pattern=r"^v\d+\.0$", description="Version of the Graph API.")
    base_url: str = Field(
        "https://graph.facebook.com", description="Address of the Graph API; change it for tests only."
    )
