"""Chains on the Tycho node: what the suite of abilities does not reach."""

from __future__ import annotations

from typing import Any

import pytest

from chains import stub
from chains.stub import Change, Reply, Request, with_body
from chains.ton_tycho.world import DELETED, HEIGHT, IDLE, LATE, NEVER, RICH, WORLD
from porlake import chains, registry
from porlake.transport import Endpoint, Recording

VENOM = registry.load().tokens["venom", "VENOM"]


def read(account: str, change: Change | None = None) -> Any:
    with stub.served(WORLD()) as server:
        client = chains.open_client(
            registry.load().networks["venom"], Endpoint(server.endpoint_url, pause=0.0, tries=1), Recording.off()
        )
        at, server.change = client.block(HEIGHT), change
        return list(client.balances([chains.Wanted("VENOM", VENOM, account)], at))[-1]


@pytest.mark.parametrize(
    ("account", "raw", "as_of", "unused"),
    [
        (RICH, 2**53 + 9, "exact", False),
        (LATE, 150, "head", False),
        (DELETED, 0, "exact", False),
        (NEVER, 0, "exact", True),
    ],
)
def test_what_lies_in_the_block_or_before_it_is_exact(account: str, raw: int, as_of: str, unused: bool) -> None:
    found = read(account)
    assert (found.raw, found.as_of, found.no_history) == (raw, as_of, unused)


def test_an_account_older_than_the_index_is_of_the_head() -> None:
    def younger(request: Request, reply: Reply) -> Reply:
        return with_body(reply, {"transactions": []}) if request.path.endswith("/transactions") else reply

    found = read(IDLE, younger)
    assert (found.raw, found.as_of, found.no_history) == (3, "head", False)


def test_a_token_of_another_kind_is_not_read() -> None:
    token = registry.Token("venom", "USDT", "jetton", RICH, 6, "", "")
    with stub.served(WORLD()) as server:
        client = chains.open_client(
            registry.load().networks["venom"], Endpoint(server.endpoint_url, pause=0.0, tries=1), Recording.off()
        )
        (found,) = client.balances([chains.Wanted("USDT", token, LATE)], client.block(HEIGHT))
    assert found == chains.Unread("USDT", LATE, "contract_unknown")
