"""The lake's contract: whole partitions, exact types, pointers that readers can trust."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from object_store import ENVIRONMENT
from porlake import lake as lake_room
from porlake.errors import ConfigurationError, ContractViolation, Damaged, LakeError, MissingPartition, Overtaken
from porlake.lake import Lake
from porlake.model import DATASETS, Claim, Price, Rejection, ReportFile
from stores import arguments, flipped, held, lay, of_a_folder, repoint, tree

ROOT = Path(__file__).resolve().parents[2]
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
    return Claim(
        "okx",
        "ab" * 32,
        row,
        "bitcoin",
        "BTC",
        "addr",
        "addr",
        "BTC",
        None,
        amount,
        None,
        None,
        1,
        "wallet",
        None,
        None,
    )


CLAIMS = {"exchange": "okx", "report": "ab" * 32}


def test_rows_come_back_as_they_went_in(lake: Lake) -> None:
    rows = [price("BTC", "67000.123456789012"), price("ETH", None)]
    lake.write(Price, PARTITION, rows)
    assert list(lake.rows(Price)) == rows


def test_amounts_keep_all_38_digits_and_null_is_not_zero(lake: Lake) -> None:
    rows = [claim(1, 10**38 - 1), claim(2, 0), claim(3, None)]
    lake.write(Claim, CLAIMS, rows)
    assert [row.amount for row in lake.rows(Claim)] == [10**38 - 1, 0, None]


def on(row: int, network: str, amount: int | None = 1) -> Claim:
    return replace(claim(row, amount), network=network)


def test_rows_are_narrowed_by_any_column_and_by_an_expression(lake: Lake) -> None:
    """Of the partition or not; in a file of many row groups too, of which statistics rule out some."""
    rows = [on(row, ("bitcoin", "tron", "bsc")[row % 3], row) for row in range(1, 60_000)]
    lake.write(Claim, CLAIMS, rows)
    lake.write(Claim, CLAIMS | {"exchange": "htx"}, [replace(on(1, "tron"), exchange="htx")])
    assert list(lake.rows(Claim, exchange="okx", network="tron")) == [row for row in rows if row.network == "tron"]
    above = [row.source_row for row in lake.rows(Claim, where=pc.field("source_row") >= 59_998, exchange="okx")]
    assert above == [59_998, 59_999]
    both = lake.rows(Claim, where=pc.field("source_row") > 59_997, exchange="okx", network="bsc")
    assert [row.source_row for row in both] == [59_999]
    assert [row.exchange for row in lake.rows(Claim, network="tron", source_row=1)] == ["htx", "okx"]  # type: ignore[arg-type]
    assert not list(lake.rows(Claim, network="eos"))
    assert sum(batch.num_rows for batch in lake.batches(Claim, network="bsc", exchange="okx")) == 20_000 - 1 + 1


def test_a_row_has_all_that_is_asked_for(lake: Lake) -> None:
    lake.write(Claim, CLAIMS, [on(1, "tron"), on(2, "bsc"), on(3, "bsc")])
    found = lake.rows(Claim, where=pc.field("source_row") > 1, network="bsc", source_row=2)  # type: ignore[arg-type]
    assert [row.source_row for row in found] == [2]


def test_columns_come_in_the_order_asked_for_and_others_are_not_there(lake: Lake) -> None:
    lake.write(Claim, CLAIMS, [on(1, "tron"), on(2, "bsc", None)])
    for only in ({}, {"network": "bsc"}):
        batches = list(lake.columns(Claim, ("amount", "source_row", "address"), **only))
        assert {tuple(batch.schema.names) for batch in batches} == {("amount", "source_row", "address")}
    assert [batch.to_pylist() for batch in batches] == [[{"amount": None, "source_row": 2, "address": "addr"}]]
    assert lake.distinct(Claim, "asset", network="tron") == {"BTC"}


@pytest.mark.parametrize(
    "read", [lambda lake: lake.columns(Claim, ["amout"]), lambda lake: lake.rows(Claim, netwrok="tron")]
)
def test_a_column_that_is_none_is_named(lake: Lake, read: Callable[[Lake], Iterator[object]]) -> None:
    with pytest.raises(LakeError, match=r"claim has no column \['(amout|netwrok)'\]"):
        list(read(lake))


TYPED = """
from typing import assert_type
from collections.abc import Iterator
from porlake.lake import Lake
from porlake.model import Claim, Price, ReportFile

