"""Filecoin: what the suite of abilities does not ask: which state an epoch's balance is of, null rounds, gateways."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chains import stub
from chains.filecoin import world as w
from porlake import chains, registry
from porlake.errors import ChainError, NotFinal
from porlake.transport import Endpoint, Recording

NETWORK = registry.load().networks["filecoin"]


def opened(server: stub.Server) -> chains.Client:
    found: chains.Client = chains.open_client(NETWORK, Endpoint(server.endpoint_url, tries=1), Recording.off())
    return found


def read(client: chains.Client, address: str, height: int) -> dict[str, int]:
    token = registry.load().tokens["filecoin", "FIL"]
    answers = list(client.balances([chains.Wanted("FIL", token, address)], client.block(height)))
    return {one.component: one.raw for one in answers if isinstance(one, chains.Reading)}


def test_an_epoch_holds_its_own_messages() -> None:
    """The three epochs around the last tipset up to the snapshot, and the null rounds behind it."""
    with stub.served(w.Filecoin()) as server:
        client = opened(server)
        one, late = w.account(1), w.account(3)
        held = {height: read(client, one, height)["total"] for height in range(w.HEIGHT - 3, w.HEIGHT + 4)}
        assert held == {w.HEIGHT - 3: 1, w.HEIGHT - 2: 1} | {w.HEIGHT + past: 10**24 + 7 for past in range(-1, 4)}
        assert [read(client, late, w.HEIGHT + past)["total"] for past in (-2, 2, 3)] == [0, 5, 900]
        blocks = [client.block(w.HEIGHT + past) for past in (-1, 0, 2)]
        assert len({block.hash for block in blocks}) == 1
        assert [block.height - w.HEIGHT for block in blocks] == [-1, 0, 2]


def test_the_epoch_of_a_moment() -> None:
    with stub.served(w.Filecoin()) as server:
        client = opened(server)
        assert isinstance(client, chains.ByMoment)
        moment, second = w.Filecoin.moment, timedelta(seconds=1)
        assert [client.block_at(moment + shift * second).height - w.HEIGHT for shift in (-1, 0, 1, 29, 30)] == [
            -1, 0, 0, 0, 1]  # fmt: skip
        with pytest.raises(NotFinal):
            client.block_at(moment + timedelta(days=1))
        with pytest.raises(ChainError, match="begins after"):
            client.block_at(w.BEGIN - second)


def test_what_is_final_where_a_node_does_not_tell() -> None:
    with stub.served(w.Filecoin()) as server:
        client = opened(server)
        assert isinstance(client, chains.Final)
        assert client.final() == client.head().height == w.HEAD
        server.change = server.world._before_f3  # type: ignore[attr-defined]
        assert client.final() == w.NEWEST - 900
        assert client.head().height == w.NEWEST - 30


def test_a_gateway_that_does_not_tell_what_is_locked() -> None:
    """The total is known all the same."""

    def lacking(request: stub.Request, reply: stub.Reply) -> stub.Reply:
        if "Available" not in request.body["method"]:
            return reply
        error = {"code": -32601, "message": "method not found"}
        return stub.Reply({"jsonrpc": "2.0", "id": request.body["id"], "error": error})

    with stub.served(w.Filecoin()) as server:
        server.change = lacking
        client = opened(server)
        assert read(client, w.MULTISIG, w.HEIGHT) == {"total": w.FIL[w.MULTISIG]["total"]}
        assert read(client, w.PLAIN, w.HEIGHT) == {"liquid": 17, "total": 17}
