# SPDX-License-Identifier: Apache-2.0
"""The Merkle root, against a second, plain implementation."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from hub.store.ledger import merkle_root


def plain_root(leaves: list[str]) -> str:
    """Recursive: split at the largest power of two below the length; an odd end moves up unpaired."""
    if not leaves:
        return "0" * 64
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    pair = f"node|{plain_root(leaves[:half])}|{plain_root(leaves[half:])}"
    return hashlib.sha256(pair.encode()).hexdigest()


leaves = st.lists(st.integers(0, 2**256 - 1).map(lambda n: f"{n:064x}"), max_size=70)


@given(leaves)
def test_merkle_root_equals_a_plain_implementation(given_leaves: list[str]) -> None:
    assert merkle_root(given_leaves) == plain_root(given_leaves)


@given(leaves.filter(bool), st.data())
def test_merkle_root_changes_with_any_leaf(given_leaves: list[str], chosen: st.DataObject) -> None:
    index = chosen.draw(st.integers(0, len(given_leaves) - 1))
    changed = [*given_leaves[:index], hashlib.sha256(b"x").hexdigest(), *given_leaves[index + 1 :]]
    assert merkle_root(changed) != merkle_root(given_leaves)
