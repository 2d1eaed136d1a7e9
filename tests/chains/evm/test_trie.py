"""Proofs of a Merkle-Patricia trie: what is there is shown, what is not is shown absent, and nothing else passes."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from chains.trie_builder import Trie, compact
from porlake.chains.evm.trie import EMPTY_ROOT, Account, account_at, number_at, value_at
from porlake.encoding import rlp
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidEncoding, ProofFails

VALUES = st.binary(min_size=1, max_size=40)
KEYS = st.one_of(
    st.binary(min_size=32, max_size=32),
    # keys that share long beginnings and ends: extensions, and nodes so short that they stand inside others
    st.builds(
        lambda head, tail: (bytes.fromhex(head * 31) + bytes([tail]))[:32],
        st.sampled_from(["00", "0f", "ab"]),
        st.integers(0, 255),
    ),
    st.builds(lambda a, n: bytes([a]) * n + bytes(32 - n), st.sampled_from([1, 16, 255]), st.integers(0, 32)),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=24), st.lists(KEYS, max_size=8))
def test_every_key_is_proved_with_its_value_and_every_other_key_absent(
    content: dict[bytes, bytes], others: list[bytes]
) -> None:
    trie = Trie(content)
    root, known = trie.root, {}
    for key in [*content, *others]:
        for cache in ({}, known, known):
            assert value_at(root, key, trie.proof(key), cache) == content.get(key)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=24), st.lists(KEYS, max_size=8))
def test_proofs_of_another_library_show_the_same(content: dict[bytes, bytes], others: list[bytes]) -> None:
    """py-trie, as Ethereum's Python clients had it. It also lists nodes that stand inside their parents, being shorter
    than a hash; eth_getProof does not.
    """
    other = HexaryTrie({})
    for key, value in content.items():
        other[key] = value
    assert other.root_hash == Trie(content).root
    for key in [*content, *others]:
        first, *rest = (rlp.encode(node) for node in other.get_proof(key))
        proof = ["0x" + node.hex() for node in (first, *(node for node in rest if len(node) >= 32))]
        assert value_at(other.root_hash, key, proof, {}) == content.get(key)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_proof_with_any_byte_changed_fails_or_says_the_same(
    content: dict[bytes, bytes], chance: random.Random
) -> None:
    trie = Trie(content)
    root = trie.root
    key = chance.choice([*content, keccak256(b"absent")])
    proof = trie.proof(key)
    known = {}
    value_at(root, key, proof, known)
    for _ in range(8):
        place = chance.randrange(len(proof))
        raw = bytearray.fromhex(proof[place][2:])
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        changed = [*proof[:place], "0x" + raw.hex(), *proof[place + 1 :]]
        for cache in ({}, known):
            with pytest.raises(ProofFails):
                value_at(root, key, changed, cache)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_a_proof_for_another_key_never_gives_a_wrong_value(content: dict[bytes, bytes], chance: random.Random) -> None:
    trie = Trie(content)
    mine, other = chance.sample(sorted(content), 2)
    try:
        found = value_at(trie.root, mine, trie.proof(other), {})
    except ProofFails:
        return
    assert found == content[mine]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_nodes_left_out_added_twice_or_out_of_order_fail(content: dict[bytes, bytes], chance: random.Random) -> None:
    trie = Trie(content)
    key = chance.choice(sorted(content))
    proof = trie.proof(key)
    place = chance.randrange(len(proof))
    for changed in (
        [*proof[:place], *proof[place + 1 :]],
        [*proof, proof[-1]],
        [*proof[:place], proof[place], *proof[place:]],
        [*proof, "0x80"],
    ):
        with pytest.raises(ProofFails):
            value_at(trie.root, key, changed, {})
    if len(proof) > 1:
        with pytest.raises(ProofFails):
            value_at(trie.root, key, proof[::-1], {})


KEY = bytes(32)
HASH = bytes(range(32))
MALFORMED = {
    "no list": b"\x82\x01\x02",
    "of three items": rlp.encode([b"a", b"b", b"c"]),
    "an empty list": b"\xc0",
    "trailing bytes": rlp.encode([compact("0" * 64, leaf=True), b"v"]) + b"\0",
    "breaks off": rlp.encode([compact("0" * 64, leaf=True), b"v" * 60])[:-1],
    "a length in long form that is short": b"\xf8\x02\x20\x01",
    "a length with leading zeros": b"\xf9\x00\x02\x20\x01",
    "a byte encoded as a string": b"\xc3\x81\x20\x01",
    "lists too deep": b"\xc9\xc8\xc7\xc6\xc5\xc4\xc3\xc2\xc1\xc0",
    "a branch with a value": rlp.encode([b""] * 16 + [b"v"]),
    "a reference of 31 bytes": rlp.encode([HASH[:31]] + [b""] * 16),
    "a leaf before the end of the path": rlp.encode([compact("0" * 63, leaf=True), b"v"]),
    "a leaf beyond the path": rlp.encode([compact("0" * 66, leaf=True), b"v"]),
    "a leaf without a value": rlp.encode([compact("0" * 64, leaf=True), b""]),
    "a leaf whose value is a list": rlp.encode([compact("0" * 64, leaf=True), [b"v"]]),
    "an extension by nothing": rlp.encode([compact("", leaf=False), HASH]),
    "an extension over the whole path": rlp.encode([compact("0" * 64, leaf=False), HASH]),
    "an extension to nothing": rlp.encode([compact("00", leaf=False), b""]),
    "a path with an unknown flag": rlp.encode([b"\x40", HASH]),
    "a path whose padding is no zero": rlp.encode([b"\x05", HASH]),
    "an empty path": rlp.encode([b"", HASH]),
    "a path that is a list": rlp.encode([[b"\x20"], HASH]),
    "itself below itself": rlp.encode([compact("0", leaf=False), [compact("", leaf=False), HASH]]),
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
def test_a_node_that_is_none_fails_even_where_the_root_is_its_hash(raw: bytes) -> None:
    with pytest.raises(ProofFails):
        value_at(keccak256(raw), KEY, ["0x" + raw.hex()], {})


@pytest.mark.parametrize("proof", [[None], [17], ["0x"], [""], ["0xzz"], [["0x80"]], [{}], ["0x8"], ["é"]])
def test_what_is_no_node_in_hex_fails(proof: list[object]) -> None:
    with pytest.raises(ProofFails):
        value_at(keccak256(b"x"), KEY, proof, {})


def test_an_empty_trie_shows_every_key_absent_and_no_other_root_does() -> None:
    assert Trie({}).root == EMPTY_ROOT
    assert value_at(EMPTY_ROOT, KEY, [], {}) is None
    assert value_at(EMPTY_ROOT, KEY, ["0x80"], {}) is None
    for proof in ([], ["0x80"]):
        with pytest.raises(ProofFails):
            value_at(HASH, KEY, proof, {})


def test_a_path_of_branches_to_the_last_digit_is_walked() -> None:
    """Two keys that differ in the last digit alone: the leaves have an empty path."""
    keys = [bytes(31) + bytes([digit]) for digit in range(16)] + [bytes(n) + b"\x10" + bytes(31 - n) for n in range(32)]
    trie = Trie({key: key + b"v" * 40 for key in keys})
    for key in keys:
        assert value_at(trie.root, key, trie.proof(key), {}) == key + b"v" * 40
    assert max(len(trie.proof(key)) for key in keys) > 30


def test_an_account_and_a_slot_are_read_from_their_leaves() -> None:
    address, slot = b"\x11" * 20, b"\x01".rjust(32, b"\0")
    storage = Trie({keccak256(slot): rlp.encode(rlp.whole(10**30))})
    leaf = rlp.encode([rlp.whole(7), rlp.whole(10**21), storage.root, HASH])
    state = Trie({keccak256(address): leaf} | {keccak256(bytes([n]) * 20): leaf for n in range(200)})
    found = account_at(state.root, address, state.proof(keccak256(address)), {})
    assert found == Account(7, 10**21, storage.root, HASH)
    assert account_at(state.root, b"\xfe" * 20, state.proof(keccak256(b"\xfe" * 20)), {}) is None
    assert number_at(storage.root, slot, storage.proof(keccak256(slot)), {}) == 10**30
    assert number_at(storage.root, bytes(32), storage.proof(keccak256(bytes(32))), {}) == 0


@pytest.mark.parametrize(
    "leaf",
    [
        b"\x01",
        rlp.encode([b"", b"", HASH]),
        rlp.encode([b"\0", b"", HASH, HASH]),
        rlp.encode([b"", b"", HASH[:9], HASH]),
        rlp.encode([b"", [b""], HASH, HASH]),
    ],
    ids=["no list", "three fields", "a leading zero", "a short root", "a list for a balance"],
)
def test_a_leaf_that_is_no_account_fails(leaf: bytes) -> None:
    state = Trie({keccak256(b"\x11" * 20): leaf})
    with pytest.raises(ProofFails, match="no account"):
        account_at(state.root, b"\x11" * 20, state.proof(keccak256(b"\x11" * 20)), {})


@pytest.mark.parametrize("leaf", [b"\x80", b"\xc0", b"\x82\x00\x01", rlp.encode(b"\x01" * 33), b"\x01\x01"])
def test_a_leaf_that_is_no_number_fails(leaf: bytes) -> None:
    storage = Trie({keccak256(bytes(32)): leaf})
    with pytest.raises(ProofFails, match="no number"):
        number_at(storage.root, bytes(32), storage.proof(keccak256(bytes(32))), {})


ITEMS = st.recursive(st.binary(max_size=80), lambda children: st.lists(children, max_size=5), max_leaves=12)


@settings(max_examples=200, deadline=None)
@given(ITEMS)
def test_rlp_comes_back_as_it_went(item: object) -> None:
    try:
        assert rlp.decode(rlp.encode(item)) == item  # type: ignore[arg-type]
    except InvalidEncoding as error:
        assert "deep" in str(error)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=90))
def test_any_bytes_are_rlp_in_one_form_or_refused(data: bytes) -> None:
    try:
        item = rlp.decode(data)
    except InvalidEncoding:
        return
    assert rlp.encode(item) == data


def test_the_examples_of_the_documentation_hold() -> None:
    """https://ethereum.org/en/developers/docs/data-structures-and-encoding/rlp/#examples"""
    for item, data in [
        (b"dog", "83646f67"),
        ([b"cat", b"dog"], "c88363617483646f67"),
        (b"", "80"),
        ([], "c0"),
        (b"\0", "00"),
        (b"\x0f", "0f"),
        (b"\x04\x00", "820400"),
        ([[], [[]], [[], [[]]]], "c7c0c1c0c3c0c1c0"),
        (
            b"Lorem ipsum dolor sit amet, consectetur adipisicing elit",
            "b838" + b"Lorem ipsum dolor sit amet, consectetur adipisicing elit".hex(),
        ),
    ]:
        assert rlp.encode(item).hex() == data
        assert rlp.decode(bytes.fromhex(data)) == item
    assert all(a < b for a, b in pairwise(map(rlp.whole, (0, 1, 255, 256))) if len(a) == len(b))
