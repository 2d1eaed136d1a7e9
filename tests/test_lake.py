"""The lake's contract: whole partitions, exact types, pointers that readers can trust."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from porlake import lake as lake_room
from porlake.errors import ConfigurationError, ContractViolation, LakeError, MissingPartition
from porlake.lake import Lake
from porlake.model import Claim, Price, Rejection

PARTITION = {"exchange": "okx", "attestation": "okx/2024-03-25"}
AT = datetime(2024, 3, 25, tzinfo=UTC)


def price(asset: str, usd: str | None = "1.5") -> Price:
    return Price(
        "okx",
        "okx/2024-03-25",
        asset,
        "somebody",
        Decimal(usd) if usd else None,
        AT if usd else None,
        None if usd else "no_price",
    )


def claim(row: int, amount: int | None) -> Claim:
    return Claim("okx", "ab" * 32, row, "bitcoin", "BTC", "addr", "addr", "BTC", None, amount, None, None, 1, "wallet", None, None)


CLAIMS = {"exchange": "okx", "report": "ab" * 32}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_rows_come_back_as_they_went_in(lake: Lake) -> None:
    rows = [price("BTC", "67000.123456789012"), price("ETH", None)]
    lake.write("price", PARTITION, rows)
    assert list(lake.rows("price")) == rows


def test_amounts_keep_all_38_digits_and_null_is_not_zero(lake: Lake) -> None:
    rows = [claim(1, 10**38 - 1), claim(2, 0), claim(3, None)]
    lake.write("claim", CLAIMS, rows)
    assert [row.amount for row in lake.rows("claim")] == [10**38 - 1, 0, None]


def test_an_amount_of_39_digits_is_refused(lake: Lake) -> None:
    with pytest.raises(ContractViolation):
        lake.write("claim", CLAIMS, [claim(1, 10**38)])


def test_writing_again_gives_the_same_bytes(lake: Lake) -> None:
    rows = [claim(row, row) for row in range(1, 40_000)]
    lake.write("claim", CLAIMS, rows)
    first = tree(lake.root)
    lake.write("claim", CLAIMS, rows)
    assert tree(lake.root) == first


@pytest.mark.parametrize(
    "rows",
    [[claim(1, 1), claim(1, 2)], [claim(2, 1), claim(1, 1)], [claim(row % 16_384 + 1, 1) for row in range(16_385)]],
    ids=["twice", "out of order", "twice across batches"],
)
def test_a_key_stands_once_and_in_order(lake: Lake, rows: list[Claim]) -> None:
    with pytest.raises(ContractViolation, match="twice|order"):
        lake.write("claim", CLAIMS, rows)


def test_a_null_where_none_is_allowed_is_refused(lake: Lake) -> None:
    with pytest.raises(ContractViolation, match="network"):
        lake.write("claim", CLAIMS, [replace(claim(1, 1), network=None)])  # type: ignore[arg-type]


def test_a_row_of_another_partition_is_refused(lake: Lake) -> None:
    with pytest.raises(ContractViolation, match="another partition"):
        lake.write("claim", CLAIMS, [replace(claim(1, 1), exchange="htx")])


def test_an_error_leaves_the_old_partition_and_nothing_half_written(lake: Lake) -> None:
    lake.write("price", PARTITION, [price("BTC")])
    before = tree(lake.root)

    def failing() -> Iterator[Price]:
        yield price("AAA")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        lake.write("price", PARTITION, failing())
    assert tree(lake.root) == before


def test_datasets_of_one_stage_appear_together_or_not_at_all(lake: Lake) -> None:
    with pytest.raises(ContractViolation), lake.writing(("claim", CLAIMS), ("rejection", CLAIMS)) as (claims, rejections):
        claims.add(claim(1, 1))
        rejections.add(Rejection("okx", "ab" * 32, 2, "rows", None, None, None, None, None, "x", "y"))  # type: ignore[arg-type]
    assert not lake.pointers("claim")


def test_a_file_with_a_double_under_a_decimal_is_refused(lake: Lake) -> None:
    """DuckDB would read it as a rounded decimal, and say nothing."""
    lake.write("claim", CLAIMS, [claim(1, 1)])
    (path,) = lake.pointers("claim")[0].paths
    table = pq.read_table(path)
    column = table.schema.get_field_index("amount")
    pq.write_table(table.set_column(column, "amount", table.column("amount").cast(pa.float64())), path)
    with pytest.raises(ContractViolation, match="contract of claim"):
        list(lake.rows("claim"))


def test_a_broken_pointer_is_named(lake: Lake) -> None:
    lake.write("price", PARTITION, [price("BTC")])
    (lake.place("price", PARTITION) / "pointer.json").write_text("{")
    with pytest.raises(LakeError, match=r"pointer\.json"):
        lake.pointers("price")


def test_a_partition_value_cannot_leave_the_lake(lake: Lake) -> None:
    place = lake.place("price", {"exchange": "../../etc", "attestation": "a/b"})
    assert place.is_relative_to(lake.root / "lake" / "price")
    assert len(place.relative_to(lake.root).parts) == 4


def test_raw_bytes_keep_the_time_of_their_first_arrival(lake: Lake) -> None:
    name = lake.keep(io.BytesIO(b"abc"), {"retrieved_at": "first"})
    assert lake.keep(io.BytesIO(b"abc"), {"retrieved_at": "second"}) == name
    assert json.loads((lake.root / "raw" / f"{name}.json").read_text()) == {"retrieved_at": "first"}
    assert lake.open_raw(name).read() == b"abc"
    with pytest.raises(MissingPartition):
        lake.open_raw("00" * 32)


def test_an_object_store_is_named_as_not_readable_yet() -> None:
    with pytest.raises(ConfigurationError, match="s3"):
        Lake("s3://bucket/lake")


def test_readers_under_constant_rewriting_never_see_half(lake: Lake) -> None:
    versions = [[price(f"A{n:03}", f"{version}") for n in range(50)] for version in (1, 2, 3)]
    lake.write("price", PARTITION, versions[0])
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for version in versions:
                lake.write("price", PARTITION, version)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(100):
            prices = {row.usd for row in lake.rows("price")}
            assert len(prices) == 1
    finally:
        stop.set()
        writer.join()


KILLED = """
import sys, time
from porlake.lake import Lake
from porlake.model import Price
def rows():
    for n in range(10**9):
        if n == 20_000:
            print("half", flush=True)
            time.sleep(60)
        yield Price("okx", "okx/2024-03-25", f"{n:09}", "s", None, None, "r")
