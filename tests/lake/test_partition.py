"""One partition at its borders: what a pointer may say, when rows make a batch, which keys follow each other, what is
read anew.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest

import stores
from porlake.errors import ContractViolation, Damaged, LakeError, MissingPartition, Outdated
from porlake.lake import BATCH_ROWS, Below, Lake, Pointer, Scratch, json_bytes, schema
from porlake.lake.partition import Writer
from porlake.lake.schema import columns_of, record_batch
from porlake.model import Claim, Price, Rejection, ReportFile
from stores import again, held, lay, of_a_folder, tree

PARTITION = {"exchange": "okx", "attestation": "okx/2024-03-25"}
AT = datetime(2024, 3, 25, tzinfo=UTC)
HEX = "0123456789abcdef"


def price(number: int) -> Price:
    return Price("okx", "okx/2024-03-25", f"A{number:06}", "somebody", Decimal(number), AT, None)


def write(lake: Lake, *numbers: int) -> Pointer:
    lake.write(Price, PARTITION, map(price, numbers))
    return lake.pointers(Price)[0]


def repoint(lake: Lake, change: Callable[[Any], object]) -> str:
    """Change the pointer of the one partition by hand; where it lies."""

    def changed(pointer: Any) -> None:
        change(pointer)

    return lake.where(stores.repoint(lake, lake.place(Price, PARTITION), changed))


# --- where it lies ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "partition",
    [
        {"exchange": "okx"},
        {"attestation": "a", "exchange": "okx"},
        {"exchange": "okx", "attestation": "a", "report": "b"},
        {},
    ],
    ids=["less", "another order", "more", "none"],
)
def test_a_place_needs_the_columns_of_the_partition_in_their_order(lake: Lake, partition: dict[str, str]) -> None:
    with pytest.raises(LakeError, match="price is partitioned by"):
        lake.place(Price, partition)


def test_scratch_lies_beside_the_partition_and_no_reader_looks_there(lake: Lake) -> None:
    write(lake, 1)
    folder, key = lake.scratch(Price, PARTITION), "lake/price/exchange=okx/.unfinished-attestation=okx%2F2024-03-25"
    assert folder == (Below(lake.store, key) if lake.store.shared else lake.root / key)
    Scratch(folder / "attestation=x").keep("pointer.json", b"{")
    lay(lake, f"{key}/attestation=y/pointer.json", b"{")
    assert len(lake.pointers(Price)) == 1


def test_what_waits_is_a_file_or_a_folder_of_files_of_that_exchange(lake: Lake) -> None:
    for name in ("okx/b.csv", "okx/a/1.csv", "okx/a/2.csv", "okx/.hidden", "htx/c.csv"):
        lay(lake, f"inbox/{name}", b"")
    assert lake.waiting("okx") == [lake.where("inbox/okx/a"), lake.where("inbox/okx/b.csv")]
    assert lake.waiting("kraken") == []


def test_a_pointer_reads_the_same_by_eye_and_by_byte() -> None:
    assert json_bytes({"b": "é", "a": [1]}) == '{\n "a": [\n  1\n ],\n "b": "é"\n}\n'.encode()


# --- what a pointer may say -------------------------------------------------------------------------------------------
def of_file(**changes: Any) -> Callable[[Any], object]:
    return lambda pointer: pointer["files"][0].update(changes)


def of_pointer(**changes: Any) -> Callable[[Any], object]:
    return lambda pointer: pointer.update(changes)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (of_pointer(version=1), ""),
        (of_pointer(version=0), "its version"),
        (of_pointer(version=-1), "its version"),
        (of_pointer(version=True), "its version"),
        (of_pointer(version="1"), "its version"),
        (of_pointer(version=None), "its version"),
        (of_pointer(folder=HEX), ""),
        (of_pointer(folder=HEX[:15]), "its folder"),
        (of_pointer(folder=HEX + "0"), "its folder"),
        (of_pointer(folder=HEX.upper()), "its folder"),
        (of_pointer(folder=7), "its folder"),
        (of_pointer(rows=0), ""),
        (of_pointer(rows=1.0), "its rows or files"),
        (of_pointer(rows=True), "its rows or files"),
        (of_pointer(files=None), "its rows or files"),
        (of_pointer(schema=[]), ""),
        (of_pointer(schema={"a": "b"}), "its schema"),
        (of_pointer(schema=["ab"]), "its schema"),
        (of_pointer(schema=[["a"]]), "its schema"),
        (of_pointer(schema=[["a", "b"]]), ""),
        (of_pointer(schema=[["a", "b", "c"]]), "its schema"),
        (of_pointer(schema=[["a", 1]]), "its schema"),
        (of_pointer(partition=["exchange"]), "its dataset or partition"),
        (of_pointer(partition=PARTITION | {"exchange": 1}), "its dataset or partition"),
        (of_pointer(partition=PARTITION | {"exchange": "htx"}), "it speaks of another partition"),
        (of_file(name="part-123456789.parquet"), ""),
        (of_file(name="part-1234567890.parquet"), "the file {'bytes'"),
        (of_file(name="part-.parquet"), "the file {'bytes'"),
        (of_file(name=7), "the file {'bytes'"),
        (of_file(sha256=HEX * 4), ""),
        (of_file(sha256=(HEX * 4)[1:]), "the file {'bytes'"),
        (of_file(sha256=HEX * 4 + "0"), "the file {'bytes'"),
        (of_file(sha256=7), "the file {'bytes'"),
        (of_pointer(files=["part-0.parquet"]), "the file 'part-0"),
    ],
)
def test_a_pointer_says_what_a_writer_writes_or_is_named_with_what_is_wrong(
    lake: Lake, change: Callable[[Any], object], wrong: str
) -> None:
    write(lake, 1)
    where = repoint(lake, change)
    if not wrong:
        assert len(lake.pointers(Price)) == 1
        return
    with pytest.raises(Damaged) as caught:
        lake.pointers(Price)
    assert str(caught.value).startswith(f"{where}: not a pointer of the lake ({wrong}")
    assert "run price again for exchange okx, attestation okx/2024-03-25" in str(caught.value)


def test_what_is_wrong_with_a_pointer_stays_a_line(lake: Lake) -> None:
    write(lake, 1)
    repoint(lake, of_file(name="x" * 1_000))
    with pytest.raises(Damaged) as caught:
        lake.pointers(Price)
    shown = str(caught.value).partition("(")[2].partition(")")[0]
    assert len(shown) == 200


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("lake/pointer.json", "no dataset's place"),
        ("lake/price/pointer.json", "run price again"),
        ("lake/price/exchange=okx/pointer.json", "run price again for exchange okx "),
        ("lake/nothing/exchange=okx/pointer.json", "no dataset's place"),
        (
            "lake/sweep/exchange=okx/pointer.json",
            "a sweep reads one moment and cannot be made again; take it from a backup, or remove its folder "
            "(exchange okx)",
        ),
    ],
)
def test_a_damaged_pointer_says_how_its_rows_are_made_anew(lake: Lake, key: str, remedy: str) -> None:
    lay(lake, key, b"{")
    (look,) = lake.all_files()
    with pytest.raises(Damaged) as caught:
        look()
    assert f"{lake.where(key)}: not a pointer of the lake: {remedy}" in str(caught.value)


@pytest.mark.parametrize(
    ("more", "error"), [(-1, Outdated), (0, None), (1, LakeError)], ids=["older", "of now", "newer"]
)
def test_rows_of_another_schema_than_that_of_now_are_not_read(
    lake: Lake, more: int, error: type[LakeError] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Price, "VERSION", 2)
    write(lake, 1)
    repoint(lake, of_pointer(version=2 + more))
    if error is None:
        assert len(list(lake.rows(Price))) == 1
        return
    with pytest.raises(error, match="has schema [13] of price, this porlake reads 2") as caught:
        list(lake.rows(Price))
    assert ("porlake upgrade" in str(caught.value), "a newer porlake" in str(caught.value)) == (more < 0, more > 0)


def test_a_pointer_without_a_number_is_of_the_first_schema_or_of_one_before_it(lake: Lake) -> None:
    write(lake, 1)
    repoint(lake, lambda pointer: pointer.pop("version"))
    (pointer,) = lake.pointers(Price)
    assert (pointer.number, pointer.version, pointer.where) == (None, 1, "price okx, okx/2024-03-25")
    repoint(lake, of_pointer(schema=[["asset", "string"]]))
    assert lake.pointers(Price)[0].version == 0


def test_a_partition_is_known_by_the_hashes_of_its_files(lake: Lake) -> None:
    first = write(lake, 1, 2)
    assert first.content == first.files[0]["sha256"] == lake.store.sha256(first.keys[0], anew=True)
    assert write(lake, 1).content != first.content
    assert write(lake, 1, 2).content == first.content


def test_a_pointer_is_the_same_whoever_reads_it(lake: Lake) -> None:
    """The place where it lies is no part of what it says, nor of how it is shown."""
    pointer = write(lake, 1)
    assert again(lake).pointers(Price) == [pointer]
    assert "Store" not in repr(pointer)


# --- what is read -----------------------------------------------------------------------------------------------------
def read_whole(lake: Lake) -> list[str]:
    """What each look at a file of datasets or archive raises."""
    said = []
    for look in lake.all_files():
        try:
            look()
        except LakeError as error:
            said.append(str(error))
    return said


@pytest.mark.parametrize(("more", "fits"), [(-1, False), (0, True), (1, False)])
def test_a_file_has_as_many_rows_as_its_pointer_says(lake: Lake, more: int, fits: bool) -> None:
    pointer = write(lake, 1, 2)
    repoint(lake, of_pointer(rows=2 + more))
    wrong = f"{lake.where(pointer.keys[0])}: 2 rows, its pointer says {2 + more}"
    assert read_whole(lake) == ([] if fits else [wrong])


def test_of_several_files_each_is_read_and_the_rows_are_those_of_all(lake: Lake) -> None:
    pointer = write(lake, 1, 2)
    lay(lake, pointer.keys[0].replace("part-0", "part-1"), held(lake, pointer.keys[0]))
    second = {"name": "part-1.parquet"}
    repoint(lake, lambda said: said.update(rows=4, files=[*said["files"], said["files"][0] | second]))
    assert len(list(lake.all_files())) == 3
    assert read_whole(lake) == []
    assert len(list(lake.rows(Price))) == 4
    assert lake.pointers(Price)[0].content == f"{pointer.content}+{pointer.content}"


def test_a_look_reads_the_bytes_again_that_this_process_has_hashed_before(lake: Lake) -> None:
    """A change that keeps size and time of a file, or that comes after it was fetched, is none to a reader of the day;
    a look at all files finds it.
    """
    pointer, sha256 = write(lake, 1), lake.keep(io.BytesIO(b"published"), {})
    assert read_whole(lake) == []
    for key in (pointer.keys[0], f"raw/{sha256}"):
        before, path = held(lake, key), lake.store.local(key)
        for content in (bytes([before[0] ^ 1]) + before[1:], before):
            if lake.store.shared:
                lake.store.put(key, content)
            else:
                times = path.stat()
                path.write_bytes(content)
                os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
            if content != before:
                lake.pointers(Price)[0].checked()
                lake.open_raw(sha256).close()
            assert [lake.where(key) in text for text in read_whole(lake)] == ([True] if content != before else [])


def test_a_file_that_is_gone_is_damaged_under_the_pointer_of_now_and_an_older_pointer_is_followed(lake: Lake) -> None:
    old = write(lake, 1)
    write(lake, 2)
    assert old.checked() == old.keys, "one write later its files are there still"
    lake.store.delete(old.keys[0])
    with pytest.raises(Damaged, match="cannot be read"):
        old.checked()
    (now,) = lake.pointers(Price)
    assert old.followed(Pointer.checked) == now.keys
    lake.store.delete(now.keys[0])
    with pytest.raises(Damaged, match="cannot be read"):
        now.followed(Pointer.checked)


def test_a_file_that_is_no_parquet_is_named(lake: Lake) -> None:
    (key,) = write(lake, 1).keys
    lay(lake, key, b"PAR1")
    repoint(lake, of_file(sha256=lake.store.sha256(key, anew=True)))
    with pytest.raises(LakeError, match=r"part-0\.parquet: cannot be read as Parquet"):
        list(lake.rows(Price))


def test_base_units_are_whole_numbers_and_prices_decimals(lake: Lake) -> None:
    write(lake, 3)
    (row,) = lake.rows(Price)
    assert (type(row.usd), row.usd) == (Decimal, Decimal(3))
    one = Claim(
        "okx", "ab", 1, "bitcoin", "BTC", "a", "a", "BTC", None, 7, None, None, 1, "wallet", None, None
    )  # fmt: skip
    lake.write(Claim, {"exchange": "okx", "report": "ab"}, [one, replace(one, source_row=2, amount=None)])
    assert [(type(row.amount), row.amount) for row in lake.rows(Claim)] == [(int, 7), (type(None), None)]


@pytest.mark.parametrize(
    ("found", "error"), [(0, "the lake has no price for exchange=okx, asset=A000009"), (1, ""), (2, "")]
)
def test_one_row_is_the_first_or_none_is_there(lake: Lake, found: int, error: str) -> None:
    write(lake, *range(found))
    if not error:
        assert lake.one(Price, exchange="okx") == price(0)
        return
    with pytest.raises(MissingPartition, match=error):
        lake.one(Price, exchange="okx", asset="A000009")


# --- what is written --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_rows_are_written_in_groups_of_one_size(lake: Lake, more: int) -> None:
    """The bytes of a file are those of its rows alone: the size of a group is part of the form."""
    assert BATCH_ROWS == 16_384
    pointer = write(lake, *range(BATCH_ROWS + more))
    with pq.ParquetFile(pointer.paths[0]) as parquet:
        groups = [parquet.metadata.row_group(n).num_rows for n in range(parquet.metadata.num_row_groups)]
    assert groups == [min(BATCH_ROWS, BATCH_ROWS + more), *([more] if more > 0 else [])]
    assert pointer.rows == BATCH_ROWS + more


def batch(*numbers: int) -> Any:
    made = schema(Price)
    names = made.names
    return record_batch("price", made, [tuple(getattr(price(number), name) for name in names) for number in numbers])


@pytest.mark.parametrize(
    ("batches", "wrong"),
    [
        ([(1, 2, 3), (4, 5)], ""),
        ([(1, 2, 3), (3, 5)], "'A000003', 'somebody'\\) after .*'A000003'"),
        ([(1, 2, 3), (2, 5)], "'A000002', 'somebody'\\) after .*'A000003'"),
        ([(1,), (2,)], ""),
        ([(1,), (1,)], "after"),
        ([(1, 2, 4, 3, 5)], "'A000003', 'somebody'\\) stands twice or out of order"),
        ([(1, 2, 2, 5)], "'A000002', 'somebody'\\) stands twice or out of order"),
        ([(2, 1)], "'A000001', 'somebody'\\) stands twice or out of order"),
        ([(1, 1)], "'A000001', 'somebody'\\) stands twice or out of order"),
        ([(1, 2)], ""),
        ([(), (1,), ()], ""),
    ],
)
def test_keys_rise_within_a_batch_and_from_one_to_the_next(
    lake: Lake, batches: list[tuple[int, ...]], wrong: str
) -> None:
    def put() -> None:
        with lake.writing((Price, PARTITION)) as (writer,):
            for numbers in batches:
                writer.add_batch(batch(*numbers) if numbers else batch(1).slice(1))

    if not wrong:
        put()
        assert [row.asset for row in lake.rows(Price)] == [price(n).asset for numbers in batches for n in numbers]
        return
    with pytest.raises(ContractViolation, match=f"key \\('okx/2024-03-25', {wrong}" if "A0" in wrong else wrong):
        put()
    assert lake.pointers(Price) == []


def test_the_first_columns_of_a_key_decide_before_the_later_ones(lake: Lake) -> None:
    for order, fits in ((("a", "b"), True), (("b", "a"), False)):
        rows = [replace(price(1), source=order[0]), replace(price(1), source=order[1]), replace(price(2), source="a")]
        if fits:
            lake.write(Price, PARTITION, rows)
        else:
            with pytest.raises(ContractViolation, match="out of order"):
                lake.write(Price, PARTITION, rows)


def test_a_batch_of_another_schema_is_refused(lake: Lake) -> None:
    with (
        pytest.raises(ContractViolation, match="price: a batch has the schema"),
        lake.writing((Price, PARTITION)) as (writer,),
    ):
        writer.add_batch(batch(1).drop_columns(["reason"]))


def test_a_null_in_a_batch_is_refused_where_the_column_allows_none_and_only_there(lake: Lake) -> None:
    for column, refused in (("source", True), ("usd", False)):
        rows = batch(1).to_pylist()
        rows[0][column] = None
        made = record_batch("price", schema(Price), [tuple(row.values()) for row in rows])
        if not refused:
            with lake.writing((Price, PARTITION)) as (writer,):
                writer.add_batch(made)
            continue
        with (
            pytest.raises(ContractViolation, match=r"price\.source: null"),
            lake.writing((Price, PARTITION)) as (writer,),
        ):
            writer.add_batch(made)


def test_rows_given_one_by_one_come_before_the_batch_given_after_them(lake: Lake) -> None:
    with lake.writing((Price, PARTITION)) as (writer,):
        writer.add(price(1))
        writer.add_batch(batch(2, 3))
        writer.add(price(4))
    assert [row.asset for row in lake.rows(Price)] == [price(n).asset for n in (1, 2, 3, 4)]
    assert lake.pointers(Price)[0].rows == 4


@of_a_folder("a write to an object store removes nothing")
def test_only_folders_of_content_are_removed(lake: Lake) -> None:
    """What somebody else put beside them stays."""
    place = lake.root / write(lake, 1).place
    (place / "notes").mkdir()
    (place / "notes" / "n.txt").write_text("mine")
    (place / "n.txt").write_text("mine")
    for number in (2, 3, 4):
        write(lake, number)
    assert len([path for path in place.iterdir() if path.is_dir()]) == 3
    assert (place / "notes" / "n.txt").read_text() == (place / "n.txt").read_text() == "mine"


def test_a_writer_that_is_given_up_leaves_nothing(lake: Lake) -> None:
    writer = Writer(Price, PARTITION, lake.store)
    writer.add(price(1))
    writer.abort()
    writer.abort()
    assert tree(lake) == {}


def test_what_repeats_is_kept_as_a_dictionary_and_what_varies_is_not(lake: Lake) -> None:
    values = dict.fromkeys(ReportFile.__slots__) | {
        "exchange": "okx", "report": "ab", "attestation": "okx/2024-03-25", "snapshot_precision": "day",
        "content": "totals", "statement": "s", "revision": 1, "format": "f", "file_name": "f", "members": ["x", "x"],
        "origin": "o", "size_bytes": 1, "retrieved_at": AT,
    }  # fmt: skip
    lake.write(ReportFile, {"exchange": "okx", "report": "ab", "attestation": "okx/2024-03-25"}, [
        ReportFile(**values)  # type: ignore[arg-type]
    ])  # fmt: skip
    refused = Rejection("okx", "ab", 1, "rows", "a", "b", "c", "d", "e", "x", "y")  # type: ignore[arg-type]
    lake.write(Rejection, {"exchange": "okx", "report": "ab"}, [refused])

    def is_dictionary(row_class: Any) -> dict[str, bool]:
        with pq.ParquetFile(lake.pointers(row_class)[0].paths[0]) as parquet:
            group = parquet.metadata.row_group(0)
            columns = [group.column(number) for number in range(group.num_columns)]
        return {column.path_in_schema: "RLE_DICTIONARY" in column.encodings for column in columns}

    kept = is_dictionary(ReportFile)
    assert all(kept.values()), kept
    assert "members.list.element" in kept
    kept = is_dictionary(Rejection)
    assert (kept["exchange"], kept["source_row"]) == (True, False)


def test_the_pointer_carries_the_columns_and_the_schema_carries_what_they_mean(lake: Lake) -> None:
    assert write(lake, 1).columns == columns_of(schema(Price))
    about = {field.name: field.metadata for field in schema(Price)}
    assert about["usd"] == {b"meaning": b"price of one unit of the asset", b"unit": b"USD"}
    assert set(about["asset"]) == {b"meaning"}
    assert {field.name for field in schema(Price) if field.nullable} == {"usd", "priced_at", "reason"}


@pytest.mark.parametrize("limit", [1_000, 100_000])
def test_what_nests_without_end_is_told_also_where_a_library_has_raised_the_limit_of_recursion(
    lake: Lake, limit: int
) -> None:
    """py_ecc sets it to 100,000: the standard parser then runs over the stack and ends the process."""
    lake.write(Price, PARTITION, [])
    (pointer,) = lake.pointers(Price)
    lay(lake, f"{pointer.place}/pointer.json", b"[" * 200_000)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        with pytest.raises(Damaged, match="not a pointer of the lake"):
            lake.pointers(Price)
    finally:
        sys.setrecursionlimit(before)
