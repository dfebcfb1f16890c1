# SPDX-License-Identifier: Apache-2.0
"""Settings of a deployment, from `HUB_*` environment variables. Accounts live in connections, not here."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Built by whoever starts a process; never at import."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore")

    environment: Literal["development", "production"] = Field(
        "development", description="`production` refuses generated keys and plain-http public URLs."
    )
    data_dir: Path = Field(Path(".hub"), description="Where the embedded database and generated keys live.")
    database_url: str = Field("", description="SQLAlchemy URL, such as postgresql+psycopg://... (empty: SQLite).")
    journal_dir: str = Field(
        "",
        description="Where stops are remembered outside the database (empty: data_dir/journal). "
        "Better on another disk; never restored from a backup.",
    )
    redis_url: str = Field("", description="redis://... for Dramatiq; empty: everything runs in one process.")
    keys: SecretStr = Field(
        SecretStr(""),
        description="Key ring: `id:base64` of 32 bytes each, comma separated, newest first. Empty: data_dir/keys.",
    )
    public_url: str = Field("http://127.0.0.1:8080", description="How vendors and people reach this hub from outside.")
    host: str = Field("127.0.0.1", description="Address the web process listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port the web process listens on.")
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks (CIDR, comma separated) of your reverse proxies, whose X-Forwarded-For is "
        "believed. Empty: nobody's is.",
    )
    controller: str = Field("", description="Name of the controller that commands act for, if there are several.")
    oidc_issuer: str = Field(
        "",
        description="Address of your OpenID provider, through which staff may log in besides their password. "
        "Its people still need `hub staff add`.",
    )
    oidc_client_id: str = Field("", description="How the OpenID provider knows this hub.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="What it knows this hub by.")
    policy: str = Field("eu_strict", description="Policy profile: a packaged name, or a path to a TOML file.")
    workers: int = Field(8, ge=1, le=64, description="Worker threads of one process.")
    connections: int = Field(64, ge=1, le=2000, description="HTTP connections to vendors, per process.")
    webhook_days: int = Field(14, ge=1, le=30, description="Days that applied raw webhooks are kept for a look.")
    link_days: int = Field(30, ge=1, le=400, description="Days in which a link to somebody's preferences opens.")
    form_tries: int = Field(10, ge=1, le=1000, description="Public forms that one address may send in an hour.")
    events_inside: bool = Field(
        False,
        description="Events may also be delivered to http:// addresses and into our own network; for trials only.",
    )
    approval_above: int = Field(
        0, ge=0, le=10_000_000, description="Recipients above which a second person approves a campaign; 0: never."
    )
    start_late_minutes: int = Field(
        60, ge=0, le=100_000, description="A campaign whose start was missed by more waits for a person."
    )
    reach_minutes: int = Field(
        60,
        ge=0,
        le=10_000,
        description="How often the CRM is told whom a campaign that has not begun would reach; 0: only when asked for.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @model_validator(mode="after")
    def _safe(self) -> Settings:
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("HUB_OIDC_ISSUER and HUB_OIDC_CLIENT_ID belong together; set both or neither")
        if self.environment == "production":
            if not self.keys.get_secret_value():
                raise ValueError("HUB_KEYS is required in production; make a ring with `hub init --print-keys`")
            if not self.public_url.startswith("https://"):
                raise ValueError("HUB_PUBLIC_URL must begin with https:// in production")
            if self.oidc_issuer and not self.oidc_issuer.startswith("https://"):
                raise ValueError("HUB_OIDC_ISSUER must begin with https:// in production")
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, given: str) -> str:
        read = [ip_network(one.strip()) for one in given.split(",") if one.strip()]
        if any(network.prefixlen == 0 for network in read):
            raise ValueError("a network of everybody is no reverse proxy")
        return ",".join(map(str, read))

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'hub.db').absolute()}"

    @property
    def journal(self) -> Path:
        return Path(self.journal_dir) if self.journal_dir else self.data_dir / "journal"
