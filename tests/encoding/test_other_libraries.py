"""Our encodings beside other people's: rlp, trie, base58, bip-utils and btclib say the same of the same bytes."""

from __future__ import annotations

import base58 as base58_package
import pytest
import rlp as rlp_package
from bip_utils import (
    AlgoAddrEncoder,
    BchP2PKHAddrEncoder,
    Bech32Decoder,
    P2WPKHAddrEncoder,
    TrxAddrEncoder,
    XrpAddrEncoder,
)
from btclib import b32
from coincurve import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey
from trie import HexaryTrie

from porlake import addresses
from porlake.addresses import bitcoin, cashaddr, tron, xrp
from porlake.chains.evm import trie
from porlake.encoding import base58, bech32, rlp
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidAddress, InvalidEncoding

ITEMS = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=6), max_leaves=12)
KEYS = st.binary(min_size=32, max_size=32).filter(lambda key: 0 < int.from_bytes(key, "big") < 2**255)


# --- rlp, trie --------------------------------------------------------------------------------------------------------
@given(ITEMS)
def test_rlp_writes_and_reads_what_the_package_does(item: rlp.Item) -> None:
    written = rlp.encode(item)
    assert written == rlp_package.encode(item)
    try:
        assert rlp.decode(written) == rlp_package.decode(written)
    except InvalidEncoding:
        assert written.hex().count("c") > rlp.DEEPEST - 2, "deeper than any node of a trie"


@given(st.binary(max_size=40))
def test_rlp_takes_no_bytes_that_the_package_refuses(data: bytes) -> None:
    try:
        found = rlp.decode(data)
    except InvalidEncoding:
        return
    assert rlp_package.decode(data, strict=True) == found


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 2**64), st.integers(1, 2**256 - 1), max_size=30), st.integers(0, 2**64))
def test_proofs_of_another_trie_show_what_stands_there_and_what_does_not(content: dict[int, int], other: int) -> None:
    made = HexaryTrie({})
    for slot, value in content.items():
        made[keccak256(slot.to_bytes(32, "big"))] = rlp_package.encode(value)
    for slot in {*content, other}:
        key = slot.to_bytes(32, "big")
        proof = ["0x" + rlp_package.encode(node).hex() for node in made.get_proof(keccak256(key))]
        assert trie.number_at(made.root_hash, key, proof, {}) == content.get(slot, 0)


# --- base58, bech32, addresses ----------------------------------------------------------------------------------------
@given(st.binary(min_size=1, max_size=60))
def test_base58_is_the_packages(data: bytes) -> None:
    text = base58_package.b58encode(data).decode()
    checked = base58_package.b58encode_check(data).decode()
    assert (base58.encode(data), base58.encode_check(data)) == (text, checked)
    assert (base58.decode(text), base58.decode_check(checked)) == (data, data)


@settings(deadline=None)
@given(st.integers(0, 16), st.binary(min_size=2, max_size=40))
def test_segwit_texts_are_those_of_btclib(version: int, program: bytes) -> None:
    if version == 1:  # others mean nothing yet, and we take none: btclib does
        program = program.ljust(32, b"\1")[:32]
    if version == 0:
        program = program.ljust(32, b"\1")[: 20 if len(program) < 25 else 32]
    text = b32.address_from_witness(version, program, "mainnet")
    assert bech32.segwit_text("bc", version, program) == text
    assert bech32.segwit(text, "bc") == (version, program)
    assert b32.witness_from_address(text)[:2] == (version, program)


@given(st.text("023456789acdefghjklmnpqrstuvwxyz", min_size=8, max_size=60))
def test_no_text_is_bech32_that_bip_utils_refuses(letters: str) -> None:
    text = f"bc1{letters}"
    try:
        hrp, values, constant = bech32.decode(text)
    except InvalidAddress:
        return
    if constant == bech32.BECH32:
        assert bytes(Bech32Decoder.Decode(hrp, text)) == bytes(bech32.regroup(values, 5, 8, text))


@settings(deadline=None, max_examples=30)
@given(KEYS)
def test_addresses_of_keys_are_those_of_bip_utils(key: bytes) -> None:
    public = PrivateKey(key).public_key
    short, long = public.format(compressed=True), public.format(compressed=False)
    assert bitcoin.p2wpkh("bitcoin", short).text == P2WPKHAddrEncoder.EncodeKey(short, hrp="bc")
    assert bitcoin.p2wpkh("litecoin", short).text == P2WPKHAddrEncoder.EncodeKey(short, hrp="ltc")
    cash = BchP2PKHAddrEncoder.EncodeKey(short, hrp="bitcoincash", net_ver=b"\x00")
    assert (
        cashaddr.of("bitcoin_cash", "p2pkh", bitcoin.key_hash("bitcoin_cash", short)).text.split(":")[-1]
        == cash.split(":")[-1]
    )
    assert tron.of("tron", tron.from_public_key(long)).text == TrxAddrEncoder.EncodeKey(long)
    ripple = XrpAddrEncoder.EncodeKey(short)
    assert addresses.parse("xrp_ledger", ripple).payload == xrp.from_public_key(short)


@settings(deadline=None, max_examples=20)
@given(st.binary(min_size=32, max_size=32))
def test_an_algorand_address_of_bip_utils_is_read(seed: bytes) -> None:
    public = bytes(SigningKey(seed).verify_key)
    assert addresses.parse("algorand", AlgoAddrEncoder.EncodeKey(public)).payload == public


def test_a_text_that_is_spoiled_is_refused_by_all() -> None:
    text = base58.encode_check(b"\0" + b"\7" * 20)
    spoiled = text[:-1] + ("2" if text[-1] != "2" else "3")
    with pytest.raises(InvalidAddress):
        base58.decode_check(spoiled)
    with pytest.raises(ValueError, match="checksum"):
        base58_package.b58decode_check(spoiled)
