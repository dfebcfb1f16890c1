# SPDX-License-Identifier: Apache-2.0
"""The page of the platform's error codes, made from `hub/whatsapp/codes.toml`."""

from __future__ import annotations

from hub.contract import (
    BadConfig,
    HubError,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    Rejected,
    Scope,
    TemplateProblem,
    Throttled,
    Unavailable,
    Uncertain,
    WindowClosed,
)
from hub.testing.legal_docs import MADE
from hub.whatsapp.codes import MEANINGS, Meaning

# what the hub does, per error type
RULES: dict[type[HubError], tuple[str, str]] = {
    BadConfig: ("The connection stops until a person has acted.", "Die Verbindung ruht, bis ein Mensch gehandelt hat."),
    Throttled: ("Waits, then sends again.", "Wartet und sendet dann erneut."),
    Unavailable: ("Tries again with growing pauses.", "Versucht es mit wachsenden Pausen erneut."),
    Uncertain: (
        "Never sent again by itself; only a status tells what became of it.",
        "Wird nie von selbst erneut gesendet; nur ein Status klärt, was daraus wurde.",
    ),
    Rejected: ("Fails for good.", "Scheitert endgültig."),
    TemplateProblem: ("Fails for good; the template needs a look.", "Scheitert endgültig; die Vorlage ist zu prüfen."),
    RecipientOptedOut: (
        "Fails for good and is kept as the person's objection to advertising.",
        "Scheitert endgültig und wird als Werbewiderspruch der Person festgehalten.",
    ),
    RecipientUnreachable: (
        "Fails for good; says nothing about the number itself.",
        "Scheitert endgültig; über die Nummer selbst sagt es nichts.",
    ),
    RecipientCapped: (
        "Fails, and no advertising goes to this person for that long.",
        "Scheitert, und an diese Person geht so lange keine Werbung.",
    ),
    WindowClosed: ("Fails for good; a template is needed.", "Scheitert endgültig; es braucht eine Vorlage."),
}
_SCOPES = {Scope.SENDER: "sender", Scope.PAIR: "sender and person", Scope.ACCOUNT: "account"}


def pages() -> dict[str, str]:
    """File name to content."""
    return {"provider-errors.md": provider_errors()}


def provider_errors() -> str:
    lines = [
        MADE,
        "# Error codes of the platform",
        "",
        "What Meta's codes mean, and what the hub does. One table serves answers to a send and failed statuses,",
        "whoever the provider is, where it passes the platform's code on; a provider's own codes stand in its plugin.",
        "A code that is not listed fails for good, unless the answer or its HTTP status says that it will pass.",
    ]
    for kind, (en, de) in RULES.items():
        mine = sorted((known for known in MEANINGS if known.kind is kind), key=lambda known: known.codes[0][0])
        lines += ["", f"## {kind.__name__}", "", f"{en} *{de}*", "", "| code | meaning | Bedeutung |", "|---|---|---|"]
        lines += [f"| {_codes(known)} | {known.en}{_wait(known)} | {known.de} |" for known in mine]
    return "\n".join([*lines, ""])


def _codes(known: Meaning) -> str:
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]} to {one[-1]}" for one in known.codes)


def _wait(known: Meaning) -> str:
    if known.kind is Throttled:
        return f" Waits {_length(known.after)}; binds the {_SCOPES[known.scope]}."
    return f" Waits {_length(known.after)}." if known.kind is RecipientCapped else ""


def _length(seconds: float) -> str:
    for size, name in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"
