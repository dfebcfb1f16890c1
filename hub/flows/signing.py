# SPDX-License-Identifier: Apache-2.0
"""Sign the chain day by day, so that nobody can rewrite the past unseen, not even whoever runs the database.

A root that was published, or is in somebody's capsule, cannot be taken back. Links never change, so they are read
before the head is locked.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session, col, func, select

from hub.contract import BadInput
from hub.flows.world import World
from hub.proof.chain import merkle_root, told
from hub.proof.roots import Statement
from hub.proof.signature import key_id, public_bytes, sign, signed
from hub.store.journal import Signed, journaled
from hub.store.ledger import Chain
from hub.store.tables import ChainHead, ChainLink, DailyRoot, SigningKey


def make_key(world: World, session: Session, controller_id: str) -> SigningKey:
    """A new key, which signs from now on; older ones still verify what they signed."""
    private = Ed25519PrivateKey.generate()
    public = public_bytes(private)
    key = SigningKey(
        id=key_id(public),
        controller_id=controller_id,
        public=public,
        private=world.vault.seal(private.private_bytes_raw(), f"signing:{key_id(public)}"),
        created_at=world.now(),
    )
    session.add(key)
    session.flush()
    return key


def replace_key(world: World, session: Session, controller_id: str) -> SigningKey:
    """A new key that the chain itself tells of, so that the old key's signature vouches for the new one."""
    chain = Chain(session, controller_id, world.now())
    key = make_key(world, session, controller_id)
    facts = {"key_id": key.id, "public": base64.b64encode(key.public).decode()}
    chain.event("signing_key_made", world.now(), facts)
    chain.write()
    return key


def keys(session: Session, controller_id: str) -> Sequence[SigningKey]:
    """Newest first."""
    mine = select(SigningKey).where(SigningKey.controller_id == controller_id)
    return session.exec(mine.order_by(col(SigningKey.created_at).desc(), col(SigningKey.id))).all()


def open_key(world: World, session: Session, controller_id: str) -> tuple[str, Ed25519PrivateKey]:
    """The key that signs now, with its id. Raises `BadInput` when there is none, `Sealed` when it does not open."""
    mine = keys(session, controller_id)
    if not mine:
        raise BadInput("there is none", field="signing key", remedy="Make one with `hub ledger key --new`.")
    raw = world.vault.open(mine[0].private, f"signing:{mine[0].id}")
    return mine[0].id, Ed25519PrivateKey.from_private_bytes(raw)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Links of one day that no root covers yet."""

    day: date
    first: int
    hashes: list[str]

    @property
    def last(self) -> int:
        return self.first + len(self.hashes) - 1


def sign_days(world: World, controller_id: str, *, today: bool = False) -> list[DailyRoot]:
    """Sign every day that has ended, and `today` so far if asked. Nothing new gives nothing.

    A day is signed again where links came late. Raises `BadInput` without a key.
    """
    with world.db.read() as session:
        stretches = _unsigned(session, controller_id)
        now = world.now().astimezone(UTC)
        due = [one for one in stretches if today or one.day < now.date()]
        if not due:
            return []
        signer, private = open_key(world, session, controller_id)
    roots = [_root(controller_id, one, signer, private, now) for one in due]
    with world.db.write() as session:
        session.exec(select(ChainHead).where(ChainHead.controller_id == controller_id).with_for_update()).one()
        signed_to = _signed_to(session, controller_id)
        fresh = [root for root in roots if root.first_seq > signed_to]  # another process may have been faster
        if fresh and fresh[0].first_seq != signed_to + 1:
            return []
        session.add_all(fresh)
        journaled(session).extend(Signed(statement_of(root), root.signature) for root in fresh)
    return fresh


def _signed_to(session: Session, controller_id: str) -> int:
    found = select(func.max(DailyRoot.last_seq)).where(DailyRoot.controller_id == controller_id)
    return session.exec(found).one() or 0


def _unsigned(session: Session, controller_id: str) -> list[_Stretch]:
    links = session.exec(
        select(ChainLink.seq, ChainLink.hash, ChainLink.at)
        .where(ChainLink.controller_id == controller_id, ChainLink.seq > _signed_to(session, controller_id))
        .order_by(col(ChainLink.seq))
    )
    found = []
    for day, group in groupby(links, key=lambda link: link[2].astimezone(UTC).date()):
        members = list(group)
        found.append(_Stretch(day, members[0][0], [member[1] for member in members]))
    return found


def _root(controller_id: str, one: _Stretch, signer: str, private: Ed25519PrivateKey, now: datetime) -> DailyRoot:
    statement = Statement(
        controller=controller_id,
        day=one.day.isoformat(),
        first_seq=one.first,
        last_seq=one.last,
        head=one.hashes[-1],
        root=merkle_root(one.hashes),
        key_id=signer,
        signed_at=told(now),
    )
    return DailyRoot(
        **statement.model_dump(exclude={"format", "controller", "day", "signed_at"}),
        controller_id=controller_id,
        day=one.day,
        signature=sign(private, statement.plain()),
        signed_at=now,
    )


def statement_of(root: DailyRoot) -> Statement:
    """What a stored root says."""
    return Statement(
        controller=root.controller_id,
        day=root.day.isoformat(),
        first_seq=root.first_seq,
        last_seq=root.last_seq,
        head=root.head,
        root=root.root,
        key_id=root.key_id,
        signed_at=told(root.signed_at),
    )


@dataclass(frozen=True, slots=True)
class SignedRoots:
    """What a check of all roots found. `problem` is empty when everything holds; links up to `last_seq` are signed."""

    roots: int
    last_seq: int
    problem: str = ""


def verify_roots(session: Session, controller_id: str) -> SignedRoots:
    """Check every root against the links it speaks of. Names the first that does not hold."""
    public = {key.id: key.public for key in keys(session, controller_id)}
    mine = select(DailyRoot).where(DailyRoot.controller_id == controller_id).order_by(col(DailyRoot.first_seq))
    count, last = 0, 0
    for root in session.exec(mine):
        name = f"root of {root.day} (links {root.first_seq} to {root.last_seq})"
        if root.first_seq != last + 1:
            return SignedRoots(count, last, f"{name} does not continue at link {last + 1}: one is missing")
        if not signed(public.get(root.key_id, b""), statement_of(root).plain(), root.signature):
            return SignedRoots(count, last, f"{name}: its signature does not hold")
        hashes = session.exec(
            select(ChainLink.hash)
            .where(ChainLink.controller_id == controller_id)
            .where(col(ChainLink.seq).between(root.first_seq, root.last_seq))
            .order_by(col(ChainLink.seq))
        ).all()
        if len(hashes) != statement_of(root).links or hashes[-1] != root.head or merkle_root(hashes) != root.root:
            return SignedRoots(count, last, f"{name}: the chain is not the one that was signed")
        count, last = count + 1, root.last_seq
    return SignedRoots(count, last)
