"""Keys, entries and addresses against stellar-sdk, whole and spoiled."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stellar_sdk import Asset, Keypair, MuxedAccount, Network, xdr

from chains.stellar.world import ISSUER, account
from chains.stellar_rpc.world import account_entry, key_of, line_entry
from porlake import addresses, registry
from porlake.chains.stellar import xdr as ours
from porlake.errors import BadAnswer, InvalidAddress

ACCOUNTS = st.binary(min_size=32, max_size=32)
AMOUNTS = st.integers(0, 2**63 - 1)


@given(ACCOUNTS)
def test_accounts_are_those_of_the_sdk(key: bytes) -> None:
    text = Keypair.from_raw_ed25519_public_key(key).public_key
    found = addresses.parse("stellar", text)
    assert (found.payload, found.text) == (key, text)


@given(ACCOUNTS, st.integers(0, 2**64 - 1))
def test_a_muxed_account_is_the_account_below_it(key: bytes, number: int) -> None:
    text = Keypair.from_raw_ed25519_public_key(key).public_key
    muxed = MuxedAccount(text, number).account_muxed
    assert muxed is not None
    found = addresses.parse("stellar", muxed)
    assert (found.payload, found.text, found.remark) == (key, text, "spelled_otherwise")
    with pytest.raises(InvalidAddress):
        addresses.parse("stellar", muxed[:-1] + ("A" if muxed[-1] != "A" else "B"))


@given(ACCOUNTS)
def test_keys_are_those_of_the_sdk(key: bytes) -> None:
    owner = Keypair.from_raw_ed25519_public_key(key)
    theirs = xdr.LedgerKey(xdr.LedgerEntryType.ACCOUNT, account=xdr.LedgerKeyAccount(owner.xdr_account_id()))
    assert ours.account_key(key) == theirs.to_xdr_bytes()
    for code in ("A", "USDC", "EURCX", "ABCDEFGHIJKL"):
        line = xdr.LedgerKeyTrustLine(owner.xdr_account_id(), Asset(code, ISSUER).to_trust_line_asset_xdr_object())
        theirs = xdr.LedgerKey(xdr.LedgerEntryType.TRUSTLINE, trust_line=line)
        assert ours.trust_line_key(key, *ours.asset_of(f"{code}:{ISSUER}")) == theirs.to_xdr_bytes()


def test_the_canary_is_a_setting_of_the_network() -> None:
    setting = xdr.ConfigSettingID.CONFIG_SETTING_CONTRACT_MAX_SIZE_BYTES
    theirs = xdr.LedgerKey(xdr.LedgerEntryType.CONFIG_SETTING, config_setting=xdr.LedgerKeyConfigSetting(setting))
    assert ours.setting_key(0) == theirs.to_xdr_bytes()


@given(AMOUNTS, AMOUNTS)
def test_entries_are_read_as_the_sdk_writes_them(balance: int, selling: int) -> None:
    for entry in (account_entry(account(3), balance, selling), line_entry(account(3), balance, selling)):
        found = ours.held(entry.to_xdr_bytes(), "an entry")
        assert (found.key, found.balance, found.selling) == (key_of(entry).to_xdr_bytes(), balance, selling)


@pytest.mark.parametrize("entry", [account_entry(account(3), 5, 2), line_entry(account(3), 5, 2)])
def test_a_spoiled_entry_is_never_another_error(entry: xdr.LedgerEntryData) -> None:
    """Cut at every byte it is none; with a byte changed it is read, or is none."""
    data = entry.to_xdr_bytes()
    for end in range(len(data)):
        with pytest.raises(BadAnswer):
            ours.held(data[:end], "an entry")
    for place in range(len(data)):
        spoiled = bytearray(data)
        spoiled[place] ^= 0xFF
        with suppress(BadAnswer):
            assert ours.held(bytes(spoiled), "an entry").balance >= 0


@pytest.mark.parametrize("balance", [-1, -(2**63)])
def test_a_balance_below_zero_is_none(balance: int) -> None:
    with pytest.raises(BadAnswer, match="is not between"):
        ours.held(account_entry(account(3), balance, 0).to_xdr_bytes(), "an entry")


def test_bytes_behind_an_entry_are_refused() -> None:
    with pytest.raises(BadAnswer, match="behind the entry"):
        ours.held(account_entry(account(3), 5, 0).to_xdr_bytes() + b"\0" * 4, "an entry")


@pytest.mark.parametrize(
    ("network", "passphrase"), [("stellar", Network.PUBLIC_NETWORK_PASSPHRASE), ("pi", "Pi Network")]
)
def test_a_network_is_known_by_the_hash_of_its_passphrase(network: str, passphrase: str) -> None:
    shows = registry.load().identities[network].shows
    assert shows == "0x" + hashlib.sha256(passphrase.encode()).hexdigest()
    assert Network(passphrase).network_id().hex() == shows[2:]
