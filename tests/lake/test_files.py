"""Partitions of several files: cut by who writes, or taken over from a lake beside; the bytes are the same on both
stores.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lake.test_lake import PARTITION, claim, price
from porlake.errors import ContractViolation, Damaged
from porlake.lake import Lake, Pointer
from porlake.model import Claim, Price
from stores import held as content
from stores import lay

CLAIMS = {"exchange": "okx", "report": "ab" * 32}


def written(lake: Lake, *parts: list[int]) -> Pointer:
    with lake.writing((Claim, CLAIMS)) as (writer,):
        for number, part in enumerate(parts):
            if number:
                writer.cut()
            for row in part:
                writer.add(claim(row, row))
    (pointer,) = lake.pointers(Claim, **CLAIMS)
    return pointer


def rows(lake: Lake) -> list[int]:
    return [row.source_row for row in lake.rows(Claim, **CLAIMS)]


def test_rows_behind_a_cut_are_in_another_file(lake: Lake) -> None:
    pointer = written(lake, [1, 2], [3], [], [4, 5])
    assert [file["rows"] for file in pointer.files] == [2, 1, 2]
    assert all(re.fullmatch(r"part-\d-[0-9a-f]{16}\.parquet", file["name"]) for file in pointer.files)
    assert rows(lake) == [1, 2, 3, 4, 5]
    assert pointer.rows == 5
    assert len({lake.store.sha256(key) for key in pointer.keys}) == 3
    for number in range(3):
        pointer.read_whole(number)
    assert written(lake, [1, 2], [3], [4, 5]) == pointer
    assert lake.collect(datetime.now(UTC) + timedelta(days=1)).folders == 0


@pytest.mark.parametrize("parts", [[], [[]], [[], []], [[], [1]], [[1], []]])
def test_a_partition_of_one_file_or_none_is_as_it_was(lake: Lake, parts: list[list[int]]) -> None:
    pointer = written(lake, *parts)
    whole = [row for part in parts for row in part]
    assert [(file["name"], file["rows"]) for file in pointer.files] == [("part-0.parquet", len(whole))]
    assert written(lake, whole) == pointer


def test_files_of_a_lake_beside_are_taken_over(lake: Lake) -> None:
    pointer = written(lake, [1, 2], [3], [4])
    for name, part in (("a", [1, 2]), ("b", []), ("c", [3])):
        written(lake.aside(Claim, CLAIMS, name), part)
    beside = {name: lake.aside(Claim, CLAIMS, name).pointers(Claim, **CLAIMS)[0] for name in "abc"}
    with lake.writing((Claim, CLAIMS)) as (writer,):
        for held in beside.values():
            writer.take(held)
        writer.cut()
        writer.add(claim(4, 4))
    assert lake.pointers(Claim, **CLAIMS) == [pointer]
    assert rows(lake) == [1, 2, 3, 4]
    assert all(rows(lake.aside(Claim, CLAIMS, name)) for name in "ac"), "what is taken stays where it is"


@pytest.mark.parametrize("before", [[1], [3], [4]])
def test_taken_rows_are_behind_those_before(lake: Lake, before: list[int]) -> None:
    held = written(lake.aside(Claim, CLAIMS, "a"), [3, 4])
    with lake.writing((Claim, CLAIMS)) as (writer,):
        writer.add(claim(before[0], 1))
        if before == [1]:
            writer.take(held)
            with pytest.raises(ContractViolation, match="each key once"):
                writer.take(held)
            return
        with pytest.raises(ContractViolation, match="each key once"):
            writer.take(held)


def test_a_harmed_file_is_not_taken(lake: Lake) -> None:
    beside = lake.aside(Claim, CLAIMS, "a")
    held = written(beside, [3, 4])
    lay(beside, held.keys[0], content(beside, held.keys[0])[:-1])
    with lake.writing((Claim, CLAIMS)) as (writer,), pytest.raises(Damaged):
        writer.take(held)


def test_a_cut_keeps_the_order_of_keys(lake: Lake) -> None:
    with pytest.raises(ContractViolation, match="each key once"), lake.writing((Price, PARTITION)) as (writer,):
        writer.add(price("ETH"))
        writer.cut()
        writer.add(replace(price("ETH")))
