"""MultiversX: what the log of an account says of a moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chains import stub
from chains.multiversx.world import EMPTY, HEIGHT, LATE, LOG, NEVER, NEW, RICH, TWICE, WORLD
from chains.stub import Change, Reply, Request, Server
from porlake import chains, registry
from porlake.transport import Endpoint, Recording

EGLD = registry.load().tokens["multiversx", "EGLD"]


@pytest.fixture
def server() -> Iterator[Server]:
    with stub.served(WORLD()) as found:
        yield found


def read(server: Server, account: str, height: int = HEIGHT, change: Change | None = None) -> tuple[int, str, str]:
    server.change = change
    network = registry.load().networks["multiversx"]
    client = chains.open_client(network, Endpoint(server.endpoint_url, pause=0.0, tries=1), Recording.off())
    answers: list[Any] = list(client.balances([chains.Wanted("EGLD", EGLD, account)], client.block(height)))
    (found,) = answers
    return found.raw, found.as_of, found.method


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (RICH, (2**53 + 9, "exact", "unchanged_since")),
        (LATE, (100, "exact", "mx_accounts_history")),
        (EMPTY, (0, "exact", "unchanged_since")),
        (NEW, (0, "exact", "mx_accounts_history")),  # used later for the first time
        (NEVER, (0, "exact", "unchanged_since")),
        (TWICE, (42, "head", "mx_address")),  # two changes in the second that counts
    ],
)
def test_the_log_tells_the_balance_of_the_moment(server: Server, account: str, expected: tuple[int, str, str]) -> None:
    assert read(server, account) == expected


@pytest.mark.parametrize(("height", "raw"), [(HEIGHT - 1, 90), (HEIGHT, 100), (HEIGHT + 1, 150)])
def test_a_change_in_the_very_second_counts(server: Server, height: int, raw: int) -> None:
    assert [second for second, _ in LOG["EGLD", LATE]][1:] == [LOG["EGLD", LATE][1][0], LOG["EGLD", LATE][1][0] + 6]
    assert read(server, LATE, height)[:2] == (raw, "exact")


def test_an_empty_log_is_believed_where_its_count_is_zero(server: Server) -> None:
    def cut(request: Request, reply: Reply) -> Reply:
        return Reply([]) if "before" in request.query and not request.path.endswith("count") else reply

    assert read(server, LATE, change=cut) == (150, "head", "mx_address")
    assert read(server, NEW, change=cut) == (0, "exact", "mx_accounts_history")


def test_an_empty_log_of_an_account_that_was_used_shows_nothing(server: Server) -> None:
    def lost(request: Request, reply: Reply) -> Reply:
        return Reply([]) if request.path.endswith("/history") else reply

    assert read(server, EMPTY, change=lost) == (0, "head", "mx_address")
    assert read(server, NEVER, change=lost) == (0, "exact", "unchanged_since")
