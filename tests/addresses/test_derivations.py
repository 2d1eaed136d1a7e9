"""Accounts of keys, held to bip_utils: each form in which it knows how a key makes an account."""

from __future__ import annotations

from collections.abc import Callable

import bip_utils as oracle
import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from porlake import addresses
from porlake.addresses import (
    aptos,
    bech32,
    bitcoin,
    evm,
    filecoin,
    icon,
    sui,
    tezos,
    tron,
    xrp,
)

Encode = Callable[[bytes], str]
Derive = Callable[[bytes, bytes], bytes]

#: (network, how bip_utils writes the account of a compressed key, how ours makes it of the short and the long form)
SECP256K1: list[tuple[str, Encode, Derive]] = [
    ("ethereum", oracle.EthAddrEncoder.EncodeKey, lambda short, long: evm.from_public_key(long)),
    ("tron", oracle.TrxAddrEncoder.EncodeKey, lambda short, long: tron.from_public_key(long)),
    ("filecoin", oracle.FilSecp256k1AddrEncoder.EncodeKey, lambda short, long: filecoin.from_public_key(long)),
    ("icon", oracle.IcxAddrEncoder.EncodeKey, lambda short, long: icon.from_public_key(long)),
    ("xrp_ledger", oracle.XrpAddrEncoder.EncodeKey, lambda short, long: xrp.from_public_key(short)),
    ("avalanche_x", oracle.AvaxXChainAddrEncoder.EncodeKey, lambda short, long: bech32.from_public_key(short)),
    ("injective", oracle.InjAddrEncoder.EncodeKey, lambda short, long: evm.from_public_key(long)),
    ("harmony", oracle.OneAddrEncoder.EncodeKey, lambda short, long: evm.from_public_key(long)),
    ("oktc", oracle.OkexAddrEncoder.EncodeKey, lambda short, long: evm.from_public_key(long)),
    ("cosmos_hub", lambda key: oracle.AtomAddrEncoder.EncodeKey(key, hrp="cosmos"),
     lambda short, long: bech32.from_public_key(short)),
    ("celestia", lambda key: oracle.AtomAddrEncoder.EncodeKey(key, hrp="celestia"),
     lambda short, long: bech32.from_public_key(short)),
    ("bitcoin", lambda key: oracle.P2PKHAddrEncoder.EncodeKey(key, net_ver=b"\0"),
     lambda short, long: bitcoin.key_hash("bitcoin", short)),
    ("bitcoin", lambda key: oracle.P2WPKHAddrEncoder.EncodeKey(key, hrp="bc"),
     lambda short, long: bitcoin.key_hash("bitcoin", short)),
    ("bitcoin", lambda key: oracle.P2SHAddrEncoder.EncodeKey(key, net_ver=b"\5"),
     lambda short, long: bitcoin.p2sh_p2wpkh("bitcoin", short).payload),
    ("litecoin", lambda key: oracle.P2PKHAddrEncoder.EncodeKey(key, net_ver=b"\x30"),
     lambda short, long: bitcoin.key_hash("litecoin", short)),
    ("dogecoin", lambda key: oracle.P2PKHAddrEncoder.EncodeKey(key, net_ver=b"\x1e"),
     lambda short, long: bitcoin.key_hash("dogecoin", short)),
]  # fmt: skip

ED25519: list[tuple[str, Encode, Callable[[bytes], bytes]]] = [
    ("aptos", oracle.AptosAddrEncoder.EncodeKey, aptos.from_public_key),
    ("sui", oracle.SuiAddrEncoder.EncodeKey, sui.from_public_key),
    ("tezos", lambda key: oracle.XtzAddrEncoder.EncodeKey(key, prefix=oracle.XtzAddrPrefixes.TZ1),
     tezos.from_public_key),
    ("polkadot", lambda key: oracle.SubstrateEd25519AddrEncoder.EncodeKey(key, ss58_format=0), lambda key: key),
    ("multiversx", oracle.EgldAddrEncoder.EncodeKey, lambda key: key),
]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "encode", "derive"), SECP256K1, ids=lambda value: value if isinstance(value, str) else ""
)
@settings(max_examples=8, deadline=None)
@given(secret=st.integers(1, 2**255))
def test_secp256k1_keys(network: str, encode: Encode, derive: Derive, secret: int) -> None:
    key = coincurve.PrivateKey(secret.to_bytes(32, "big")).public_key
    found = addresses.parse(network, encode(key.format()))
    assert found.payload == derive(key.format(), key.format(compressed=False))
    assert addresses.parse(network, found.text) == found


@pytest.mark.parametrize(
    ("network", "encode", "derive"), ED25519, ids=lambda value: value if isinstance(value, str) else ""
)
@settings(max_examples=8, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32))
def test_ed25519_keys(network: str, encode: Encode, derive: Callable[[bytes], bytes], seed: bytes) -> None:
    key = bytes(SigningKey(seed).verify_key)
    found = addresses.parse(network, encode(key))
    assert found.payload == derive(key)
    assert addresses.parse(network, found.text) == found
