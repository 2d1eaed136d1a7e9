"""The script machine beside Bitcoin Knots: what it lets pass, the node lets into its pool; good spends pass in both."""

from __future__ import annotations

import base64
import json
import random
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from made_rows import _secp256k1 as made
from made_rows import bip322, utxo
from porlake.addresses import bitcoin
from porlake.encoding.hashes import sha256
from porlake.encoding.transaction import Input, Output, Transaction
from porlake.errors import NoKey, NoRule
from porlake.ownership import _script

KNOTS = Path(__file__).resolve().parents[2] / ".nodes" / "knots"
LOCK, MATURE, FEE = 100, 101, 10_000
CHANGED = 15  # spends with a changed byte, of each form

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not KNOTS.exists(), reason="Bitcoin Knots is not installed: make nodes"),
]


class Node:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def rpc(self, method: str, *parameters: Any) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(b"u:p").decode()}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=60) as answer:
            return json.load(answer)["result"]

    def takes(self, transaction: Transaction) -> bool:
        return bool(self.rpc("testmempoolaccept", [bip322.serialised(transaction).hex()])[0]["allowed"])


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        loader = next(KNOTS.rglob("ld-linux-x86-64.so.2"))
        options = [
            "-regtest",
            f"-datadir={folder}",
            f"-rpcport={port}",
            "-rpcuser=u",
            "-rpcpassword=p",
            "-listen=0",
            "-printtoconsole=0",
        ]
        command = [
            str(loader),
            "--library-path",
            str(KNOTS / "usr/lib/x86_64-linux-gnu"),
            str(KNOTS / "usr/bin/bitcoind"),
            *options,
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            running = Node(port)
            for _ in range(600):
                try:
                    running.rpc("getblockcount")
                    break
                except (OSError, KeyError):  # not listening yet, or still loading
                    time.sleep(0.1)
            yield running
        finally:
            process.kill()
            process.wait()


def forms() -> dict[str, tuple[bytes, bip322.Signer]]:
    """(script, signer) by form."""
    keys = [made.Key(sha256(bytes([seed]))) for seed in range(3)]
    chance = random.Random(7)
    found = {name: form(chance, keys)[:2] for name, form in bip322.FORMS.items() if "lock" not in name}
    locked = bip322.locked_script(keys[0].short, keys[1].short, LOCK)
    found["p2wsh lock"] = bitcoin.p2wsh("bitcoin", locked), bip322.by_locked_script(keys[1], locked)
    # Knots takes no IF in tapscripts (BIP-110)
    leaf = bip322.pushed(bytes([LOCK])) + b"\xb2\x75" + bip322.pushed(keys[1].short[1:]) + b"\xac"
    where, control = bip322.taproot_of_leaf(leaf, sha256(b"beside"))
    found["p2tr lock"] = where, bip322.by_tapscript(keys[1], leaf, control, False)
    three = utxo.script(2, [key.long for key in keys])
    found["p2sh of long keys"] = bitcoin.p2sh("bitcoin", three), bip322.by_legacy_multisig([keys[0], keys[2]], three)
    return {name: (bitcoin.script(address), signer) for name, (address, signer) in found.items()}


def passes(transaction: Transaction, output: Output) -> bool:
    try:
        _script.spend(transaction, 0, (output,))
    except (NoKey, NoRule):
        return False
    return True


def test_the_machine_and_the_node_agree(node: Node) -> None:
    made_of: dict[str, tuple[Input, Output]] = {}
    for name, (script, _) in forms().items():
        described = node.rpc("getdescriptorinfo", f"raw({script.hex()})")["descriptor"]
        block = node.rpc("getblock", node.rpc("generatetodescriptor", 1, described)[0], 2)
        coinbase = block["tx"][0]
        value = round(coinbase["vout"][0]["value"] * 10**8)
        made_of[name] = Input(bytes.fromhex(coinbase["txid"])[::-1] + bytes(4), b"", LOCK), Output(value, script)
    node.rpc("generatetodescriptor", MATURE, node.rpc("getdescriptorinfo", "raw(51)")["descriptor"])
    chance, refused = random.Random(8), 0
    for name, (_, signer) in forms().items():
        spent, output = made_of[name]
        bare = Transaction(2, (spent,), (Output(output.value - FEE, b"\x00\x14" + bytes(20)),), 0)
        good = bip322.signed(bare, (output,), [signer])
        assert passes(good, output), name
        assert node.takes(good), name
        for change in [_changed_byte] * CHANGED + [_no_witness_item, _two_same_items]:
            other = change(chance, good)
            refused += not node.takes(other)
            assert node.takes(other) or not passes(other, output), (name, other)
    assert refused > 50


# --- changes ----------------------------------------------------------------------------------------------------------
def _changed_byte(chance: random.Random, good: Transaction) -> Transaction:
    spent = good.inputs[0]
    if spent.script and (not spent.witness or chance.random() < 0.2):
        return _with(good, script=_spoiled(chance, spent.script))
    at = chance.choice([at for at, item in enumerate(spent.witness) if item])
    return _with(good, witness=(*spent.witness[:at], _spoiled(chance, spent.witness[at]), *spent.witness[at + 1 :]))


def _no_witness_item(_: random.Random, good: Transaction) -> Transaction:
    return _with(good, witness=good.inputs[0].witness[1:])


def _two_same_items(_: random.Random, good: Transaction) -> Transaction:
    return _with(good, witness=(*good.inputs[0].witness[:1], *good.inputs[0].witness))


def _spoiled(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _with(good: Transaction, **changed: Any) -> Transaction:
    return replace(good, inputs=(replace(good.inputs[0], **changed),))
