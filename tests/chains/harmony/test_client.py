"""Harmony: balances by the real Multicall3, in an EVM that is real too; who has delegated how much is the world's."""

from __future__ import annotations

import pytest

import anvil
from chains.harmony.world import address, payload
from porlake import chains, registry
from porlake.chains.harmony.client import Client
from porlake.errors import BadAnswer, TransportError
from porlake.transport import Endpoint, Recording

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not anvil.ANVIL.exists(), reason="no anvil: make nodes"),
]


def test_balances_of_a_block_by_multicall3() -> None:
    held = {payload(number): 10**18 * number + number for number in range(1, 251)}
    alloc = {"0x" + account.hex(): {"balance": hex(raw)} for account, raw in held.items()}
    code = {anvil.MULTICALL3_PLACE: {"balance": "0x0", "code": anvil.MULTICALL3}}
    with anvil.started(chain_id=1_666_600_000, alloc=alloc | code) as url:
        one = "0x" + payload(1).hex()
        anvil.rpc(url, "anvil_mine", "0x2")
        anvil.rpc(url, "anvil_setBalance", one, "0x7")
        anvil.rpc(url, "anvil_mine", "0x1")
        client = chains.open_client(registry.load().networks["harmony"], Endpoint(url, tries=1), Recording.off())
        assert isinstance(client, Client)
        accounts = [*held, payload(999)]
        before, after = client.block(1), client.head()
        assert client._liquid(accounts, before) == [*held.values(), 0]
        assert client._liquid(accounts, after) == [7, *list(held.values())[1:], 0]
        assert client.block_at(after.time).height == after.height
        with pytest.raises((BadAnswer, TransportError)):
            client._delegated([address(1)], 1)  # an EVM node knows none


def test_without_multicall3_nothing_is_read() -> None:
    with anvil.started(chain_id=1_666_600_000) as url:
        client = chains.open_client(registry.load().networks["harmony"], Endpoint(url, tries=1), Recording.off())
        with pytest.raises(BadAnswer, match="no answer of it"):
            client._liquid([payload(1)], client.head())
