"""Conflux Core where a node has thrown the state away: what a sweep reads, and what is exact all the same."""

from __future__ import annotations

from chains import stub
from chains.conflux import world as w
from porlake import chains, registry
from porlake.transport import Endpoint, Recording


def test_without_the_state_of_the_epoch_balances_are_of_the_head() -> None:
    """The three cases of the border."""
    world, network = w.Conflux(), registry.load().networks["conflux"]
    token = registry.load().tokens["conflux", "CFX"]
    late = w.address(2)
    with stub.served(world) as server:
        for kept in (w.HEIGHT - 1, w.HEIGHT, w.HEIGHT + 1):
            world.kept = kept
            client = chains.open_client(network, Endpoint(server.endpoint_url, tries=1), Recording.off())
            assert isinstance(client, chains.Past)
            at, wanted = client.block(w.HEIGHT), [chains.Wanted("CFX", token, late)]
            found = [one for one in client.balances(wanted, at) if isinstance(one, chains.Reading)]
            known = list(client.past(wanted, at))
            if kept <= w.HEIGHT:
                assert {one.as_of for one in found} == {"exact"}
                assert (found[-1].raw, found[-1].block, known) == (7, at, found)
            else:
                assert {(one.as_of, one.block.height) for one in found} == {("head", w.HEAD)}
                assert (found[-1].raw, known) == (9, [])
