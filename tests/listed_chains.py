"""A real EVM node behind many paths of one server, a network each, and what stands in its state for a list of accounts.

Every network of the list sees the same blocks and balances, under its own chain id; what is asked is counted by
network.
"""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import anvil
from evm_chain import BEGIN, SENDER
from porlake import registry
from porlake.chains._assembler import assemble
from porlake.transport import Endpoint
from support import on_loopback, reply

#: As Arbitrum's ArbSys: arbBlockNumber() and arbBlockHash(uint256).
ARBSYS_PLACE = "0x" + "64".rjust(40, "0")
ARBSYS = (
    "0x"
    + assemble("""
    0x00 CALLDATALOAD 0xe0 SHR 0xa3b1b31d SUB ISZERO @number JUMPI
    0x04 CALLDATALOAD BLOCKHASH 0x00 MSTORE 0x20 0x00 RETURN
number:
    NUMBER 0x00 MSTORE 0x20 0x00 RETURN
""").hex()
)
HEIGHT, BLOCKS, SECONDS = 6, 14, 12
MOMENT = BEGIN + SECONDS * HEIGHT + 5  # five seconds after the block of HEIGHT
MONTH = 31 * 86_400
LATER = MOMENT + MONTH + SECONDS * 4  # five seconds after a block of the month behind
CHANGED, LEFT = 40, 7  # so many accounts have only so much of the coin then


@dataclass
class Networks:
    """`asked`: methods by network; `native`: what an account holds of any network's coin, in wei; `tokens`: what
    accounts hold by (network, asset), in the token's base units.
    """

    url: str
    native: Mapping[str, int]
    tokens: Mapping[tuple[str, str], Mapping[str, int]]
    asked: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def endpoint(self, network: str) -> Endpoint:
        return Endpoint(f"{self.url}/{network}", timeout=20.0, tries=3, pause=0.01)


def token_code(decimals: int) -> str:
    """A plain token that says how many decimals it has."""
    return anvil.TOKEN_CODE.replace("600660005260206000f3", f"60{decimals:02x}60005260206000f3")


def planted(account: str, of: str) -> int:
    """An amount that nothing else explains; of every fifth account none."""
    number = int(hashlib.sha256(f"{account} {of}".encode()).hexdigest()[:12], 16)
    return 0 if number % 5 == 0 else number


@contextmanager
def networks(accounts: Mapping[str, Iterable[str]]) -> Iterator[Networks]:
    """`accounts`: the accounts of each network. At MOMENT they hold what `planted` says, at LATER the first of them
    only LEFT.
    """
    facts = registry.load()
    everybody = sorted({account for listed in accounts.values() for account in listed})
    native = {account: planted(account, "native") * 10**9 for account in everybody}
    tokens: dict[tuple[str, str], dict[str, int]] = {}
    alloc: dict[str, Any] = {account: {"balance": hex(native[account])} for account in everybody}
    alloc |= {SENDER: {"balance": hex(10**20)}, ARBSYS_PLACE: {"balance": "0x0", "code": ARBSYS}}
    for network in accounts:
        if place := facts.evm_networks[network].multicall3:
            alloc[place] = {"balance": "0x0", "code": anvil.MULTICALL3}
    for (network, asset), token in facts.tokens.items():
        if network in accounts and token.kind == "erc20":
            held = {account: planted(account, token.contract) for account in everybody}
            tokens[network, asset] = {account: held[account] for account in accounts[network]}
            storage = {anvil.slot(account): f"0x{amount:064x}" for account, amount in held.items() if amount}
            alloc[token.contract] = {"balance": "0x0", "code": token_code(token.decimals), "storage": storage}
    with anvil.started(alloc=alloc, timestamp=BEGIN) as node:
        for height in range(1, BLOCKS):
            if height in (HEIGHT, HEIGHT + 2):
                anvil.rpc(node, "hardhat_impersonateAccount", SENDER)
                anvil.rpc(node, "eth_sendTransaction", {"from": SENDER, "to": SENDER, "value": "0x0"})
            if height == HEIGHT + 2:  # anvil keeps a state when the next block is mined
                for account in everybody[:CHANGED]:
                    anvil.rpc(node, "hardhat_setBalance", account, hex(LEFT))
            month = MONTH if height > HEIGHT + 1 else 0
            anvil.rpc(node, "evm_setNextBlockTimestamp", BEGIN + SECONDS * height + month)
            anvil.rpc(node, "evm_mine")
        found = Networks("", native, tokens)
        with on_loopback(_handler(node, found)) as url:
            found.url = url
            yield found


def _handler(node: str, found: Networks) -> type[BaseHTTPRequestHandler]:
    facts = registry.load().networks

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # each answer would wait 40 ms for an acknowledgement

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            network = facts[self.path.strip("/")]
            asked = json.loads(body)
            for one in asked if isinstance(asked, list) else [asked]:
                found.asked[network.network][one["method"]] += 1
            request = urllib.request.Request(node, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as response:
                answer = json.loads(response.read())
            if not isinstance(asked, list) and asked["method"] == "eth_chainId":
                answer["result"] = hex(int(network.caip2.rpartition(":")[2]))
            reply(self, 200, json.dumps(answer).encode())

        def log_message(self, *_: object) -> None: ...

    return Handler