def reads(lake: Lake) -> None:
    assert_type(lake.rows(Claim, exchange="okx"), Iterator[Claim])
    assert_type(lake.one(Price, attestation="okx/2024-03-25"), Price)
    assert_type(lake.report("ab"), ReportFile)
    lake.write(Price, {}, lake.rows(Price))
    lake.pointers("claim")  # an error
    next(lake.rows(Claim)).usd  # an error
"""


@pytest.mark.slow
def test_reads_are_typed(tmp_path: Path) -> None:
    """mypy knows the class of what is read, and that rows of another do not fit."""
    (tmp_path / "typed.py").write_text(TYPED)
    command = [sys.executable, "-m", "mypy", str(tmp_path / "typed.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line]
    wrong = [number for number, line in enumerate(TYPED.split("\n"), 1) if "# an error" in line]
    assert lines == [str(number) for number in wrong], done.stdout + done.stderr


def test_a_report_is_found_by_its_key_or_the_beginning_of_it(lake: Lake) -> None:
    for report, exchange in (("ab" * 32, "okx"), ("ac" * 32, "okx"), ("ad" * 32, "htx")):
        for day in ("2024-03-25", "2024-04-25"):
            values = dict.fromkeys(ReportFile.__slots__) | {
                "exchange": exchange, "report": report, "attestation": f"{exchange}/{day}", "snapshot_precision": "day",
                "content": "totals",
                "statement": "s", "revision": 1, "format": "f", "file_name": "f", "members": [], "origin": "o",
                "size_bytes": 1, "retrieved_at": AT,
            }  # fmt: skip
            place = {"exchange": exchange, "report": report, "attestation": f"{exchange}/{day}"}
            lake.write(ReportFile, place, [ReportFile(**values)])  # type: ignore[arg-type]
    assert lake.report("ab" * 32).attestation == "okx/2024-03-25"
    assert [file.attestation for file in lake.reports("ad")] == ["htx/2024-03-25", "htx/2024-04-25"]
    for unclear in ("a", "", "ae", "*", "ab" * 33):
        with pytest.raises(MissingPartition):
            lake.report(unclear)
    broken = lake.place(ReportFile, {"exchange": "okx", "report": "ac" * 32, "attestation": "okx/2024-03-25"})
    lay(lake, f"{broken}/pointer.json", b"{")
    assert lake.report("ab").report == "ab" * 32  # the pointers of others are not read


def test_an_amount_of_39_digits_is_refused(lake: Lake) -> None:
    with pytest.raises(ContractViolation):
        lake.write(Claim, CLAIMS, [claim(1, 10**38)])


def test_writing_again_gives_the_same_bytes(lake: Lake) -> None:
    rows = [claim(row, row) for row in range(1, 40_000)]
    lake.write(Claim, CLAIMS, rows)
    first = tree(lake)
    lake.write(Claim, CLAIMS, rows)
    assert tree(lake) == first


@pytest.mark.parametrize(
    "rows",
    [[claim(1, 1), claim(1, 2)], [claim(2, 1), claim(1, 1)], [claim(row % 16_384 + 1, 1) for row in range(16_385)]],
    ids=["twice", "out of order", "twice across batches"],
)
def test_a_key_stands_once_and_in_order(lake: Lake, rows: list[Claim]) -> None:
    with pytest.raises(ContractViolation, match="twice|order"):
        lake.write(Claim, CLAIMS, rows)


def test_a_null_where_none_is_allowed_is_refused(lake: Lake) -> None:
    with pytest.raises(ContractViolation, match="network"):
        lake.write(Claim, CLAIMS, [replace(claim(1, 1), network=None)])  # type: ignore[arg-type]


def test_a_row_of_another_partition_is_refused(lake: Lake) -> None:
    with pytest.raises(ContractViolation, match="another partition"):
        lake.write(Claim, CLAIMS, [replace(claim(1, 1), exchange="htx")])


def test_an_error_leaves_the_old_partition_and_nothing_half_written(lake: Lake) -> None:
    lake.write(Price, PARTITION, [price("BTC")])
    before = tree(lake)

    def failing() -> Iterator[Price]:
        yield price("AAA")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        lake.write(Price, PARTITION, failing())
    assert tree(lake) == before


def test_datasets_of_one_stage_appear_together_or_not_at_all(lake: Lake) -> None:
    with (
        pytest.raises(ContractViolation),
        lake.writing((Claim, CLAIMS), (Rejection, CLAIMS)) as (claims, rejections),
    ):
        claims.add(claim(1, 1))
        rejections.add(Rejection("okx", "ab" * 32, 2, "rows", None, None, None, None, None, "x", "y"))  # type: ignore[arg-type]
    assert not lake.pointers(Claim)


def test_a_file_with_a_double_under_a_decimal_is_refused(lake: Lake) -> None:
    """DuckDB would read it as a rounded decimal, and say nothing."""
    lake.write(Claim, CLAIMS, [claim(1, 1)])
    (key,) = lake.pointers(Claim)[0].keys
    table = pq.read_table(pa.BufferReader(held(lake, key)))
    column, made = table.schema.get_field_index("amount"), io.BytesIO()
    pq.write_table(table.set_column(column, "amount", table.column("amount").cast(pa.float64())), made)
    lay(lake, key, made.getvalue())
    repoint(
        lake,
        lake.place(Claim, CLAIMS),
        lambda pointer: pointer["files"][0].update(sha256=hashlib.sha256(made.getvalue()).hexdigest()),
    )
    with pytest.raises(ContractViolation, match="contract of claim"):
        list(lake.rows(Claim))


def test_a_broken_pointer_is_named(lake: Lake) -> None:
    lake.write(Price, PARTITION, [price("BTC")])
    lay(lake, f"{lake.place(Price, PARTITION)}/pointer.json", b"{")
    with pytest.raises(LakeError, match=r"pointer\.json"):
        lake.pointers(Price)


def test_a_partition_value_cannot_leave_the_lake(lake: Lake) -> None:
    place = lake.place(Price, {"exchange": "../../etc", "attestation": "a/b"})
    assert (lake.root / place).resolve().is_relative_to(lake.root / "lake" / "price")
    assert place.count("/") == 3


def test_raw_bytes_keep_the_time_of_their_first_arrival(lake: Lake) -> None:
    name = lake.keep(io.BytesIO(b"abc"), {"retrieved_at": "first"})
    assert lake.keep(io.BytesIO(b"abc"), {"retrieved_at": "second"}) == name
    assert json.loads(held(lake, f"raw/{name}.json")) == {"retrieved_at": "first"}
    assert lake.open_raw(name).read() == b"abc"
    with pytest.raises(MissingPartition):
        lake.open_raw("00" * 32)


def test_readers_under_constant_rewriting_never_see_half(lake: Lake) -> None:
    versions = [[price(f"A{n:03}", f"{version}") for n in range(50)] for version in (1, 2, 3)]
    lake.write(Price, PARTITION, versions[0])
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for version in versions:
                lake.write(Price, PARTITION, version)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(100):
            prices = {row.usd for row in lake.rows(Price)}
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
Lake(*sys.argv[1:]).write(Price, {"exchange": "okx", "attestation": "okx/2024-03-25"}, rows())
"""


