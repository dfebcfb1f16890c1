# SPDX-License-Identifier: Apache-2.0
"""Encryption at rest. Each person's data lie under that person's own key, wrapped by the key ring.

Destroying a wrapped key destroys what it opens: that is how erasure reaches backups and the append-only ledger.
Contact points are looked up by a keyed HMAC per controller; a plain hash of a phone number could be guessed.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.contract import BadInput, Point

_NONCE = 12
_REMEDY = "Make one with `hub init --print-keys`."


class Sealed(Exception):
    """Something cannot be opened: the key is gone (erased), or the bytes were changed."""


class KeyRing:
    """The deployment's keys by id, newest first. Old keys still open; the newest seals."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys or any(len(key) != 32 for key in keys.values()):
            raise BadInput("each key must be 32 bytes", field="HUB_KEYS", remedy=_REMEDY)
        self._keys = keys
        self.newest = next(iter(keys))

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Read `id:base64,id:base64`. Raises `BadInput`."""
        try:
            pairs = [part.strip().split(":", 1) for part in text.split(",") if part.strip()]
            keys = {key_id: base64.b64decode(value, validate=True) for key_id, value in pairs}
        except ValueError:
            raise BadInput("not a list of id:base64", field="HUB_KEYS", remedy=_REMEDY) from None
        if len(keys) < len(pairs):
            raise BadInput("two keys have the same id", field="HUB_KEYS", remedy="Give each key its own id.")
        return cls(keys)

    @classmethod
    def from_file(cls, path: Path) -> KeyRing:
        """The ring kept beside an embedded database; made on first use, readable by its owner only."""
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(generate())
                file.flush()
                os.fsync(file.fileno())  # without its keys a database is lost
            with contextlib.suppress(FileExistsError):  # another process was first
                os.link(draft, path)  # appears whole or not at all
            draft.unlink()
        return cls.parse(path.read_text())

    @property
    def ids(self) -> list[str]:
        return list(self._keys)

    def derive(self, key_id: str, use: str) -> bytes:
        """A key for one use. Raises `Sealed` when the ring has no such id."""
        if key_id not in self._keys:
            raise Sealed(f"no key {key_id!r} in the ring")
        return HKDF(SHA256(), 32, salt=None, info=f"consent-hub|{use}".encode()).derive(self._keys[key_id])


def generate() -> str:
    """A new ring with one key, as text."""
    return f"k{secrets.token_hex(3)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def seal(key: AESGCM, data: bytes, place: str) -> bytes:
    """Encrypt for one place (table, column, row), so that bytes moved elsewhere do not open."""
    nonce = os.urandom(_NONCE)
    return nonce + key.encrypt(nonce, data, place.encode())


def unseal(key: AESGCM, data: bytes, place: str) -> bytes:
    """Raises `Sealed`."""
    try:
        return key.decrypt(data[:_NONCE], data[_NONCE:], place.encode())
    except (InvalidTag, ValueError):
        raise Sealed(f"{place.split(':')[0]} does not open") from None


class Vault:
    """What stores and flows use to seal, open and look up."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._wrapping = {key_id: AESGCM(ring.derive(key_id, "wrap")) for key_id in ring.ids}
        self._deployment = {key_id: AESGCM(ring.derive(key_id, "deployment")) for key_id in ring.ids}
        self._lookup: dict[tuple[str, str], bytes] = {}

    # a person's own key

    def new_key(self, person: str) -> tuple[AESGCM, bytes]:
        """A fresh key for a person, and its wrapped form for the database."""
        raw = AESGCM.generate_key(256)
        wrapped = seal(self._wrapping[self._ring.newest], raw, f"person:{person}")
        return AESGCM(raw), self._tagged(wrapped)

    def key_of(self, person: str, wrapped: bytes | None) -> AESGCM:
        """Raises `Sealed` when the key was destroyed."""
        if not wrapped:
            raise Sealed("the key of this person was destroyed")
        key_id, body = self._untagged(wrapped)
        if key_id not in self._wrapping:
            raise Sealed(f"no key {key_id!r} in the ring")
        return AESGCM(unseal(self._wrapping[key_id], body, f"person:{person}"))

    # what belongs to the deployment: connection settings, raw webhooks not yet applied

    def seal(self, data: bytes, place: str) -> bytes:
        return self._tagged(seal(self._deployment[self._ring.newest], data, place))

    def open(self, data: bytes, place: str) -> bytes:
        """Raises `Sealed`."""
        key_id, body = self._untagged(data)
        if key_id not in self._deployment:
            raise Sealed(f"no key {key_id!r} in the ring")
        return unseal(self._deployment[key_id], body, place)

    # lookup

    def token(self, controller: str, point: Point) -> str:
        """The HMAC under which a contact point is stored now. Prefixed with its key id."""
        return self._hmac(self._ring.newest, controller, f"{point.kind}|{point.value}")

    def tokens(self, controller: str, point: Point) -> list[str]:
        """Every HMAC under which a contact point may have been stored, newest key first."""
        return [self._hmac(key_id, controller, f"{point.kind}|{point.value}") for key_id in self._ring.ids]

    def reference(self, controller: str, value: str) -> str:
        """The HMAC of a vendor's message id, which may hold a number in clear."""
        return self._hmac(self._ring.newest, controller, f"ref|{value}")

    def references(self, controller: str, value: str) -> list[str]:
        return [self._hmac(key_id, controller, f"ref|{value}") for key_id in self._ring.ids]

    def _hmac(self, key_id: str, controller: str, text: str) -> str:
        key = self._lookup.get((key_id, controller))
        if key is None:
            key = self._lookup[key_id, controller] = self._ring.derive(key_id, f"lookup|{controller}")
        return f"{key_id}.{hmac.digest(key, text.encode(), 'sha256').hex()}"

    def _tagged(self, body: bytes) -> bytes:
        key_id = self._ring.newest.encode()
        return bytes([len(key_id)]) + key_id + body

    @staticmethod
    def _untagged(data: bytes) -> tuple[str, bytes]:
        size = int.from_bytes(data[:1])
        return data[1 : 1 + size].decode(errors="replace"), data[1 + size :]
