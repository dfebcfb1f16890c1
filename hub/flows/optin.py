# SPDX-License-Identifier: Apache-2.0
"""Consent that is really consent: inbound first. A page shows the full wording; the person's own message agrees.

Nothing is sent before that message. It counts only when it is the statement of the page, word for word, since
§ 7(2) UWG asks for an express statement; anything else with the page's code in it is an ordinary message.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlmodel import Session, col, func, select

from hub.contract import BadInput, PlatformCategory
from hub.flows import notices, wordings
from hub.flows.world import World
from hub.law import content
from hub.law.facts import NoticeKind, Origin
from hub.store.tables import ConsentRow, Controller, FormerCode, NoticeText, OptInPage, Sender, TemplateRow, Wording

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
_CODE = re.compile(r"\b[2-9A-HJKMNP-Z]{8}\b")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a person needs to opt in."""

    page: OptInPage
    wording: Wording
    statement: str  # to be sent as it stands
    link: str  # wa.me link that opens the chat with the statement filled in
    notice: NoticeText | None = None  # Art. 13, as the page shows it
    hint: NoticeText | None = None  # Art. 21(4)


@dataclass(frozen=True, slots=True)
class Agreed:
    """A message that agrees to a wording. `flow` is how it came to that, `request` the ledger id of a web form."""

    page: OptInPage
    wording: Wording
    flow: Origin
    request: str = ""


def create(
    world: World,
    session: Session,
    controller: Controller,
    sender: Sender,
    *,
    title: str,
    language: str,
    topics: Sequence[str],
    text: str = "",
    per_month: int | None = None,
    confirm_template: str = "",
    receipts: bool = False,
) -> OptInPage:
    """A wording (made from the template text unless `text` is given) and a page for it. Raises `BadInput`.

    The page shows the newest notices of its language, and keeps to them. `per_month` is promised in the wording: so
    many messages in 30 days at most. With `confirm_template` the page also has a web form, and that template asks the
    number whether it was them.
    """
    wording = wordings.make(world, session, controller, language, topics, text, per_month)
    asking = _confirming(session, controller, sender, confirm_template, wording) if confirm_template else None
    notice = notices.newest(session, controller.id, NoticeKind.ART_13, language)
    hint = notices.newest(session, controller.id, NoticeKind.ART_21_4, language)
    page = OptInPage(
        id=secrets.token_urlsafe(8).replace("_", "x").replace("-", "y"),
        controller_id=controller.id,
        sender_id=sender.id,
        wording_id=wording.id,
        notice_id=notice.id if notice else None,
        hint_id=hint.id if hint else None,
        token=new_code(),
        title=title or topics[0],
        confirm_template=confirm_template,
        confirm_category=asking.category if asking else "",
        receipts=receipts,
        created_at=world.now(),
    )
    session.add(page)
    session.flush()
    return page


def _confirming(session: Session, controller: Controller, sender: Sender, name: str, wording: Wording) -> TemplateRow:
    """The template that asks. It says who asks and how to agree, and nothing that advertises."""
    template = session.get(TemplateRow, (sender.connection_id, name, wording.language))
    if template is None:
        missing, remedy = f"there is no {name} ({wording.language})", "Run `hub templates read` first."
        raise BadInput(missing, field="confirm-template", remedy=remedy)
    problem = ""
    if template.category == PlatformCategory.MARKETING or content.promotional(template.text, template.buttons):
        problem = "advertises: a question that does is unlawful itself"
    elif template.parameters != ["1"] or not re.search(r"\b(ja|yes) \{\{1\}\}", template.text, re.IGNORECASE):
        problem = "does not ask for JA {{1}} or YES {{1}}, where {{1}} is the code and the only parameter"
    elif not content.names_sender(template.text, [controller.name]):
        problem = f"does not name {controller.name}"
    if problem:
        remedy = "Change it on the platform, then run `hub templates read`."
        raise BadInput(problem, field="confirm-template", remedy=remedy)
    return template


