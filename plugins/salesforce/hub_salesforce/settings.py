# SPDX-License-Identifier: Apache-2.0
"""What an admin sets for one Salesforce org. Forms and docs are made from this."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

Named = Annotated[str, Field(pattern=r"^.+=(consent|contract|legitimate_interest)$")]


class Config(BaseModel):
    """One Salesforce org."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(
        pattern=r"^https?://[^/]+/?$", description="My Domain of the org, e.g. https://example.my.salesforce.com."
    )
    client_id: str = Field(min_length=1, description="Consumer key of the external client app.")
    client_secret: SecretStr = Field(
        default=SecretStr(""), description="Consumer secret, for the client credentials flow. Empty: JWT bearer flow."
    )
    username: str = Field(default="", description="User that the JWT bearer flow acts as.")
    private_key: SecretStr = Field(
        default=SecretStr(""), description="RSA private key (PEM) that signs for the JWT bearer flow."
    )
    audience: str = Field(
        default="https://login.salesforce.com",
        description="Audience of the JWT bearer flow: https://test.salesforce.com for a sandbox.",
    )
    api_version: int = Field(default=68, ge=41, description="Version in API paths; the hub stays on it.")
    daily_share: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Share of the org's daily API requests after which reading waits. Withdrawals are always written.",
    )
    bulk_above: int = Field(
        default=50_000, ge=1, description="Number of records above which Bulk API 2.0 reads them instead of pages."
    )

    inbound_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that Salesforce shows when it calls the hub: header X-Hub-Token of a flow, or token in the "
        "URL of an outbound message. Empty: every call is refused, syncs still run.",
    )
    organization: str = Field(
        default="",
        pattern=r"^(00D[0-9A-Za-z]{12}([0-9A-Za-z]{3})?)?$",
        description="Organization id. Outbound messages of any other one, or all if it is empty, are refused.",
    )
    outbound_actions: tuple[str, ...] = Field(
        default=(), description="Action ids of the outbound messages that are accepted. Empty: those of the org."
    )

    change_events: str = Field(
        default="",
        pattern=r"^(/data/(ChangeEvents|\w+ChangeEvent|\w+__chn))?$",
        description="Change Data Capture channel to listen to, e.g. /data/ChangeEvents: changes come within seconds. "
        "Needs organization, and pip install 'consent-hub-salesforce[cdc]'. Empty: they come with the next sync.",
    )
    pubsub_url: str = Field(
        default="https://api.pubsub.salesforce.com:7443",
        pattern=r"^https?://[^/]+/?$",
        description="Salesforce's Pub/Sub API (gRPC).",
    )

    phone_fields: tuple[str, ...] = Field(
        default=("MobilePhone", "Phone"), min_length=1, description="Phone fields; the first that is filled counts."
    )
    country_fields: tuple[str, ...] = Field(
        default=("MailingCountry", "Country"),
        description="Country fields of contact and lead; the first filled counts.",
    )
    template_fields: tuple[str, ...] = Field(
        default=("FirstName",), description="Fields that templates may use. Nothing else is read."
    )
    opt_out_fields: tuple[str, ...] = Field(
        default=("DoNotCall", "HasOptedOutOfEmail"),
        description="Fields that are set when the person wants no contact. They stop WhatsApp advertising too, unless "
        "opt_outs_limited.",
    )
    opt_outs_limited: bool = Field(
        default=False,
        description="Whether an opt-out of e-mail, calls or post, in a field or a consent record, clearly means that "
        "channel and nothing else.",
    )
    stop_field: str = Field(
        default="WhatsApp_Stop__c",
        description="Text field of contact and lead: anything in it stops WhatsApp. The hub writes withdrawals into it "
        "where there is no Individual for a consent record.",
    )
    legal_basis_field: str = Field(
        default="Legal_Basis__c", description="Field of contact and lead with the legal basis, where there is one."
    )
    legal_bases: tuple[Named, ...] = Field(
        default=("consent=consent", "contract=contract", "billing=contract"),
        description="What the names of legal bases mean, in that field and in DataUseLegalBasis: NAME=consent, "
        "NAME=contract or NAME=legitimate_interest. Any other name is unknown.",
    )
    channel_name: str = Field(default="WhatsApp", description="Name of the EngagementChannelType for WhatsApp.")
    purpose_name: str = Field(
        default="WhatsApp marketing", description="Name of the DataUsePurpose of consent records the hub writes."
    )
    contact_point_type: Literal["Phone", "Social"] = Field(
        default="Phone", description="ContactPointType of consent records the hub writes."
    )

    member_reason_field: str = Field(
        default="WhatsApp_Reason__c",
        description="Text field of CampaignMember that says why a message may not go, was sent or was not, if it "
        "is there.",
    )
    member_link_field: str = Field(
        default="WhatsApp_Link__c",
        description="URL field of CampaignMember that leads to what would help. Used where it is there.",
    )
    campaign_field: str = Field(
        default="WhatsApp_Outlook__c",
        description="Long text area of Campaign that says how many it would reach, why not the others, and when it "
        "would end. Where it is not there, a task of the campaign says so.",
    )
    task_at: Literal["accepted", "sent", "delivered", "never"] = Field(
        default="accepted", description="Message state at which a message becomes a task of the person."
    )
    task_status: str = Field(default="Completed", description="Status of those tasks: one that counts as closed.")
    task_priority: str = Field(default="Normal", description="Priority of those tasks.")
    task_key_field: str = Field(
        default="",
        description="External id field of tasks (text, unique). With it a task is never made twice; without it one may "
        "be missing after a lost answer.",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        secret, key = self.client_secret.get_secret_value(), self.private_key.get_secret_value()
        if bool(secret) == bool(key):
            raise ValueError("set client_secret (client credentials) or private_key (JWT bearer), and not both")
        if key and not self.username:
            raise ValueError("the JWT bearer flow needs username")
        if self.change_events and not self.organization:
            raise ValueError("change_events needs organization, the id of the org")
        return self
