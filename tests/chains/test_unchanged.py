"""The head's balance counts as that of an earlier block where nothing happened at the account after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from porlake.chains import BlockRef, Evidence, Reading, unchanged
from porlake.errors import ChainError

NOON = datetime(2024, 3, 25, 12, tzinfo=UTC)
AT, HEAD = BlockRef(100, "aa", NOON), BlockRef(200, "bb", NOON + timedelta(hours=1))
NOW = Reading("XRP", "r1", "total", 7, HEAD, "head", "account_info", "node.example")


def is_exact(reading: Reading) -> bool:
    return (reading.as_of, reading.method, reading.block) == ("exact", "unchanged_since", AT)


@pytest.mark.parametrize(
    ("last_change", "exact", "text"),
    [
        (99, True, "99"),
        (100, True, "100"),
        (101, False, ""),
        (NOON - timedelta(microseconds=1), True, "2024-03-25T11:59:59.999999Z"),
        (NOON, False, ""),
        (NOON + timedelta(microseconds=1), False, ""),
        (None, True, "none"),
        (500, False, ""),
    ],
)
def test_a_change_after_the_block_leaves_the_reading_as_it_was(
    last_change: int | datetime | None, exact: bool, text: str
) -> None:
    found = unchanged(NOW, AT, HEAD, last_change, "ledger " + "9" * 500)
    assert is_exact(found) == exact
    assert found.raw == 7
    if exact:
        assert found.evidence == Evidence(HEAD, text, ("ledger " + "9" * 500)[:200])
    else:
        assert found == NOW


@pytest.mark.parametrize(
    ("read_at", "exact"), [(99, False), (100, True), (101, True), (199, True), (200, True), (201, False)]
)
def test_the_balance_is_of_a_block_between_the_two(read_at: int, exact: bool) -> None:
    read = replace(NOW, block=replace(HEAD, height=read_at))
    assert is_exact(unchanged(read, AT, HEAD, 50, "")) == exact


@pytest.mark.parametrize(("head", "exact"), [(99, False), (100, True), (101, True)])
def test_a_head_before_the_block_shows_nothing(head: int, exact: bool) -> None:
    block = replace(HEAD, height=head)
    assert is_exact(unchanged(replace(NOW, block=block), AT, block, 50, "")) == exact


def test_a_moment_is_not_compared_with_a_block_of_unknown_time() -> None:
    with pytest.raises(ChainError, match="time of block 100 is not known"):
        unchanged(NOW, replace(AT, moment=None), HEAD, NOON, "")
