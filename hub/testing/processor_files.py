# SPDX-License-Identifier: Apache-2.0
"""A complete file on an emulated provider, for tests, the demonstration and the labs. Nothing of it was checked."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from hub.flows.processor import papers, versions
from hub.flows.processor.form import Agreement, Check, Form, Hop, Hosting, Identity, Status
from hub.flows.processor.points import POINTS
from hub.flows.world import World
from hub.store.tables import Connection, ProcessorRecord

EVIDENCE = "emulated: nothing was checked"


def complete(now: datetime, days: int = 365) -> Form:
    """A file that may be approved, reviewed again after `days`."""
    later = (now + timedelta(days=days)).date()
    return Form(
        valid_until=later,
        note=EVIDENCE,
        identity=Identity(legal_name="Emulated Ltd", address="nowhere", role="processor", seat="DE"),
        agreement=Agreement(signed_on=now.date(), version="emulated"),
        hosting=Hosting(regions=("DE",), local_storage="DE"),
        transfers=(
            Hop(
                recipient="Meta Platforms, Inc.",
                to="US",
                tool="A45-3",
                valid_until=later,
                framework_checked_on=now.date(),
            ),
        ),
        points={name: Check(status=Status.OK, evidence=EVIDENCE) for name in POINTS},
    )


def approve(
    world: World, session: Session, connection: Connection, form: Form | None = None, by: str = "Dana Schutz"
) -> ProcessorRecord:
    """File it with a contract on paper, and approve it."""
    contract = papers.keep(
        world, session, connection.controller_id, "dpa", "contract.txt", EVIDENCE.encode(), reviewer=by
    )
    versions.draft(world, session, connection, form or complete(world.now()), by, [contract])
    return versions.approve(world, session, connection, by)
