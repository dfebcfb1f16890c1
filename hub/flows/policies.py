# SPDX-License-Identifier: Apache-2.0
"""A controller's policies: versions are loaded once, never changed, and one of them is active."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from sqlmodel import Session, col, select

from hub.contract import BadInput
from hub.law import policies as packaged
from hub.law.policy import Policy, parse
from hub.store.ledger import Chain
from hub.store.tables import Controller, PolicyVersion


def read(raw: bytes) -> Policy:
    """A policy from a file of the operator. Raises `BadInput` naming the first setting that is wrong."""
    try:
        return parse(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "policy"
        raise BadInput(first["msg"], field=place, remedy="Compare the file with `hub policy show eu_strict`.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(str(error), field="policy", remedy="The file must be TOML in UTF-8.") from None


def load(session: Session, controller: Controller, raw: bytes, by: str, now: datetime) -> PolicyVersion:
    """Keep a new version; it counts only once it is activated. Loading the same bytes again changes nothing.

    Raises `BadInput` when the file cannot be used, or when that version exists with other content.
    """
    if not by.strip():
        raise BadInput("is empty", field="by", remedy="Say who answers for this policy.")
    policy = read(raw)
    known = _version(session, controller, policy.name, policy.version)
    if known is not None:
        if known.sha256 == policy.sha256:
            return known
        raise BadInput(
            f"{policy.name}@{policy.version} exists with other content",
            field="version",
            remedy="Give the changed policy a new version.",
        )
    row = PolicyVersion(
        controller_id=controller.id,
        name=policy.name,
        version=policy.version,
        sha256=policy.sha256,
        text=raw.decode(),
        loaded_by=by.strip(),
        loaded_at=now,
    )
    session.add(row)
    _tell(session, controller, "policy_loaded", row, now)
    return row


def activate(session: Session, controller: Controller, row: PolicyVersion, now: datetime) -> None:
    """Let this version decide from now on. Raises `BadInput` when its text is not what was loaded."""
    _read_row(row)
    row.active_from = now
    session.add(row)
    _tell(session, controller, "policy_activated", row, now)


def versions(session: Session, controller: Controller) -> list[PolicyVersion]:
    """All versions of a controller, in the order they were loaded."""
    query = select(PolicyVersion).where(PolicyVersion.controller_id == controller.id)
    return list(session.exec(query.order_by(col(PolicyVersion.loaded_at), col(PolicyVersion.id))))


def active(session: Session, controller_id: str, now: datetime) -> PolicyVersion | None:
    """The version that decides, or None: the policy of the settings does."""
    return session.exec(
        select(PolicyVersion)
        .where(PolicyVersion.controller_id == controller_id, col(PolicyVersion.active_from) <= now)
        .order_by(col(PolicyVersion.active_from).desc(), col(PolicyVersion.id).desc())
        .limit(1)
    ).first()


def active_policy(session: Session, controller_id: str, now: datetime, otherwise: Policy | None) -> Policy | None:
    """The policy that decides. One whose text was changed is none, and the law then refuses everything."""
    row = active(session, controller_id, now)
    if row is None:
        return otherwise
    try:
        return _read_row(row)
    except BadInput:
        return None


def find_version(session: Session, controller: Controller, name: str) -> PolicyVersion:
    """A loaded version, as NAME@VERSION or the newest of NAME. Raises `BadInput`."""
    mine = versions(session, controller)
    fitting = [row for row in mine if name in (row.name, f"{row.name}@{row.version}")]
    if not fitting:
        known = ", ".join(f"{row.name}@{row.version}" for row in mine) or "none; see `hub policy load --help`"
        raise BadInput(f"{name!r} was not loaded", field="policy", remedy=f"There are: {known}.")
    return fitting[-1]


def find(session: Session, controller: Controller, name: str) -> tuple[Policy, str]:
    """A policy and its text: a TOML file, a loaded version, or a packaged profile. Raises `BadInput`."""
    if name.endswith(".toml"):
        try:
            raw = Path(name).read_bytes()
        except OSError as error:
            raise BadInput(
                error.strerror or "cannot be read", field=name, remedy="Name a file that is there."
            ) from None
        return read(raw), raw.decode()
    if any(name in (row.name, f"{row.name}@{row.version}") for row in versions(session, controller)):
        row = find_version(session, controller, name)
        return _read_row(row), row.text
    if name in packaged.names():
        return packaged.load(name), packaged.text(name)
    known = ", ".join(packaged.names())
    raise BadInput(f"there is no {name!r}", field="policy", remedy=f"Name a .toml file, a loaded version or: {known}.")


def names(session: Session, controller: Controller) -> list[str]:
    """Every policy that a controller can name: its versions, the newest first, and the packaged ones."""
    loaded = [f"{row.name}@{row.version}" for row in reversed(versions(session, controller))]
    return [*loaded, *packaged.names()]


def _version(session: Session, controller: Controller, name: str, version: str) -> PolicyVersion | None:
    return session.exec(
        select(PolicyVersion).where(
            PolicyVersion.controller_id == controller.id,
            PolicyVersion.name == name,
            PolicyVersion.version == version,
        )
    ).one_or_none()


def _read_row(row: PolicyVersion) -> Policy:
    policy = read(row.text.encode())
    if policy.sha256 != row.sha256:
        raise BadInput(f"the text of {row.name}@{row.version} was changed", field="policy", remedy="Load it anew.")
    return policy


def _tell(session: Session, controller: Controller, kind: str, row: PolicyVersion, now: datetime) -> None:
    """Who loaded it stands in the version: the ledger keeps no names."""
    session.flush()
    chain = Chain(session, controller.id, now)
    facts = {"policy_version": row.id, "name": row.name, "version": row.version, "sha256": row.sha256}
    chain.event(kind, now, facts)
    chain.write()
