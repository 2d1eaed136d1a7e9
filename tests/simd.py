"""simd, a node of the Cosmos SDK's own modules, built from source by `make nodes-built` (tools/nodes/simd): Cosmos Hub
as a chain of known holdings.

python tests/simd.py    records anew what it answers (with tests/ on PYTHONPATH); tests/chains/cosmos/test_node.py plays
                        it

The genesis plants what accounts hold: coins, coins that came by IBC, vesting coins, stakes with validators some of whom
lost coins by slashing, and unbonding coins. Signed transactions then stake and send, before the snapshot and after it.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import coincurve
import pytest

from anvil import ROOT
from porlake import chains, registry
from porlake.addresses import bech32 as form
from porlake.chains.cosmos import client as cosmos
from porlake.chains.cosmos.header import bytes_field, varint_field
from porlake.encoding import bech32
from porlake.encoding.hashes import hash160, sha256
from porlake.errors import ChainError, TransportError
from porlake.transport import Endpoint, Recording
from ports import free_ports

SIMD = ROOT / ".nodes" / "simd" / "simd"
FOLDER = Path(__file__).parent / "chains" / "cosmos" / "simd"
NETWORK, CHAIN, ATOM = "cosmos_hub", "cosmoshub-4", "uatom"
OSMO = "ibc/" + sha256(b"transfer/channel-141/uosmo").hex().upper()
TOKEN = replace(registry.load().tokens["injective", "USDC"], network=NETWORK, contract=OSMO)
TOKENS = {"ATOM": registry.load().tokens[NETWORK, "ATOM"], "OSMO": TOKEN}
LARGE = 2**63 + 12_345
FEE, GAS = 5_000, 900_000
PART = 10**18  # of a share, as the staking module counts
NEVER = "1970-01-01T00:00:00Z"
#: Delegations a page, for a list that goes on.
PAGE = 3


@dataclass(frozen=True)
class Signer:
    secret: bytes

    @property
    def key(self) -> bytes:
        return coincurve.PrivateKey(self.secret).public_key.format()

    @property
    def address(self) -> str:
        return form.of(NETWORK, hash160(self.key)).text

    def signed(self, messages: list[bytes], number: int, sequence: int) -> bytes:
        """A transaction. https://docs.cosmos.network/main/learn/advanced/transactions (SIGN_MODE_DIRECT)"""
        body = b"".join(bytes_field(1, message) for message in messages)
        key = any_of("/cosmos.crypto.secp256k1.PubKey", bytes_field(1, self.key))
        mode = bytes_field(1, varint_field(1, 1))
        info = bytes_field(1, bytes_field(1, key) + bytes_field(2, mode) + varint_field(3, sequence))
        info += bytes_field(2, bytes_field(1, coin(FEE)) + varint_field(2, GAS))
        signs = bytes_field(1, body) + bytes_field(2, info) + bytes_field(3, CHAIN.encode()) + varint_field(4, number)
        signature = coincurve.PrivateKey(self.secret).sign_recoverable(signs)[:64]
        return bytes_field(1, body) + bytes_field(2, info) + bytes_field(3, signature)


def any_of(kind: str, message: bytes) -> bytes:
    return bytes_field(1, kind.encode()) + bytes_field(2, message)


def coin(raw: int, denom: str = ATOM) -> bytes:
    return bytes_field(1, denom.encode()) + bytes_field(2, str(raw).encode())


def sent(who: str, to: str, raw: int, denom: str = ATOM) -> bytes:
    told = bytes_field(1, who.encode()) + bytes_field(2, to.encode()) + bytes_field(3, coin(raw, denom))
    return any_of("/cosmos.bank.v1beta1.MsgSend", told)


def staked(who: str, validator: int, raw: int, kind: str = "MsgDelegate") -> bytes:
    told = bytes_field(1, who.encode()) + bytes_field(2, VALIDATORS[validator].encode()) + bytes_field(3, coin(raw))
    return any_of(f"/cosmos.staking.v1beta1.{kind}", told)


def payload(name: str, size: int = 20) -> bytes:
    return sha256(name.encode())[:size]


def account(name: str, size: int = 20) -> str:
    return form.of(NETWORK, payload(name, size)).text


