# SPDX-License-Identifier: Apache-2.0
"""Meta's error codes in our words: one table for answers to a send and for failed statuses.

Source: Meta [1] support/error-codes. Only `code` is read; HTTP status, title and subcode are no basis for a decision,
and Meta's texts may hold a number, so none of them is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.contract import (
    BadConfig,
    HubError,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    Rejected,
    Scope,
    SendError,
    TemplateProblem,
    Throttled,
    Unavailable,
    Uncertain,
    WindowClosed,
    for_status,
)
from hub.whatsapp.reading import Fields, mapping, number, text

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means. `after` (seconds) counts for `Throttled` and `RecipientCapped`, `scope` for `Throttled`."""

    kind: type[HubError]
    says: str
    after: float = 1.0
    scope: Scope = Scope.SENDER

    def error(self, code: int, after: float | None = None) -> HubError:
        message = f"{self.says} (Meta {code})"
        if issubclass(self.kind, Throttled):
            return self.kind(message, after=self.after if after is None else after, scope=self.scope)
        if issubclass(self.kind, RecipientCapped):
            return self.kind(message, code=str(code), after=self.after)
        if issubclass(self.kind, SendError):
            return self.kind(message, code=str(code))
        return self.kind(message)


_TOKEN = Meaning(BadConfig, "the access token is not valid; create a new one and enter it here")
_PERMISSION = Meaning(BadConfig, "a permission or the assignment of the WhatsApp account is missing")
_LOCKED = Meaning(BadConfig, "Meta has locked or restricted the account; see WhatsApp Manager")
_PAYMENT = Meaning(BadConfig, "Meta cannot bill the account; see the payment settings in Business Suite")
_NUMBER = Meaning(BadConfig, "the sending number is not ready; check it in WhatsApp Manager")
_DOWN = Meaning(Unavailable, "Meta is not available")
_PARAMETER = Meaning(Rejected, "Meta refuses a value of the message")
_TEMPLATE_CALL = Meaning(TemplateProblem, "the parameters do not fit the template")
_TEMPLATE_TEXT = Meaning(TemplateProblem, "Meta does not accept the template as written")
_MARKETING_API = Meaning(Rejected, "this template needs the Marketing Messages API, which is not used here")
_NOT_OURS = Meaning(Rejected, "Meta refuses a call that this plugin does not make")

