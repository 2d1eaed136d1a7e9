"""By which way each account's past is known, and of which it is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chains import stub
from chains.algorand import world
from porlake import chains, registry
from porlake.transport import Endpoint, Recording

UNCHANGED, REWOUND, NOW = ("unchanged_since", "exact"), ("indexer_rewind", "exact"), ("indexer_account", "head")


@pytest.fixture(scope="module")
def told() -> Iterator[dict[tuple[str, str], chains.Reading]]:
    facts, planted = registry.load(), world.WORLD()
    with stub.served(planted) as server:
        client = chains.open_client(facts.networks["algorand"], Endpoint(server.endpoint_url), Recording.off())
        at = client.block(planted.height)
        wanted = [
            chains.Wanted(asset, facts.tokens["algorand", asset], address)
            for asset, held in planted.held.items()
            for address in (*held, planted.absent)
        ]
        answers = list(client.balances(wanted, at))
        yield {(one.asset, one.address): one for one in answers if one.component == chains.TOTAL}


@pytest.mark.parametrize(
    ("asset", "address", "way"),
    [
        ("ALGO", world.RICH, UNCHANGED),
        ("ALGO", world.WAITING, UNCHANGED),
        ("ALGO", world.CLOSED, UNCHANGED),
        ("ALGO", world.NEVER, UNCHANGED),
        ("ALGO", world.LATE, REWOUND),
        ("ALGO", world.CALLER, NOW),  # a call of an application cannot be undone
        ("ALGO", world.PAID, NOW),  # what waited at the snapshot is not told
        ("ALGO", world.PROPOSER, NOW),  # what a block earned stands in no transaction
        ("USDC", world.RICH, UNCHANGED),
        ("USDC", world.CALLER, UNCHANGED),  # its later call moved none of it
        ("USDC", world.LATE, REWOUND),
        ("USDC", world.CLOSED, UNCHANGED),
    ],
)
def test_the_way(told: dict[tuple[str, str], chains.Reading], asset: str, address: str, way: tuple[str, str]) -> None:
    one = told[asset, address]
    assert (one.method, one.as_of) == way
    if way == UNCHANGED:
        assert one.evidence is not None
        assert one.evidence.last_change == "none"
        assert one.evidence.head.height == world.HEAD - 8