STAKER, PAYER = Signer(payload("staker", 32)), Signer(payload("payer", 32))
RICH, LATE, VESTING, MODULE, EMPTY = (
    account("rich"), account("late"), account("vesting"), account("module", 32), account("empty"),
)  # fmt: skip
VALIDATORS = [bech32.encode_bytes("cosmosvaloper", payload(f"validator {number}")) for number in range(7)]
#: Tokens and shares of each validator: the node's own, one that is away, and others that are in no set. Whoever was
#: slashed has fewer tokens than shares.
BONDED = [(100_000_000, 100_000_000), (3_000_001, 3_100_000)]
UNBONDED = [(1_000, 1_000), (999_999, 1_000_000), (7, 9), (10**18 + 1, 10**18 + 3), (500, 1_000)]
SHARES = [*BONDED, *UNBONDED]
#: Genesis: shares of an account with validators, by number.
DELEGATED = {
    STAKER.address: {0: 1_000_000, 1: 1_234_567, 2: 1_000, 3: 333_333, 4: 5, 5: 10**17 + 1, 6: 999},
    VESTING: {0: 40_000},
    LATE: {0: 17},
}
#: ... and coins that unbond: at first, and after a slashing, by validator.
UNBONDING = {STAKER.address: {1: [(1_000, 990), (31, 30)], 2: [(12, 12)]}, RICH: {0: [(5, 5)]}}
LIQUID = {
    (RICH, ATOM): LARGE, (RICH, OSMO): 2**64 + 1, (STAKER.address, ATOM): 50_000_000, (PAYER.address, ATOM): 10**9,
    (PAYER.address, OSMO): 10**6, (LATE, ATOM): 100, (LATE, OSMO): 8, (VESTING, ATOM): 60_000, (MODULE, ATOM): 32_000,
    (MODULE, OSMO): 1,
}  # fmt: skip
#: By transactions before the snapshot, of STAKER: staked with 0 and 1, unbonded from 0.
STAKED = {0: 2_000_000, 1: 1_000}
UNSTAKED = 300_000
SENT = 77  # and PAYER to LATE, of both
#: One with stakes, one without, one that holds nothing.
SPOILED = {LATE, MODULE, EMPTY}
ACCOUNTS = [RICH, STAKER.address, LATE, VESTING, MODULE, EMPTY, PAYER.address]


@dataclass(frozen=True)
class Node:
    """`height`: the snapshot's; transactions lie before and after it."""

    url: str
    height: int

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.url, pause=0.1)


def expected() -> dict[tuple[str, str, str], int]:
    """Base units at the snapshot by asset, address and component, from what was planted: no node is asked."""
    pools = [[tokens, shares * PART] for tokens, shares in SHARES]
    stakes = {
        who: {number: shares * PART for number, shares in some.items()} for who, some in DELEGATED.items()
    }  # of a share's 18 digits
    for number, raw in STAKED.items():
        tokens, shares = pools[number]
        new = shares * raw // tokens
        stakes[STAKER.address][number] += new
        pools[number] = [tokens + raw, shares + new]
    stakes[STAKER.address][0] -= UNSTAKED * PART  # of a validator who lost nothing
    pools[0] = [pools[0][0] - UNSTAKED, pools[0][1] - UNSTAKED * PART]
    moved = {(STAKER.address, ATOM): -FEE - sum(STAKED.values()), (PAYER.address, ATOM): -FEE - SENT,
             (PAYER.address, OSMO): -SENT, (LATE, ATOM): SENT, (LATE, OSMO): SENT}  # fmt: skip
    found: dict[tuple[str, str, str], int] = {}
    for who in ACCOUNTS:
        for asset, denom in (("ATOM", ATOM), ("OSMO", OSMO)):
            found[asset, who, "liquid"] = LIQUID.get((who, denom), 0) + moved.get((who, denom), 0)
        found["ATOM", who, "delegated"] = sum(
            shares * pools[number][0] // pools[number][1] for number, shares in stakes.get(who, {}).items()
        )
        entries = [pair for pairs in UNBONDING.get(who, {}).values() for pair in pairs]
        found["ATOM", who, "unstaking"] = sum(left for _, left in entries) + UNSTAKED * (who == STAKER.address)
    return found