def test_a_killed_writer_leaves_the_old_rows_and_the_next_write_cleans_up(lake: Lake) -> None:
    lake.write(Price, PARTITION, [price("BTC")])
    before = tree(lake)
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, *arguments(lake)], stdout=subprocess.PIPE, env=os.environ | ENVIRONMENT
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"half\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert [row.asset for row in lake.rows(Price)] == ["BTC"]
    assert list(lake.root.rglob(".writing-*"))
    lake.write(Price, PARTITION, [price("BTC")])
    assert tree(lake) == before


def test_a_pointer_says_what_lies_there(lake: Lake) -> None:
    lake.write(Price, PARTITION, [price("BTC")])
    pointer = json.loads(held(lake, f"{lake.place(Price, PARTITION)}/pointer.json"))
    assert (pointer["rows"], pointer["files"][0]["rows"]) == (1, 1)
    assert ["usd", "decimal128(20, 12)"] in pointer["schema"]


def test_a_csv_export_starts_no_formula(tmp_path: Path) -> None:
    out = tmp_path / "f.csv"
    lake_room.export(out, Price, [price("=1+1"), price("-1:ab"), price("@x")])
    cells = [row["asset"] for row in csv.DictReader(out.open(encoding="utf-8"))]
    assert cells == ["'=1+1", "-1:ab", "'@x"]
    with pytest.raises(ConfigurationError, match=r"\.parquet or \.csv"):
        lake_room.export(tmp_path / "f.xlsx", Price, [])


