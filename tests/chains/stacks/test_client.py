"""Stacks: two ways to the same balance, and blocks that are anchored in Bitcoin's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chains import stub
from chains.stacks.world import ANCHOR, HEAD, HEIGHT, LATE, RICH, STACKER, WORLD, gone
from chains.stub import Change, Reply, Request, Server
from porlake import chains, registry
from porlake.errors import BadAnswer
from porlake.transport import Endpoint, Recording

STX = registry.load().tokens["stacks", "STX"]


@pytest.fixture
def server() -> Iterator[Server]:
    with stub.served(WORLD()) as found:
        yield found


def opened(server: Server, change: Change | None = None) -> Any:
    server.change = change
    network = registry.load().networks["stacks"]
    return chains.open_client(network, Endpoint(server.endpoint_url, pause=0.0, tries=1), Recording.off())


def read(client: Any) -> list[tuple[str, str, int, str]]:
    wanted = [chains.Wanted("STX", STX, one) for one in (RICH, STACKER, LATE)]
    answers = client.balances(wanted, client.block(HEIGHT))
    return [(one.address, one.component, one.raw, one.as_of) for one in answers]


def test_the_node_tells_what_the_sums_tell(server: Server) -> None:
    by_sums, by_node = read(opened(server)), read(opened(server, gone))
    assert by_sums == by_node
    assert (STACKER, "locked", 7, "exact") in by_node
    assert (STACKER, "total", 12, "exact") in by_node


def test_a_block_is_final_with_the_block_of_bitcoin_that_it_is_anchored_in(server: Server) -> None:
    """The head is anchored ten blocks after the snapshot; six below that none of Stacks was made."""
    anchors = {(HEAD - HEIGHT) // 40 + ANCHOR - depth for depth in (6, 7)}
    assert anchors == {ANCHOR + 4, ANCHOR + 3}
    expected = ANCHOR + (4 if (ANCHOR + 4) % 3 != 1 else 3)
    assert opened(server).final() == HEIGHT + 40 * (expected - ANCHOR) + 39


def test_a_block_that_is_anchored_elsewhere_is_not_final(server: Server) -> None:
    def moved(request: Request, reply: Reply) -> Reply:
        if "burn-blocks" not in request.path:
            return reply
        return stub.with_body(reply, stub.changed(reply.body, "results.*.burn_block_height", lambda height: height + 1))

    with pytest.raises(BadAnswer, match="elsewhere"):
        opened(server, moved).final()
