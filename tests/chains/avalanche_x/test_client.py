"""The Data API: what is said of accounts of which none holds anything."""

from __future__ import annotations

import pytest

from chains import stub
from chains.avalanche_x import world as w
from porlake import chains, registry
from porlake.errors import ChainError
from porlake.transport import Endpoint, Recording


def read(server: stub.Server, *accounts: str) -> list[chains.Reading | chains.Unread]:
    network, token = registry.load().networks["avalanche_x"], registry.load().tokens["avalanche_x", "AVAX"]
    client = chains.open_client(network, Endpoint(server.endpoint_url, tries=1, pause=0), Recording.off())
    return list(client.balances([chains.Wanted("AVAX", token, one) for one in accounts], client.block(w.HEIGHT)))


def test_nothing_is_exact_only_where_the_moment_is_seen_to_matter() -> None:
    """Nobody of these holds anything at the block: one holds something now, which shows it; without that one all that
    is known is that they hold nothing now.
    """
    with stub.served(w.AvalancheX()) as server:
        late, empty = w.address(5), w.address(3)
        both = read(server, empty, late)
        assert {(one.address, one.as_of) for one in both if isinstance(one, chains.Reading)} == {
            (empty, "exact"), (late, "exact")}  # fmt: skip
        alone = [one for one in read(server, empty) if isinstance(one, chains.Reading)]
        assert {(one.as_of, one.block.height, one.raw) for one in alone} == {("head", w.HEAD, 0)}


def test_accounts_that_hold_something_only_now_do_not_hide_a_moment_that_is_not_looked_at() -> None:
    world = w.AvalancheX()
    with stub.served(world) as server:
        server.change = world._now
        with pytest.raises(ChainError, match="not looked at"):
            read(server, w.address(5))
