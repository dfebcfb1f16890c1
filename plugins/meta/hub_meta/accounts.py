# SPDX-License-Identifier: Apache-2.0
"""Webhooks about templates, numbers and the account. They name no person. Pure.

Source: [6] webhooks/reference: message_template_*, template_category_update, account_*, phone_number_*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from hub import BadConfig, Event, HubError, SenderChanged, TemplateChanged, Unknown
from hub.whatsapp.reading import Fields, mapping, mappings, moment, number, text
from hub.whatsapp.templates import POOR, TEMPLATE_STATES, locale, platform_category

EVERY_SENDER = ""  # Meta names no phone number id in these webhooks
SILENCED = frozenset({"ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED", "PARTNER_REMOVED", "PARTNER_APP_UNINSTALLED"})
RESTRICTED = "RESTRICTED_BIZ_INITIATED_MESSAGING"
RATED_DOWN = frozenset({"FLAGGED", "DOWNGRADE"})  # of a number


def problem(error: HubError, sender: str, at: datetime) -> SenderChanged:
    return SenderChanged(sender, str(error), at, can_send=not isinstance(error, BadConfig))


def _template_status(value: Fields, at: datetime) -> Iterator[Event]:
    if "new_quality_score" in value:  # Meta's own example carries this under the status field
        yield from _template_quality(value, at)
        return
    name, language = _template(value)
    event = text(value.get("event"))
    state = TEMPLATE_STATES.get(event)
    if name and state is not None:
        yield TemplateChanged(name, language, at, state=state)
    else:
        yield Unknown(f"template event {event}", at)


def _template_quality(value: Fields, at: datetime) -> Iterator[Event]:
    name, language = _template(value)
    score = text(value.get("new_quality_score"))
    what = f"quality of template {name} ({language}) is {score}"
    yield SenderChanged(EVERY_SENDER, what, at, worse=score in POOR, template=f"{name}/{language}")


def _template_category(value: Fields, at: datetime) -> Iterator[Event]:
    """While a change is pending, `new_category` is the category of today and `correct_category` the coming one."""
    name, language = _template(value)
    category = platform_category(value.get("new_category"))
    if not name or category is None:
        yield Unknown("template category", at)
        return
    yield TemplateChanged(name, language, at, category=category)
    coming = text(value.get("correct_category"))
    if coming:
        when = moment(value.get("category_update_timestamp"), at).date()
        what = f"template {name} ({language}) becomes {coming} on {when}"
        yield SenderChanged(EVERY_SENDER, what, at, template=f"{name}/{language}")


def _template_words(value: Fields, at: datetime) -> Iterator[Event]:
    name, language = _template(value)
    if name and language:
        yield TemplateChanged(name, language, at, words=True)
    else:
        yield Unknown("words of a template", at)


def _template(value: Fields) -> tuple[str, str]:
    language = locale(value.get("message_template_language"))
    return text(value.get("message_template_name")), language


def _account(value: Fields, at: datetime) -> Iterator[Event]:
    event = text(value.get("event"))
    ban = text(mapping(value.get("ban_info")).get("waba_ban_state"))
    restrictions = mappings(value.get("restriction_info"))
    details = [ban, *(f"{text(item.get('restriction_type'))}{_until(item)}" for item in restrictions)]
    details.append(text(mapping(value.get("violation_info")).get("violation_type")))
    stopped = event in SILENCED or ban == "DISABLE"
    stopped = stopped or any(text(item.get("restriction_type")) == RESTRICTED for item in restrictions)
    yield SenderChanged(EVERY_SENDER, _joined("account", event, *details), at, can_send=not stopped)


def _until(restriction: Fields) -> str:
    end = number(restriction.get("expiration"))
    return "" if end is None else f" until {moment(end, datetime.now(UTC)).date()}"


def _shown(title: str, *keys: str) -> Callable[[Fields, datetime], Iterator[Event]]:
    """Reads a webhook whose named values a person should see."""

    def read(value: Fields, at: datetime) -> Iterator[Event]:
        worse = title == "number" and text(value.get("event")) in RATED_DOWN
        yield SenderChanged(EVERY_SENDER, _joined(title, *(text(value.get(key)) for key in keys)), at, worse=worse)

    return read


def _alert(value: Fields, at: datetime) -> Iterator[Event]:
    info = mapping(value.get("alert_info"))
    said = [text(info.get(key)) for key in ("alert_severity", "alert_type", "alert_status")]
    yield SenderChanged(EVERY_SENDER, _joined("alert", *said), at)


def _joined(*words: str) -> str:
    return ": ".join(word for word in words if word)


READERS: dict[str, Callable[[Fields, datetime], Iterator[Event]]] = {
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "template_category_update": _template_category,
    "message_template_components_update": _template_words,
    "account_update": _account,
    "account_review_update": _shown("account review", "decision"),
    "account_alerts": _alert,
    "business_capability_update": _shown("recipients per 24 hours", "max_daily_conversations_per_business"),
    "phone_number_quality_update": _shown("number", "event", "current_limit", "max_daily_conversations_per_business"),
    "phone_number_name_update": _shown("display name", "decision", "rejection_reason"),
    "security": _shown("security", "event"),
    "business_username_update": _shown("username", "status"),
    "payment_configuration_update": _shown("payments", "status"),
}
