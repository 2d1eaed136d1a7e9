"""Aptos' client: what the suite of all chains does not ask."""

from __future__ import annotations

from typing import Any

import pytest

from chains import stub
from chains.aptos.world import HEIGHT, LATE, RICH, WORLD, last_version, refused
from chains.stub import Change, Reply, Request
from porlake import chains, registry
from porlake.errors import ChainError, NodeBehind, Unavailable
from porlake.transport import Endpoint, Recording

FACTS = registry.load()
APTOS, APT = FACTS.networks["aptos"], FACTS.tokens["aptos", "APT"]


def held(change: Change | None = None, behind: str = "", *addresses: str) -> tuple[Any, stub.Server]:
    with stub.served(WORLD()) as server:
        server.change = change
        some = chains.open_client(APTOS, Endpoint(server.endpoint_url + behind, tries=1), Recording.off())
        at = some.block(HEIGHT)
        wants = [chains.Wanted("APT", APT, address) for address in addresses or (RICH,)]
        return {one.address: getattr(one, "raw", None) for one in some.balances(wants, at)}, server


@pytest.mark.parametrize("behind", ["", "/v1", "/v1/"])
def test_a_url_may_end_with_the_version_of_the_api(behind: str) -> None:
    found, server = held(None, behind)
    assert found == {RICH: 2**63 + 9}
    assert {request.path.split("/")[1] for request, _ in server.log} == {"v1"}


def test_a_height_is_a_block_and_its_state_that_of_its_last_version() -> None:
    found, server = held(None, "", LATE)
    assert found == {LATE: 100}
    asked = {request.query.get("ledger_version") for request, _ in server.log if request.path == "/v1/view"}
    assert asked == {str(last_version(HEIGHT))}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("version_pruned", 410, Unavailable),
        ("block_pruned", 410, Unavailable),
        ("version_not_found", 404, NodeBehind),
        ("block_not_found", 404, NodeBehind),
    ],
)
def test_what_a_node_does_not_keep_another_may(code: str, status: int, kind: type[Exception]) -> None:
    def lie(request: Request, reply: Reply) -> Reply:
        return refused(status, code) if "view" in request.path or "by_height" in request.path else reply

    with pytest.raises(kind):
        held(lie)


def test_an_address_is_quoted_in_a_question_and_a_resource_must_be_the_one_asked_for() -> None:
    usdt = FACTS.tokens["aptos", "USDT"]

    def other(request: Request, reply: Reply) -> Reply:
        if "/resource/" not in request.path:
            return reply
        return stub.with_body(reply, {**reply.body, "type": "0x1::coin::CoinInfo<0x1::a::B>"})

    with stub.served(WORLD()) as server:
        some = chains.open_client(APTOS, Endpoint(server.endpoint_url, tries=1), Recording.off())
        at = some.block(HEIGHT)
        assert some.decimals(usdt, at) == 6
        unknown = registry.Token("aptos", "USDT", "fungible_asset", "0x5::a::B", 6, "", "")
        assert some.decimals(unknown, at) is None
        server.change = other
        with pytest.raises(ChainError, match="asked for 0x1::fungible_asset::Metadata"):
            some.decimals(usdt, at)
