# SPDX-License-Identifier: Apache-2.0
"""People who work with the console: who they are, and how they show it. Password (argon2id) and a second factor."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.flows.audit import Actor
from hub.flows.roles import Role
from hub.flows.world import World
from hub.store.tables import Controller, Staff, Visit

SHORTEST = 12  # characters of a password
IDLE, LONGEST = timedelta(minutes=45), timedelta(hours=12)  # of a visit
FREE = 5  # wrong answers before the door stays shut for a while
_LOGIN = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_HASHER = PasswordHasher()
_SECRET = re.compile(r"[A-Z2-7]{32}")  # as `new_second_factor` makes them
_STEP = 30  # seconds (RFC 6238)


def add(
    world: World, session: Session, controller: Controller, *, login: str, name: str, role: str, password: str, by: str
) -> Staff:
    """Raises `BadInput`."""
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise BadInput("is no e-mail address", field="login", remedy="Write it as name@example.org.")
    if session.exec(select(Staff.id).where(Staff.login == login)).first():
        raise BadInput("is taken", field="login", remedy="Take another address.")
    if role not in set(Role):
        raise BadInput(f"{role!r} is no role", field="role", remedy=f"Use one of: {', '.join(Role)}.")
    if not name.strip():
        raise BadInput("is empty", field="name", remedy="Say what the person is called.")
    row = Staff(
        controller_id=controller.id,
        login=login,
        name=name.strip(),
        role=role,
        password=_HASHER.hash(_strong(password)),
        created_by=by,
        created_at=world.now(),
    )
    session.add(row)
    session.flush()
    return row


def _strong(password: str) -> str:
    """Length is what counts (NIST SP 800-63B)."""
    if len(password) < SHORTEST:
        raise BadInput(f"is shorter than {SHORTEST}", field="password", remedy="Take a few words that you remember.")
    return password


def enter(world: World, session: Session, login: str, password: str, code: str) -> str:
    """A visit begins. Returns the secret for the cookie; empty when the door stays shut, without saying why.

    Commit either way: a wrong answer is counted.
    """
    now = world.now()
    row = session.exec(select(Staff).where(Staff.login == login.strip().lower()).with_for_update()).first()
    nobody = _nobody()  # made for whoever comes first, so that how long that takes tells nothing either
    right = _matches(row.password if row else nobody, password)
    if row is None or row.disabled_at or (row.locked_until and now < row.locked_until):
        return ""
    if not right or (row.totp is not None and not _code_fits(world, row, code, now)):
        _failed(session, row, now)
        return ""
    row.failures, row.locked_until = 0, None
    session.add(row)
    return _visit(session, row, now)


def enter_by(world: World, session: Session, issuer: str, subject: str, email: str) -> str:
    """A visit of somebody whom the OpenID provider vouches for: password and second factor are its business.

    `email`: one that it has verified. The first time it says who they are; from then on the subject alone does, since
    addresses change hands (OpenID Connect Core 1.0, 5.7). Returns the secret for the cookie; empty: nobody.
    """
    if not subject:
        return ""
    told = f"{issuer} {subject}"
    row = session.exec(select(Staff).where(Staff.subject == told)).first()
    if row is None and email:
        unclaimed = select(Staff).where(Staff.login == email.strip().lower(), Staff.subject == "")
        row = session.exec(unclaimed.with_for_update()).first()
    if row is None or row.disabled_at:
        return ""
    row.subject = told
    session.add(row)
    return _visit(session, row, world.now())


def _visit(session: Session, row: Staff, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    session.add(Visit(token=_hash(token), staff_id=row.id, created_at=now, seen_at=now))
    return token


@cache
def _nobody() -> str:
    """So that an unknown name takes as long as a wrong password. Not made at import: it is slow on purpose."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def _matches(known: str, given: str) -> bool:
    try:
        return _HASHER.verify(known, given)
    except VerificationError:
        return False


def _failed(session: Session, row: Staff, now: datetime) -> None:
    """Each wrong answer beyond the first few shuts the door for twice as long."""
    row.failures += 1
    if row.failures >= FREE:
        row.locked_until = now + timedelta(seconds=min(30 * 2 ** (row.failures - FREE), 3600))
    session.add(row)


