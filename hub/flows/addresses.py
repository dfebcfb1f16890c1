# SPDX-License-Identifier: Apache-2.0
"""Addresses that people type and the hub then calls: only https, and only what lies outside. Pure.

Else whoever may type one could have the hub call what only it can reach: a cloud's metadata, a database, itself.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from hub.contract import BadInput

LONGEST = 2000
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_REMEDY = "Give an address such as https://example.org/hook."


def read(url: str, *, inside: bool) -> SplitResult:
    """An address that may be called. `inside`: also http, and hosts of our own network. Raises `BadInput`."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise BadInput("is no address", field="address", remedy=_REMEDY) from None
    if parts.scheme not in (("https", "http") if inside else ("https",)):
        raise BadInput("does not begin with https://", field="address", remedy=_REMEDY)
    if not host or len(url) > LONGEST or not url.isascii() or any(sign <= " " for sign in url):
        raise BadInput("is no address", field="address", remedy=_REMEDY)
    if parts.username is not None or parts.fragment:
        remedy = "Leave out what stands before @ or after #."
        raise BadInput("has a name, a password or a fragment", field="address", remedy=remedy)
    if not inside and (host == "localhost" or not _literal_outside(host)):
        raise BadInput("lies inside our own network", field="address", remedy="Give one that the internet can reach.")
    return parts


def _literal_outside(host: str) -> bool:
    try:
        return outside(host)
    except ValueError:
        return True  # a name: what it stands for is looked at with each call


def outside(address: str) -> bool:
    """Is this IP address one of the public internet, also where it stands inside another? Raises `ValueError`."""
    ip = ip_address(address.partition("%")[0])
    return all(one.is_global and not one.is_multicast for one in (ip, *_carried(ip)))


def _carried(ip: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """IPv4 addresses that an IPv6 address leads to."""
    if isinstance(ip, IPv4Address):
        return []
    found = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64:
        found.append(IPv4Address(int(ip) & 0xFFFFFFFF))
    return [one for one in found if one is not None]
