"""Bitcoin Knots on regtest with a chain of known coins, an Electrum server on it, and writers of dumps of our own.

Regtest's addresses have other prefixes than the network's; scripts are the same, and scripts are what is watched.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from Crypto.Cipher import ChaCha20

from porlake.addresses import bitcoin
from porlake.encoding import base58
from porlake.encoding.hashes import hash160, sha256, sha256d
from porlake.encoding.varint import compact_size, with_length
from porlake.transport import Endpoint
from ports import free_port

NODES = Path(__file__).resolve().parents[1] / ".nodes"
KNOTS = NODES / "knots"
ELECTRUM = NODES / "electrumx"
HEIGHT = 112
COIN = 10**8
KEY = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
LONG_KEY = bytes.fromhex(
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
)
OFF_CURVE = b"\x04" + b"\x11" * 64


# --- the node ---------------------------------------------------------------------------------------------------------
@dataclass
class Node:
    """`held`: base units at HEIGHT by address; `now`: at the tip; `spent`: addresses whose coins of HEIGHT are gone at
    the tip.
    """

    url: str
    folder: Path
    held: dict[str, int] = field(default_factory=dict)
    now: dict[str, int] = field(default_factory=dict)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.url)

    def rpc(self, method: str, *params: Any) -> Any:
        user, _, host = self.url.removeprefix("http://").rpartition("@")
        headers = {
            "Content-Type": "application/json",
            "Authorization": "Basic " + base64.b64encode(user.encode()).decode(),
        }
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"http://{host}", body, headers), timeout=60) as response:
            answer = json.load(response)
        if answer.get("error"):
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]


@contextmanager
def started(folder: Path, binary: str, *options: str) -> Iterator[Node]:
    """A node of Bitcoin's family on regtest, from Debian's packages unpacked in a folder with all their libraries."""
    port = free_port()
    loader = next(folder.rglob("ld-linux-x86-64.so.2"))
    libraries = ":".join(str(folder / place) for place in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))
    with tempfile.TemporaryDirectory() as data:
        command = [str(loader), "--library-path", libraries, str(folder / binary), "-regtest", f"-datadir={data}",
                   f"-rpcport={port}", "-rpcuser=u", "-rpcpassword=p", "-listen=0", "-txindex",
                   "-fallbackfee=0.0001", "-printtoconsole=0", *options]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            node = Node(f"http://u:p@127.0.0.1:{port}", Path(data))
            wait_for(lambda: node.rpc("getblockcount"))
            yield node
        finally:
            process.kill()
            process.wait()


@contextmanager
def knots() -> Iterator[Node]:
    with started(KNOTS, "usr/bin/bitcoind", "-coinstatsindex", "-acceptnonstdtxn=1") as node:
        build(node)
        yield node


def build(node: Node) -> None:
    """Every kind of script at HEIGHT, amounts powers of two; above it some coins are spent, and others come."""
    node.rpc("createwallet", "tests")
    miner = node.rpc("getnewaddress")
    node.rpc("generatetoaddress", HEIGHT - 2, miner)
    own = {kind: node.rpc("getnewaddress", "", kind) for kind in ("legacy", "p2sh-segwit", "bech32", "bech32m")}
    scripts = [bytes.fromhex(node.rpc("getaddressinfo", address)["scriptPubKey"]) for address in own.values()]
    scripts += [bitcoin.script(address) for address in strangers()]
    outputs = [(1 << power, script) for power, script in enumerate(scripts, 10)]
    others = [
        (1 << 31, b"\x21" + KEY + b"\xac"),
        (1 << 30, b"\x41" + LONG_KEY + b"\xac"),
        (1 << 20, b"\x41" + OFF_CURVE + b"\xac"),
        (7, b"\x51\x21" + KEY + b"\x21" + KEY + b"\x52\xae"),
        (9, b""),
        (0, b"\x51"),
        (11, b"\x60\x02ab"),
        (12, b"\x51\x02\x4e\x73"),
        (0, b"\x6a\x04gone"),
        (13, b"\x00" * 300),
    ]
    mine(node, [[*outputs, *others], [(1 + n % 3, b"\x51") for n in range(16_600)]])
    assert node.rpc("getblockcount") == HEIGHT - 1
    mine(node, [[(1 << 29, scripts[0])]])
    for power, script in enumerate(scripts, 10):
        node.held[text(script)] = (1 << power) + ((1 << 29) if script == scripts[0] else 0)
    node.now = dict(node.held)
    # What happens above the height must not be seen: three coins are spent, one of them by a transaction that pays
    # another back.
    spent = scripts[:3]
    unspent = [coin for coin in node.rpc("listunspent") if bytes.fromhex(coin["scriptPubKey"]) in spent]
    mine(node, [[(1 << 8, scripts[5]), (1 << 9, scripts[1]), *[(1, b"\x51")] * 20]], unspent)
    for script in spent:
        node.now[text(script)] = 0
    node.now[text(scripts[5])] += 1 << 8
    node.now[text(scripts[1])] = 1 << 9
    node.rpc("generatetoaddress", 3, miner)


def strangers() -> list[bitcoin.Address]:
    """Addresses of every form on the network itself; the first one's bare key is paid too, apart."""
    script = b"\x51\x21" + KEY + b"\x51\xae"
    return [
        bitcoin.p2pkh("bitcoin", KEY),
        bitcoin.p2pkh("bitcoin", LONG_KEY),
        bitcoin.p2sh("bitcoin", script),
        bitcoin.p2wpkh("bitcoin", KEY),
        bitcoin.p2wsh("bitcoin", script),
        bitcoin.segwit("bitcoin", 1, KEY[1:]),
        bitcoin.segwit("bitcoin", 16, b"\x07" * 40),
    ]