# --- the chain --------------------------------------------------------------------------------------------------------
def genesis(made: dict[str, Any], key: dict[str, str]) -> None:
    """Plant the holdings in the genesis that `simd init` made; `key`: the node's own as a validator."""
    state = made["app_state"]
    keys = [key["value"], base64.b64encode(payload("a validator who is away", 32)).decode()]
    keys += [base64.b64encode(payload(f"key {number}", 32)).decode() for number in range(2, len(SHARES))]
    pools = {"bonded_tokens_pool": sum(tokens for tokens, _ in BONDED)}
    entries = [pair for some in UNBONDING.values() for pairs in some.values() for pair in pairs]
    pools["not_bonded_tokens_pool"] = sum(tokens for tokens, _ in UNBONDED) + sum(left for _, left in entries)
    held = LIQUID | {(account(name), ATOM): raw for name, raw in pools.items()}
    state["bank"]["balances"] = [
        {"address": who, "coins": sorted((told(raw, denom) for (one, denom), raw in held.items() if one == who),
                                         key=lambda coins: coins["denom"])}
        for who in dict.fromkeys(who for who, _ in held)
    ]  # fmt: skip
    units = [{"denom": OSMO, "exponent": 0, "aliases": []}, {"denom": "osmo", "exponent": 6, "aliases": []}]
    state["bank"]["denom_metadata"] = [
        {"description": "", "denom_units": units, "base": OSMO, "display": "osmo", "name": "Osmosis", "symbol": "OSMO"}
    ]
    base = {"pub_key": None, "account_number": "0", "sequence": "0"}
    vesting = {
        "base_account": base | {"address": VESTING}, "original_vesting": [told(90_000)], "delegated_free": [],
        "delegated_vesting": [told(40_000)], "end_time": "4000000000",
    }  # fmt: skip
    state["auth"]["accounts"] = [
        {"@type": "/cosmos.auth.v1beta1.BaseAccount"} | base | {"address": STAKER.address},
        {"@type": "/cosmos.auth.v1beta1.BaseAccount"} | base | {"address": PAYER.address, "account_number": "1"},
        {"@type": "/cosmos.vesting.v1beta1.ContinuousVestingAccount", "base_vesting_account": vesting,
         "start_time": "1500000000"},
    ]  # fmt: skip
    state["auth"]["accounts"][2]["base_vesting_account"]["base_account"]["account_number"] = "2"
    rates = dict.fromkeys(("rate", "max_rate", "max_change_rate"), "0.100000000000000000")
    state["staking"]["validators"] = [
        {"operator_address": VALIDATORS[number],
         "consensus_pubkey": {"@type": "/cosmos.crypto.ed25519.PubKey", "key": keys[number]},
         "jailed": number >= len(BONDED), "status": f"BOND_STATUS_{'BONDED' if number < len(BONDED) else 'UNBONDED'}",
         "tokens": str(tokens), "delegator_shares": f"{shares}.000000000000000000",
         "description": {"moniker": f"validator {number}"}, "unbonding_height": "0", "unbonding_time": NEVER,
         "commission": {"commission_rates": rates, "update_time": NEVER}, "min_self_delegation": "1",
         "unbonding_on_hold_ref_count": "0", "unbonding_ids": []}
        for number, (tokens, shares) in enumerate(SHARES)
    ]  # fmt: skip
    state["staking"]["delegations"] = [
        {"delegator_address": who, "validator_address": VALIDATORS[number], "shares": f"{shares}.000000000000000000"}
        for who, some in DELEGATED.items()
        for number, shares in some.items()
    ]
    state["staking"]["unbonding_delegations"] = [
        {"delegator_address": who, "validator_address": VALIDATORS[number], "entries": [
            {"creation_height": "0", "completion_time": "2096-10-02T07:06:40Z", "initial_balance": str(first),
             "balance": str(left), "unbonding_id": str(100 * number + place), "unbonding_on_hold_ref_count": "0"}
            for place, (first, left) in enumerate(pairs)]}
        for who, some in UNBONDING.items()
        for number, pairs in some.items()
    ]  # fmt: skip
    # No reward goes to whoever staked: what an account holds is what was planted.
    state["distribution"]["params"]["community_tax"] = "1.000000000000000000"
    state["slashing"]["params"]["signed_blocks_window"] = "100000"
    state["slashing"]["signing_infos"] = [
        {"address": who, "validator_signing_info": {
            "address": who, "start_height": "0", "index_offset": "0", "jailed_until": NEVER, "tombstoned": False,
            "missed_blocks_counter": "0"}}
        for who in (bech32.encode_bytes("cosmosvalcons", sha256(base64.b64decode(one))[:20]) for one in keys)
    ]  # fmt: skip
    made["consensus"]["params"]["evidence"] |= {"max_age_num_blocks": "5", "max_age_duration": "1000000000"}


