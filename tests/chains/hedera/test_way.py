"""What a mirror node is asked, and what becomes of what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chains import stub
from chains.hedera import world
from porlake import chains, registry
from porlake.chains.hedera.client import _nanos, _text
from porlake.errors import BadAnswer, ChainError
from porlake.transport import Endpoint, Recording


@pytest.fixture
def node() -> Iterator[tuple[Any, stub.Server]]:
    with stub.served(world.WORLD()) as server:
        network = registry.load().networks["hedera"]
        yield chains.open_client(network, Endpoint(server.endpoint_url), Recording.off()), server


def held(client: Any, address: str, asset: str = "HBAR") -> chains.Reading:
    wanted = chains.Wanted(asset, registry.load().tokens["hedera", asset], address)
    (*_, last) = client.balances([wanted], client.block(world.HEIGHT))
    assert isinstance(last, chains.Reading)
    return last


def test_transfers_count_from_behind_the_snapshot_up_to_the_very_end(node: tuple[Any, stub.Server]) -> None:
    """One at the moment of the snapshot is in it; one at the block's end counts, one a nanosecond later does not."""
    assert held(node[0], world.MOVED).raw == 1_000 + 7 - 3


def test_all_pages_are_read(node: tuple[Any, stub.Server]) -> None:
    assert held(node[0], world.BUSY).raw == 150
    asked = [request for request, _ in node[1].log if request.path.endswith("/transactions")]
    assert len(asked) == 2


def test_an_account_of_many_tokens_is_asked_for_the_one(node: tuple[Any, stub.Server]) -> None:
    assert held(node[0], world.MANY, "USDC").raw == 32
    assert any(f"/tokens/{world.USDC}/balances" in request.path for request, _ in node[1].log)


@pytest.mark.parametrize("address", [world.NEVER, world.EMPTY, "0x" + "cd" * 20])
def test_an_account_that_is_not_there_holds_nothing(node: tuple[Any, stub.Server], address: str) -> None:
    """The mirror shows an account that is always there beside it: it is the chain's word, and no lack of history."""
    found = held(node[0], address)
    assert (found.raw, found.as_of, found.no_history) == (0, "exact", False)


def test_a_block_that_the_mirror_has_otherwise_is_not_read(node: tuple[Any, stub.Server]) -> None:
    wanted = chains.Wanted("HBAR", registry.load().tokens["hedera", "HBAR"], world.RICH)
    other = chains.BlockRef(world.HEIGHT, "ab" * 48, world.MOMENT)
    with pytest.raises(ChainError, match="is not abab"):
        list(node[0].balances([wanted], other))


def test_a_block_s_time_is_kept_to_the_microsecond(node: tuple[Any, stub.Server]) -> None:
    assert node[0].block(world.HEIGHT).moment == datetime(2025, 1, 1, 0, 7, 30, 123_456, tzinfo=UTC)


@pytest.mark.parametrize("value", ["0.000000000", "1568411631.396440000", "253402300799.999999999"])
def test_a_consensus_time_is_read_and_written_the_same(value: str) -> None:
    assert _text(_nanos(value, "a time")) == value


@pytest.mark.parametrize(
    "value", [None, 7, "", "7", "7.5", "07.000000000", "7.0000000000", "-7.000000000", "7,000000000"]
)
def test_what_is_no_consensus_time_is_refused(value: object) -> None:
    with pytest.raises(BadAnswer, match="a time"):
        _nanos(value, "a time")