MEANINGS: dict[int, Meaning] = {
    0: _TOKEN,
    # Meta does not know itself what happened: resending on a guess could reach the person twice
    1: Meaning(Uncertain, "Meta reports an unknown problem"),
    2: _DOWN,
    3: _PERMISSION,
    4: Meaning(Throttled, "the app has used up its calls", MINUTE, Scope.ACCOUNT),
    10: _PERMISSION,
    33: Meaning(BadConfig, "the sending number is unknown or was deleted; check the phone number id"),
    100: _PARAMETER,
    102: _TOKEN,
    104: _TOKEN,
    190: _TOKEN,
    368: _LOCKED,
    80007: Meaning(Throttled, "the account has used up its calls", MINUTE, Scope.ACCOUNT),
    130403: Meaning(RecipientOptedOut, "the person blocked this business"),
    130429: Meaning(Throttled, "the sender's throughput is reached", 1.0, Scope.SENDER),
    # a resend gives the same answer; it says nothing about the person's number
    130472: Meaning(Rejected, "Meta withholds marketing from this person in an experiment"),
    130497: Meaning(Rejected, "Meta does not let this business write to people in this country"),
    131000: Meaning(Uncertain, "Meta reports an unknown failure"),
    131005: _PERMISSION,
    131008: Meaning(Rejected, "a required value is missing"),
    131009: _PARAMETER,
    131014: _PARAMETER,
    131016: _DOWN,
    131021: Meaning(Rejected, "recipient and sender are the same"),
    131026: Meaning(RecipientUnreachable, "not deliverable; Meta does not say why"),
    131030: Meaning(Rejected, "a test number writes only to recipients on its list"),
    131031: _LOCKED,
    131035: Meaning(Rejected, "without storage, webhooks must be acknowledged within the hour"),
    131037: Meaning(BadConfig, "the display name is not approved; see WhatsApp Manager"),
    131042: _PAYMENT,
    131044: _PAYMENT,
    131045: Meaning(BadConfig, "the sending number is not registered correctly; register it again"),
    131047: Meaning(WindowClosed, "the person last wrote more than 24 hours ago; only a template may be sent"),
    131048: Meaning(Throttled, "people reported this sender as spam; rest it and look at its quality", HOUR),
    # may work after 24 hours, but Meta counts such repetitions against the account
    131049: Meaning(RecipientCapped, "Meta limits marketing to this person", 24 * HOUR),
    131050: Meaning(RecipientOptedOut, "the person stopped marketing from this business"),
    131051: Meaning(Rejected, "Meta does not know this type of message"),
    131052: Meaning(Rejected, "a media file could not be fetched"),
    131053: Meaning(Rejected, "a media file could not be stored"),
    131055: _MARKETING_API,
    131056: Meaning(Throttled, "too many messages to one person", 6.0, Scope.PAIR),
    131057: Meaning(Throttled, "the sending number is in maintenance", MINUTE, Scope.SENDER),
    131059: Meaning(Unavailable, "the list changed while it was read; read it again"),
    131060: Meaning(Rejected, "the message is not available"),
    131061: _MARKETING_API,
    131062: Meaning(Rejected, "this message needs a phone number; a BSUID is not enough"),
    131063: _MARKETING_API,
    131064: Meaning(Throttled, "capped because of wrongly categorised templates", HOUR, Scope.ACCOUNT),
    132000: Meaning(TemplateProblem, "the number of parameters does not fit the template"),
    132001: Meaning(TemplateProblem, "no approved template of this name and language"),
    132005: Meaning(TemplateProblem, "the text is too long with these parameters"),
    132007: _TEMPLATE_TEXT,
    132008: _TEMPLATE_CALL,
    132012: _TEMPLATE_CALL,
    132015: Meaning(TemplateProblem, "Meta paused the template for low quality"),
    132016: Meaning(TemplateProblem, "Meta disabled the template for low quality"),
    132018: _TEMPLATE_CALL,
    132068: Meaning(Rejected, "the Flow is blocked"),
    132069: Meaning(Throttled, "the Flow is throttled", HOUR, Scope.SENDER),
    133000: _NUMBER,
    133004: _DOWN,
    133005: _NUMBER,
    133006: _NUMBER,
    133008: Meaning(Throttled, "too many wrong PINs", HOUR, Scope.SENDER),
    133009: Meaning(Throttled, "PINs were tried too fast", MINUTE, Scope.SENDER),
    133010: _NUMBER,
    133015: Meaning(Throttled, "the number is still being deregistered", 5 * MINUTE, Scope.SENDER),
    133016: Meaning(Throttled, "the number was registered too often", 72 * HOUR, Scope.SENDER),
    134011: Meaning(BadConfig, "the terms of WhatsApp Payments are not accepted; see WhatsApp Manager"),
    134100: _MARKETING_API,
    134101: Meaning(Unavailable, "Meta is still preparing the template for marketing"),
    134102: _MARKETING_API,
    134103: _MARKETING_API,
    135000: _PARAMETER,
    137000: Meaning(Rejected, "the person's identity changed and must be verified again"),
    139000: _LOCKED,
    139200: Meaning(Rejected, "Direct Send is blocked for this account"),
    2388019: Meaning(TemplateProblem, "the account has no room for more templates"),
    2388318: _TEMPLATE_TEXT,
    2388330: _TEMPLATE_TEXT,
    2494100: Meaning(Throttled, "the sending number is in maintenance", MINUTE, Scope.SENDER),
}
MEANINGS |= dict.fromkeys((2388023, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073), _TEMPLATE_TEXT)
MEANINGS |= dict.fromkeys((2388293, 2388299), _TEMPLATE_TEXT)

# whole families: permissions, calling, blocking users, usernames, signup, history
FAMILIES: tuple[tuple[range, Meaning], ...] = (
    (range(200, 300), _PERMISSION),
    (range(138000, 139000), _NOT_OURS),
    (range(139100, 139104), _NOT_OURS),
    (range(147001, 147006), _NOT_OURS),
    (range(2494164, 2494180), _NOT_OURS),
    (range(2593107, 2593110), _NOT_OURS),
)


def meaning(code: int) -> Meaning | None:
    """What a code means; None when this version does not know it."""
    return MEANINGS.get(code) or next((known for family, known in FAMILIES if code in family), None)


def classify(error: object, *, status: int = 0, retry_after: str | None = None, sends: bool = False) -> HubError:
    """The error in `error` (Meta's object), by what happens next. `status` is the HTTP status of an answer, 0 for a
    webhook; `sends=True` when the call transmitted a message.
    """
    fields = mapping(error)
    code = number(fields.get("code"))
    by_status = for_status(status, retry_after=retry_after, sends=sends)
    if code is None:
        return by_status or Rejected("Meta gave no error code")
    known = _PERMISSION if code == 100 and _object_missing(fields) else meaning(code)
    if known is not None:
        after = by_status.after if isinstance(by_status, Throttled) and retry_after else None
        return known.error(code, after)
    if fields.get("is_transient") is True:
        return Unavailable(f"Meta asks to try again (Meta {code})")
    if by_status is not None and not isinstance(by_status, Rejected):
        return by_status
    return Rejected(f"refused with a code unknown to this version (Meta {code})", code=str(code))


def _object_missing(fields: Fields) -> bool:
    """Graph answers 100 for an object that the token may not see, too."""
    said = text(fields.get("message")).lower()
    return "unsupported get request" in said or "unsupported post request" in said
