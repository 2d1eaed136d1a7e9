"""The block of a moment: the last one whose time is not after it, whatever the newest block is, and if times fall."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake import registry
from porlake.chains import BlockRef
from porlake.chains._by_moment import block_at
from porlake.chains.utxo.times import MEDIAN_OF
from porlake.errors import ChainError, NotFinal, Unavailable

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
NETWORK = registry.load().networks["bitcoin"]


def chain(seconds: list[int]) -> tuple[BlockRef, Callable[[int], BlockRef]]:
    """(the newest block, the block of a height) of a chain whose blocks have these times."""
    blocks = [BlockRef(height, f"{height:064x}", BEGIN + timedelta(seconds=at)) for height, at in enumerate(seconds)]
    return blocks[-1], blocks.__getitem__


def at(seconds: list[int], moment: int, later: int = 1) -> int:
    newest, block = chain(seconds)
    return block_at(NETWORK, BEGIN + timedelta(seconds=moment), newest, block, later).height


@pytest.mark.parametrize(("moment", "height"), [(35, 2), (36, 3), (37, 3)])
def test_a_block_of_the_moment_itself_is_the_last(moment: int, height: int) -> None:
    assert at([0, 12, 24, 36, 48], moment) == height


def test_of_blocks_of_one_time_the_last_counts() -> None:
    assert at([0, 12, 12, 12, 24], 12) == 3
    assert at([0, 12, 12, 12, 24, *range(30, 42)], 12, MEDIAN_OF) == 3


@pytest.mark.parametrize(("moment", "kind"), [(-1, ChainError), (49, NotFinal)])
def test_a_moment_outside_of_the_chain_has_no_block(moment: int, kind: type[ChainError]) -> None:
    with pytest.raises(kind):
        at([0, 12, 24, 36, 48], moment)


@pytest.mark.parametrize("kept", [1, 2, 3, 700, 1_023, 1_024, 1_025, 5_000, 8_998])
def test_a_node_that_keeps_its_newest_blocks_alone_finds_all_that_it_keeps(kept: int) -> None:
    newest, block = chain([12 * height for height in range(9_000)])
    oldest, asked = newest.height - kept, 0

    def known(height: int) -> BlockRef:
        nonlocal asked
        asked += 1
        if height < oldest:
            raise Unavailable(f"block {height} is pruned")
        return block(height)

    for height in {oldest, oldest + 1, oldest + kept // 2}:
        assert block_at(NETWORK, block(height).time, newest, known).height == height
        assert asked < 100
        asked = 0
    with pytest.raises(Unavailable):
        block_at(NETWORK, block(oldest).time - timedelta(seconds=1), newest, known)
    assert asked < 100


@pytest.mark.parametrize(("behind", "is_known"), [(10, False), (11, True), (12, True)])
def test_eleven_later_blocks_show_that_no_earlier_one_can_follow(behind: int, is_known: bool) -> None:
    times = [0, 600, *range(1_200, 1_200 + 600 * behind, 600)]
    if is_known:
        assert at(times, 700, MEDIAN_OF) == 1
    else:
        with pytest.raises(NotFinal, match="11 are needed"):
            at(times, 700, MEDIAN_OF)


def test_a_block_whose_time_falls_behind_the_moment_counts() -> None:
    """The fourth block is later than the moment, the sixth is not: a miner's clock was slow."""
    assert at([0, 600, 1_200, 4_000, 4_100, 3_500, *range(4_200, 4_220)], 3_600, MEDIAN_OF) == 5


@given(st.lists(st.integers(-3_000, 4_000), min_size=40, max_size=120), st.integers(0, 60_000), st.integers(0, 20))
def test_it_is_the_same_block_whatever_the_newest_is(steps: list[int], moment: int, more: int) -> None:
    """Times as Bitcoin's rule allows them: each above the median of the eleven before it."""
    times = [0]
    for step in steps:
        median = sorted(times[-MEDIAN_OF:])[len(times[-MEDIAN_OF:]) // 2]
        times.append(max(times[-1] + step, median + 1))
    last = max(height for height, time in enumerate(times) if time <= moment)
    for count in (len(times), len(times) - more):
        try:
            found = at(times[:count], moment, MEDIAN_OF)
        except NotFinal:
            assert count - last <= MEDIAN_OF + 1 or times[count - 1] < moment
        else:
            assert found == last
