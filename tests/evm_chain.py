"""A chain on a real node: some hundred accounts with known balances at a height, tokens of every odd kind, and another
state after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

import anvil
from porlake import chains, registry
from porlake.chains.evm import client as evm
from porlake.chains.evm.words import ACCOUNTS
from porlake.lake import Lake
from porlake.observation.endpoints import Endpoints, Run, open_client
from porlake.registry import Token
from porlake.transport import Endpoint, Recording

COUNT, HEIGHT, BEGIN = 400, 5, 1_700_000_000
SENDER = "0x00000000000000000000000000000000000c0de5"

#: What lies at the contracts of some tokens, and why no balance is read there.
ODD = {
    "LINK": (anvil.REVERTS, "token_call_failed"),
    "UNI": (anvil.SHORT_WORD, "token_returns_no_word"),
    "PEOPLE": (anvil.EMPTY, "token_returns_no_word"),
    "BLUR": (None, "token_returns_no_word"),
    "SHIB": (anvil.HUGE, "balance_too_large"),
    # the words by which the programs say that a call failed, and that it gave no word
    "WBTC": (anvil.constant(2**128 - 1), "balance_too_large"),
    "USDG": (anvil.constant(2**128 - 2), "balance_too_large"),
    "MATIC": (anvil.ENDLESS, "token_call_failed"),
}


@dataclass(frozen=True)
class Chain:
    url: str
    accounts: list[str]
    native: dict[str, int]
    token: dict[str, int]

    def amounts(self, asset: str) -> list[int]:
        return [(self.native if asset == "ETH" else self.token)[account] for account in self.accounts]


def node_or_skip() -> None:
    if not anvil.ANVIL.exists():
        pytest.skip("anvil is not installed: make nodes")


def filled(
    accounts: list[str], native: dict[str, int], token: dict[str, int], contracts: dict[str, str]
) -> dict[str, Any]:
    """A genesis: the accounts, a plain token at the contract of USDT, code at others."""
    alloc: dict[str, Any] = {account: {"balance": hex(native[account])} for account in accounts}
    alloc[SENDER] = {"balance": hex(10**20)}
    storage = {anvil.slot(account): f"0x{raw:064x}" for account, raw in token.items() if raw}  # a state holds no zeros
    alloc[contract("ethereum", "USDT")] = {"balance": "0x0", "code": anvil.TOKEN_CODE, "storage": storage}
    return alloc | {place: {"balance": "0x0", "code": code} for place, code in contracts.items()}


def contract(network: str, asset: str) -> str:
    return registry.load().tokens[network, asset].contract


def token(network: str, asset: str) -> Token:
    return registry.load().tokens[network, asset]


def mined(url: str, accounts: list[str]) -> None:
    """Blocks to HEIGHT, one of them with a transaction; then another state, and blocks until HEIGHT is final. By words
    that anvil and hardhat both understand.
    """
    for height in range(1, HEIGHT + 4):
        if height == HEIGHT:
            anvil.rpc(url, "hardhat_impersonateAccount", SENDER)
            anvil.rpc(url, "eth_sendTransaction", {"from": SENDER, "to": anvil.MOVED_PLACE, "value": "0x0"})
        if height == HEIGHT + 2:
            for account in accounts[:50]:
                anvil.rpc(url, "hardhat_setBalance", account, hex(7))
                anvil.rpc(url, "hardhat_setStorageAt", contract("ethereum", "USDT"), anvil.slot(account), f"0x{9:064x}")
        anvil.rpc(url, "evm_setNextBlockTimestamp", BEGIN + 12 * height)
        anvil.rpc(url, "evm_mine")


def quick(url: str, **options: Any) -> Endpoint:
    """An endpoint that gives up soon."""
    return Endpoint(url, **({"timeout": 5.0, "tries": 3, "pause": 0.01} | options))


def read(
    client: evm.Client | Endpoints, asset: str, accounts: list[str], network: str = "ethereum", height: int = HEIGHT
) -> tuple[dict[str, int], dict[str, str], set[str]]:
    """(balances, reasons, methods) of accounts at a height."""
    at = client.block(height)
    found, unread, methods = dict[str, int](), dict[str, str](), dict[str, str]()
    for answer in client.readings(chains.holdings(asset, token(network, asset), accounts, ACCOUNTS), at):
        for place, row in enumerate(answer.rows.tolist()):
            account = accounts[row]
            for known in (found, unread, methods):
                known.pop(account, None)
            if isinstance(answer, chains.Readings):
                assert answer.block == at
                found[account], methods[account] = chains.number(answer.words, place), answer.method
            elif isinstance(answer, chains.Unreadable):
                unread[account] = answer.reason
    assert len(found) + len(unread) == len(accounts)
    return found, unread, set(methods.values())


def amounts(
    client: evm.Client | Endpoints, asset: str, accounts: list[str], network: str = "ethereum", height: int = HEIGHT
) -> tuple[list[int], set[str]]:
    """(balances in the order of the accounts, methods) as a client reads them; every one must have been read."""
    found, unread, methods = read(client, asset, accounts, network, height)
    assert not unread, unread
    return [found[account] for account in accounts], methods


def opened(
    endpoint: Endpoint | None = None, network: str = "ethereum", recording: Recording | None = None
) -> evm.Client:
    return evm.open_client(registry.load().networks[network], endpoint, recording or Recording.off())


def taken_over(*endpoints: Endpoint, recording: Recording | None = None) -> Endpoints:
    """Endpoints of Ethereum that take over from each other."""
    run = Run(Lake("nowhere"), recording or Recording.off(), {"ethereum": endpoints})
    return open_client(run, "ethereum")


def accounts_and_balances() -> tuple[list[str], dict[str, int], dict[str, int]]:
    """COUNT accounts, what they hold natively and of USDT."""
    accounts = sorted(f"0x{hashlib.sha256(str(i).encode()).hexdigest()[:40]}" for i in range(COUNT))
    native = {account: 0 if i % 7 == 0 else 2 ** (i % 90) + i for i, account in enumerate(accounts)}
    held = {account: 0 if i % 5 == 0 else 3 ** (i % 50) + i for i, account in enumerate(accounts)}
    return accounts, native, held


@contextmanager
def running(start: Callable[..., AbstractContextManager[str]] = anvil.started, **options: Any) -> Iterator[Chain]:
    """The chain, at HEIGHT and some blocks more, on a node that is installed."""
    if start is anvil.started:
        node_or_skip()
    accounts, native, held = accounts_and_balances()
    contracts = {contract("ethereum", asset): code for asset, (code, _) in ODD.items() if code is not None}
    contracts |= {anvil.MULTICALL3_PLACE: anvil.MULTICALL3, anvil.MOVED_PLACE: anvil.MOVES}
    with start(**options, alloc=filled(accounts, native, held, contracts)) as url:
        mined(url, accounts)
        yield Chain(url, accounts, native, held)
