"""Conflux Core against a real node: balances of each epoch, stakes, what it says of heights and of bad questions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import conflux_node
from conflux_node import STAKING, Account, Node
from porlake import chains, registry
from porlake.addresses import conflux
from porlake.chains.conflux.client import Client
from porlake.errors import TransportError
from porlake.transport import Endpoint, Recording

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not (conflux_node.FOLDER / "node_modules").exists(), reason="no Conflux node: make nodes"),
]
ONE, TWO = Account("46b9e861b63d3509c88b7817275a30d22d62c8cd8fa6486ddee35ef0d8e0495f"), Account("22" * 32)
GIVEN, CFX = 10_000 * 10**18, 10**18
NOBODY = conflux.encode(b"\x10" + b"\x77" * 19)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with conflux_node.started([ONE.secret, TWO.secret]) as found:
        yield found


def opened(node: Node) -> Client:
    found: Client = chains.open_client(
        registry.load().networks["conflux"], Endpoint(node.url, tries=1), Recording.off()
    )
    return found


def read(client: Client, epoch: int, *accounts: str) -> dict[str, dict[str, int]]:
    token = registry.load().tokens["conflux", "CFX"]
    at = client.block(epoch)
    found: dict[str, dict[str, int]] = {}
    for one in client.balances([chains.Wanted("CFX", token, account) for account in accounts], at):
        assert isinstance(one, chains.Reading), one
        assert (one.block, one.as_of) == (at, "exact")
        found.setdefault(one.address, {})[one.component] = one.raw
    return found


def test_an_epoch_holds_its_own_transactions_and_stakes_are_a_part(node: Node) -> None:
    paid = node.send(ONE, TWO.payload, 5 * CFX + 1)
    staked = node.send(TWO, STAKING, 0, bytes.fromhex("b6b55f25") + (100 * CFX).to_bytes(32, "big"))
    while node.state() <= staked:
        pass
    client = opened(node)
    held = {epoch: read(client, epoch, TWO.address, NOBODY) for epoch in (paid - 1, paid, staked - 1, staked)}
    assert {found[NOBODY]["total"] for found in held.values()} == {0}
    assert [held[epoch][TWO.address]["total"] for epoch in (paid - 1, paid)] == [GIVEN, GIVEN + 5 * CFX + 1]
    before, after = (held[epoch][TWO.address] for epoch in (staked - 1, staked))
    assert (before["staked"], after["staked"]) == (0, 100 * CFX)
    fee = before["total"] - after["total"]
    assert 0 < fee < CFX
    assert after["liquid"] + after["staked"] + after["collateral"] == after["total"]


def test_blocks(node: Node) -> None:
    client = opened(node)
    top = node.state()
    blocks = [client.block(height) for height in (1, 2, top)]
    assert [block.height for block in blocks] == [1, 2, top]
    assert blocks[1].time >= blocks[0].time
    assert client.head().height == client.final() <= top
    with pytest.raises(TransportError, match="largest epoch number"):
        client.block(top + 1_000_000)
    assert list(client.past([], blocks[0])) == []


def test_a_bad_address_costs_itself(node: Node) -> None:
    """The node refuses it in the batch."""
    client, token = opened(node), registry.load().tokens["conflux", "CFX"]
    bad = TWO.address[:-1] + ("a" if TWO.address[-1] != "a" else "b")
    wanted = [chains.Wanted("CFX", token, account) for account in (ONE.address, bad, NOBODY)]
    answers = list(client.balances(wanted, client.block(2)))
    assert {one.address for one in answers if isinstance(one, chains.Unread)} == {bad}
    assert {one.address for one in answers if isinstance(one, chains.Reading)} == {ONE.address, NOBODY}


def test_an_epoch_that_the_node_has_not_executed_has_no_state(node: Node) -> None:
    """It is not ignored: balances are then of the newest final epoch, and say so."""
    client, token = opened(node), registry.load().tokens["conflux", "CFX"]
    top = client.block(node.state())
    unknown = chains.BlockRef(top.height + 50_000, "0x" + "11" * 32, top.moment)
    answers = list(client.balances([chains.Wanted("CFX", token, ONE.address)], unknown))
    assert {one.as_of for one in answers if isinstance(one, chains.Reading)} == {"head"}
