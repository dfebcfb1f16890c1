# SPDX-License-Identifier: Apache-2.0
"""The hub's own protection of a webhook address, beside whatever the vendor signs: a header with a secret, and a list
of the addresses that may call. Some vendors sign nothing."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import orjson
from sqlmodel import Session

from hub.contract import BadInput, Forbidden, same
from hub.flows.world import World
from hub.store.tables import Connection

MOST = 64  # networks; every webhook is held against each of them
_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE = re.compile(r"[!-~]{16,256}")  # what a header carries unchanged


@dataclass(frozen=True, slots=True)
class Guard:
    """What a request must show before its plugin sees it. Empty: nothing."""

    header: str = ""  # in lower case
    secret: str = field(default="", repr=False)
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def admit(self, headers: Mapping[str, str], address: str) -> None:
        """Pure. `headers` in lower case; `address` is the caller's, empty if unknown. Raises `Forbidden`."""
        if self.networks and not self._known(address):
            raise Forbidden("the caller's address is not on the list")
        if self.header:
            same(self.secret, headers.get(self.header, ""))

    def _known(self, address: str) -> bool:
        try:
            caller = ip_address(address)
        except ValueError:
            return False
        if isinstance(caller, IPv6Address) and caller.ipv4_mapped:  # how a socket for both shows version 4
            caller = caller.ipv4_mapped
        return any(caller in network for network in self.networks)


def guard_of(world: World, connection: Connection) -> Guard:
    """The guard of a connection. Raises `Sealed`."""
    if connection.guard is None:
        return Guard()
    held = orjson.loads(world.vault.open(connection.guard, _place(connection)))
    return Guard(held["header"], held["secret"], tuple(map(ip_network, held["networks"])))


def set_header(world: World, session: Session, connection: Connection, name: str, secret: str = "") -> Guard:
    """Ask for a header with a secret, a new random one if none is given. An empty name asks for none.

    Raises `BadInput`.
    """
    if name and not _NAME.fullmatch(name):
        raise BadInput("is no name of a header", field="header", remedy="Use letters, digits and hyphens.")
    secret = secret or secrets.token_urlsafe(32)
    if not _VALUE.fullmatch(secret):
        raise BadInput("cannot be used", field="secret", remedy="Use 16 to 256 ASCII characters without spaces.")
    before = guard_of(world, connection)
    return _keep(world, session, connection, Guard(name.lower(), secret if name else "", before.networks))


def set_networks(world: World, session: Session, connection: Connection, networks: Sequence[str]) -> Guard:
    """Admit callers from these addresses and networks (CIDR) only; none: from anywhere. Raises `BadInput`."""
    if len(networks) > MOST:
        raise BadInput(f"{len(networks)} are too many", field="allow", remedy=f"Give {MOST} networks at most.")
    before = guard_of(world, connection)
    read = tuple(dict.fromkeys(map(_network, networks)))
    return _keep(world, session, connection, Guard(before.header, before.secret, read))


def change(
    world: World, session: Session, connection: Connection, header: str, secret: str, networks: Sequence[str]
) -> Guard:
    """All of a guard at once. Without a `secret` the present header keeps its own; another one needs its secret.

    Raises `BadInput`.
    """
    if not header:
        set_header(world, session, connection, "")
    elif secret or header.lower() != guard_of(world, connection).header:
        if not secret:
            raise BadInput("is empty", field="secret", remedy="Give the new header its value.")
        set_header(world, session, connection, header, secret)
    return set_networks(world, session, connection, networks)


def _network(written: str) -> IPv4Network | IPv6Network:
    try:
        read = ip_network(written.strip())
    except ValueError:
        remedy = "Write an address or a network, as 203.0.113.7 or 203.0.113.0/24."
        raise BadInput(f"{written!r} is none", field="allow", remedy=remedy) from None
    if read.prefixlen == 0:
        raise BadInput(f"{written!r} admits everybody", field="allow", remedy="Leave the list away instead.")
    return read


def _keep(world: World, session: Session, connection: Connection, guard: Guard) -> Guard:
    held = {"header": guard.header, "secret": guard.secret, "networks": list(map(str, guard.networks))}
    connection.guard = world.vault.seal(orjson.dumps(held), _place(connection)) if guard != Guard() else None
    session.add(connection)
    return guard


def _place(connection: Connection) -> str:
    return f"guard:{connection.id}"