def new_code() -> str:
    """A code that nobody guesses, easy to type."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def codes_in(text: str) -> list[str]:
    """Everything in a text that may be a code of ours."""
    return sorted(set(_CODE.findall(unicodedata.normalize("NFKC", text).upper())))


def invitation(session: Session, page: OptInPage) -> Invitation:
    wording = session.get_one(Wording, page.wording_id)
    sender = session.get_one(Sender, page.sender_id)
    statement = wording.statement.format(code=page.token)
    link = f"https://wa.me/{sender.number}?text={quote(statement)}"
    notice, hint = (session.get(NoticeText, one) if one else None for one in (page.notice_id, page.hint_id))
    return Invitation(page, wording, statement, link, notice, hint)


def address(world: World, page: OptInPage) -> str:
    """Where people reach the page."""
    return f"{world.settings.public_url.rstrip('/')}/o/{page.id}"


def agreed(session: Session, sender: Sender, text: str, at: datetime) -> Agreed | None:
    """What a message agrees to, if it is the statement of a page as the page was when it was written."""
    for code in codes_in(text):
        found = _beside(session, sender, code, at)
        if found is None:
            continue
        page, wording_id = found
        wording = session.get_one(Wording, wording_id)
        if page.closed_at is None and wordings.plain(text) == wordings.plain(wording.statement.format(code=code)):
            return Agreed(page, wording, Origin.INBOUND_FIRST)
    return None


def _beside(session: Session, sender: Sender, code: str, at: datetime) -> tuple[OptInPage, str] | None:
    """The page with that code, and the wording that stood beside it at that time."""
    page = session.exec(select(OptInPage).where(OptInPage.token == code, OptInPage.sender_id == sender.id)).first()
    if page is not None:
        return page, page.wording_id
    former = session.get(FormerCode, code)
    if former is None or at >= former.until:
        return None
    page = session.get_one(OptInPage, former.page_id)
    return (page, former.wording_id) if page.sender_id == sender.id else None


def outdated(session: Session, sender: Sender, text: str) -> OptInPage | None:
    """The open page whose earlier code is in this text: the person has read a text that stands there no more."""
    for code in codes_in(text):
        former = session.get(FormerCode, code)
        page = session.get_one(OptInPage, former.page_id) if former else None
        if page is not None and page.sender_id == sender.id and page.closed_at is None:
            return page
    return None


@dataclass(frozen=True, slots=True)
class Reworded:
    """A page with its new wording. `people` agreed to earlier ones of it; each stays what it says and no more."""

    page: OptInPage
    wording: Wording
    people: int
    new_topics: tuple[str, ...]  # covered by no earlier wording of this page


def reword(
    world: World, session: Session, controller: Controller, page: OptInPage, topics: Sequence[str], text: str = ""
) -> Reworded:
    """Show another wording on a page from now on. Raises `BadInput` when it says the same, or the page is closed.

    The code changes with the text, so that nobody agrees to words they have not seen. Nobody is asked again by
    message: who agreed before sees the new text here or in the preferences, or when they write of their own accord.
    """
    if page.closed_at is not None:
        raise BadInput("is closed", field="page", remedy="Make a new one with `hub optin create`.")
    before = session.get_one(Wording, page.wording_id)
    wording = wordings.make(world, session, controller, before.language, topics or before.topics, text)
    if wording.id == before.id:
        raise BadInput("says the same as now", field="text", remedy="Name other topics or give another text.")
    if page.confirm_template:
        _confirming(session, controller, session.get_one(Sender, page.sender_id), page.confirm_template, wording)
    earlier = select(FormerCode.wording_id).where(FormerCode.page_id == page.id)
    seen = {before.id, *session.exec(earlier)}
    session.add(FormerCode(token=page.token, page_id=page.id, wording_id=before.id, until=world.now()))
    page.token, page.wording_id = new_code(), wording.id
    session.add(page)
    session.flush()
    known = {topic for row in session.exec(select(Wording).where(col(Wording.id).in_(seen))) for topic in row.topics}
    counted = select(func.count(col(ConsentRow.token).distinct())).where(col(ConsentRow.wording_id).in_(seen))
    new_topics = tuple(topic for topic in wording.topics if topic not in known)
    return Reworded(page, wording, session.exec(counted).one(), new_topics)


def find(session: Session, controller: Controller, named: str) -> OptInPage:
    """By id, address or title. Raises `BadInput`."""
    mine = session.exec(select(OptInPage).where(OptInPage.controller_id == controller.id)).all()
    slug = named.rstrip("/").rpartition("/")[2]
    fitting = [page for page in mine if page.id == slug] or [page for page in mine if page.title == named]
    if len(fitting) != 1:
        known = ", ".join(f"{page.title} ({page.id})" for page in mine) or "none; see `hub optin create --help`"
        raise BadInput("is not one page", field="page", remedy=f"There are: {known}.")
    return fitting[0]
