# SPDX-License-Identifier: Apache-2.0
"""The tables. Importing this module registers all of them."""

from hub.store.tables.accounts import Connection, Controller, Lease, Sender, TemplateRow
from hub.store.tables.activities import ProcessingRecord
from hub.store.tables.claims import ClaimedOptIn, ClaimMapping, OptInBatch
from hub.store.tables.columns import new_door, new_id
from hub.store.tables.events import Delivery, Happening, Subscription
from hub.store.tables.notices import NoticeDeclared, NoticeServed, NoticeText
from hub.store.tables.people import Contact, ContactPoint, CrmRecord
from hub.store.tables.permission import (
    ConsentRow,
    FormerCode,
    FormTry,
    OptInPage,
    OptInRequest,
    Review,
    StopRow,
    Wording,
)
from hub.store.tables.prices import Price
from hub.store.tables.processors import ProcessorPaper, ProcessorRecord
from hub.store.tables.proof import ChainHead, ChainLink, DailyRoot, DecisionRow, Document, LedgerRow, SigningKey
from hub.store.tables.rights import RightsPacket, RightsReceipt, RightsRequest
from hub.store.tables.routes import RoutePolicy, RouteSwitch
from hub.store.tables.rules import FactPart, PolicyVersion
from hub.store.tables.staff import ApiKey, AuditRow, Repeat, Staff, Visit
from hub.store.tables.tier import Opening, OpeningHour
from hub.store.tables.traffic import (
    Campaign,
    Inbox,
    MessageEvent,
    MessageRow,
    ReportRow,
    SyncProblem,
    SyncRun,
)
from hub.store.tables.workflows import WorkflowRequest

__all__ = [
    "ApiKey",
    "AuditRow",
    "Campaign",
    "ChainHead",
    "ChainLink",
    "ClaimMapping",
    "ClaimedOptIn",
    "Connection",
    "ConsentRow",
    "Contact",
    "ContactPoint",
    "Controller",
    "CrmRecord",
    "DailyRoot",
    "DecisionRow",
    "Delivery",
    "Document",
    "FactPart",
    "FormTry",
    "FormerCode",
    "Happening",
    "Inbox",
    "Lease",
    "LedgerRow",
    "MessageEvent",
    "MessageRow",
    "NoticeDeclared",
    "NoticeServed",
    "NoticeText",
    "Opening",
    "OpeningHour",
    "OptInBatch",
    "OptInPage",
    "OptInRequest",
    "PolicyVersion",
    "Price",
    "ProcessingRecord",
    "ProcessorPaper",
    "ProcessorRecord",
    "Repeat",
    "ReportRow",
    "Review",
    "RightsPacket",
    "RightsReceipt",
    "RightsRequest",
    "RoutePolicy",
    "RouteSwitch",
    "Sender",
    "SigningKey",
    "Staff",
    "StopRow",
    "Subscription",
    "SyncProblem",
    "SyncRun",
    "TemplateRow",
    "Visit",
    "Wording",
    "WorkflowRequest",
    "new_door",
    "new_id",
]