Lake(sys.argv[1]).write("price", {"exchange": "okx", "attestation": "okx/2024-03-25"}, rows())
"""


def test_a_killed_writer_leaves_the_old_rows_and_the_next_write_cleans_up(lake: Lake) -> None:
    lake.write("price", PARTITION, [price("BTC")])
    before = tree(lake.root)
    writer = subprocess.Popen([sys.executable, "-c", KILLED, str(lake.root)], stdout=subprocess.PIPE, env=os.environ)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"half\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert [row.asset for row in lake.rows("price")] == ["BTC"]
    assert list(lake.root.rglob(".writing-*"))
    lake.write("price", PARTITION, [price("BTC")])
    assert tree(lake.root) == before


def test_a_pointer_says_what_lies_there(lake: Lake) -> None:
    lake.write("price", PARTITION, [price("BTC")])
    pointer = json.loads((lake.place("price", PARTITION) / "pointer.json").read_bytes())
    assert (pointer["rows"], pointer["files"][0]["rows"]) == (1, 1)
    assert ["usd", "decimal128(20, 12)"] in pointer["schema"]


def test_a_csv_export_starts_no_formula(tmp_path: Path) -> None:
    out = tmp_path / "f.csv"
    lake_room.export(out, Price, [price("=1+1"), price("-1:ab"), price("@x")])
    cells = [row["asset"] for row in csv.DictReader(out.open(encoding="utf-8"))]
    assert cells == ["'=1+1", "-1:ab", "'@x"]
    with pytest.raises(ConfigurationError, match=r"\.parquet or \.csv"):
        lake_room.export(tmp_path / "f.xlsx", Price, [])
