"""Sui's and IOTA's client: what the suite of all chains does not ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chains import stub
from chains.iota import world as iota
from chains.stub import Change, Reply, Request, with_body
from chains.sui import world as sui
from chains.sui.service import HEAD, HEIGHT, Chain
from porlake import chains, registry
from porlake.errors import BadAnswer
from porlake.transport import Endpoint, Recording

FACTS = registry.load()
WORLDS: dict[str, Any] = {"sui": sui.WORLD, "iota": iota.WORLD}


@contextmanager
def client(network: str, change: Change | None = None, **chain: Any) -> Iterator[Any]:
    world = WORLDS[network]()
    world.chain = replace(world.chain, **chain)
    with stub.served(world) as server:
        server.change = change
        yield chains.open_client(FACTS.networks[network], Endpoint(server.endpoint_url, tries=1), Recording.off())


def told(some: Any, asset: str, *addresses: str) -> dict[tuple[str, str], chains.Reading]:
    network = some._network.network
    wants = [chains.Wanted(asset, FACTS.tokens[network, asset], address) for address in addresses]
    return {(one.address, one.component): one for one in some.balances(wants, some.block(HEIGHT))}


OLD = {"kept": HEIGHT + 1}  # the snapshot's balances are not kept any more


@pytest.mark.parametrize(("kept", "as_of", "method"), [(HEIGHT, "exact", "graphql_balance"), (HEIGHT + 1, "head", "")])
def test_a_checkpoint_is_exact_as_long_as_the_service_keeps_it(kept: int, as_of: str, method: str) -> None:
    with client("sui", kept=kept) as some:
        late = told(some, "SUI", sui.LATE)[sui.LATE, "total"]
    assert (late.as_of, late.raw) == (as_of, 100 if kept == HEIGHT else 150)
    assert late.block.height == (HEIGHT if kept == HEIGHT else HEAD)


@pytest.mark.parametrize("network", ["sui", "iota"])
@pytest.mark.parametrize(
    ("newest", "as_of"), [(HEIGHT - 1, "exact"), (HEIGHT, "exact"), (HEIGHT + 1, "head"), (None, "head")]
)
def test_an_account_that_nothing_touched_since_is_exact(network: str, newest: int | None, as_of: str) -> None:
    asset, world = network.upper(), WORLDS[network]
    touched = {} if newest is None else {sui.STAKER: newest}
    kept = OLD if network == "sui" else {}
    with client(network, touched=touched, **kept) as some:
        found = told(some, asset, sui.STAKER)
    for component, raw in world.held[asset][sui.STAKER].items():
        one = found[sui.STAKER, component]
        assert (one.as_of, one.raw) == (as_of, raw)
        assert (one.method == "unchanged_since") is (as_of == "exact")
        if one.evidence is not None:
            assert (one.evidence.head.height, one.evidence.last_change) == (HEAD, str(newest))


def test_what_lies_beside_the_coins_may_come_without_touching_the_account() -> None:
    with client("sui", beside={sui.RICH: 1}, **OLD) as some:
        found = told(some, "SUI", sui.RICH)[sui.RICH, "total"]
    assert (found.as_of, found.raw) == ("head", sui.LARGE)


@pytest.mark.parametrize("network", ["sui", "iota"])
@pytest.mark.parametrize("count", [49, 50, 51, 120])
def test_stakes_of_several_pages_are_one_sum(network: str, count: int) -> None:
    with client(network, stakes={sui.STAKER: [10**9 + place for place in range(count)]}) as some:
        found = told(some, network.upper(), sui.STAKER)
    assert found[sui.STAKER, "staked"].raw == sum(10**9 + place for place in range(count))
    assert found[sui.STAKER, "total"].raw == found[sui.STAKER, "staked"].raw + 5


@pytest.mark.parametrize("network", ["sui", "iota"])
@pytest.mark.parametrize("spoiled", ["address", "twice", "cursor", "checkpoint"])
def test_a_page_of_stakes_that_is_not_the_next_one_costs_the_account(network: str, spoiled: str) -> None:
    def spoil(request: Request, reply: Reply) -> Reply:
        if "after:" not in request.text:
            return reply
        data = reply.body["data"]
        found = data["checkpoint"]["query"]["a0"] if network == "sui" else data["a0"]
        page = found["objects" if network == "sui" else "stakes"]
        match spoiled:
            case "address":
                found["address"] = sui.RICH
            case "twice":
                page["nodes"] *= 2
            case "cursor":
                page["pageInfo"] = {"hasNextPage": True, "endCursor": '"}'}
            case "checkpoint" if network == "sui":
                data["checkpoint"]["sequenceNumber"] += 1
            case _:
                page["nodes"] = None
        return reply

    asset = network.upper()
    with client(network, spoil, stakes={sui.STAKER: [10**9] * 60}) as some:
        wants = [chains.Wanted(asset, FACTS.tokens[network, asset], one) for one in (sui.STAKER, sui.RICH)]
        found = list(some.balances(wants, some.block(HEIGHT)))
    assert [(one.address, one.reason) for one in found if isinstance(one, chains.Unread)] == [
        (sui.STAKER, "bad_answer")
    ]


@pytest.mark.parametrize("network", ["sui", "iota"])
def test_a_service_that_does_not_know_what_touched_an_account_tells_the_head(network: str) -> None:
    def unknown(request: Request, reply: Reply) -> Reply:
        if "AFFECTED" not in request.text:
            return reply
        return Reply({"data": None, "errors": [{"message": 'Value "AFFECTED" does not exist in enum'}]})

    kept = OLD if network == "sui" else {}
    with client(network, unknown, **kept) as some:
        found = told(some, network.upper(), sui.RICH)[sui.RICH, "total"]
    assert (found.as_of, found.raw) == ("head", sui.LARGE)


def test_a_balance_of_sui_that_is_null_is_no_zero() -> None:
    def null(request: Request, reply: Reply) -> Reply:
        return with_body(reply, _nulled(reply.body))

    found: list[Any] = []
    with client("sui", null) as some, pytest.raises(BadAnswer, match="the answer has no totalBalance"):
        wants = [chains.Wanted("SUI", FACTS.tokens["sui", "SUI"], sui.NEVER)]
        found.extend(some.balances(wants, some.block(HEIGHT)))
    assert not [one for one in found if isinstance(one, chains.Reading)]


def _nulled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: None if name == "balance" else _nulled(part) for name, part in value.items()}
    return value


def test_an_alias_of_old_is_no_account_of_today() -> None:
    old = "iota1zpvyfxj0lm3rkk5ca5r27n7hjq3h8zdvyfzcgrz6cw5ac7ls7g4wd6lf2c0"
    with client("iota") as some:
        at = some.block(HEIGHT)
        wants = [chains.Wanted("IOTA", FACTS.tokens["iota", "IOTA"], one) for one in (old, iota.RICH)]
        found = list(some.balances(wants, at))
    assert [one.reason for one in found if isinstance(one, chains.Unread)] == ["not_an_address"]
    assert [one.raw for one in found if isinstance(one, chains.Reading)] == [iota.LARGE, iota.LARGE]


@pytest.mark.parametrize(
    "time", ["2026-06-25 00:00:00Z", "2026-06-25T00:00:00", "2026-06-25T00:00:00+08:00", "2026-13-25T00:00:00Z", 7]
)
def test_a_time_without_its_zone_is_none(time: Any) -> None:
    with client("iota", stub.at("data.checkpoint.timestamp", lambda _: time)) as some, pytest.raises(BadAnswer):
        some.head()


def test_the_made_services_know_no_more_than_their_schemas() -> None:
    chain = Chain("35834a8a", True, coins={})
    asked = Request("POST", "", {}, {}, {"query": "{chainIdentifier address(address:7){balance}}"})
    assert "errors" in chain.answer(asked).body
