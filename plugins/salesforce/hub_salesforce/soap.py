# SPDX-License-Identifier: Apache-2.0
"""Outbound messages: SOAP 1.1 notifications from Salesforce, and their acknowledgement. Pure.

They are not signed and come at least once, in any order, up to 100 notifications in one message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from hub import Forbidden

ACK = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)
_OUT = "{http://soap.sforce.com/2005/09/outbound}"
_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@dataclass(frozen=True, slots=True)
class Notification:
    """One record, as it was when the message was sent. Empty fields: it was deleted meanwhile."""

    id: str
    object: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """What one request holds."""

    organization: str
    action: str
    notifications: tuple[Notification, ...]


class _NoDoctype(ElementTree.TreeBuilder):
    """Refuses a document type before it is read, and with it every entity: neither bombs nor foreign files."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise Forbidden("a document type is not accepted")


def read(body: bytes) -> Message:
    """Raises `Forbidden` when this is no outbound message."""
    try:
        parser = ElementTree.XMLParser(target=_NoDoctype())  # noqa: S314  (see _NoDoctype)
        parser.feed(body)
        root = parser.close()
    except (ElementTree.ParseError, ValueError, LookupError):
        raise Forbidden("not an outbound message") from None
    found = root.find(f"{_BODY}/{_OUT}notifications")
    if found is None:
        raise Forbidden("not an outbound message")
    notifications = tuple(_notification(one) for one in found.findall(f"{_OUT}Notification"))
    return Message(_text(found, "OrganizationId"), _text(found, "ActionId"), notifications)


def _notification(one: ElementTree.Element) -> Notification:
    record = one.find(f"{_OUT}sObject")
    parts = list(record) if record is not None else []
    fields = {part.tag.rpartition("}")[2]: (part.text or "").strip() for part in parts}
    kind = record.get(_TYPE, "") if record is not None else ""
    return Notification(_text(one, "Id"), kind.rpartition(":")[2], {k: v for k, v in fields.items() if v})


def _text(parent: ElementTree.Element, name: str) -> str:
    return (parent.findtext(f"{_OUT}{name}") or "").strip()