def told(raw: int, denom: str = ATOM) -> dict[str, str]:
    return {"denom": denom, "amount": str(raw)}


def made(home: Path) -> None:
    """A home of a node, whose chain has not begun."""
    command = [str(SIMD), "init", "porlake", "--home", str(home), "--chain-id", CHAIN, "--default-denom", ATOM]
    subprocess.run(command, check=True, capture_output=True)
    config = home / "config"
    key = json.loads((config / "priv_validator_key.json").read_text())["pub_key"]
    first = json.loads((config / "genesis.json").read_text())
    genesis(first, key)
    (config / "genesis.json").write_text(json.dumps(first))
    text = (config / "config.toml").read_text()
    for name, value in (("timeout_commit", "20ms"), ("timeout_propose", "200ms"), ("skip_timeout_commit", "true")):
        text = re.sub(rf"(?m)^{name} = .*$", f'{name} = "{value}"' if value != "true" else f"{name} = true", text)
    (config / "config.toml").write_text(text)


@contextmanager
def running(home: Path, *options: str) -> Iterator[str]:
    """The URL of the gateway of a node, once it has a block."""
    ports = free_ports(4)
    places = [f"127.0.0.1:{port}" for port in ports]
    command = [str(SIMD), "start", "--home", str(home), "--api.enable", "--api.address", f"tcp://{places[0]}",
               "--rpc.laddr", f"tcp://{places[1]}", "--p2p.laddr", f"tcp://{places[2]}", "--grpc.address", places[3],
               "--grpc-web.enable=false", "--rpc.pprof_laddr", "", "--minimum-gas-prices", f"0{ATOM}",
               "--log_level", "error", *options]  # fmt: skip
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://{places[0]}"
    try:
        waited(lambda: process.poll() is not None or height(url) > 0, 120)
        if process.poll() is not None:
            raise RuntimeError((home / "log").read_text()[-2000:])
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def waited(what: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("the node does not get so far")
        time.sleep(0.1)


def asked(url: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data), timeout=60) as response:
        return json.load(response)


def height(url: str) -> int:
    """Of the newest block; 0 where there is none yet."""
    try:
        return int(asked(url, f"{cosmos.BLOCKS}/latest")["block"]["header"]["height"])
    except (OSError, LookupError):
        return 0


def done(url: str, signer: Signer, *messages: bytes) -> int:
    """The height of the block that holds a transaction with these messages."""
    known = asked(url, f"/cosmos/auth/v1beta1/accounts/{signer.address}")["account"]
    signed = signer.signed(list(messages), int(known["account_number"]), int(known["sequence"]))
    sending = {"tx_bytes": base64.b64encode(signed).decode(), "mode": "BROADCAST_MODE_SYNC"}
    answer = asked(url, "/cosmos/tx/v1beta1/txs", sending)["tx_response"]
    if answer["code"]:
        raise RuntimeError(answer["raw_log"])
    found: list[int] = []

    def is_in() -> bool:
        try:
            told = asked(url, f"/cosmos/tx/v1beta1/txs/{answer['txhash']}")["tx_response"]
        except urllib.error.HTTPError:
            return False
        if told["code"]:
            raise RuntimeError(told["raw_log"])
        found.append(int(told["height"]))
        return True

    waited(is_in)
    return found[0]


