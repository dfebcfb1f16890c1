# SPDX-License-Identifier: Apache-2.0
"""The envelope that goes out, the acceptance that comes back, and pages of lists. Pure.

Source: [2] messages/send-messages, [4] business-scoped-user-ids.
"""

from __future__ import annotations

from hub import Outgoing, Point, PointKind, Receipt, Rejected, TemplateContent, Uncertain
from hub.whatsapp.reading import Fields, mapping, mappings, text
from hub_meta import contents, templates
from hub_meta.config import Config


def message(outgoing: Outgoing) -> Fields:
    """The body of `POST /{phone number id}/messages`. Raises `Rejected` for a contact point WhatsApp cannot reach."""
    quoted = {"context": {"message_id": outgoing.reply_to}} if outgoing.reply_to else {}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **recipient(outgoing.to),
        "biz_opaque_callback_data": outgoing.id,
        **quoted,
        **_content(outgoing),
    }


def _content(outgoing: Outgoing) -> Fields:
    if isinstance(outgoing.content, TemplateContent):
        return {"type": "template", "template": templates.sent(outgoing.content)}
    return contents.typed(outgoing)


def advertising(body: Fields, config: Config) -> Fields:
    """For `POST /{phone number id}/marketing_messages`: what Meta may do besides is said every time.

    Source: marketing-messages/send-marketing-messages.
    """
    policy = "CLOUD_API_FALLBACK" if config.marketing_fallback else "STRICT"
    return {**body, "product_policy": policy, "message_activity_sharing": config.marketing_sharing}


def read(message: str, *, typing: bool) -> Fields:
    """Marks a message as read; the person sees that an answer is written until it comes, 25 seconds at most."""
    shown = {"typing_indicator": {"type": "text"}} if typing else {}
    return {"messaging_product": "whatsapp", "status": "read", "message_id": message, **shown}


def recipient(to: Point) -> Fields:
    """`to` for a number, `recipient` for a BSUID."""
    if to.kind is PointKind.E164:
        # without "+" Meta may prepend the sender's country code
        return {"to": f"+{to.value.removeprefix('+')}"}
    if to.kind in (PointKind.BSUID, PointKind.PARENT_BSUID):
        return {"recipient": to.value}
    raise Rejected("WhatsApp needs a number or a BSUID")


def receipt(answer: Fields) -> Receipt:
    """Meta's acceptance. Raises `Uncertain` when the answer names no message: it may have been accepted."""
    accepted = next(iter(mappings(answer.get("messages"))), {})
    wamid = text(accepted.get("id"))
    if not wamid:
        raise Uncertain("Meta's answer names no message")
    status = text(accepted.get("message_status"))
    return Receipt(wamid, "" if status == "accepted" else status)


def page(answer: Fields) -> tuple[list[Fields], str]:
    """The objects of a list page and the cursor of the next, "" on the last page (which may carry a cursor, too)."""
    paging = mapping(answer.get("paging"))
    after = text(mapping(paging.get("cursors")).get("after")) if paging.get("next") else ""
    return mappings(answer.get("data")), after
