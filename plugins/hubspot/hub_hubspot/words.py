# SPDX-License-Identifier: Apache-2.0
"""The contact properties that the hub writes. Nobody else writes them, and the hub never reads a claim from them: so
nothing of ours can come back as news, and no opt-out noted in HubSpot can hide beneath one of ours.
"""

from __future__ import annotations

OPT_IN = "hub_whatsapp_opt_in"  # what the hub can prove of the person's permission
OPT_IN_AT = "hub_whatsapp_opt_in_at"
EVIDENCE = "hub_whatsapp_evidence"
STATUS = "hub_whatsapp_status"  # of the last message
STATUS_AT = "hub_whatsapp_status_at"
REASON = "hub_whatsapp_reason"
BASIS = "hub_whatsapp_basis"
CAMPAIGN = "hub_whatsapp_campaign"
WHY = "hub_whatsapp_why"  # the same in words
LINK = "hub_whatsapp_link"
REACH = "hub_whatsapp_reach"  # of a campaign that has not begun: would the contact get it?
REACH_AT = "hub_whatsapp_reach_at"
REACH_CAMPAIGN = "hub_whatsapp_reach_campaign"
REACH_REASON = "hub_whatsapp_reach_reason"
REACH_WHY = "hub_whatsapp_reach_why"
REACH_LINK = "hub_whatsapp_reach_link"
OF_REACH = (REACH, REACH_AT, REACH_CAMPAIGN, REACH_REASON, REACH_WHY, REACH_LINK)
OURS = frozenset({OPT_IN, OPT_IN_AT, EVIDENCE, STATUS, STATUS_AT, REASON, BASIS, CAMPAIGN, WHY, LINK, *OF_REACH})

OPTED_IN, STOPPED = "opted_in", "stopped"  # values of OPT_IN
