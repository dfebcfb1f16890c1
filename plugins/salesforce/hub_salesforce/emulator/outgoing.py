# SPDX-License-Identifier: Apache-2.0
"""Outbound messages: SOAP notifications that come again until they are acknowledged, as the record is by then."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Any

import httpx

from hub.testing.clock import Clock
from hub.testing.emulator import Webhooks
from hub_salesforce.emulator.answers import shown
from hub_salesforce.emulator.tables import Database, numbered

MOST = 100  # notifications in one message
_ACTION, _NOTIFICATION = "04k", "04l"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
)
_TAIL = "</notifications></soapenv:Body></soapenv:Envelope>"


class Outgoing:
    """Sends outbound messages of one action."""

    def __init__(self, db: Database, webhooks: Webhooks, clock: Clock, organization: str) -> None:
        self.db, self.webhooks, self.clock, self.organization = db, webhooks, clock, organization
        self.action = numbered(_ACTION, "M00", 1)
        self.url = ""
        self._sent = 0

    def send(self, kind: str, records: Sequence[str], fields: Sequence[str]) -> list[str]:
        """What a flow does to these records of an object; the ids of the notifications."""
        made = []
        for start in range(0, len(records), MOST):
            some = [(self._number(), record) for record in records[start : start + MOST]]
            made += [number for number, _ in some]
            self.webhooks.post(
                self.url,
                partial(self._made_now, kind, some, fields),
                lambda _: {"content-type": "text/xml; charset=utf-8", "soapaction": '""'},
                accepted=acknowledged,
            )
        return made

    def _made_now(self, kind: str, some: Sequence[tuple[str, str]], fields: Sequence[str], _: int) -> bytes:
        return self.body(kind, some, fields)

    def _number(self) -> str:
        self._sent += 1
        return numbered(_NOTIFICATION, "M00", self._sent)

    def body(self, kind: str, some: Sequence[tuple[str, str]], fields: Sequence[str], base: str = "https://x") -> bytes:
        """The message as it would be sent now: of a deleted record nothing is left."""
        where = f"{base}.my.salesforce.com/services/Soap"
        parts = [
            _HEAD,
            f"<OrganizationId>{self.organization}</OrganizationId><ActionId>{self.action}</ActionId>",
            '<SessionId xsi:nil="true"/>',
            f"<EnterpriseUrl>{where}/c/68.0/{self.organization}</EnterpriseUrl>",
            f"<PartnerUrl>{where}/u/68.0/{self.organization}</PartnerUrl>",
            *(self._notification(kind, number, record, fields) for number, record in some),
            _TAIL,
        ]
        return "".join(parts).encode()

    def _notification(self, kind: str, number: str, record: str, fields: Sequence[str]) -> str:
        row = self.db[kind].get(record)
        inside = ""
        if row is not None and not row["IsDeleted"]:
            values = [(name, row.get(name)) for name in ("Id", *fields)]
            inside = "".join(f"<sf:{name}>{_text(value)}</sf:{name}>" for name, value in values if value is not None)
        opened = f'<sObject xsi:type="sf:{kind}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        return f"<Notification><Id>{number}</Id>{opened}{inside}</sObject></Notification>"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else escape(str(shown(value)))


def acknowledged(response: httpx.Response) -> bool:
    """Only a SOAP answer that says so counts."""
    return response.status_code == 200 and b"<Ack>true</Ack>" in response.content
