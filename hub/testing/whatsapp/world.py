# SPDX-License-Identifier: Apache-2.0
"""One business on the emulated WhatsApp: what it may send, and the handles by which a test steers it.

Inbound messages do not count against the throughput.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.testing.emulator import Action
from hub.testing.whatsapp.dialect import Sent
from hub.testing.whatsapp.fates import FREE, Fates
from hub.testing.whatsapp.people import User, is_bsuid
from hub.testing.whatsapp.refusals import Refused
from hub.testing.whatsapp.shelf import TemplateSend
from hub.testing.whatsapp.templates import Stored

HELD = "held_for_quality_assessment"
_STEERED = (
    *("press", "prefer", "change_number", "set_template_status", "recategorise", "rate_template", "judge"),
    *("rate_number", "set_tier", "raise_throughput", "restrict", "outage", "end_outage"),
)


class WhatsApp(Fates):
    """The platform. Every public method may be called from any thread while the app runs.

    throughput: messages per second the number may send. pair_rate: keep one message per 6 s and person.
    tier, marketing_cap: see `Limits`.
    delays: seconds from acceptance to sent, delivered, read.
    late_errors: codes that come as a failed status instead of an answer.
    options: `seed`, `clock`; `webhook_url`, empty while nobody subscribed; `strangers_have_whatsapp`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.received: list[Sent] = []

    def accept(
        self,
        to: str,
        kind: str,
        *,
        template: TemplateSend | None = None,
        opaque: str = "",
        id: str = "",
        via: str = "",
        content: Any = None,
        quoted: str = "",
    ) -> Sent:
        """Take a message whose form the dialect has checked, and tell what becomes of it.

        `to` is digits or a BSUID; `kind` as Meta calls it; `id` the message's name where the vendor has one already;
        `via`, `content` and `quoted` are kept with it. Raises `Refused`.
        """
        now = self.clock.now()
        self.limits.take(now)
        user, late, found = self._recipient(to), 0, None
        try:
            found = self._admitted(user, to, template, now)
        except Refused as refused:
            if refused.code not in self.late_errors:
                raise
            late = refused.code
        held = found is not None and found.pacing is not None and found.sent > found.pacing
        name, filled = (template.name, texts(template.components)) if template else ("", ())
        address, note = to if is_bsuid(to) else f"+{to}", HELD if held else ""
        with self.lock:
            id = id or self.new_id(user)
            sent = Sent(now, address, kind, name, opaque, id, filled, via, note, content, quoted)
            self.received.append(sent)
        if template:
            user.last_template = sent.id
        if held and found is not None:
            self.hold(user, sent, found)
        else:
            self.tell_fate(user, sent, found.category if found else FREE, late)
        return sent

    def _recipient(self, to: str) -> User:
        if to == self.number.removeprefix("+"):
            raise Refused(131021)
        if not is_bsuid(to):
            return self.user(to)
        user = self.user_by_bsuid(to)
        if user is None:
            # Meta names no code for a foreign BSUID; a third-party sandbox answers this one
            raise Refused(131009, "recipient is unknown to this business portfolio")
        return user

    def _admitted(self, user: User, to: str, template: TemplateSend | None, now: datetime) -> Stored | None:
        """The template to send, None for a free message. Raises `Refused`."""
        answering = user.window_open(now)
        self.standing(now, answering=answering and template is None)
        self.limits.take_pair(user.digits, now)
        if template is None:
            if not answering:
                raise Refused(131047, "More than 24 hours have passed since the user last replied to this number")
            return None
        found = self.sendable(template, to)
        if not answering:
            self.limits.take_tier(user.digits, now)
        found.sent += 1
        return found

    # control plane

    def actions(self) -> dict[str, Action]:
        return {
            **{name: self._steered(name) for name in _STEERED},
            "add_user": lambda given: self.add_user(**given).bsuid,
            "say": self._say,
            "write": lambda given: self.write(**given),
            "add_template": lambda given: self.add_template(**given).id,
            "webhook": lambda given: setattr(self, "webhook_url", given["url"]),
            "webhooks": lambda given: vars(self.webhooks).update(given),
            "release": lambda given: self.webhooks.release(**given),
            "token": lambda given: setattr(self, "token_expired", given["expired"]),
            "advance": lambda given: self.clock.advance(timedelta(seconds=given["seconds"])),
            "acks": lambda given: {key: at.isoformat() for key, at in list(self.acks.items())},
        }

    def _steered(self, name: str) -> Action:
        return lambda given: getattr(self, name)(**given)

    def _say(self, given: dict[str, Any]) -> str:
        at = given.get("at")
        when = datetime.fromisoformat(at).astimezone(UTC) if at else None
        return self.say(given["number"], given["text"], at=when)

    def state(self) -> dict[str, Any]:
        received = list(self.received)
        return {
            "users": len(self.users),
            "templates": len(self.templates),
            "sent": len(received),
            "by_type": Counter(sent.type for sent in received),
            "acks": len(self.acks),
            "webhooks_delivered": self.webhooks.delivered,
            "webhooks_failed": self.webhooks.failed,
            "received": [{"opaque": sent.opaque, "to": sent.to, "template": sent.template} for sent in received],
        }


def texts(components: Sequence[Any]) -> tuple[str, ...]:
    """The texts filled into a template, in the order given."""
    parts = (part for part in components if isinstance(part, dict))
    return tuple(str(given.get("text", "")) for part in parts for given in part.get("parameters", ()))
