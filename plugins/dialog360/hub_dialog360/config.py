# SPDX-License-Identifier: Apache-2.0
"""What an admin enters to connect a number at 360dialog."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Config(BaseModel):
    """Settings of one number at 360dialog: its API keys belong to one number each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phone_number_id: str = Field(
        pattern=r"^\d+$", description="Meta's phone number id of the number; the one sender of this connection."
    )
    api_key: SecretStr = Field(
        min_length=1, description="API key of the number, from the 360dialog Hub (D360-API-KEY)."
    )
    header_name: str = Field(
        "x-hub-token", pattern=r"^[A-Za-z0-9-]+$", description="Name of the header that 360dialog sends to the webhook."
    )
    header_value: SecretStr = Field(
        min_length=16,
        description="A random text that you choose; enter it as the value of that header in the webhook settings.",
    )
    platform_secret: SecretStr | None = Field(
        None, description="Platform secret of a 360dialog partner. Where it is given, unsigned webhooks are refused."
    )
    base_url: str = Field(
        "https://waba-v2.360dialog.io", description="Address of the messaging API; change it for the sandbox or tests."
    )
