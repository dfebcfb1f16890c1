# SPDX-License-Identifier: Apache-2.0
"""Ed25519 signatures (RFC 8032) of a controller, and the public keys that check them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from hub.proof.chain import canonical, digest

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)


def key_id(public: bytes) -> str:
    """A key's name: the first 16 hex digits of the SHA-256 of its 32 bytes."""
    return digest(public)[:16]


def sign(private: Ed25519PrivateKey, statement: Mapping[str, Any]) -> str:
    """Sign the canonical JSON of a statement. Base64."""
    return base64.b64encode(private.sign(canonical(statement).encode())).decode()


def signed(public: bytes, statement: Mapping[str, Any], signature: str) -> bool:
    """Did the holder of this key sign this statement?"""
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(raw, canonical(statement).encode())
    except (InvalidSignature, ValueError, TypeError):
        return False
    # base64 has several spellings of some bytes; one of them is ours
    return base64.b64encode(raw).decode() == signature


def public_bytes(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def to_pem(public: bytes) -> str:
    """A public key as any tool reads it (SubjectPublicKeyInfo, PEM)."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def from_pem(text: str) -> dict[str, bytes]:
    """The keys of a PEM file, by id. Raises `ValueError` when there is none, or one of another kind."""
    found = [load_pem_public_key(block.encode()) for block in _PEM.findall(text)]
    keys = [key.public_bytes_raw() for key in found if isinstance(key, Ed25519PublicKey)]
    if not keys or len(keys) < len(found):
        raise ValueError("not a file of Ed25519 public keys")
    return {key_id(key): key for key in keys}
