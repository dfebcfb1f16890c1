# SPDX-License-Identifier: Apache-2.0
"""What a campaign would come to, in plain words for the CRM: how many, why the others not, until when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.contract import Outlook, Reach
from hub.flows.languages import language_in
from hub.flows.records import explain
from hub.flows.states import CampaignState
from hub.flows.world import World
from hub.store.tables import Campaign, Controller

_WORDS = {
    "de": {
        "title": "WhatsApp „{title}“: {eligible} von {records} Datensätzen erreichbar",
        "over": "WhatsApp „{title}“: abgebrochen, es wird nichts gesendet",
        "at": "Stand: {at}. Noch ist nichts gesendet.",
        "same_person": "{count} weitere Datensätze gehören Personen, die schon dabei sind.",
        "blocked": "Nicht erreichbar: {count}",
        "waiting": "{count} davon kommen vielleicht später von selbst hinzu.",
        "reason": "- {count}: {meaning} {remedy}",
        "finish": "Erste Nachricht {first}, letzte {finish}, unter allen Grenzen: Tempo, Tageslimit, Ruhezeit, Vorhut.",
        "never": "Erste Nachricht {first}; innerhalb eines Jahres wird sie nicht fertig.",
        "nobody": "Es würde niemand erreicht.",
        "now": "Gerechnet mit einem Start jetzt.",
        "more": "Kosten und Einzelheiten: {link}",
    },
    "en": {
        "title": 'WhatsApp "{title}": {eligible} of {records} records can be reached',
        "over": 'WhatsApp "{title}": cancelled, nothing is sent',
        "at": "As of {at}. Nothing has been sent yet.",
        "same_person": "{count} more records belong to people who are in it already.",
        "blocked": "Cannot be reached: {count}",
        "waiting": "{count} of them may come in later by themselves.",
        "reason": "- {count}: {meaning} {remedy}",
        "finish": "First message {first}, last {finish}, under all limits (rate, daily limit, quiet hours, canary).",
        "never": "First message {first}; it does not end within a year.",
        "nobody": "Nobody would be reached.",
        "now": "For a start right now.",
        "more": "Costs and details: {link}",
    },
}
_TIMES = {"de": "%d.%m.%Y %H:%M", "en": "%d %b %Y %H:%M"}


def of(world: World, controller: Controller, campaign: Campaign) -> Outlook:
    """From what was counted last. Times are those of the policy's zone."""
    seen, language = campaign.outlook, language_in(controller.country)
    words = _WORDS[language]
    over = campaign.state == CampaignState.CANCELLED
    blocked = 0 if over else sum(seen["blocked"].values())
    link = f"{world.settings.public_url.rstrip('/')}/console/campaigns/{campaign.id}/preview"
    title = words["over" if over else "title"].format(title=campaign.title, **_counts(seen))
    lines = [] if over else _lines(world, campaign, language, link)
    return Outlook(
        key=campaign.id,
        campaign=campaign.title,
        audience=campaign.audience,
        at=world.now() if over else datetime.fromisoformat(seen["at"]),
        records=seen["records"],
        eligible=0 if over else seen["eligible"],
        waiting=0 if over else seen["waiting"],
        blocked=blocked,
        finish=datetime.fromisoformat(seen["finish"]) if seen["finish"] and not over else None,
        title=title,
        text="\n".join(lines) or title,
        link=link,
    )


def _lines(world: World, campaign: Campaign, language: str, link: str) -> Iterator[str]:
    seen, words = campaign.outlook, _WORDS[language]
    policy = world.policy_for(campaign.controller_id)
    zone = ZoneInfo(policy.quiet_hours.zone if policy else "UTC")

    def time(at: str) -> str:
        return datetime.fromisoformat(at).astimezone(zone).strftime(f"{_TIMES[language]} ({zone.key})")

    yield words["title"].format(title=campaign.title, **_counts(seen))
    yield words["at"].format(at=time(seen["at"]))
    if seen["first"]:
        ends = {"first": time(seen["first"]), "finish": time(seen["finish"]) if seen["finish"] else ""}
        yield words["finish" if seen["finish"] else "never"].format(**ends)
        if campaign.start_at is None:
            yield words["now"]
    else:
        yield words["nobody"]
    if seen["same_person"]:
        yield words["same_person"].format(count=seen["same_person"])
    if seen["blocked"]:
        yield words["blocked"].format(count=sum(seen["blocked"].values()))
    for code, count in seen["blocked"].items():
        said = explain(code, language)
        yield words["reason"].format(count=count, meaning=said.meaning, remedy=said.remedy)
    if seen["waiting"]:
        yield words["waiting"].format(count=seen["waiting"])
    yield words["more"].format(link=link)


def _counts(seen: dict[str, int]) -> dict[str, int]:
    return {name: seen[name] for name in (Reach.ELIGIBLE, "records")}
