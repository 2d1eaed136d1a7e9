"""Casper's two generations of nodes: what the world of the suite does not show, which is a sidecar of 2.x."""

from __future__ import annotations

from typing import Any

import pytest

from chains import stub
from chains.casper.world import EMPTY, HEIGHT, NEVER, RICH, WORLD, hash_at
from chains.stub import RpcError
from porlake import chains, registry
from porlake.errors import BadAnswer, ChainError
from porlake.transport import Endpoint, Recording


class Old(WORLD):
    """A node of 1.5: no details of a balance, blocks in their first form."""

    version = "1.5.8"

    def _call(self, method: str, params: Any) -> Any:
        match method:
            case "query_balance_details":
                raise RpcError(-32601, "Method not found")
            case "query_balance":
                told = self._details(**params)
                return {"api_version": self.version, "balance": told["available_balance"]}
            case "chain_get_block":
                block = self._block(params)["Version2"]
                header = {name: value for name, value in block["header"].items() if name != "proposer"}
                body = {"proposer": block["header"]["proposer"], "deploy_hashes": [], "transfer_hashes": []}
                return {"api_version": self.version, "block": {"hash": block["hash"], "header": header, "body": body}}
        return super()._call(method, params)


class Hiding(Old):
    """A node of 2.x that tells what is available alone."""

    version = "2.0.0"


def read(world: WORLD, *accounts: str) -> list[Any]:
    facts = registry.load()
    with stub.served(world) as server:
        client: Any = chains.open_client(facts.networks["casper"], Endpoint(server.endpoint_url), Recording.off())
        wanted = [chains.Wanted("CSPR", facts.tokens["casper", "CSPR"], account) for account in accounts]
        return list(client.balances(wanted, client.block(HEIGHT)))


def test_a_node_of_the_first_generation_knows_of_no_holds() -> None:
    found = read(Old(), RICH, EMPTY, NEVER)
    totals = [one for one in found if one.component == "total"]
    assert [one.raw for one in totals] == [Old.held["CSPR"][RICH]["total"], 0, 0]
    assert {(one.method, one.as_of, one.block.hash) for one in totals} == {("query_balance", "exact", hash_at(HEIGHT))}
    assert [one.no_history for one in totals] == [False, False, True]


def test_a_balance_without_what_is_on_hold_is_not_taken_for_the_whole() -> None:
    with pytest.raises((BadAnswer, ChainError), match="another generation"):
        read(Hiding(), RICH)


def test_a_block_that_nobody_made_leaves_the_canary_to_the_one_before() -> None:
    class Upgraded(WORLD):
        def _block(self, params: Any) -> Any:
            block = super()._block(params)
            if block["Version2"]["header"]["height"] == HEIGHT:
                block["Version2"]["header"]["proposer"] = "00"
            return block

    assert read(Upgraded(), RICH)[-1].raw == WORLD.held["CSPR"][RICH]["total"]
