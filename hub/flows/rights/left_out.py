# SPDX-License-Identifier: Apache-2.0
"""What is not in the answer to a person, and why: tables whose rows are nobody's, and sealed columns not opened.

A test walks over all tables and columns, so that a new one has to be placed here or in `held`.
"""

from __future__ import annotations

from sqlmodel import SQLModel

from hub.store import tables

# sealed columns of these tables: opened above, or why not
OPENED = {
    "contact.data_key": "the key itself",
    "contact.kept_key": "the key itself",
    "contact.profile": "",
    "contact_point.value": "",
    "claimed_opt_in.evidence": "",
    "message.text": "",
    "message.parameters": "",
    "message.provider_id": "",
    "ledger.evidence": "",
    "report.text": "the text of a message, which stands among the messages and events",
    "rights_request.words": "",
    "rights_request.delay_told": "",
    "rights_request.refusal_told": "",
    "rights_request.lift_told": "",
    "rights_packet.body": "an earlier answer: it repeats what stands here",
}

_COMPANY = "settings and texts of the company; names no person who is written to"
_CHAIN = "hashes over all rows of a moment; nothing in them can be told apart by person"
_STAFF = "people who work with the hub, and their logins; not those who are written to"
_TOLD = "ids and codes of what stands in the tables above, for programs of the company; deleted after days"
NOT_OF_A_PERSON: dict[type[SQLModel], str] = {
    **dict.fromkeys(
        (
            tables.Controller,
            tables.Connection,
            tables.Sender,
            tables.TemplateRow,
            tables.ClaimMapping,
            tables.NoticeText,
            tables.NoticeDeclared,
            tables.PolicyVersion,
            tables.Price,
            tables.RoutePolicy,
            tables.RouteSwitch,
            tables.Wording,
            tables.OptInPage,
            tables.FormerCode,
            tables.Campaign,
            tables.Document,
            tables.ProcessingRecord,
            tables.Subscription,
        ),
        _COMPANY,
    ),
    **dict.fromkeys((tables.ChainHead, tables.ChainLink, tables.DailyRoot, tables.SigningKey), _CHAIN),
    **dict.fromkeys((tables.ApiKey, tables.Staff, tables.Visit), _STAFF),
    **dict.fromkeys((tables.Happening, tables.Delivery), _TOLD),
    tables.Lease: "which process does what; no person",
    tables.OptInBatch: "counts of one walk through a CRM",
    tables.SyncRun: "counts of one walk through a CRM",
    tables.SyncProblem: "place and field of records that could not be used, without any value, and no contact",
    tables.OpeningHour: "counts of people by the hour",
    tables.FactPart: "what many decisions rest on alike: policy, template, wording; named in the decisions",
    tables.FormTry: "keyed hash of a network address, for an hour; nobody can tell whose it is",
    tables.Repeat: "answers to programs of the company, for a day; what they say stands in the tables above",
    tables.Inbox: "raw webhooks under the deployment's key, not findable by person; what they say was applied to the "
    "tables above, and they are deleted after the days of HUB_WEBHOOK_DAYS",
    tables.ProcessorRecord: "files on providers; name staff who reviewed them",
    tables.ProcessorPaper: "documents on providers; name people who signed for them",
}