def text(script: bytes) -> str:
    """The network's own address of a script."""
    if script[:3] == b"\x76\xa9\x14":
        return base58.encode_check(b"\0" + script[3:23])
    if script[:2] == b"\xa9\x14":
        return base58.encode_check(b"\5" + script[2:22])
    return bitcoin.segwit("bitcoin", script[0] - 0x50 if script[0] else 0, script[2:]).text


def mine(node: Node, payments: list[list[tuple[int, bytes]]], inputs: list[dict[str, Any]] | None = None) -> None:
    """A block with a transaction for each list of (amount, script), without a fee; no policy stands between them and
    the block.

    Each spends `inputs`, else a coin that was mined; what is left goes to a script of nobody.
    """
    mined = iter([coin for coin in node.rpc("listunspent", 101) if coin["amount"] == 50])
    signed = []
    for outputs in payments:
        spent = inputs or [next(mined)]
        left = sum(round(coin["amount"] * COIN) for coin in spent) - sum(amount for amount, _ in outputs)
        outputs = [*outputs, (left, b"\x52")]
        raw = (2).to_bytes(4, "little") + compact_size(len(spent))
        raw += b"".join(
            bytes.fromhex(coin["txid"])[::-1] + coin["vout"].to_bytes(4, "little") + b"\0" + b"\xff" * 4
            for coin in spent
        )
        raw += (
            compact_size(len(outputs))
            + b"".join(amount.to_bytes(8, "little") + with_length(script) for amount, script in outputs)
            + bytes(4)
        )
        signed.append(node.rpc("signrawtransactionwithwallet", raw.hex())["hex"])
    node.rpc("generateblock", node.rpc("getnewaddress"), signed)


@contextmanager
def electrum(node: Node) -> Iterator[Endpoint]:
    port, rpc_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        told = {
            "COIN": "Bitcoin", "NET": "regtest", "DAEMON_URL": node.url, "DB_DIRECTORY": folder,
            "PEER_DISCOVERY": "off", "ALLOW_ROOT": "1",
            "SERVICES": f"tcp://127.0.0.1:{port},rpc://127.0.0.1:{rpc_port}", "COST_SOFT_LIMIT": "0",
            "COST_HARD_LIMIT": "0",
        }  # fmt: skip
        command = [str(ELECTRUM / "bin/python"), str(ELECTRUM / "bin/electrumx_server")]
        process = subprocess.Popen(command, env=os.environ | told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close())
            yield Endpoint(f"electrum+tcp://127.0.0.1:{port}")
        finally:
            process.kill()
            process.wait()


