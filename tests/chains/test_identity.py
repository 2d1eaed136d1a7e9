"""Which chain an endpoint is of: shown by the blocks (or the root) that the registry names, before the first balance,
in every family.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from bitcoin_node import KNOTS, knots
from chains.beacon_stub import GENESIS, ROOT
from porlake import addresses, chains, registry
from porlake.addresses import bitcoin as form
from porlake.chains._identity import check_chain, check_id
from porlake.errors import ChainError
from porlake.transport import Endpoint, Recording
from support import SAMPLE_ROWS, named, on_loopback, own_rows, reply

BITCOINS = sorted(row.network for row in registry.load().networks.values() if row.client == "utxo")
REGTEST = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"


@contextmanager
def answering(answer: Callable[[str, Any], Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(answer(self.path, None))

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.reply(
                {"jsonrpc": "2.0", "id": asked.get("id"), "result": answer(asked.get("method", self.path), asked)}
            )

        def reply(self, value: Any) -> None:
            data = json.dumps(value).encode()
            reply(self, 200, data)

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url


def held_by(network: str) -> dict[int, str]:
    """The blocks that an honest node of a network shows; of Bitcoin Gold's own one the hash is not in the registry."""
    return {mark.height: mark.hash if mark.holds else "ab" * 32 for mark in registry.load().identities[network].blocks}


@pytest.mark.parametrize("node_of", BITCOINS)
def test_a_node_of_one_network_of_the_family_passes_as_no_other(node_of: str) -> None:
    blocks = held_by(node_of)

    def hash_of(height: int) -> str:
        # A block that its own row does not name is Bitcoin's where the chains were one, else somebody's.
        return blocks.get(height, "cd" * 32 if height else blocks[0])

    passed = []
    for network in BITCOINS:
        try:
            check_chain(registry.load().networks[network], "host", hash_of)
            passed.append(network)
        except ChainError:
            pass
    assert passed == [node_of]


@pytest.mark.parametrize("kind", ["", "esplora", "blockbook", "insight", "qtuminfo", "addressindex"])
@pytest.mark.parametrize("network", ["bitcoin", "bitcoin_cash", "litecoin", "dogecoin"])
def test_a_regtest_passes_as_no_network_before_a_balance_is_asked(kind: str, network: str) -> None:
    asked: list[str] = []

    def answer(path: str, body: Any) -> Any:
        asked.append(path)
        if path == "getblockhash" or path.startswith(("/api/v2/block-index/", "/block-index/")):
            return REGTEST if body else {"blockHash": REGTEST}
        if path.startswith(("/api/v2/block/", "/block/")):
            return {"hash": REGTEST, "height": 0, "time": 1_296_688_602, "timestamp": 1_296_688_602}
        if path.startswith("/blocks/"):
            return [{"id": REGTEST, "height": 0, "timestamp": 1_296_688_602}]
        raise AssertionError(path)

    facts = registry.load()
    asset = facts.networks[network].native_asset
    make = addresses.cashaddr.of if facts.networks[network].address_form == "cashaddr" else form._base58
    want = chains.Wanted(asset, facts.tokens[network, asset], make(network, "p2pkh", b"\1" * 20).text)
    at = chains.BlockRef(1, REGTEST, None)
    with answering(answer) as url:
        place = Endpoint(f"{kind}+{url}" if kind else url)
        for ask in (lambda c: c.block(1), lambda c: c.head(), lambda c: list(c.balances([want], at))):
            with pytest.raises(ChainError, match="another chain: its block 0 is 0f9188f1"):
                ask(chains.open_client(facts.networks[network], place, Recording.off()))
    assert asked


@pytest.mark.node
@pytest.mark.skipif(not KNOTS.exists(), reason="Bitcoin Knots is not installed: make nodes")
def test_one_regtest_node_is_the_network_that_a_row_of_ones_own_makes_of_it_and_no_other() -> None:
    with knots() as node:
        for network in ("bitcoin", "bitcoin_cash", "litecoin", "dogecoin"):
            with pytest.raises(ChainError, match="another chain"):
                chains.open_client(registry.load().networks[network], node.endpoint, Recording.off()).head()
        with own_rows(SAMPLE_ROWS):
            assert (
                chains.open_client(registry.load().networks["bitcoin"], node.endpoint, Recording.off()).head().height
                > 0
            )
            with pytest.raises(ChainError, match="another chain"):
                chains.open_client(registry.load().networks["litecoin"], node.endpoint, Recording.off()).head()


def test_a_beacon_node_of_another_network_is_refused() -> None:
    root = "0xd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078"  # Sepolia's

    def answer(path: str, body: Any) -> Any:
        return {"data": {"genesis_time": str(GENESIS), "genesis_validators_root": root}}

    with answering(answer) as url, pytest.raises(ChainError, match=f"its validators' root is {root}"):
        chains.open_client(registry.load().networks["ethereum_beacon"], Endpoint(url), Recording.off()).head()
    assert registry.load().identities["ethereum_beacon"].shows == ROOT


def test_a_block_that_must_not_be_there_is_refused_and_another_taken(tmp_path: Path) -> None:
    facts = registry.load().networks["bitcoin_gold"]
    with own_rows(named(tmp_path, bitcoin_gold=f"0:{'00' * 32} 7!{'11' * 32}")):
        check_chain(facts, "host", {0: "00" * 32, 7: "22" * 32}.__getitem__)
        with pytest.raises(ChainError, match="its block 7 is 1111.*not Bitcoin Gold's"):
            check_chain(facts, "host", {0: "00" * 32, 7: "11" * 32}.__getitem__)


A, B = "a" * 32, "b" * 32


@pytest.mark.parametrize(
    ("caip2", "found", "begins", "shown"),
    [
        ("eip155:1", 1, False, ""),
        ("eip155:1", "1", False, ""),
        ("eip155:1", 10, False, "10"),
        ("eip155:1", "", False, "''"),
        ("eip155:1", True, False, "true"),
        ("eip155:1", None, False, "null"),
        ("tvm:-239", -239, False, ""),
        ("tvm:-239", 239, False, "239"),
        ("polkadot:" + A, A + B, True, ""),
        ("polkadot:" + A, A, True, ""),
        ("polkadot:" + A, A[1:], True, A[1:]),
        ("polkadot:" + A, B + A, True, B + A),
        ("polkadot:" + A, A + B, False, A + B),
        ("polkadot:" + A, [A], True, "a"),
        ("", "", False, "''"),
        ("", A, True, A),
    ],
)
def test_an_id_is_the_whole_reference_or_the_beginning_of_a_hash(
    caip2: str, found: object, begins: bool, shown: str
) -> None:
    network = replace(registry.load().networks["ethereum"], caip2=caip2, name="X")
    if not shown:
        check_id(network, "host", found, begins=begins)
        return
    with pytest.raises(ChainError, match="host: the endpoint is of chain ") as raised:
        check_id(network, "host", found, begins=begins)
    assert shown in str(raised.value)
