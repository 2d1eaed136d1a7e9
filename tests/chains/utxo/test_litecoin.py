"""Litecoin's own node: its older dump of coins, its scan, and the extension block, which has no addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bitcoin_node import Node
from litecoin_node import ACTIVE, COIN, LITECOIN, PEGGED, litecoind
from porlake import chains, registry
from porlake.addresses import bitcoin as form
from porlake.chains.utxo import node as utxo
from porlake.errors import RequestFailed
from porlake.transport import Endpoint, Recording
from support import named, own_rows

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not LITECOIN.exists(), reason="Litecoin Core is not installed: make nodes"),
]


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with litecoind() as running:
        yield running


@pytest.fixture(autouse=True)
def regtest(node: Node, tmp_path: Path) -> Iterator[None]:
    """The network of the registry that is this node's: a regtest passes as nothing else."""
    with own_rows(named(tmp_path, litecoin=f"0:{node.rpc('getblockhash', 0)}")):
        yield


def texts(node: Node) -> dict[str, int]:
    """What is held, by the network's own spelling of the scripts."""
    found = {}
    for address, raw in node.held.items():
        script = bytes.fromhex(node.rpc("getaddressinfo", address)["scriptPubKey"])
        if script[:1] == b"\x00":
            text = form.segwit("litecoin", 0, script[2:]).text
        else:
            kind, digest = ("p2pkh", script[3:23]) if script[:1] == b"\x76" else ("p2sh", script[2:22])
            text = form._base58("litecoin", kind, digest).text
        found[text] = raw
    return found


def hidden(node: Node) -> str:
    """The address of the output that stands for all of the extension block, as it would be written."""
    block = node.rpc("getblock", node.rpc("getblockhash", ACTIVE), 2)
    outputs = [(bytes.fromhex(out["scriptPubKey"]["hex"]), out["value"] * COIN) for out in block["tx"][-1]["vout"]]
    ((script, amount),) = [found for found in outputs if found[0][:2] == b"\x58\x20"]
    assert amount >= PEGGED
    return form.segwit("litecoin", 8, script[2:]).text


def read(node: Node, *addresses: str, dump: utxo.Dump | None = None, height: int = ACTIVE) -> dict[str, Any]:
    network = registry.load().networks["litecoin"]
    client = chains.open_client(network, Endpoint(node.url), Recording.off(), dump=dump)
    wanted = [chains.Wanted("LTC", registry.load().tokens["litecoin", "LTC"], text) for text in addresses]
    return {answer.address: answer for answer in client.balances(wanted, client.block(height))}


@pytest.mark.parametrize("by_file", [False, True], ids=["scan", "dump"])
def test_balances_are_those_of_the_node_and_the_extension_block_is_nobodys(
    node: Node, by_file: bool, tmp_path: Path
) -> None:
    held = texts(node)
    dump = utxo.Dump(str(tmp_path / "utxo.dat")) if by_file else None
    found = read(node, *held, hidden(node), dump=dump)
    assert {text: found[text].raw for text in held} == held
    assert found[hidden(node)].reason == "mweb"


def test_a_past_that_the_node_no_longer_has_is_refused(node: Node, tmp_path: Path) -> None:
    """This version writes the coins of its tip alone."""
    with pytest.raises(RequestFailed, match="dumptxoutset"):
        read(node, *texts(node), dump=utxo.Dump(str(tmp_path / "utxo.dat")), height=ACTIVE - 1)