# --- what is not what was written -------------------------------------------------------------------------------------
def test_no_flipped_bit_of_a_partition_is_read(lake: Lake) -> None:
    lake.write(Claim, CLAIMS, [claim(row, row) for row in range(1, 50)])
    (key,) = lake.pointers(Claim)[0].keys
    for bit in range(0, lake.store.size(key) * 8, 997):
        before = flipped(lake, key, bit)
        with pytest.raises(Damaged, match=r"part-0\.parquet: its bytes are not.*run parse again for exchange okx"):
            list(lake.rows(Claim))
        lay(lake, key, before)
    assert len(list(lake.rows(Claim))) == 49


@pytest.mark.parametrize(
    "read", [lambda lake: list(lake.columns(Claim, ["amount"])), lambda lake: lake.distinct(Claim, "asset")]
)
def test_every_way_of_reading_checks_the_bytes(lake: Lake, read: Callable[[Lake], object]) -> None:
    lake.write(Claim, CLAIMS, [claim(1, 1)])
    flipped(lake, lake.pointers(Claim)[0].keys[0], 8 * 40)
    with pytest.raises(Damaged):
        read(lake)


def test_writing_a_partition_again_mends_its_file_and_its_pointer(lake: Lake) -> None:
    rows = [claim(1, 1), claim(2, 2)]
    lake.write(Claim, CLAIMS, rows)
    whole = tree(lake)
    for key in (lake.pointers(Claim)[0].keys[0], f"{lake.place(Claim, CLAIMS)}/pointer.json"):
        flipped(lake, key, 3)
        lake.write(Claim, CLAIMS, rows)
        assert tree(lake) == whole
        lake.store.delete(key)
        lake.write(Claim, CLAIMS, rows)
        assert tree(lake) == whole


POINTERS: dict[str, Callable[[Any], object]] = {
    "a list": lambda pointer: [pointer],
    "a number": lambda pointer: 7,
    "nothing": lambda pointer: {},
    "another dataset": lambda pointer: pointer.update(dataset="claim"),
    "no dataset": lambda pointer: pointer.update(dataset="../price"),
    "another partition": lambda pointer: pointer["partition"].update(exchange="htx"),
    "a partition more": lambda pointer: pointer["partition"].update(report="x"),
    "a folder outside": lambda pointer: pointer.update(folder="../../../.."),
    "a file outside": lambda pointer: pointer["files"][0].update(name="../part-0.parquet"),
    "no hash": lambda pointer: pointer["files"][0].pop("sha256") and None,
    "a hash that is none": lambda pointer: pointer["files"][0].update(sha256="00"),
    "rows that are none": lambda pointer: pointer.update(rows="1"),
    "no files": lambda pointer: pointer.update(files=[]),
    "files of a form of their own": lambda pointer: pointer.update(files={"name": "part-0.parquet"}),
}


@pytest.mark.parametrize("change", POINTERS.values(), ids=POINTERS.keys())
def test_a_pointer_of_another_form_is_named(lake: Lake, change: Callable[[Any], object]) -> None:
    lake.write(Price, PARTITION, [price("BTC")])
    repoint(lake, lake.place(Price, PARTITION), change)
    with pytest.raises(
        Damaged,
        match=r"pointer\.json: not a pointer of the lake.*run price again for exchange okx, attestation okx/2024-03-25",
    ):
        list(lake.rows(Price))


