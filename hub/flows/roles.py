# SPDX-License-Identifier: Apache-2.0
"""Who may do what. One table; a role is nothing but its line in it."""

from __future__ import annotations

from enum import StrEnum


class May(StrEnum):
    """Something that not everybody may do."""

    LOOK = "look"  # figures, states and settings without personal data
    CAMPAIGN = "campaign"  # draft, preview, start, pause, resume, cancel
    APPROVE = "approve"  # a second person's yes
    WHY = "why"  # why a campaign may not, or did not, reach one record of the CRM, and what would help
    PEOPLE = "people"  # decisions, evidence and messages of one person
    CONNECT = "connect"  # accounts, numbers, templates, syncs
    PROVIDE = "provide"  # processor files, routes
    WORD = "word"  # notices, wordings, opt-in pages
    STAFF = "staff"  # keys and people
    AUDIT = "audit"  # who did what


class Role(StrEnum):
    """What somebody is here for."""

    ADMIN = "admin"
    MARKETER = "marketer"
    PRIVACY = "privacy"
    INTEGRATOR = "integrator"
    READER = "reader"


MAY: dict[Role, frozenset[May]] = {
    Role.ADMIN: frozenset(May),
    Role.MARKETER: frozenset({May.LOOK, May.CAMPAIGN, May.APPROVE, May.WHY}),
    Role.PRIVACY: frozenset({May.LOOK, May.APPROVE, May.WHY, May.PEOPLE, May.PROVIDE, May.WORD, May.AUDIT}),
    Role.INTEGRATOR: frozenset({May.LOOK, May.CONNECT}),
    Role.READER: frozenset({May.LOOK}),
}
