"""Of which block a reading of now is: the final one where nothing happened behind it, else the tip that it names."""

from __future__ import annotations

from typing import Any

import pytest

from chains import stub
from chains.nervos import world
from chains.nervos.world import HEIGHT, LATE, RICH, TIP, WORLD
from porlake import chains, registry
from porlake.transport import Endpoint, Recording


@pytest.mark.parametrize(
    ("last", "block", "as_of"),
    [
        (HEIGHT, HEIGHT, "exact"),
        (HEIGHT + 1, TIP - 24, "head"),
        (TIP - 25, TIP - 24, "head"),
        (TIP - 24, TIP - 24, "head"),
        (TIP - 23, TIP, "head"),
        (TIP, TIP, "head"),
    ],
)
def test_a_change_behind_the_final_block_makes_it_a_reading_of_the_tip(
    monkeypatch: pytest.MonkeyPatch, last: int, block: int, as_of: str
) -> None:
    monkeypatch.setitem(world.LAST, LATE, last)
    facts = registry.load()
    with stub.served(WORLD()) as server:
        client: Any = chains.open_client(facts.networks["nervos"], Endpoint(server.endpoint_url), Recording.off())
        token = facts.tokens["nervos", "CKB"]
        wanted = [chains.Wanted("CKB", token, account) for account in (LATE, RICH)]
        late, rich = [one for one in client.balances(wanted, client.block(HEIGHT)) if one.component == "total"]
    assert (late.block.height, late.as_of, late.raw) == (block, as_of, 9)
    assert (rich.block.height, rich.as_of) == (HEIGHT, "exact")
