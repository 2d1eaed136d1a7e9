"""NEAR's client: what the suite of all chains does not ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chains import stub
from chains.near.world import HEAD, HEIGHT, LATE, NEVER, RICH, USDT, WORLD, name_of, refused, rpc
from chains.stub import Change, Reply, Request
from porlake import chains, registry
from porlake.errors import NodeBehind, RequestFailed, TimedOut, TransportError, Unavailable
from porlake.transport import Endpoint, Recording

FACTS = registry.load()
NEAR, NEAR_USDT = FACTS.tokens["near", "NEAR"], FACTS.tokens["near", "USDT"]


@contextmanager
def client(change: Change | None = None) -> Iterator[Any]:
    with stub.served(WORLD()) as server:
        server.change = change
        yield chains.open_client(FACTS.networks["near"], Endpoint(server.endpoint_url, tries=1), Recording.off())


@pytest.mark.parametrize("height", [HEIGHT + 7, HEIGHT + 8])
def test_a_height_without_a_block_has_the_state_of_the_block_before_it(height: int) -> None:
    with client() as some:
        before = some.block(HEIGHT + 6)
        found = some.block(height)
        (liquid, *_) = some.balances([chains.Wanted("NEAR", NEAR, LATE)], found)
    assert found == chains.BlockRef(height, name_of(HEIGHT + 6), before.moment)
    assert (liquid.raw, liquid.as_of) == (150, "exact")


def test_a_block_that_the_node_lacks_is_no_height_without_one() -> None:
    def lacks(request: Request, reply: Reply) -> Reply:
        if request.body["method"] == "block" and request.body["params"].get("block_id") == HEIGHT:
            return rpc(request, _unknown)
        return reply

    with client(lacks) as some, pytest.raises(Unavailable, match="and those around it are"):
        some.block(HEIGHT)
    with client() as some, pytest.raises(Unavailable, match="nor one after it"):
        some.block(HEAD + 1)


def _unknown(method: str, params: Any) -> Any:
    raise refused("UNKNOWN_BLOCK")


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        ("GARBAGE_COLLECTED_BLOCK", Unavailable),
        ("UNKNOWN_BLOCK", Unavailable),
        ("UNAVAILABLE_SHARD", Unavailable),
        ("NO_SYNCED_BLOCKS", NodeBehind),
        ("TIMEOUT_ERROR", TimedOut),
        ("INVALID_ACCOUNT", RequestFailed),
    ],
)
def test_what_an_error_means_is_said_by_its_cause(cause: str, kind: type[Exception]) -> None:
    def fails(request: Request, reply: Reply) -> Reply:
        def fail(method: str, params: Any) -> Any:
            raise refused(cause)

        return rpc(request, fail) if request.body["method"] == "query" else reply

    with client(fails) as some, pytest.raises(kind):
        list(some.balances([chains.Wanted("NEAR", NEAR, RICH)], some.block(HEIGHT)))


def test_a_call_that_failed_is_told_within_the_result_by_older_nodes() -> None:
    def older(request: Request, reply: Reply) -> Reply:
        if request.body["params"] and request.body["params"].get("request_type") == "call_function":
            told = {"error": "wasm execution failed with error: MethodNotFound", "logs": []}
            where = {"block_height": HEIGHT, "block_hash": name_of(HEIGHT)}
            return stub.with_body(reply, reply.body | {"result": told | where})
        return reply

    with client(older) as some:
        wants = [chains.Wanted("USDT", NEAR_USDT, one) for one in (RICH, NEVER)]
        found = list(some.balances(wants, some.block(HEIGHT)))
    assert [one.reason for one in found] == ["refused_by_server", "refused_by_server"]


@pytest.mark.parametrize("told", ["12", '"12x"', '"-1"', "[1]", '"1', "null", '"1e3"'])
def test_a_token_s_balance_is_a_text_of_whole_digits(told: str) -> None:
    change = stub.at("result.result", lambda _: list(told.encode()), method="query")
    with client(change) as some, pytest.raises(TransportError):
        list(some.balances([chains.Wanted("USDT", NEAR_USDT, RICH)], some.block(HEIGHT)))
    assert USDT == "usdt.tether-token.near"
