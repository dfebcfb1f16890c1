# SPDX-License-Identifier: Apache-2.0
"""A page with a web form, and what people do with it."""

from __future__ import annotations

from datetime import datetime

from hub.contract import ClearedMessage, MessageReceived, PlatformCategory, Template, TemplateContent, TemplateState
from hub.flows import accounts, optin, webform
from hub.store.tables import MessageRow, OptInPage, Wording, new_id
from tests.carriers import OFFER
from tests.making import ANNA, COMPANY, SECOND, TOPIC, VENDOR_ID, Shop, phone

YES = "Ja, ich willige ein"
ASKING = f"{COMPANY}: Jemand hat Ihre Nummer eingetragen. Waren Sie das? Dann antworten Sie JA {{{{1}}}}."
CONFIRM = Template("frage", "de", PlatformCategory.UTILITY, TemplateState.APPROVED, ASKING, ("1",), ("Nein", YES))


class Form:
    """An opt-in page whose form asks by template."""

    def __init__(self, shop: Shop, *, receipts: bool = False) -> None:
        self.shop = shop
        with shop.write() as session:
            accounts.replace_templates(shop.world, session, shop.provider, [OFFER, CONFIRM])
            self.page = optin.create(
                shop.world,
                session,
                shop.controller,
                shop.sender,
                title="Neuigkeiten",
                language="de",
                topics=[TOPIC],
                confirm_template=CONFIRM.name,
                receipts=receipts,
            )

    def fill(self, typed: str = ANNA) -> None:
        """Somebody reads, ticks, types this number and sends the form; the clock then moves on."""
        with self.shop.write() as session:
            page = session.get_one(OptInPage, self.page.id)
            wording = session.get_one(Wording, page.wording_id)
            number = webform.read(self.shop.controller, typed)
            webform.request(self.shop.world, session, page, wording, number)
        self.shop.clock.advance(2 * SECOND)

    def questions(self) -> list[MessageRow]:
        return [row for row in self.shop.rows(MessageRow) if row.template]

    def asked(self) -> ClearedMessage:
        """The one question, as it leaves now."""
        (cleared,) = [m for m in self.shop.claim() if isinstance(m.outgoing.content, TemplateContent)]
        return cleared

    def code(self) -> str:
        """The code in the question, once it has left."""
        content = self.asked().outgoing.content
        assert isinstance(content, TemplateContent)
        return dict(content.parameters)["1"]

    def says(self, text: str, number: str = ANNA, at: datetime | None = None) -> None:
        self.shop.hear(self.shop.said(text, phone(number), at=at))
        self.shop.clock.advance(2 * SECOND)

    def presses(self, payload: str, label: str = YES, number: str = ANNA) -> None:
        at = self.shop.world.now().replace(microsecond=0)
        wamid = f"wamid.{new_id()}"
        self.shop.hear(MessageReceived(VENDOR_ID, (phone(number),), at, wamid, "button", label, payload))
        self.shop.clock.advance(2 * SECOND)
