"""Addresses and hashes against py-algorand-sdk."""

from __future__ import annotations

import base64

import pytest
from algosdk import encoding
from hypothesis import given
from hypothesis import strategies as st

from porlake import addresses, registry
from porlake.chains.algorand import rounds
from porlake.errors import BadAnswer, ChainError


@given(st.binary(min_size=32, max_size=32))
def test_accounts_are_those_of_the_sdk(key: bytes) -> None:
    text = encoding.encode_address(key)
    found = addresses.parse("algorand", text)
    assert (found.payload, found.text) == (key, text)


@given(st.binary(min_size=32, max_size=32))
def test_a_hash_has_one_text_whichever_server_tells_it(data: bytes) -> None:
    text = rounds.hash_text(rounds.from_base64(base64.b64encode(data).decode(), "a hash"))
    assert rounds.hash_of(text, "a hash") == text
    assert base64.b32decode(text + "====") == data


@pytest.mark.parametrize("value", [None, 7, "", "AAAA", "=" * 44, base64.b64encode(bytes(31)).decode(), "é" * 44])
def test_what_is_no_hash_is_refused(value: object) -> None:
    with pytest.raises(BadAnswer):
        rounds.from_base64(value, "a hash")


@pytest.mark.parametrize("value", [None, 7, "", "A" * 51, "a" * 52, "A" * 51 + "1"])
def test_what_is_no_text_of_a_hash_is_refused(value: object) -> None:
    with pytest.raises(BadAnswer):
        rounds.hash_of(value, "a hash")


def test_the_chain_is_known_by_the_begin_of_its_genesis() -> None:
    mainnet = registry.load().networks["algorand"]
    rounds.check_genesis(mainnet, "a.example", "wGHE2Pwdvd7S12BL5FaOP20EGYesN73ktiC1qzkkit8=")
    with pytest.raises(ChainError, match="is of chain SGO1"):  # of its test network
        rounds.check_genesis(mainnet, "a.example", "SGO1GKSzyE7IEPItTxCByw9x8FmnrCDexi9/cOUJOiI=")