def grown(url: str) -> int:
    """The height of the snapshot, so far below the head that the node must show that it reads the past."""
    stakes = [staked(STAKER.address, number, raw) for number, raw in STAKED.items()]
    done(url, STAKER, *stakes, staked(STAKER.address, 0, UNSTAKED, "MsgUndelegate"))
    at = done(url, PAYER, sent(PAYER.address, LATE, SENT), sent(PAYER.address, LATE, SENT, OSMO))
    waited(lambda: height(url) > at)
    done(url, PAYER, sent(PAYER.address, LATE, 900), sent(PAYER.address, RICH, 1, OSMO))
    done(url, STAKER, staked(STAKER.address, 0, 5), staked(STAKER.address, 1, 5, "MsgUndelegate"))
    waited(lambda: height(url) >= at + cosmos.NEAR + 5, 300)
    return at


# --- what a client makes of it ----------------------------------------------------------------------------------------
def opened(recording: Recording, *endpoints: Endpoint) -> Any:
    return chains.open_client(registry.load().networks[NETWORK], list(endpoints), recording)


def wanted() -> list[chains.Wanted]:
    return [chains.Wanted(asset, token, who) for asset, token in TOKENS.items() for who in ACCOUNTS]


def answers(recording: Recording, at: int, *endpoints: Endpoint) -> dict[str, Any]:
    """Asset, address, component, amount of what is read; asset, address, reason of what is proved: of all that was
    read, and of some with a unit too much; exponents of the coins.
    """
    client = opened(recording, *endpoints)
    block = client.block(at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosmos, "PAGE", PAGE)
        read = list(client.balances(wanted(), block))
        totals = {(one.asset, one.address): one.raw for one in read if one.component == "total"}
        held = [(want, totals[want.asset, want.address]) for want in wanted()]
        proved = list(client.prove(held, block))
        wrong = list(client.prove([(want, raw + 1) for want, raw in held if want.address in SPOILED], block))
    return {
        "height": at,
        "hash": block.hash,
        "balances": [[one.asset, one.address, one.component, str(one.raw)] for one in read],
        "proofs": [[one.asset, one.address, one.reason] for one in proved],
        "wrong": [[one.asset, one.address, one.reason] for one in wrong],
        "decimals": {asset: client.decimals(token, block) for asset, token in TOKENS.items()},
    }


def refusals(recording: Recording, at: int, *endpoints: Endpoint) -> dict[str, str]:
    """What a node is told to have answered that has not the state of a height: by question, the error's class."""
    found = {}
    for name, ask in {
        "a block of the future": lambda client: client.block(10**9),
        "a block that was pruned": lambda client: client.block(at),
        "a balance that was pruned": lambda client: client._told(client._supply(ATOM), at),
        "a balance of the future": lambda client: client._told(client._supply(ATOM), 10**9),
        "a proof that was pruned": lambda client: client._queried(cosmos.proofs.balance_key(b"x" * 20, ATOM), at),
    }.items():
        try:
            ask(opened(recording, *endpoints))
            found[name] = "answered"
        except (ChainError, TransportError) as error:
            found[name] = type(error).__name__
    return found


@contextmanager
def started(home: Path) -> Iterator[Node]:
    """A node whose chain has the snapshot behind it."""
    made(home)
    with running(home, "--pruning", "nothing") as url:
        yield Node(url, grown(url))


@contextmanager
def pruned(home: Path) -> Iterator[str]:
    """The same chain under a node that keeps the newest blocks alone."""
    keeps = ("--pruning", "custom", "--pruning-keep-recent", "2", "--pruning-interval", "10",
             "--min-retain-blocks", "10")  # fmt: skip
    with running(home, *keeps) as url:
        begun = height(url)
        waited(lambda: height(url) > begun + 25)
        yield url


def record() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with started(home) as node:
            found = answers(Recording.record(FOLDER / "full"), node.height, node.endpoint)
            info = asked(node.url, "/cosmos/base/tendermint/v1beta1/node_info")["application_version"]
        with pruned(home) as url:
            found["refusals"] = refusals(Recording.record(FOLDER / "pruned"), node.height, Endpoint(url, pause=0.1))
    found["node"] = [info["cosmos_sdk_version"]]
    (FOLDER / "expected.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
