"""Layouts of accounts, against the real programs as litesvm runs them, and addresses against solders."""

from __future__ import annotations

import os

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.token.associated import get_associated_token_address

from chains.solana.node import little, mint_bytes, stake_bytes, token_bytes
from chains.solana.programs import Chain
from porlake.chains.solana import layout
from porlake.errors import BadAnswer


@pytest.fixture
def chain() -> Chain:
    return Chain()


def token(chain: Chain, program: str) -> tuple[Pubkey, Keypair, Pubkey]:
    """(mint of 6 decimals, owner, the owner's own account with 1,234,567) of a real token."""
    mint, owner = chain.mint(program, Keypair()), Keypair()
    return mint, owner, chain.give(program, mint, owner.pubkey(), 1_234_567)


@pytest.mark.parametrize("program", [layout.TOKEN, layout.TOKEN_2022])
def test_a_real_token_is_read_and_the_made_bytes_are_its_bytes(chain: Chain, program: str) -> None:
    mint, owner, own = token(chain, program)
    name = layout.associated(bytes(owner.pubkey()), bytes(mint), program)
    assert name == str(own)
    found = chain.account(own)
    assert layout.token_account(found) == layout.TokenAccount(bytes(mint), bytes(owner.pubkey()), 1_234_567, False)
    assert layout.mint_decimals(chain.account(mint)) == 6
    assert layout.mint_decimals(found) is None
    assert layout.token_account(chain.account(mint)) is None
    made = token_bytes(str(mint), str(owner.pubkey()), 1_234_567, extensions=found.data[166:])
    assert made[:165] == found.data[:165]
    assert made == found.data
    chain.freeze(program, mint, own)
    frozen = layout.token_account(chain.account(own))
    assert frozen is not None
    assert frozen.is_frozen
    assert frozen.amount == 1_234_567


def test_a_real_stake_account_is_read_and_names_who_may_withdraw(chain: Chain) -> None:
    stake, withdrawer = Keypair(), Keypair()
    chain.stake(stake, withdrawer.pubkey(), 5 * 10**9)
    found = chain.account(stake.pubkey())
    assert found.data[layout.WITHDRAWER : layout.WITHDRAWER + 32] == bytes(withdrawer.pubkey())
    assert layout.stake(found, what="x") == layout.Stake(0, 0, 5 * 10**9)
    made = stake_bytes(str(withdrawer.pubkey()), None)
    assert made[:12] == found.data[:12]
    assert made[44:] == found.data[44:]


def test_the_real_clock_tells_its_slot(chain: Chain) -> None:
    chain.vm.warp_to_slot(427_319_948)
    assert layout.clock(chain.account(Pubkey.from_string(layout.CLOCK)), what="x") == 427_319_948
    with pytest.raises(BadAnswer, match="the node does not show the chain's clock"):
        layout.clock(None, what="x")


@pytest.mark.parametrize("program", [layout.TOKEN, layout.TOKEN_2022])
def test_addresses_of_own_accounts_are_those_that_solders_derives(program: str) -> None:
    for _ in range(100):
        owner, mint = os.urandom(32), os.urandom(32)
        other = get_associated_token_address(Pubkey(owner), Pubkey(mint), Pubkey.from_string(program))
        assert layout.associated(owner, mint, program) == str(other)


@pytest.mark.parametrize(
    ("delegated", "leaves", "found"),
    [
        (9, layout.NEVER, layout.Stake(9, 0, 1)),
        (10, layout.NEVER, layout.Stake(10, 0, 0)),
        (9, 700, layout.Stake(0, 9, 1)),
        (11, layout.NEVER, None),
    ],
)
def test_a_stake_is_delegated_or_leaves_and_is_never_more_than_the_account(
    delegated: int, leaves: int, found: layout.Stake | None
) -> None:
    one = layout.Account(10, layout.STAKE, stake_bytes(str(Keypair().pubkey()), delegated, leaves=leaves))
    if found is not None:
        assert layout.stake(one, what="x") == found
        return
    with pytest.raises(BadAnswer, match="not as its program lays it out"):
        layout.stake(one, what="x")


def test_what_is_longer_than_an_account_must_say_that_it_is_one() -> None:
    mint, owner = str(Keypair().pubkey()), str(Keypair().pubkey())
    data = token_bytes(mint, owner, 5, extensions=b"\7\0\0\0")
    assert layout.token_account(layout.Account(1, layout.TOKEN_2022, data)) is not None
    as_mint = data[:165] + b"\1" + data[166:]
    assert layout.token_account(layout.Account(1, layout.TOKEN_2022, as_mint)) is None
    assert layout.token_account(layout.Account(1, layout.SYSTEM, data)) is None
    assert layout.mint_decimals(layout.Account(1, layout.TOKEN_2022, mint_bytes(9, extensions=b"\1"))) == 9
    assert layout.mint_decimals(layout.Account(1, layout.SYSTEM, mint_bytes(9))) is None


def test_an_amount_is_the_eight_bytes_behind_the_owner() -> None:
    mint, owner = str(Keypair().pubkey()), str(Keypair().pubkey())
    for amount in (0, 1, 2**56, 2**64 - 1):
        data = token_bytes(mint, owner, amount, delegate=b"\xff" * 36)
        found = layout.token_account(layout.Account(1, layout.TOKEN, data))
        assert found is not None
        assert found.amount == amount


@pytest.mark.parametrize("y", [0, 1, 2**255 - 20, 2**255 - 18])
def test_points_at_the_border_of_the_curve_are_keys(y: int) -> None:
    """0, 1, -1, and 1 written as a number above the prime; solders agrees."""
    data = little(y, 32)
    assert layout._is_key(data) is Pubkey(data).is_on_curve() is True


@pytest.mark.parametrize(
    ("lamports", "good"), [(0, True), (2**64 - 1, True), (2**64, False), (-1, False), (1.5, False), (True, False)]
)
def test_lamports_are_of_64_bits(lamports: object, good: bool) -> None:
    value = {"lamports": lamports, "owner": layout.SYSTEM, "data": ["", "base64"]}
    if good:
        assert layout.account(value, what="x") == layout.Account(int(str(lamports)), layout.SYSTEM, b"")
        return
    with pytest.raises(BadAnswer):
        layout.account(value, what="x")


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "short"}, {"owner": 7}, {"owner": "0" * 32}, {"data": ["", "base58"]}, {"data": ["!", "base64"]},
        {"data": ""}, {"data": None}, {"lamports": None},
    ],
)  # fmt: skip
def test_an_account_of_another_form_is_none(change: dict[str, object]) -> None:
    value = {"lamports": 1, "owner": layout.SYSTEM, "data": ["", "base64"]} | change
    with pytest.raises(BadAnswer):
        layout.account(value, what="x")