def wait_for(ask: Any) -> None:
    for _ in range(600):
        try:
            ask()
            return
        except (OSError, RuntimeError):
            time.sleep(0.1)
    raise RuntimeError("the node does not come up")


# --- dumps of our own -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Made:
    """A coin to be written; `stored` is its script as the set keeps it, where that is not found from the script."""

    txid: bytes
    vout: int
    height: int
    coinbase: bool
    amount: int
    script: bytes


def varint(number: int) -> bytes:
    out = [number & 0x7F]
    while number > 0x7F:
        number = (number >> 7) - 1
        out.append(number & 0x7F | 0x80)
    return bytes(reversed(out))


def amount_code(amount: int) -> int:
    if amount == 0:
        return 0
    power = 0
    while amount % 10 == 0 and power < 9:
        amount, power = amount // 10, power + 1
    if power < 9:
        return 1 + (amount // 10 * 9 + amount % 10 - 1) * 10 + power
    return 1 + (amount - 1) * 10 + 9


def stored(script: bytes) -> bytes:
    if len(script) == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return b"\0" + script[3:23]
    if len(script) == 23 and script[:2] == b"\xa9\x14" and script[22:] == b"\x87":
        return b"\1" + script[2:22]
    if len(script) == 35 and script[0] == 33 and script[1] in (2, 3) and script[34] == 0xAC:
        return script[1:34]
    if script == b"\x41" + LONG_KEY + b"\xac":
        return b"\4" + LONG_KEY[1:33]
    return varint(len(script) + 6) + script


def body(coin: Made) -> bytes:
    return varint(coin.height * 2 + coin.coinbase) + varint(amount_code(coin.amount)) + stored(coin.script)


def key_order(coin: Made) -> tuple[bytes, bytes]:
    return coin.txid, varint(coin.vout)


def dump(coins: Iterable[Made], layout: int = 2, magic: str = "f9beb4d9", block: bytes = b"\x0b" * 32) -> bytes:
    coins = sorted(coins, key=key_order)
    if layout == 1:
        head = block + len(coins).to_bytes(8, "little") + bytes(4)
        return head + b"".join(coin.txid + coin.vout.to_bytes(4, "little") + body(coin) for coin in coins)
    out = b"utxo\xff\x02\x00" + bytes.fromhex(magic) + block + len(coins).to_bytes(8, "little")
    for txid in sorted({coin.txid for coin in coins}):
        group = [coin for coin in coins if coin.txid == txid]
        out += txid + compact_size(len(group)) + b"".join(compact_size(coin.vout) + body(coin) for coin in group)
    return out


def serialized(coin: Made) -> bytes:
    head = coin.txid + coin.vout.to_bytes(4, "little") + (coin.height * 2 + coin.coinbase).to_bytes(4, "little")
    return head + coin.amount.to_bytes(8, "little") + with_length(coin.script)


def hash_serialized(coins: Iterable[Made]) -> str:
    return sha256d(b"".join(serialized(coin) for coin in sorted(coins, key=lambda coin: (coin.txid, coin.vout))))[
        ::-1
    ].hex()


def muhash(coins: Iterable[Made]) -> str:
    product = 1
    for coin in coins:
        stream = ChaCha20.new(key=sha256(serialized(coin)), nonce=bytes(8)).encrypt(bytes(384))
        product = product * int.from_bytes(stream, "little") % (2**3072 - 1103717)
    return hashlib.sha256(product.to_bytes(384, "little")).digest()[::-1].hex()


P2PK_OWNER = base58.encode_check(b"\0" + hash160(KEY))
