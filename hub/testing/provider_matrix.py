# SPDX-License-Identifier: Apache-2.0
"""The page of the providers of this repository: what their plugins can do, and what is known of their vendors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.contract import Can, Fact, Provider, Topic
from hub.flows import comparison
from hub.flows.processor import known
from hub.plugins import load
from hub.testing.legal_docs import MADE
from hub.whatsapp.facts import PLATFORM

Providers = list[type[Provider[Any]]]
PLUGINS = Path(__file__).parents[2] / "plugins"
_NOTE = re.compile(r" ?\[\d+\]")  # of the plugin's own list of pages
CARRIES = {
    Can.TEXT: "texts",
    Can.TEMPLATE: "templates",
    Can.HEADER_MEDIA: "templates with a file above the text",
    Can.CAROUSEL: "templates with cards",
    Can.MEDIA: "files",
    Can.BUTTONS: "questions with buttons",
    Can.LIST: "questions with a list",
    Can.LINK_BUTTON: "a button with a link",
    Can.FLOW: "forms (Flows)",
    Can.LOCATION: "places",
    Can.CARDS: "contact cards",
    Can.REACTION: "reactions",
    Can.REPLY: "answers that quote",
    Can.BSUID: "to a user id (BSUID)",
}
TELLS = {
    Can.TEMPLATES_LISTED: "its templates",
    Can.STATUS_DELIVERED: "delivered",
    Can.STATUS_READ: "read",
    Can.INBOUND: "what people write",
    Can.NATIVE_OPT_OUT: "stops made inside WhatsApp",
    Can.OPAQUE_ID: "our message id, in statuses",
    Can.IDEMPOTENT_SEND: "takes a repeated request once",
}
MANAGES = {
    Can.MEDIA_STORED: "upload and download of files",
    Can.TEMPLATES_MANAGED: "making and changing templates",
    Can.MARK_READ: "marking as read",
    Can.BLOCK: "blocking people",
    Can.SENDERS_LISTED: "its numbers, their quality and state",
    Can.LOCAL_STORAGE: "setting Meta's Local Storage",
}
TOPICS = {
    Topic.ENTITY: "Who signs",
    Topic.ROLE: "Role",
    Topic.SEAT: "Seat",
    Topic.PARENT: "Parent",
    Topic.HOSTING: "Hosting",
    Topic.LOCAL_STORAGE: "Meta's Local Storage",
    Topic.SUBPROCESSORS: "Sub-processors",
    Topic.SUPPORT_ACCESS: "Access from elsewhere",
    Topic.DPA: "Contract under Art. 28",
    Topic.TOMS: "Measures under Art. 32",
    Topic.TRANSFERS: "Ways out of the EEA",
    Topic.CERTIFICATES: "Certificates",
    Topic.RETENTION: "How long data stay",
    Topic.DELETION: "How data are removed earlier",
    Topic.WEBHOOKS: "Proof and repetition of webhooks",
    Topic.LINK_TRACKING: "Link tracking",
    Topic.SMS_FALLBACK: "SMS instead",
    Topic.OPT_OUT: "Stops made inside WhatsApp",
    Topic.COEXISTENCE: "WhatsApp Business app on the same number",
    Topic.CONTACT_SYNC: "Address books",
}


def pages() -> dict[str, str]:
    """File name to content."""
    return {"providers.md": providers()}


def ours() -> Providers:
    """The providers whose plugins lie in this repository; Meta first, whose platform the others pass on."""
    found = load().connectors
    mine = (cls for name, cls in found.items() if issubclass(cls, Provider) and (PLUGINS / name).is_dir())
    return sorted(mine, key=lambda cls: (cls.name != "meta", cls.title.lower()))


def providers() -> str:
    return "\n".join([*_opening(), *_features(ours()), *_known(ours()), *_to_verify(ours()), *_without(), ""])


def _opening() -> Iterator[str]:
    yield from (MADE, "# Providers", "")
    yield "What each plugin does, and what could be read of its vendor. `hub providers compare` shows the same beside"
    yield "your own file; how to choose and change is told in [providers-choose.md](providers-choose.md)."


def _features(found: Providers) -> Iterator[str]:
    yield from ("", "## What the plugins do", "")
    yield "What is missing was not documented well enough to be built, or the vendor does not have it: each plugin's"
    yield "page says which. The contract suite holds every plugin to what it carries and manages, in both directions."
    for title, words in (("Carries", CARRIES), ("Tells", TELLS), ("Manages", MANAGES)):
        yield from ("", f"### {title}", "", *_head(found))
        for can, word in words.items():
            yield f"| {word} | {' | '.join('yes' if can in cls.can else '' for cls in found)} |"
    yield from ("", "### Webhooks and pace", "")
    yield from ("| | webhooks are signed | towards one person |", "|---|---|---|")
    for cls in found:
        signed = _NOTE.sub("", cls.signature) or "not promised: a secret of your choice is needed"
        yield f"| {_link(cls)} | {signed} | {_pace(cls)} |"
    yield ""
    yield "Besides, every connection has an address that cannot be guessed, and may have a header and an allow list"
    yield "(`hub connection guard`)."


def _known(found: Providers) -> Iterator[str]:
    yield from ("", "## Data protection: what could be read", "")
    yield "Nothing here is a check, and nothing replaces yours. **UNCONFIRMED**: the vendor's own words were not seen;"
    yield "the hub relies on it for nothing. Where no date stands, the page had none; the copies are mostly of 2026."
    for topic, title in TOPICS.items():
        yield from ("", f"### {title}", "", "| | known | source |", "|---|---|---|")
        told = [(cls.title, fact) for cls in found for fact in known.facts(cls.profile, topic) if fact not in PLATFORM]
        for who, fact in [*told, *(("*behind each of them*", fact) for fact in PLATFORM if fact.topic is topic)]:
            yield f"| {who} | {_told(fact)} | {_source(fact)} |"


def _to_verify(found: Providers) -> Iterator[str]:
    yield from ("", "## What to see with your own eyes")
    for cls in found:
        yield from ("", f"### {cls.title}", "", *(f"- {one}" for one in cls.profile.to_verify))


def _without() -> Iterator[str]:
    yield from ("", "## No plugin", "", "Looked at, and left out for a reason.")
    for entry in comparison.without_plugin():
        yield from ("", f"### {entry.title}", "", entry.why_not, "", "| | known | source |", "|---|---|---|")
        for topic, facts in entry.facts.items():
            yield from (f"| {TOPICS[topic]} | {_told(fact)} | {_source(fact)} |" for fact in facts)


def _head(found: Providers) -> tuple[str, str]:
    return f"| | {' | '.join(_link(cls) for cls in found)} |", f"|---|{':-:|' * len(found)}"


def _link(cls: type[Provider[Any]]) -> str:
    return f"[{cls.title}](../plugins/{cls.name}/README.md)"


def _pace(cls: type[Provider[Any]]) -> str:
    return f"1 in {cls.pair.seconds:g} s, {cls.pair.burst} ahead" if cls.pair else "no limit stated"


def _told(fact: Fact) -> str:
    return fact.value if fact.confirmed else f"**UNCONFIRMED** {fact.value}"


def _source(fact: Fact) -> str:
    source = "" if fact.source == "none" else fact.source
    return f"{source}, {fact.as_of}" if fact.as_of else source
