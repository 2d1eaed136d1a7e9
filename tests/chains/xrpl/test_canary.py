"""An account that changed in the very ledger shows that the server has the ledger's state."""

from __future__ import annotations

import pytest

from chains import stub
from chains.xrpl import world
from porlake import chains, registry
from porlake.errors import ChainError, TransportError
from porlake.transport import Endpoint, Recording


def read(change: stub.Change) -> list[chains.Reading | chains.Unread]:
    facts = registry.load()
    with stub.served(world.WORLD()) as server:
        client = chains.open_client(
            facts.networks["xrp_ledger"], Endpoint(server.endpoint_url, tries=1), Recording.off()
        )
        at = client.block(world.HEIGHT)
        server.change = change
        wanted = [chains.Wanted("XRP", facts.tokens["xrp_ledger", "XRP"], who) for who in (world.RICH, world.NEVER)]
        return list(client.balances(wanted, at))


def refused(request: stub.Request, reply: stub.Reply) -> stub.Reply:
    return stub.Reply({"error": "no"}, 500) if world.SENDER in request.text else reply


def test_a_sender_that_cannot_be_asked_for_is_the_server_s_failure() -> None:
    with pytest.raises(TransportError):
        read(refused)


@pytest.mark.parametrize("changed", [world.HEIGHT - 1, world.HEIGHT + 1])
def test_a_sender_as_another_ledger_left_it_is_another_state(changed: int) -> None:
    with pytest.raises(ChainError, match="it changed in ledger"):
        read(stub.at("result.account_data.PreviousTxnLgrSeq", lambda told: changed))


def test_without_a_sender_who_is_there_is_read_and_who_is_not_is_not_zero() -> None:
    *_, rich, never = read(stub.at("result.ledger.transactions", lambda told: told[:1]))
    assert isinstance(rich, chains.Reading)
    assert (rich.raw, rich.as_of) == (world.LARGE, "exact")
    assert isinstance(never, chains.Unread)
    assert never.reason == "block_not_shown"


def test_an_answer_that_names_its_ledger_needs_no_sender() -> None:
    """As xrpld answers, where Clio is silent."""

    def named(request: stub.Request, reply: stub.Reply) -> stub.Reply:
        told = stub.at("result.ledger.transactions", lambda told: [])(request, reply).body
        if told["result"].get("error") == "actNotFound":
            told = {"result": told["result"] | world.WORLD()._shown(world.HEIGHT) | {"status": "error"}}
        return stub.with_body(reply, told)

    *_, never = read(named)
    assert isinstance(never, chains.Reading)
    assert (never.raw, never.component, never.as_of) == (0, chains.TOTAL, "exact")
