"""A file for a person is whole or not there, and where it cannot be is told in a sentence before the work."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from porlake.errors import ConfigurationError
from porlake.lake import BATCH_ROWS, export, export_batches, writable
from porlake.model import Price

AT = datetime(2024, 3, 25, tzinfo=UTC)
MADE = pa.schema([pa.field("a", pa.string()), pa.field("b", pa.list_(pa.string()))])


def price(number: int) -> Price:
    return Price("okx", "okx/2024-03-25", f"A{number:06}", "somebody", Decimal(number), AT, None)


def rows(*values: tuple[str, list[str] | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"a": a, "b": b} for a, b in values], schema=MADE)


@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_every_row_is_exported_whatever_their_number(tmp_path: Path, suffix: str, more: int) -> None:
    path = tmp_path / f"f.{suffix}"
    export(path, Price, map(price, range(BATCH_ROWS + more)))
    if suffix == "parquet":
        assert pq.read_table(path).column("asset").to_pylist() == [price(n).asset for n in range(BATCH_ROWS + more)]
    else:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "exchange,attestation,asset,source,usd,priced_at,reason"
        assert [line.split(",")[2] for line in lines[1:]] == [price(n).asset for n in range(BATCH_ROWS + more)]
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_list_is_json_in_its_own_letters(tmp_path: Path) -> None:
    export_batches(tmp_path / "f.csv", MADE, [rows(("é", ["ü", "=x"]), ("b", None))])
    assert (tmp_path / "f.csv").read_text(encoding="utf-8") == 'a,b\né,"[""ü"", ""=x""]"\nb,\n'


def test_what_fails_on_the_way_leaves_no_file_and_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"

    def batches() -> Iterator[pa.RecordBatch]:
        yield rows(("a", None))
        path.mkdir()  # somebody makes a folder of this name meanwhile

    with pytest.raises(ConfigurationError, match=r"f\.csv: cannot be written"):
        export_batches(path, MADE, batches())
    assert [one.name for one in tmp_path.iterdir()] == ["f.csv"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("f.xlsx", "write to a name that ends in .parquet or .csv"),
        ("f", "write to a name that ends in .parquet or .csv"),
        ("folder.csv", "it is a folder"),
        ("nowhere/f.csv", "there is no folder"),
    ],
)
def test_why_nothing_can_be_written_there(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        writable(tmp_path / name)
    assert why in str(caught.value)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's rights, which come back."""
    os.setresuid(65_534, 65_534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="takes its own rights away, as root")
@pytest.mark.parametrize(
    ("mode", "why"),
    [(0o755, "is read-only"), (0o700, "cannot be written: Permission denied"), (0o777, "")],
    ids=["its owner alone writes there", "its owner alone looks into it", "all share it"],
)
def test_a_folder_of_somebody_else_is_told_before_the_work(mode: int, why: str) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(mode)
        with as_nobody(), pytest.raises(ConfigurationError) if why else nullcontext() as caught:
            writable(Path(name) / "f.csv")
        assert caught is None or why in str(caught.value)
