# SPDX-License-Identifier: Apache-2.0
"""The texts a decision rests on, kept as they were: a decision names each by its SHA-256.

They hold no personal data: who reviewed a processor record, and what they wrote, stays in the record.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from hub.flows.processor.versions import in_force, told
from hub.flows.variants import Variant
from hub.flows.world import World
from hub.law.policy import Policy
from hub.proof.chain import canonical, digest
from hub.store.tables import Campaign, Document, MessageRow, ProcessorRecord, Sender, TemplateRow

POLICY, TEMPLATE, PROCESSOR = "policy", "template", "processor_record"


def keep(
    world: World,
    session: Session,
    sender: Sender,
    templated: Campaign | MessageRow | Variant | None,
    policy: Policy | None,
) -> dict[str, str]:
    """Keep what a decision under `policy` rests on now, and give its hashes by kind. Call it with the chain open.

    `templated` names the template, where there is one.
    """
    connection = sender.connection_id
    template = session.get(TemplateRow, (connection, templated.template, templated.language)) if templated else None
    return kept(world, session, sender.controller_id, policy, template, in_force(session, connection))


def kept(
    world: World,
    session: Session,
    controller_id: str,
    policy: Policy | None,
    template: TemplateRow | None,
    processor: ProcessorRecord | None,
) -> dict[str, str]:
    """The same with everything at hand."""
    texts = {POLICY: policy.text} if policy else {}
    if template is not None:
        texts[TEMPLATE] = canonical(template.model_dump(exclude={"read_at", "connection_id"}))
    if processor is not None:
        texts[PROCESSOR] = canonical(told(processor))
    hashes = {kind: digest(text) for kind, text in texts.items()}
    known = {row.sha256 for row in find(session, controller_id, hashes.values())}
    for kind, text in texts.items():
        if hashes[kind] not in known:
            known.add(hashes[kind])
            session.add(
                Document(controller_id=controller_id, sha256=hashes[kind], kind=kind, text=text, created_at=world.now())
            )
    return hashes


def find(session: Session, controller_id: str, hashes: Iterable[str]) -> list[Document]:
    """Kept texts, in the order of their hashes."""
    mine = select(Document).where(Document.controller_id == controller_id, col(Document.sha256).in_(list(hashes)))
    return list(session.exec(mine.order_by(col(Document.sha256))))
