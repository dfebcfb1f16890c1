# SPDX-License-Identifier: Apache-2.0
"""What a use case needs besides its session. Built once by whoever starts a process, passed as an argument."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, select

from hub.contract import BadInput
from hub.flows.policies import active_policy
from hub.flows.wanted import Wanted
from hub.law import policies
from hub.law.policy import Policy, parse
from hub.plugins import Registry, load
from hub.settings import Settings
from hub.store.continuity import Continuity
from hub.store.db import Database
from hub.store.journal import Journal
from hub.store.tables import Controller
from hub.store.vault import KeyRing, Vault

_RELOAD = 2.0
_NOISE = timedelta(seconds=0.5)


def system() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Deciding:
    """The policy that decides, as last read; `otherwise` was the one of the settings."""

    policy: Policy | None
    otherwise: Policy | None
    read_at: float  # monotonic seconds


@dataclass
class World:
    """The deployment as code sees it. `clock` gives aware UTC times.

    `skew`: how far the database's clock is ahead of this machine's. Several machines share one database, and so its
    clock: else a lease would have ended on one of them that lasts on another.
    """

    settings: Settings
    db: Database
    vault: Vault
    registry: Registry
    policy: Policy | None
    clock: Callable[[], datetime]
    skew: timedelta = timedelta()
    _deciding: dict[str, _Deciding] = field(default_factory=dict)
    continuity: Continuity = field(init=False)
    wanted: Wanted = field(init=False)

    def __post_init__(self) -> None:
        self.continuity = Continuity(self.db)
        self.wanted = Wanted(self.db)

    def policy_for(self, controller_id: str) -> Policy | None:
        """The controller's active policy, else the one of the settings. A change counts within `_RELOAD` seconds."""
        known = self._deciding.get(controller_id)
        if known is None or known.otherwise is not self.policy or time.monotonic() - known.read_at >= _RELOAD:
            with self.db.read() as session:
                policy = active_policy(session, controller_id, self.now(), self.policy)
            known = self._deciding[controller_id] = _Deciding(policy, self.policy, time.monotonic())
        return known.policy

    def reload_policies(self) -> None:
        """Read the active policies anew at the next decision."""
        self._deciding = {}

    def now(self) -> datetime:
        return self.clock() + self.skew

    def listen(self, database: datetime) -> None:
        """The database says that it is this late now. What a query takes is no skew; a given clock is right."""
        skew = database - system() if self.clock is system else timedelta()
        self.skew = skew if abs(skew) > _NOISE else timedelta()


def build(
    settings: Settings, *, clock: Callable[[], datetime] | None = None, registry: Registry | None = None
) -> World:
    """Open the database and the key ring. Raises `BadInput` when a setting cannot be used."""
    keys = settings.keys.get_secret_value()
    ring = KeyRing.parse(keys) if keys else KeyRing.from_file(settings.data_dir / "keys")
    return World(
        settings=settings,
        db=Database(settings.database, _journal(settings.journal)),
        vault=Vault(ring),
        registry=registry or load(),
        policy=_policy(settings.policy),
        clock=clock or system,
    )


def _journal(folder: Path) -> Journal:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or "cannot be made"
        raise BadInput(why, field="HUB_JOURNAL_DIR", remedy="Name a directory that the hub may write to.") from None
    return Journal(folder)


def _policy(name: str) -> Policy | None:
    """A packaged profile or a file. None when it cannot be read: the law then refuses everything (POLICY_UNKNOWN)."""
    try:
        path = Path(name)
        return parse(path.read_bytes()) if path.suffix == ".toml" else policies.load(name)
    except (OSError, ValueError, LookupError):
        return None


def controller(session: Session, name: str = "") -> Controller:
    """The controller with that name, or the only one. Raises `BadInput`."""
    everyone = session.exec(select(Controller)).all()
    if not everyone:
        raise BadInput("there is none yet", field="controller", remedy="Run `hub init --controller NAME` first.")
    chosen = [c for c in everyone if c.name == name] if name else list(everyone)
    if len(chosen) != 1:
        known = ", ".join(sorted(c.name for c in everyone))
        raise BadInput(f"{name or 'not named'}", field="controller", remedy=f"Choose one of: {known}.")
    return chosen[0]
