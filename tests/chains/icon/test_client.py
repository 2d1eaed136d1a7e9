"""ICON: the height that is asked for, and what shows that it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chains import stub
from chains.icon import world as made
from chains.icon.world import HEAD, HEIGHT, LATE, RICH, SENDER, WORLD
from chains.stub import Change, Reply, Request, Server
from porlake import chains, registry
from porlake.chains.icon import client as module
from porlake.errors import ChainError, NotFinal, Unavailable
from porlake.transport import Endpoint, Recording

ICX = registry.load().tokens["icon", "ICX"]


@pytest.fixture
def server() -> Iterator[Server]:
    with stub.served(WORLD()) as found:
        yield found


def opened(server: Server, change: Change | None = None) -> Any:
    server.change = change
    network = registry.load().networks["icon"]
    return chains.open_client(network, Endpoint(server.endpoint_url, pause=0.0, tries=1), Recording.off())


def read(client: Any, height: int, *accounts: str) -> dict[tuple[str, str], int]:
    answers = list(client.balances([chains.Wanted("ICX", ICX, one) for one in accounts], client.block(height)))
    return {(one.address, one.component): one.raw for one in answers}


@pytest.mark.parametrize(("height", "total"), [(HEIGHT - 1, 100), (HEIGHT, 100), (HEIGHT + 1, 150)])
def test_a_deposit_in_the_next_block_counts_from_that_block_on(server: Server, height: int, total: int) -> None:
    assert read(opened(server), height, LATE)[LATE, "total"] == total


def test_the_state_after_a_block_is_asked_for_under_the_next_height(server: Server) -> None:
    read(opened(server), HEIGHT, RICH)
    asked = [call for request, _ in server.log for call in made.calls(request) if RICH in str(call.get("params"))]
    assert {call["params"]["height"] for call in asked} == {hex(HEIGHT + 1)}


@pytest.mark.parametrize(("height", "error"), [(HEAD - 1, None), (HEAD, None), (HEAD + 1, NotFinal)])
def test_the_outcome_of_the_newest_block_is_not_there_yet(
    server: Server, height: int, error: type[Exception] | None
) -> None:
    client = opened(server)
    if error is None:
        assert read(client, height, RICH)
    else:
        with pytest.raises(error, match="is not there"):
            read(client, height, RICH)


@pytest.mark.parametrize(("blocks", "error"), [(1, Unavailable), (2, Unavailable), (3, None), (4, None)])
def test_somebody_who_sent_something_is_looked_for_in_the_blocks_before(
    server: Server, blocks: int, error: type[Exception] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each third block of the world holds a transaction; the snapshot's is the second after one."""
    monkeypatch.setattr(module, "LOOK_BACK", blocks)
    height = HEIGHT - HEIGHT % 3 + 2
    client = opened(server)
    if error is None:
        assert read(client, height, RICH)
    else:
        with pytest.raises(error, match="heights are not shown"):
            read(client, height, RICH)


def test_a_node_that_tells_one_state_for_two_heights_is_not_believed(server: Server) -> None:
    """It refuses heights to come, and answers all others by one state."""
    senders = [f"hx{number:040x}" for number in range(5)]

    def change(request: Request, reply: Reply) -> Reply:
        if isinstance(reply.body, dict) and "confirmed_transaction_list" in str(reply.body):
            listed = [{"from": sender} for sender in senders]
            return stub.with_body(
                reply, stub.changed(reply.body, "result.confirmed_transaction_list", lambda _: listed)
            )
        return reply

    with pytest.raises(ChainError, match="does not read heights"):
        read(opened(server, change), HEIGHT, RICH)


def test_the_sender_itself_is_read_after_the_block(server: Server) -> None:
    assert read(opened(server), HEIGHT, SENDER)[SENDER, "liquid"] == made.balance(SENDER, HEIGHT + 1)