def test_a_raw_file_that_is_not_its_name_is_not_read_and_archiving_it_again_mends_it(lake: Lake) -> None:
    name = lake.keep(io.BytesIO(b"abc"), {"retrieved_at": "first"})
    flipped(lake, f"raw/{name}", 0)
    with pytest.raises(Damaged, match="archive the published file again"):
        lake.open_raw(name)
    lake.keep(io.BytesIO(b"abc"), {"retrieved_at": "second"})
    assert lake.open_raw(name).read() == b"abc"
    assert lake.first_facts(name) == {"retrieved_at": "first"}


def test_every_dataset_says_which_stage_writes_it() -> None:
    assert {lake_room.written_by(row_class) for row_class in DATASETS.values()} == {
        "archive",
        "parse",
        "verify",
        "prove",
        "observe",
        "sweep",
        "price",
    }


FULL = """
import resource, signal, sys
from porlake.errors import LakeError
from porlake.lake import Lake
from porlake.model import Price
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
rows = (Price("okx", "okx/2024-03-25", f"{n:07}", f"{n * n}", None, None, "r") for n in range(200_000))
try:
    Lake(*sys.argv[1:]).write(Price, {"exchange": "okx", "attestation": "okx/2024-03-25"}, rows)
except LakeError as error:
    print(error)
"""


def test_a_full_disk_is_a_sentence_and_leaves_what_was_there(lake: Lake) -> None:
    """A limit on the size of files stands for the full disk: the system refuses the same calls."""
    lake.write(Price, PARTITION, [price("BTC")])
    before = tree(lake)
    alone = (
        os.environ | ENVIRONMENT | {"PYTHONDONTWRITEBYTECODE": "1"}
    )  # Python cuts what it compiles at the limit, and keeps it
    done = subprocess.run(
        [sys.executable, "-c", FULL, *arguments(lake)], capture_output=True, text=True, check=False, env=alone
    )
    assert "cannot be written" in done.stdout, done
    assert "Traceback" not in done.stderr
    assert tree(lake) == before


@of_a_folder("the rights of a folder's owner; a process that is forked asks no object store")
@pytest.mark.skipif(os.geteuid() != 0, reason="takes its own rights away, as root")
def test_a_folder_that_cannot_be_written_is_a_sentence(lake: Lake) -> None:
    lake.write(Price, PARTITION, [price("BTC")])
    pid = os.fork()
    if not pid:  # a child without root's rights: 0 where it was told in a sentence
        code = 1
        try:
            os.setuid(65_534)
            Lake(lake.root).write(Price, PARTITION, [price("ETH")])
        except LakeError as error:
            code = 0 if "cannot be written" in str(error) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


CELLS = [
    "=1+1",
    "-1:" + "ab" * 32,
    "@x",
    "+1",
    "-5",
    "-5.25",
    "-2+3|x",
    "\tx",
    "\rx",
    "a\rb",
    "a\nb",
    'a"b',
    "\x1b[31m",
    "\u202e",
    None,
    "-",
]


def test_a_csv_cell_runs_nothing_and_every_row_stays_one_row() -> None:
    out = io.StringIO()
    write = lake_room.csv_writer(out)
    for cell in CELLS:
        write([cell, "end"])
    back = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert [row[0] for row in back] == [
        "'=1+1", "-1:" + "ab" * 32, "'@x", "'+1", "-5", "-5.25", "'-2+3|x", "'\tx", "'\rx", "a\rb", "a\nb", 'a"b',
        "\\x1b[31m", "\\u202e", "", "'-",
    ]  # fmt: skip
    assert all(row[1] == "end" for row in back)
    assert '"a\rb"' in out.getvalue()


