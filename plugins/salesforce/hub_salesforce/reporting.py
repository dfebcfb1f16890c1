# SPDX-License-Identifier: Apache-2.0
"""Writing results back: withdrawals and consent first, then campaign members, then tasks; an outcome per report."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence

from hub import BadConfig, HubError, Memory, Outcome, Reach, Report, ReportKind
from hub_salesforce import campaigns, fields
from hub_salesforce.api import Api, Json
from hub_salesforce.batches import COLLECTIONS, Batches, Result
from hub_salesforce.ids import CAMPAIGN, LEAD, full, person
from hub_salesforce.lookups import by
from hub_salesforce.permissions import Permissions
from hub_salesforce.rows import Row
from hub_salesforce.settings import Config

_SUBJECTS = {
    ReportKind.STATUS: "WhatsApp message",
    ReportKind.REFUSED: "WhatsApp message not sent",
    ReportKind.REPLY: "WhatsApp reply received",
    ReportKind.WITHDRAWAL: "WhatsApp messages stopped by the person",
    ReportKind.CONSENT: "WhatsApp consent given",
}


class Reporting:
    """One call's progress."""

    def __init__(self, api: Api, config: Config, memory: Memory) -> None:
        self.api, self.config, self.memory = api, config, memory
        self.batches = Batches(api)
        self.failed: dict[str, Outcome] = {}

    async def write(self, reports: Sequence[Report]) -> list[Outcome]:
        """One outcome per report, in order. Raises only while nothing has been written yet."""
        for report in reports:
            if not person(report.record):
                self.fail([report], Result("this is no contact or lead of Salesforce"))
        permitted = [r for r in reports if r.kind in (ReportKind.WITHDRAWAL, ReportKind.CONSENT)]
        if permitted := self._open(permitted):
            await self._step(self._permissions(permitted), permitted)
        for campaign in dict.fromkeys(full(r.audience) for r in reports):
            if campaign.startswith(CAMPAIGN):
                mine = [r for r in reports if full(r.audience) == campaign and campaigns.label(r)]
                await self._step(self._members(campaign, self._open(mine)), mine)
        await self._tasks(self._open(r for r in reports if self._is_task(r)))
        return [self.failed.get(report.key, Outcome(report.key)) for report in reports]

    async def _step(self, work: Awaitable[None], reports: Sequence[Report]) -> None:
        """Trouble on the way becomes outcomes, unless nothing was written yet."""
        try:
            await work
        except HubError as trouble:
            self.batches.stop(trouble)
            self.fail(reports, Result(str(trouble), again=True))

    def _open(self, reports: Iterable[Report]) -> list[Report]:
        return [report for report in reports if report.key not in self.failed]

    def fail(self, reports: Iterable[Report], result: Result) -> None:
        """The first error of a report stands. Nothing happens on success."""
        for report in reports if result.error else ():
            self.failed.setdefault(report.key, Outcome(report.key, result.error, result.again))

    async def _permissions(self, reports: Sequence[Report]) -> None:
        writing = Permissions(self.api, self.config, self.memory, self.batches)
        await writing.write(reports)
        for report in reports:
            self.fail([report], writing.failed.get(report.key, Result()))

    async def _members(self, campaign: str, reports: Sequence[Report]) -> None:
        """The status of each member: the furthest of its reports, unless it is further already."""
        of: dict[str, list[Report]] = {}
        for report in reports:
            of.setdefault(person(report.record), []).append(report)
        if not of:
            return
        furthest = {one: max(mine, key=lambda r: campaigns.rank(campaigns.label(r))) for one, mine in of.items()}
        labels = {campaigns.label(report) for report in furthest.values()}
        known = await campaigns.prepared(self.api, self.memory, campaign, labels)
        found = await self._memberships(campaign, list(of))
        for one in of.keys() - found.keys():
            left = [report for report in of[one] if report.status != Reach.OVER]  # of these it is known
            self.fail(left, Result("the person is no member of the campaign any more"))
        moving = {
            one: report
            for one, report in furthest.items()
            if one in found
            and campaigns.follows(campaigns.label(report), found[one]["Status"], known.get(found[one]["Status"], False))
        }
        own = {field for name, field in await fields.there(self.api, self.config, self.memory) if name == fields.MEMBER}
        records = [self._member(found[one]["Id"], report, own) for one, report in moving.items()]
        try:
            results = await self.batches.write("PATCH", COLLECTIONS, records)
        except BadConfig:
            fields.forget(self.memory)  # somebody may have taken one away
            raise
        for one, result in zip(moving, results, strict=True):
            self.fail(of[one], result)
        if any(result.error for result in results):
            campaigns.forget(self.memory, campaign)  # somebody may have taken a value away

    async def _memberships(self, campaign: str, persons: Sequence[str]) -> dict[str, Row]:
        """Members by the record id of the person."""
        found: dict[str, Row] = {}
        of_campaign = f" AND CampaignId = '{campaign}'"
        for field, leads in (("ContactId", False), ("LeadId", True)):
            ids = [one for one in persons if one.startswith(LEAD) is leads]
            async for row in by(self.api, "CampaignMember", ["Id", "Status", field], field, ids, of_campaign):
                found[full(row[field])] = row
        return found

    def _member(self, member: str, report: Report, own: set[str]) -> Json:
        """What somebody said themselves leaves the reason of what was sent as it is."""
        told: Json = {}
        if report.kind in (ReportKind.STATUS, ReportKind.REFUSED, ReportKind.REACH):
            told = {
                self.config.member_reason_field: (report.why or report.reason)[:255] or None,
                self.config.member_link_field: report.link or None,
            }
        mine = {field: value for field, value in told.items() if field in own}
        return {"attributes": {"type": "CampaignMember"}, "id": member, "Status": campaigns.label(report), **mine}

    def _is_task(self, report: Report) -> bool:
        """Of a campaign's message the member tells whether it arrived; of a flow's, which has no audience but a title,
        nothing else does."""
        alone = not report.audience
        match report.kind:
            case ReportKind.STATUS:
                state = report.status.lower()
                return state == self.config.task_at or (alone and state in ("failed", "unknown"))
            case ReportKind.REFUSED:
                return alone
        return report.kind in (ReportKind.REPLY, ReportKind.WITHDRAWAL)

    async def _tasks(self, reports: Sequence[Report]) -> None:
        key = self.config.task_key_field
        records = [self._task(report) for report in reports]
        path = f"{COLLECTIONS}/Task/{key}" if key else COLLECTIONS
        results = await self.batches.write("PATCH" if key else "POST", path, records, new=not key)
        for report, result in zip(reports, results, strict=True):
            self.fail([report], result)

    def _task(self, report: Report) -> Json:
        who, campaign = person(report.record), full(report.audience)
        subject = ": ".join(one for one in (_SUBJECTS[report.kind], report.campaign) if one)
        state = report.reason or (report.status if report.kind is ReportKind.STATUS else "")
        task: Json = {
            "attributes": {"type": "Task"},
            "WhoId": who,
            "Subject": f"{subject} ({state})"[:255] if state else subject[:255],
            "Status": self.config.task_status,
            "Priority": self.config.task_priority,
            "ActivityDate": report.at.date().isoformat(),
        }
        if campaign.startswith(CAMPAIGN) and not who.startswith(LEAD):
            task["WhatId"] = campaign  # a task of a lead may not name anything else
        if said := "\n".join(one for one in (report.text, report.why, report.link) if one):
            task["Description"] = said
        return task | ({self.config.task_key_field: report.key[:255]} if self.config.task_key_field else {})
