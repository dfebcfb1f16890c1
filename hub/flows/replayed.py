# SPDX-License-Identifier: Apache-2.0
"""Events that a restored database has lost, written into it again: the event itself, and what it forbids.

An event keeps its id, kind and time, and says in `replayed` where it stood before. Sealed words are lost with the
database; their hash stays in the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from hub.flows import erasure
from hub.flows.facts import REASSIGNED, TOMBSTONE
from hub.flows.states import CampaignState
from hub.flows.steering import MOVING
from hub.law.facts import ANY, ConsentState, StopKind, Verification
from hub.store.journal import KeptEvent, Line
from hub.store.ledger import Chain
from hub.store.tables import Campaign, ConsentRow, Contact, ContactPoint, NoticeDeclared, NoticeServed, StopRow

_OF_CHAIN = ("id", "controller", "recorded_at", "kind", "event_time", "contact", "token")


@dataclass(frozen=True, slots=True)
class Lost:
    """An event that only the journal knows."""

    id: str
    kind: str
    recorded_at: str
    seq: int
    position: int
    link: str  # hash of the link that held it
    body: dict[str, Any]

    @classmethod
    def of(cls, line: Line, event: KeptEvent) -> Lost:
        body = orjson.loads(event.record)
        return cls(body["id"], body["kind"], body["recorded_at"], line.seq, event.position, line.hash, body)

    @property
    def event_time(self) -> datetime:
        return datetime.fromisoformat(self.body["event_time"])


def again(session: Session, chain: Chain, controller_id: str, lost: Lost, now: datetime) -> None:
    """Append the event, and let it bind."""
    facts = {name: value for name, value in lost.body.items() if name not in _OF_CHAIN}
    before = {"seq": lost.seq, "position": lost.position, "link": lost.link, "recorded_at": lost.recorded_at}
    facts.setdefault("replayed", before)  # one that was replayed before names where it stood first
    contact_id, token = lost.body["contact"], lost.body["token"]
    chain.event(lost.kind, lost.event_time, facts, contact_id=contact_id, token=token, event_id=lost.id)
    if lost.kind in _EFFECTS:
        _EFFECTS[lost.kind](session, controller_id, lost, now)
    elif binds(lost):
        _stop(session, controller_id, lost, now)


def binds(lost: Lost) -> bool:
    """Whether the event has an effect of its own; the others are remembered, and left to people."""
    return lost.kind not in LEFT_TO_PEOPLE


def _stop(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """The same stop may have been heard a second time since the restore. A kind that nobody can read binds all."""
    told = lost.body
    tokens = told.get("tokens") or _tokens(session, lost)
    scope = {name: told.get(name, ANY) for name in ("brand", "channel", "purpose", "topic")}
    values = {"kind": told.get("stop", StopKind.UNKNOWN), "event_time": lost.event_time, **scope}
    same = [getattr(StopRow, name) == value for name, value in values.items()]
    mine = select(StopRow.token).where(StopRow.controller_id == controller_id, col(StopRow.token).in_(tokens))
    known = set(session.exec(mine.where(*same)))
    session.add_all(
        StopRow(controller_id=controller_id, token=token, ledger_id=lost.id, **values)
        for token in tokens
        if token not in known
    )
    session.flush()


def _tokens(session: Session, lost: Lost) -> list[str]:
    """Of whomever the event is about, if it does not say."""
    theirs = session.exec(select(ContactPoint.token).where(ContactPoint.contact_id == lost.body["contact"]))
    return sorted({*theirs, *filter(None, [lost.body["token"]])})


def _lift(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """A person had read the unclear message. Only the freezes that the event names are lifted."""
    named = (col(StopRow.controller_id) == controller_id, col(StopRow.ledger_id).in_(lost.body["lifts"]))
    session.execute(delete(StopRow).where(*named, col(StopRow.kind) == StopKind.UNSURE))


def _erase(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """Erase whoever of then the backup brought back; somebody who came anew since then is not them."""
    tokens = set(lost.body["tokens"])
    owners = select(ContactPoint.contact_id).where(
        ContactPoint.controller_id == controller_id, col(ContactPoint.token).in_(tokens)
    )
    ids = {*session.exec(owners), lost.body["contact"]}
    people = session.exec(select(Contact).where(Contact.controller_id == controller_id, col(Contact.id).in_(ids)))
    for person in people.all():
        meant = person.id == lost.body["contact"] or person.created_at <= lost.event_time
        if person.erased_at is None and meant:
            points = select(ContactPoint.token).where(ContactPoint.contact_id == person.id)
            tokens |= set(session.exec(points))
            erasure.forget(session, person, now)
    buried = select(StopRow.token).where(StopRow.controller_id == controller_id, StopRow.kind == TOMBSTONE)
    known = set(session.exec(buried.where(col(StopRow.token).in_(tokens))))
    erasure.bury(session, controller_id, sorted(tokens - known), lost.id, lost.event_time)
    session.flush()


def _revoke(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """Somebody had ended these consents, since what a CRM said about them was wrong."""
    ended = (col(ConsentRow.controller_id) == controller_id, col(ConsentRow.id).in_(lost.body["consents"]))
    session.execute(update(ConsentRow).where(*ended).values(state=ConsentState.REVOKED))


def _untold(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """The message with a notice did not arrive after all."""
    session.execute(delete(NoticeServed).where(col(NoticeServed.ledger_id) == lost.body["served"]))


def _unstated(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """A statement that people were told had been wrong."""
    declared = col(NoticeDeclared.ledger_id) == lost.body["revokes"]
    session.execute(update(NoticeDeclared).where(declared).values(revoked_at=lost.event_time))


def _unverify(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """Somebody had said who is who: these consents have to be given anew. Who it was stays for people to say again."""
    ids = lost.body.get("consents_unverified", [])
    mine = (col(ConsentRow.controller_id) == controller_id, col(ConsentRow.id).in_(ids))
    session.execute(update(ConsentRow).where(*mine).values(verification=Verification.NONE))


def _reassign(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """The number has a new holder since then: nothing that was said before counts for it."""
    session.add_all(
        StopRow(
            controller_id=controller_id,
            token=token,
            kind=REASSIGNED,
            event_time=lost.event_time,
            ledger_id=lost.id,
        )
        for token in lost.body["tokens"]
    )
    session.flush()


def _estrange(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """Whoever wrote was not whom we thought."""
    _change_contacts(session, controller_id, [lost.body["contact"]], reassigned_at=lost.event_time)


def _doubt(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """One person or two: nothing goes to either until somebody has looked."""
    _change_contacts(session, controller_id, [lost.body["contact"], lost.body["other"]], ambiguous_at=lost.event_time)


def _restrict(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """Nothing but storing, until somebody lifts it again."""
    _change_contacts(session, controller_id, [lost.body["contact"]], restricted=True)


def _change_contacts(session: Session, controller_id: str, ids: list[str], **values: datetime | bool) -> None:
    mine = (col(Contact.controller_id) == controller_id, col(Contact.id).in_(ids))
    session.execute(update(Contact).where(*mine).values(**values))


def _cancel_campaign(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """Nothing more of it leaves. What had left by then nobody knows: its messages stay as they are found."""
    campaign = session.get(Campaign, lost.body["campaign"])
    if campaign is not None and campaign.state != CampaignState.DONE:
        campaign.state, campaign.finished_at = CampaignState.CANCELLED, lost.event_time
        session.add(campaign)


def _pause_campaign(session: Session, controller_id: str, lost: Lost, now: datetime) -> None:
    """It rests still when the restore is over. Whether somebody had let it go on is lost: they say so again."""
    campaign = session.get(Campaign, lost.body["campaign"])
    if campaign is not None and campaign.state in MOVING:
        campaign.resumes_to, campaign.state = campaign.state, CampaignState.PAUSED
        campaign.paused_why, campaign.paused_note = lost.body["why"], lost.body.get("note", "")
        session.add(campaign)


# Any other kind is a stop.
_EFFECTS = {
    "erased": _erase,
    "restricted": _restrict,
    "unclear_message_cleared": _lift,
    "consent_revoked": _revoke,
    "notice_not_delivered": _untold,
    "notice_declaration_revoked": _unstated,
    "contacts_joined": _unverify,
    "contacts_kept_apart": _unverify,
    "contact_split": _unverify,
    "identity_changed": _unverify,
    "identity_unclear": _doubt,
    "point_moved": _unverify,
    "point_reassigned": _reassign,
    "point_shared": _unverify,
    "wrong_number_heard": _estrange,
    "campaign_cancelled": _cancel_campaign,
    "campaign_paused": _pause_campaign,
}
LEFT_TO_PEOPLE = frozenset(
    {
        "request_heard",
        "request_closed",
        "right_requested",
        "right_identified",
        "right_extended",
        "right_carried_out",
        "right_answered",
        "right_refused",
        "policy_activated",
        "opt_ins_rejected",
        "route_policy_set",
        "processor_in_review",
        "processor_suspended",
        "processor_ended",
    }
)
