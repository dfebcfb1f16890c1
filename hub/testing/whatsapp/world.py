# SPDX-License-Identifier: Apache-2.0
"""One business on the emulated WhatsApp: what it may send, what becomes of it, and what people do.

Inbound messages do not count against the throughput.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.testing.emulator import Action
from hub.testing.whatsapp.crowd import Crowd
from hub.testing.whatsapp.dialect import Sent
from hub.testing.whatsapp.limits import Limits
from hub.testing.whatsapp.people import EVERY_STATUS, User, is_bsuid
from hub.testing.whatsapp.refusals import Refused
from hub.testing.whatsapp.shelf import Shelf, TemplateSend


class WhatsApp(Crowd, Shelf):
    """The platform. Every public method may be called from any thread while the app runs.

    throughput: messages per second the number may send. pair_rate: keep one message per 6 s and person.
    delays: seconds from acceptance to sent, delivered, read.
    late_errors: codes that come as a failed status instead of an answer.
    options: `seed`, `clock`; `webhook_url`, empty while nobody subscribed; `strangers_have_whatsapp`.
    """

    def __init__(
        self,
        *,
        throughput: int = 80,
        pair_rate: bool = True,
        delays: tuple[float, float, float] = (0.02, 0.1, 0.3),
        late_errors: Sequence[int] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.limits = Limits(throughput, pair_rate=pair_rate)
        self.delays = dict(zip(EVERY_STATUS, delays, strict=True))
        self.late_errors = set(late_errors)
        self.received: list[Sent] = []

    def accept(
        self, to: str, kind: str, *, template: TemplateSend | None = None, opaque: str = "", id: str = ""
    ) -> Sent:
        """Take a message whose form the dialect has checked, and tell what becomes of it.

        `to` is digits or a BSUID; `kind` as Meta calls it; `id` the message's name where the vendor has one already.
        Raises `Refused`.
        """
        now = self.clock.now()
        self.limits.take(now)
        user, late, found = self._recipient(to), 0, None
        try:
            self.limits.take_pair(user.digits, now)
            found = self.sendable(template, to) if template else None
            if found is None and not user.window_open(now):
                raise Refused(131047, "More than 24 hours have passed since the user last replied to this number")
        except Refused as refused:
            if refused.code not in self.late_errors:
                raise
            late = refused.code
        with self.lock:
            name, filled = (template.name, _texts(template.components)) if template else ("", ())
            address = to if is_bsuid(to) else f"+{to}"
            sent = Sent(now, address, kind, name, opaque, id or self.new_id(user), filled)
            self.received.append(sent)
        if template:
            user.last_template = sent.id
        self._tell_fate(user, sent, found.category if found else "service", late)
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

    def _tell_fate(self, user: User, sent: Sent, category: str, late: int) -> None:
        """What becomes of an accepted message."""
        stopped = 131050 if user.stopped and category == "MARKETING" else 0
        missing = 0 if user.has_whatsapp else 131026
        code = late or missing or stopped or user.fails
        for status in ("failed",) if code else user.statuses:
            self.report(user, sent, status, category=category, code=code)

    def report(self, user: User, sent: Sent, status: str, *, category: str, code: int = 0) -> None:
        """Tell one status of a message, after its delay."""
        after = self.delays.get(status, self.delays["sent"])
        at = sent.at + timedelta(seconds=after)
        self.tell_status(user, sent, status, at, category=category, code=code, after=after)

    # control plane

    def actions(self) -> dict[str, Action]:
        return {
            "add_user": lambda given: self.add_user(**given).bsuid,
            "say": self._say,
            "press": lambda given: self.press(**given),
            "prefer": lambda given: self.prefer(**given),
            "change_number": lambda given: self.change_number(**given),
            "add_template": lambda given: self.add_template(**given).id,
            "set_template_status": lambda given: self.set_template_status(**given),
            "recategorise": lambda given: self.recategorise(**given),
            "webhook": lambda given: setattr(self, "webhook_url", given["url"]),
            "acks": lambda given: {key: at.isoformat() for key, at in list(self.acks.items())},
        }

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


def _texts(components: Sequence[Any]) -> tuple[str, ...]:
    """The texts filled into a template, in the order given."""
    parts = (part for part in components if isinstance(part, dict))
    return tuple(str(given.get("text", "")) for part in parts for given in part.get("parameters", ()))