def test_a_csv_number_has_no_exponent() -> None:
    out = io.StringIO()
    lake_room.csv_writer(out)([Decimal("0E-12"), Decimal("1E+30"), 10**37, ["a", "b"]])
    assert (
        out.getvalue()
        == '0.000000000000,1000000000000000000000000000000,10000000000000000000000000000000000000,"[""a"", ""b""]"\n'
    )


@pytest.mark.parametrize("name", ["f.xlsx", "nowhere/f.csv", "folder.csv"])
def test_what_cannot_be_exported_is_told_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be written|parquet or"):
        lake_room.writable(tmp_path / name)
    lake_room.writable(tmp_path / "f.csv")
    lake_room.writable(None)


@of_a_folder("a write to an object store removes nothing")
def test_a_reader_keeps_the_files_of_the_pointer_it_holds_until_the_write_after_the_next(lake: Lake) -> None:
    """One write later they are there still; two writes later they are gone, and the pointer says so."""
    for usd, alive in (("1", True), ("2", True), ("3", False)):
        lake.write(Price, PARTITION, [price("BTC", usd)])
        if usd == "1":
            (old,) = lake.pointers(Price)
        assert old.paths[0].exists() == alive, usd
        folders = [path for path in (lake.root / old.place).iterdir() if path.is_dir()]
        assert len(folders) == min(int(usd), 2)
    with pytest.raises(Damaged, match="No such file"):
        old.checked()
    (now,) = lake.pointers(Price)
    assert old.followed(lambda pointer: (pointer, pointer.checked())) == (now, now.keys)


@of_a_folder("a write to an object store removes nothing, so that no reader has to go after it")
@pytest.mark.parametrize("rewrites", [lake_room.REREADS - 1, lake_room.REREADS, lake_room.REREADS + 1])
def test_a_reader_goes_after_a_partition_that_is_written_anew_but_not_for_ever(lake: Lake, rewrites: int) -> None:
    lake.write(Price, PARTITION, [price("BTC", "1")])
    (old,) = lake.pointers(Price)
    written = iter(range(1, rewrites + 1))

    def take(pointer: lake_room.Pointer) -> int:
        if (number := next(written, None)) is not None:
            for usd in (number + 1, -number):
                lake.write(Price, PARTITION, [price("BTC", str(usd))])
        pointer.checked()
        return pointer.rows

    if rewrites < lake_room.REREADS:
        assert old.followed(take) == 1
    else:
        with pytest.raises(LakeError, match="faster than it can be read"):
            old.followed(take)


def test_what_is_wrong_with_a_partition_that_nobody_writes_is_told(lake: Lake) -> None:
    lake.write(Price, PARTITION, [price("BTC", "1")])
    (old,) = lake.pointers(Price)
    lay(lake, old.keys[0], b"other")
    with pytest.raises(Damaged, match="not those that were written"):
        old.followed(lake_room.Pointer.checked)


def test_an_open_reader_reads_on_while_its_files_are_taken_away(lake: Lake) -> None:
    lake.write(Price, PARTITION, [price(f"A{n:06}", "1") for n in range(300_000)])
    rows = lake.rows(Price)
    assert next(rows).usd == 1
    for usd in ("2", "3"):
        lake.write(Price, PARTITION, [price("A", usd)])
    assert sum(1 for row in rows if row.usd == 1) == 299_999


def test_of_two_writers_without_a_lock_the_slower_one_changes_nothing(lake: Lake) -> None:
    """As on an object store, which has no locks: the pointer is swapped by its tag."""
    lake.write(Price, PARTITION, [price("BTC", "1")])
    (before,) = lake.pointers(Price)
    late = lake_room.Writer(Price, PARTITION, lake.store)
    late.add(price("BTC", "2"))
    late.close()
    key = f"{before.place}/pointer.json"
    stored = lake.store.read(key)
    assert stored is not None
    # another writer's pointer: the same to who reads it, and of other bytes
    assert lake.store.swap(key, json.dumps(json.loads(stored.content)).encode(), stored.tag)
    with pytest.raises(Overtaken, match="another writer was faster"):
        late.commit()
    assert lake.pointers(Price) == [before]
    assert [row.usd for row in lake.rows(Price)] == [1]
