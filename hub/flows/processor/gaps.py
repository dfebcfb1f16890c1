# SPDX-License-Identifier: Apache-2.0
"""What is missing before a file may be approved, in words, one by one; and until when an approved one holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from hub.flows.processor.form import Form, Hop, Status
from hub.flows.processor.points import POINTS

REVIEW = timedelta(days=365)  # the default of the next review (legal reference 5.1 I),
REVIEW_US = timedelta(days=182)  # and where a hop leads to the United States


def missing(form: Form, papers: Sequence[Mapping[str, Any]], today: date) -> list[str]:
    """Everything that keeps the file from being approved; empty: it may be."""
    return [
        *_identity(form),
        *_agreement(form, papers, today),
        *_points(form),
        *_chain(form),
        *_transfers(form, today),
        *_review(form, today),
    ]


def _identity(form: Form) -> Iterator[str]:
    for name in ("legal_name", "address", "role", "seat"):
        if not getattr(form.identity, name).strip():
            yield f"identity.{name} is empty"
    if not form.purposes:
        yield "purposes is empty: no message could go through this provider"


def _agreement(form: Form, papers: Sequence[Mapping[str, Any]], today: date) -> Iterator[str]:
    signed = form.agreement.signed_on
    if signed is None:
        yield "agreement.signed_on is empty: the contract under Art. 28(3) is not signed"
    elif signed > today:
        yield f"agreement.signed_on is {signed}, which is to come"
    if not any(one["kind"] == "dpa" and not _over(one, today) for one in papers):
        yield "the signed contract is not attached, or has expired (`hub processor attach CONNECTION dpa=FILE`)"


def _over(paper: Mapping[str, Any], today: date) -> bool:
    return bool(paper.get("expires_on")) and date.fromisoformat(paper["expires_on"]) < today


def _points(form: Form) -> Iterator[str]:
    for point in POINTS.values():
        check = form.check(point.id)
        answered = check.status is Status.OK or (point.spare and check.status is Status.NA)
        if point.needed and not answered:
            yield f"{point.id} is {check.status}: {point.en}"
        elif answered and not check.evidence.strip():
            yield f"{point.id} is {check.status} without evidence"


def _chain(form: Form) -> Iterator[str]:
    if not form.hosting.regions:
        yield "hosting.regions is empty"
    if not form.hosting.local_storage:
        yield 'hosting.local_storage is empty: name Meta\'s region, or "none"'
    for one in form.subprocessors:
        if one.approved_on is None:
            yield f"nobody has decided on the sub-processor {one.name} (subprocessors.approved_on)"


def _transfers(form: Form, today: date) -> Iterator[str]:
    if not form.transfers:
        yield "no transfer is entered: WhatsApp always involves Meta outside the EEA"
    by_hop: dict[tuple[str, str], list[str]] = {}
    for hop in form.transfers:
        by_hop.setdefault((hop.recipient, hop.to), []).append(_fault(hop, today))
    for (recipient, to), faults in by_hop.items():
        if all(faults):  # one tool that holds is enough
            yield f"the transfer to {recipient} ({to}): {'; '.join(faults)}"


def _fault(hop: Hop, today: date) -> str:
    """Why a tool carries nothing; empty: it does."""
    if hop.stopped:
        return f"{hop.tool} is stopped"
    if hop.valid_until < today:
        return f"{hop.tool} has expired"
    if hop.tool.startswith("A49"):
        return "Art. 49 is no standing tool (EDPB 2/2018)"
    if hop.tool.startswith("A46"):
        reviewed = hop.tia and hop.tia_review_on is not None and hop.tia_review_on >= today
        return "" if reviewed else f"{hop.tool} needs an assessment (tia) and its next review (tia_review_on)"
    if hop.to == "US" and hop.framework_checked_on is None:
        return f"{hop.tool} needs the day on which the framework's list was looked at (framework_checked_on)"
    return ""


def _review(form: Form, today: date) -> Iterator[str]:
    if form.valid_until is not None and form.valid_until < today:
        yield f"valid_until is {form.valid_until}, which is past"


def until(form: Form, papers: Sequence[Mapping[str, Any]], today: date) -> date:
    """The day of the next review: as the file says, else by default; earlier where contract or measures expire."""
    to_us = any(hop.to == "US" for hop in form.transfers)
    last = form.valid_until or today + (REVIEW_US if to_us else REVIEW)
    for kind in ("dpa", "toms"):  # a certificate never carries a file, so it never ends one
        ends = [one.get("expires_on", "") for one in papers if one["kind"] == kind]
        if ends and all(ends):
            last = min(last, date.fromisoformat(max(ends)))
    return last
