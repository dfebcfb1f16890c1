# SPDX-License-Identifier: Apache-2.0
"""What went wrong, by what happens next.

HubError
├── Forbidden                 a request that is not from the vendor; answered 401, kept nowhere
├── BadInput                  a person or file gave us something unusable; names the field and the remedy
├── BadConfig                 ask a human: the connection is paused (wrong token, locked account, unpaid bill)
├── Unavailable               wait: nothing was accepted, the same call may work later
│   └── Throttled             wait `after` seconds; `scope` says for whom
└── SendError
    ├── Rejected              refused for good: never try this message again
    │   ├── RecipientOptedOut the person stopped us at the platform: an objection for the ledger
    │   ├── RecipientUnreachable
    │   ├── RecipientCapped   the platform takes no advertising for this person for now
    │   ├── WindowClosed      free text outside the service window
    │   └── TemplateProblem   the template is missing, paused or called wrongly
    └── Uncertain             the request left and no answer came: it may have been accepted; never resent

`BadConfig` and `Unavailable` are raised by sends and by CRM calls alike. Messages carry no personal data.
"""

from __future__ import annotations

from enum import StrEnum


class HubError(Exception):
    """Anything the hub raises on purpose."""


class Forbidden(HubError):
    """The request failed authentication."""


class BadInput(HubError):
    """Input that cannot be used. `field` names where, `remedy` says what to do."""

    def __init__(self, problem: str, *, field: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}. {remedy}")
        self.field, self.problem, self.remedy = field, problem, remedy


class BadConfig(HubError):
    """A human must act before this connection works again."""


class Scope(StrEnum):
    """Whom a throttle binds."""

    SENDER = "sender"
    PAIR = "pair"
    ACCOUNT = "account"


class Unavailable(HubError):
    """Nothing was accepted; the same call may work later."""


class Throttled(Unavailable):
    """Too fast. `after` is in seconds."""

    def __init__(self, message: str, *, after: float = 1.0, scope: Scope = Scope.SENDER) -> None:
        super().__init__(message)
        self.after, self.scope = after, scope


class SendError(HubError):
    """A message was not (or perhaps not) accepted. `code` is the vendor's own, kept as evidence."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Rejected(SendError):
    """Refused for good."""


class RecipientOptedOut(Rejected):
    """The person stopped marketing, or blocked us, at the platform."""


class RecipientUnreachable(Rejected):
    """No delivery to this contact point; it proves nothing about the number itself."""


class RecipientCapped(Rejected):
    """The platform limits advertising to this person; other advertising is pointless for `after` seconds.

    It says nothing about consent.
    """

    def __init__(self, message: str, *, code: str = "", after: float = 86_400.0) -> None:
        super().__init__(message, code=code)
        self.after = after


class WindowClosed(Rejected):
    """Free text outside the customer service window."""


class TemplateProblem(Rejected):
    """The template is unknown, paused, disabled, or was called with the wrong parameters."""


class Uncertain(SendError):
    """The request may have been accepted. Only a status webhook resolves it."""


def for_status(status: int, *, retry_after: str | None = None, sends: bool = False) -> HubError | None:
    """The usual meaning of an HTTP status, for what a vendor's own error table leaves open. None below 400.

    `sends=True` for a call that transmits a message: an unclear answer is then `Uncertain`, never a reason to resend.
    """
    if status < 400:
        return None
    if status in (401, 403):
        return BadConfig(f"access refused (HTTP {status}): check the token and its permissions")
    if status == 429:
        return Throttled("rate limit reached", after=_seconds(retry_after), scope=Scope.ACCOUNT)
    if status in (423, 477, 503):
        return Throttled(f"busy (HTTP {status})", after=_seconds(retry_after, 2.0), scope=Scope.ACCOUNT)
    if status >= 500:
        return Uncertain(f"no clear answer (HTTP {status})") if sends else Unavailable(f"HTTP {status}")
    return Rejected(f"refused (HTTP {status})", code=str(status))


def _seconds(value: str | None, default: float = 1.0) -> float:
    try:
        return min(max(float(value or default), 0.0), 86_400.0)
    except ValueError:  # an HTTP date; waiting the default is safe
        return default
