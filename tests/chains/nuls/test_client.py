"""NULS: what an account's newest transaction says of its balance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chains import stub
from chains.nuls.world import HEAD, HEIGHT, NOW, RICH, STAKER, WAITS, WORLD
from chains.stub import Server
from porlake import chains, registry
from porlake.chains.nuls import client as module
from porlake.transport import Endpoint, Recording

NULS = registry.load().tokens["nuls", "NULS"]


@pytest.fixture
def server() -> Iterator[Server]:
    with stub.served(WORLD()) as found:
        yield found


def read(server: Server, account: str, height: int = HEIGHT) -> dict[str, Any]:
    network = registry.load().networks["nuls"]
    client = chains.open_client(network, Endpoint(server.endpoint_url, pause=0.0, tries=1), Recording.off())
    answers = list(client.balances([chains.Wanted("NULS", NULS, account)], client.block(height)))
    return {one.component: one for one in answers}


@pytest.mark.parametrize(("height", "as_of"), [(HEIGHT - 10, "head"), (HEIGHT - 9, "exact"), (HEIGHT - 8, "exact")])
def test_a_total_is_that_of_the_block_after_the_last_transaction(server: Server, height: int, as_of: str) -> None:
    assert NOW[RICH][1] == [HEIGHT - 9]
    found = read(server, RICH, height)["total"]
    assert (found.as_of, found.evidence is not None) == (as_of, as_of == "exact")


def test_what_a_lock_by_time_may_have_moved_stays_of_the_head(server: Server) -> None:
    found = read(server, STAKER)
    assert {name: one.as_of for name, one in found.items()} == {
        "liquid": "head", "time_locked": "head", "staked": "exact", "total": "exact",
    }  # fmt: skip
    assert found["total"].evidence.answer == f"getAccountTxs: 2, the newest in {HEIGHT}"


@pytest.mark.parametrize(("ahead", "as_of"), [(-1, "exact"), (0, "exact"), (1, "head")])
def test_an_index_that_is_behind_the_node_shows_nothing(server: Server, ahead: int, as_of: str) -> None:
    server.change = stub.at("result.localHeight", lambda height: height + ahead, method="getInfo")
    network = registry.load().networks["nuls"]
    client = chains.open_client(network, Endpoint(server.endpoint_url, pause=0.0, tries=1), Recording.off())
    *_, total = client.balances([chains.Wanted("NULS", NULS, RICH)], client.block(HEIGHT))
    assert total.as_of == as_of


def test_a_transaction_that_lies_in_no_block_yet_shows_nothing(server: Server) -> None:
    found = read(server, WAITS)
    assert (found["liquid"].raw, found["total"].raw, found["total"].as_of) == (40, 40, "head")


@pytest.mark.parametrize(("depth", "as_of"), [(3_999, "exact"), (4_000, "exact"), (4_001, "head")])
def test_a_block_that_could_still_be_replaced_is_not_shown(
    server: Server, depth: int, as_of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HEAD - HEIGHT == 4_000
    monkeypatch.setattr(module, "FINAL", depth)
    assert read(server, RICH)["total"].as_of == as_of
