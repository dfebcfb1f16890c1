# SPDX-License-Identifier: Apache-2.0
"""The vault: what is sealed opens only in its place, under a living key; points are found under every key."""

from __future__ import annotations

import base64
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract import BadInput, Point, PointKind
from hub.store.vault import KeyRing, Sealed, Vault, generate, seal, unseal

NUMBER = "+491701234567"
POINT = Point(PointKind.E164, NUMBER)
PLACE = "contact.profile:1"
OLD, NEW = generate(), generate()

data = st.binary(max_size=300)
names = st.text(min_size=1, max_size=40)


@pytest.fixture
def old() -> Vault:
    return Vault(KeyRing.parse(OLD))


@pytest.fixture
def rotated() -> Vault:
    """The same deployment after a new key was put in front."""
    return Vault(KeyRing.parse(f"{NEW},{OLD}"))


@pytest.fixture
def retired() -> Vault:
    """The same deployment after the old key was taken out."""
    return Vault(KeyRing.parse(NEW))


# sealing


@given(data, names)
def test_seal_round_trip(content: bytes, place: str) -> None:
    vault = Vault(KeyRing.parse(OLD))
    sealed = vault.seal(content, place)
    assert vault.open(sealed, place) == content
    assert sealed != vault.seal(content, place), "a nonce is used once"


@given(data, names, names)
def test_seal_round_trip_under_a_persons_key(content: bytes, person: str, place: str) -> None:
    vault = Vault(KeyRing.parse(OLD))
    key, wrapped = vault.new_key(person)
    assert unseal(vault.key_of(person, wrapped), seal(key, content, place), place) == content


@given(st.binary(min_size=1, max_size=100), st.data())
def test_open_with_any_byte_changed_is_refused(content: bytes, chosen: st.DataObject) -> None:
    vault = Vault(KeyRing.parse(OLD))
    sealed = bytearray(vault.seal(content, PLACE))
    sealed[chosen.draw(st.integers(0, len(sealed) - 1))] ^= chosen.draw(st.integers(1, 255))
    with pytest.raises(Sealed):
        vault.open(bytes(sealed), PLACE)


@pytest.mark.parametrize("torn", [b"", b"\x07", b"\x07k", b"\xff" * 40])
def test_open_torn_bytes_is_refused(old: Vault, torn: bytes) -> None:
    with pytest.raises(Sealed):
        old.open(torn, PLACE)
    with pytest.raises(Sealed):
        old.key_of("p", torn)


def test_open_in_another_place_is_refused(old: Vault) -> None:
    sealed = old.seal(b"secret", "contact.profile:1")
    with pytest.raises(Sealed):
        old.open(sealed, "contact.profile:2")


def test_open_with_another_ring_is_refused(old: Vault, retired: Vault) -> None:
    with pytest.raises(Sealed):
        retired.open(old.seal(b"secret", PLACE), PLACE)


def test_persons_data_under_another_persons_key_is_refused(old: Vault) -> None:
    mine, wrapped = old.new_key("me")
    other, _ = old.new_key("you")
    with pytest.raises(Sealed):
        unseal(other, seal(mine, b"secret", PLACE), PLACE)
    with pytest.raises(Sealed):
        old.key_of("you", wrapped)


@pytest.mark.parametrize("destroyed", [None, b""])
def test_key_of_an_erased_person_is_gone(old: Vault, destroyed: bytes | None) -> None:
    with pytest.raises(Sealed, match="destroyed"):
        old.key_of("me", destroyed)


# rotation


def test_rotated_ring_opens_what_the_old_key_sealed(old: Vault, rotated: Vault) -> None:
    key, wrapped = old.new_key("me")
    sealed = seal(key, b"secret", PLACE)
    assert unseal(rotated.key_of("me", wrapped), sealed, PLACE) == b"secret"
    assert rotated.open(old.seal(b"secret", PLACE), PLACE) == b"secret"


def test_rotated_ring_seals_with_the_new_key(rotated: Vault, retired: Vault, old: Vault) -> None:
    sealed, (_, wrapped) = rotated.seal(b"secret", PLACE), rotated.new_key("me")
    assert retired.open(sealed, PLACE) == b"secret"
    retired.key_of("me", wrapped)
    with pytest.raises(Sealed):
        old.open(sealed, PLACE)
    with pytest.raises(Sealed):
        old.key_of("me", wrapped)


def test_rotated_ring_finds_points_stored_under_every_key(old: Vault, rotated: Vault, retired: Vault) -> None:
    assert rotated.tokens("c", POINT) == [retired.token("c", POINT), old.token("c", POINT)]
    assert rotated.token("c", POINT) == retired.token("c", POINT)
    assert rotated.references("c", "wamid.1") == [retired.reference("c", "wamid.1"), old.reference("c", "wamid.1")]


# lookup


def test_token_differs_by_controller_kind_and_value(old: Vault) -> None:
    tokens = {
        old.token("a", POINT),
        old.token("b", POINT),
        old.token("a", Point(PointKind.BSUID, NUMBER)),
        old.token("a", Point(PointKind.E164, NUMBER + "8")),
        old.reference("a", NUMBER),
    }
    assert len(tokens) == 5
    assert old.token("a", POINT) in tokens, "and the same point gives the same token"


def test_nothing_personal_or_secret_shows(old: Vault) -> None:
    ring = KeyRing.parse(OLD)
    raw = base64.b64decode(OLD.split(":")[1])
    sealed = old.seal(NUMBER.encode(), PLACE)
    with pytest.raises(Sealed) as wrong:
        old.open(sealed, f"contact_point.value:{NUMBER}")
    shown = f"{POINT!r} {old!r} {ring!r} {old.token('c', POINT)} {wrong.value!r} {sealed!r}"
    assert NUMBER not in shown
    assert NUMBER[1:] not in shown
    assert OLD.split(":")[1] not in shown
    assert repr(raw) not in shown


# rings


def test_ring_lists_the_newest_first() -> None:
    ring = KeyRing.parse(f" {NEW} , {OLD} ,")
    assert ring.ids == [NEW.split(":")[0], OLD.split(":")[0]]
    assert ring.newest == ring.ids[0]


@pytest.mark.parametrize("text", ["", "k1", "k1:", "k1:%%%", "k1:" + base64.b64encode(b"short").decode(), "k1:é"])
def test_ring_of_unusable_text_names_the_variable(text: str) -> None:
    with pytest.raises(BadInput, match="HUB_KEYS") as refused:
        KeyRing.parse(text)
    assert refused.value.remedy


def test_ring_with_one_id_twice_is_refused() -> None:
    again = generate().split(":")[1]
    with pytest.raises(BadInput, match="HUB_KEYS"):
        KeyRing.parse(f"{OLD},{OLD.split(':')[0]}:{again}")


def test_ring_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "below" / "keys"
    first = Vault(KeyRing.from_file(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault(KeyRing.from_file(path)).open(first.seal(b"secret", PLACE), PLACE) == b"secret"
    assert list(path.parent.iterdir()) == [path]


def test_ring_file_made_by_many_at_once_is_one(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def make(_: int) -> list[str]:
        together.wait()
        return KeyRing.from_file(tmp_path / "keys").ids

    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(make, range(8)))
    assert all(ring == rings[0] for ring in rings)
