"""Cardano: what is shown of an earlier block, and by what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from chains import stub
from chains.cardano.world import BYRON, EMPTIED, FRESH, HEAD, HEIGHT, LATE, OTHER, RICH, SPENT, TOKEN, WORLD, address
from chains.stub import Change, Reply, Request, Server
from porlake import chains, registry
from porlake.chains.cardano import client as module
from porlake.chains.cardano.koios import asset_of
from porlake.registry import Token
from porlake.transport import Endpoint, Recording

ADA = registry.load().tokens["cardano", "ADA"]


@pytest.fixture
def server() -> Iterator[Server]:
    with stub.served(WORLD()) as found:
        yield found


def read(server: Server, *accounts: str, change: Change | None = None, recording: Recording | None = None) -> list[Any]:
    server.change = change
    places = None if recording is not None and recording.replays else Endpoint(server.endpoint_url, pause=0.0, tries=1)
    client = chains.open_client(registry.load().networks["cardano"], places, recording or Recording.off())
    return list(client.balances([chains.Wanted("ADA", ADA, one) for one in accounts], client.block(HEIGHT)))


def told(answers: Sequence[Any]) -> list[tuple[int, str, str]]:
    return [(one.raw, one.as_of, one.method) for one in answers]


def test_an_account_that_stood_still_and_accounts_that_did_not(server: Server) -> None:
    assert told(read(server, RICH, LATE, SPENT, EMPTIED, BYRON, OTHER)) == [
        (WORLD.held["ADA"][RICH]["total"], "exact", "unchanged_since"),
        (101_000_000, "exact", "koios_walk"),  # a deposit came later
        (75_000_000, "exact", "koios_walk"),  # spent later, and stood as collateral
        (0, "exact", "unchanged_since"),
        (8_000_000, "exact", "unchanged_since"),
        (11_900_000, "exact", "koios_walk"),
    ]


def test_the_evidence_names_the_block_up_to_which_the_account_was_looked_at(server: Server) -> None:
    (found,) = read(server, RICH)
    assert found.block.height == HEIGHT
    assert found.evidence.head.height == HEAD
    assert (found.evidence.last_change, found.evidence.answer) == ("none", f"address_txs from {HEIGHT + 1}: []")


def test_an_account_in_the_very_transaction_that_witnesses_did_not_stand_still(server: Server) -> None:
    """FRESH was paid by it alone: its list looks like that of an account at which nothing happened."""
    assert told(read(server, FRESH)) == [(0, "exact", "koios_walk")]


def test_an_account_that_nobody_used_is_zero_and_says_so(server: Server) -> None:
    (found,) = read(server, address(99))
    assert (found.raw, found.no_history, found.as_of) == (0, True, "exact")


@pytest.mark.parametrize(("limit", "as_of"), [(0, "head"), (1, "exact"), (2, "exact")])
def test_few_transactions_are_walked_and_more_are_not(
    server: Server, limit: int, as_of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_TXS", limit)
    assert [one.as_of for one in read(server, LATE)] == [as_of]


@pytest.mark.parametrize(("depth", "as_of"), [(2_999, "exact"), (3_000, "exact"), (3_001, "head")])
def test_a_block_that_could_still_be_replaced_is_not_shown(
    server: Server, depth: int, as_of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FINAL", depth)
    assert [one.as_of for one in read(server, RICH)] == [as_of]


@pytest.mark.parametrize(("seconds", "as_of"), [(1, "exact"), (0, "exact"), (-1, "head")])
def test_a_witness_is_of_a_block_that_was_made_later(
    server: Server, seconds: int, as_of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_000
    monkeypatch.setattr(module, "CLOCKS", 0)
    monkeypatch.setattr(module.time, "time", lambda: now + 0.9)

    def change(request: Request, reply: Reply) -> Reply:
        def moved(row: dict[str, Any]) -> dict[str, Any]:
            return row | ({"block_time": now + seconds} if row.get("block_height") == HEAD else {})

        return stub.with_body(reply, [moved(row) for row in reply.body])

    assert [one.as_of for one in read(server, RICH, change=change)] == [as_of]


def test_a_balance_that_is_another_when_it_is_told_again_is_not_shown(server: Server) -> None:
    """The first server stands on a fork with a deposit that the others never see."""
    told: list[str] = []

    def forked(request: Request, reply: Reply) -> Reply:
        if not request.path.endswith("address_info"):
            return reply
        told.append(request.path)
        more = 7 if len(told) == 1 else 0
        rows = [row | {"balance": str(int(row["balance"]) + more)} for row in reply.body]
        return stub.with_body(reply, rows)

    assert [(one.raw, one.as_of) for one in read(server, RICH, change=forked)] == [
        (WORLD.held["ADA"][RICH]["total"] + 7, "head")
    ]


def test_a_transaction_that_takes_other_than_it_gives_proves_nothing(server: Server) -> None:
    """An input that is left out would be a coin that the account did not have."""

    def change(request: Request, reply: Reply) -> Reply:
        rows = [row | ({"inputs": row["inputs"][:-1]} if "fee" in row else {}) for row in reply.body]
        return stub.with_body(reply, rows) if "tx_info" in request.path else reply

    assert [(one.raw, one.as_of) for one in read(server, SPENT, change=change)] == [(5_000_000, "head")]


def test_questions_fit_into_what_koios_takes_without_a_key(server: Server) -> None:
    read(server, *(address(number) for number in range(100, 120)))
    assert max(len(request.raw) for request, _ in server.log) <= 1_000


def test_a_recording_replays_the_same(server: Server, tmp_path: Path) -> None:
    recorded = read(server, RICH, LATE, SPENT, recording=Recording.record(tmp_path))
    asked = len(server.log)
    assert read(server, RICH, LATE, SPENT, recording=Recording.replay(tmp_path)) == recorded
    assert len(server.log) == asked


@pytest.mark.parametrize(
    ("contract", "known"),
    [
        (TOKEN, True),
        ("ab" * 28 + ".", True),
        ("ab" * 28, False),
        ("ab" * 27 + ".00", False),
        ("AB" * 28 + ".00", False),
    ],
)
def test_a_native_asset_is_a_policy_and_a_name(contract: str, known: bool) -> None:
    token = Token("cardano", "MADE", "cardano_asset", contract, 6, "", "")
    assert (asset_of(token) is not None) is known
    family = chains.family(registry.load().networks["cardano"])
    assert family.unreadable(token) == ("" if known else "contract_unknown")