def _code_fits(world: World, row: Staff, code: str, now: datetime) -> bool:
    """One step of drift either way; no code opens twice (RFC 6238, 5.2)."""
    assert row.totp is not None
    totp = pyotp.TOTP(world.vault.open(row.totp, f"totp:{row.id}").decode())
    current = int(now.timestamp()) // _STEP
    for step in (current - 1, current, current + 1):
        if step > row.totp_step and secrets.compare_digest(totp.at(step * _STEP), code.strip().replace(" ", "")):
            row.totp_step = step
            return True
    return False


def new_second_factor() -> str:
    """A secret to show; it counts once `confirm_second_factor` has seen a code."""
    return pyotp.random_base32()


def second_factor_uri(row: Staff, secret: str) -> str:
    """What an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=row.login, issuer_name="consent-hub")


def confirm_second_factor(world: World, session: Session, row: Staff, secret: str, code: str) -> None:
    """From now on a code is needed; who has one keeps it, whoever sits at their screen. Raises `BadInput`."""
    if row.totp is not None:
        raise BadInput("is set up already", field="code", remedy="Ask an admin for a new password: that takes it away.")
    if not _SECRET.fullmatch(secret):
        raise BadInput("is no key that was shown", field="secret", remedy="Open the page again.")
    if not pyotp.TOTP(secret).verify(code.strip().replace(" ", ""), for_time=world.now(), valid_window=1):
        raise BadInput("does not fit", field="code", remedy="Look at the clock of your phone, and take the next code.")
    row.totp = world.vault.seal(secret.encode(), f"totp:{row.id}")
    row.totp_step = int(world.now().timestamp()) // _STEP
    session.add(row)


def visiting(world: World, session: Session, token: str) -> Staff | None:
    """Whose visit this is; None when it is over."""
    visit, now = session.get(Visit, _hash(token)), world.now()
    if visit is None or now - visit.seen_at > IDLE or now - visit.created_at > LONGEST:
        return None
    row = session.get_one(Staff, visit.staff_id)
    return None if row.disabled_at else row


def to_be_seen(world: World, session: Session, token: str) -> bool:
    """Is it time to note that the visit goes on? Once a minute is enough."""
    visit = session.get(Visit, _hash(token))
    return visit is not None and world.now() - visit.seen_at > timedelta(minutes=1)


def seen(world: World, session: Session, token: str) -> None:
    """The visit goes on."""
    visit = session.get(Visit, _hash(token))
    if visit is not None:
        visit.seen_at = world.now()
        session.add(visit)


def leave(session: Session, token: str) -> None:
    """The visit is over."""
    session.execute(delete(Visit).where(col(Visit.token) == _hash(token)))


def forget(world: World, session: Session) -> None:
    """Remove visits that are over."""
    session.execute(delete(Visit).where(col(Visit.seen_at) < world.now() - LONGEST))


def disable(world: World, session: Session, controller: Controller, login: str) -> Staff:
    """Nobody comes in with this login any more, and who is in is out. Raises `BadInput`."""
    row = find(session, controller, login)
    row.disabled_at = row.disabled_at or world.now()
    session.add(row)
    session.execute(delete(Visit).where(col(Visit.staff_id) == row.id))
    return row


def set_password(session: Session, controller: Controller, login: str, password: str) -> Staff:
    """A new password, and the second factor is to be set up again. Raises `BadInput`."""
    row = find(session, controller, login)
    row.password, row.totp, row.failures, row.locked_until = _HASHER.hash(_strong(password)), None, 0, None
    session.add(row)
    session.execute(delete(Visit).where(col(Visit.staff_id) == row.id))
    return row


def find(session: Session, controller: Controller, login: str) -> Staff:
    """Raises `BadInput`."""
    mine = select(Staff).where(Staff.login == login.strip().lower(), Staff.controller_id == controller.id)
    row = session.exec(mine).first()
    if row is None:
        raise BadInput("is nobody", field="login", remedy="See `hub staff list`.")
    return row


def every(session: Session, controller: Controller) -> list[Staff]:
    """Everybody, by name."""
    return list(session.exec(select(Staff).where(Staff.controller_id == controller.id).order_by(Staff.name)))


def actor(row: Staff) -> Actor:
    return Actor(row.id, row.name, Role(row.role), row.controller_id)


def form_ticket(token: str) -> str:
    """What every form of a visit carries, so that no other site can send one."""
    return hashlib.sha256(b"form:" + token.encode()).hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
