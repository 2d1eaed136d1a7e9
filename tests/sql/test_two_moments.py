"""The same bytes, stated for two moments: a balance counts for the moment at which it was read, and for no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from porlake import warehouse
from porlake.lake import Lake
from porlake.model import Balance, Block, Claim, ReportFile
from recomputed import differences

#: By report: the origin of the block that was read, its seconds before the first moment, the precision of that moment.
CASES = {
    "a1": ("published", 0, "moment"),
    "a2": ("resolved", 0, "moment"),
    "a3": ("resolved", 12, "moment"),
    "a4": ("resolved", -1, "moment"),
    "a5": ("resolved", 0, "day"),
    "a6": ("resolved", None, "moment"),
}
FIRST, SECOND = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
BOTH, ONE, OTHER, NEITHER = (True, True), (True, False), (False, True), (False, False)


def state(lake: Lake, exchange: str, report: str, at: datetime, precision: str) -> None:
    attestation = f"{exchange}/{at:%Y-%m-%d}"
    file = ReportFile(
        exchange=exchange, report=report, attestation=attestation, snapshot_at=at, snapshot_day=at.date(),
        snapshot_precision=precision, content="addresses", statement=f"{exchange}/{report[:2]}", revision=1,
        format="made", file_name="f.csv", members=[], origin="made", container=None, size_bytes=1,
        retrieved_at=SECOND, report_no=None,
    )  # fmt: skip
    lake.write(ReportFile, {"exchange": exchange, "report": report, "attestation": attestation}, [file])


def observe(
    lake: Lake, exchange: str, report: str, origin: str, height: int, time: datetime | None, row: int = 1
) -> None:
    place = {"exchange": exchange, "report": report}
    claim = Claim(
        **place, source_row=row, network="ethereum", asset="ETH", address=f"0x{report[:2] * 20}",
        address_published="made", label="ETH", network_label="ETH", amount=5, amount_published="5",
        printed_decimals=None, snapshot_height=height if origin == "published" else None, holding="wallet",
        custodian=None, remark=None, source="made",
    )  # fmt: skip
    lake.write(Claim, place, [claim])
    at = place | {"network": "ethereum"}
    lake.write(Block, at, [Block(**at, height=height, block_hash="0xb", block_time=time, block_origin=origin)])
    held = Balance(
        **at, asset="ETH", address=claim.address, component="total", amount=5, height=height, method="made",
        source="made", as_of="exact", offset_seconds=0,
    )  # fmt: skip
    lake.write(Balance, at, [held])


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, give_tables: Callable[[Lake], Lake]) -> Lake:
    made = Lake(Path(tmp_path_factory.mktemp("moments")) / "lake")
    for name, (origin, before, precision) in CASES.items():
        report = name * 32
        state(made, "okx", report, FIRST, precision)
        state(made, "okx", report, SECOND, "moment")
        time = None if before is None else FIRST - timedelta(seconds=before)
        observe(made, "okx", report, origin, 100, time)
    # stated once: what was observed of it is not asked whose it is
    state(made, "htx", "b1" * 32, FIRST, "moment")
    observe(made, "htx", "b1" * 32, "resolved", 100, FIRST + timedelta(seconds=1))
    return give_tables(made)


@pytest.fixture(scope="module")
def rows(lake: Lake) -> list[tuple[Any, ...]]:
    return warehouse.query(
        lake, "select report[1:2], attestation, status, onchain, unobserved_reason from core_observation order by 1, 2"
    )[1]


@pytest.mark.parametrize(
    ("report", "expected"),
    [("a1", BOTH), ("a2", ONE), ("a3", ONE), ("a4", OTHER), ("a5", OTHER), ("a6", NEITHER)],
    ids=["height named", "at the moment", "before it", "after it", "of a day", "block without a time"],
)
def test_a_balance_counts_for_the_moment_at_which_it_was_read(
    rows: list[tuple[Any, ...]], report: str, expected: tuple[bool, bool]
) -> None:
    read, unread = ("matched", 5, None), ("unobserved", None, "stated_for_other_moment")
    assert [row[2:] for row in rows if row[0] == report] == [read if seen else unread for seen in expected]


def test_what_is_stated_once_stays_as_it_was_read(rows: list[tuple[Any, ...]]) -> None:
    assert [row[1:] for row in rows if row[0] == "b1"] == [("htx/2026-01-01", "matched", 5, None)]


def test_every_cell_is_what_plain_python_makes_of_it(lake: Lake) -> None:
    assert differences(lake)[1] == []
