"""Of which block a reading of now is: the final one where nothing happened behind it, else the tip."""

from __future__ import annotations

from typing import Any

import pytest

from chains import stub
from chains.sia import world
from chains.sia.world import HEIGHT, LATE, TIP, WORLD
from porlake import chains, registry
from porlake.transport import Endpoint, Recording


@pytest.mark.parametrize(
    ("last", "block", "as_of"),
    [(HEIGHT, HEIGHT, "exact"), (HEIGHT + 1, TIP - 6, "head"), (TIP - 6, TIP - 6, "head"), (TIP - 5, TIP, "head")],
)
def test_a_change_behind_the_final_block_makes_it_a_reading_of_the_tip(
    monkeypatch: pytest.MonkeyPatch, last: int, block: int, as_of: str
) -> None:
    monkeypatch.setitem(world.EVENTS, LATE, [(last, last)])
    facts = registry.load()
    with stub.served(WORLD()) as server:
        client: Any = chains.open_client(facts.networks["sia"], Endpoint(server.endpoint_url), Recording.off())
        wanted = [chains.Wanted("SC", facts.tokens["sia", "SC"], LATE)]
        total = next(one for one in client.balances(wanted, client.block(HEIGHT)) if one.component == "total")
    assert (total.block.height, total.as_of, total.raw) == (block, as_of, 13)
