"""Rows of an older schema get the columns of now: said by others, by default, or null; else why they cannot."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from porlake.errors import ContractViolation, Damaged
from porlake.lake import Lake, Pointer, carried, schema, uncarried
from porlake.model import Balance, Dataset, Liability, ReportFile
from stores import held, lay, repoint

AT = datetime(2024, 3, 25, tzinfo=UTC)
PLACES: dict[type[Dataset], dict[str, str]] = {
    Balance: {"exchange": "okx", "report": "ab", "network": "tron"},
    ReportFile: {"exchange": "okx", "report": "ab", "attestation": "okx/2024-03-25"},
    Liability: {"exchange": "okx", "report": "ab"},
}
ROWS: dict[type[Dataset], Dataset] = {
    Balance: Balance("okx", "ab", "tron", "TRX", "T", "total", 7, 1, "m", "h", "exact", 0, "other"),
    ReportFile: ReportFile(
        "okx", "ab", "okx/2024-03-25", AT, AT.date(), "day", "addresses", "mine", 1, "okx_csv", "f.csv", ["x"], "o",
        None, 1, AT, None
    ),
    Liability: Liability("okx", "ab", 1, "BTC", "BTC", 5, None, "tree", "holds", "okx", None),
}  # fmt: skip


def older(lake: Lake, row_class: type[Dataset], change: Callable[[pa.Table], pa.Table]) -> Pointer:
    """A partition as a porlake wrote it whose schema was another."""
    lake.write(row_class, PLACES[row_class], [ROWS[row_class]])
    (pointer,) = lake.pointers(row_class)
    table, made = change(pq.read_table(pa.BufferReader(held(lake, pointer.keys[0])))), io.BytesIO()
    pq.write_table(table, made)
    lay(lake, pointer.keys[0], made.getvalue())

    def as_it_was(content: Any) -> None:
        del content["version"]
        # Parquet names the values of a list otherwise than Arrow, and the pointer names them as Arrow does
        content["schema"] = [[field.name, str(field.type).replace("<element", "<item")] for field in table.schema]
        content["files"][0]["sha256"] = lake.store.sha256(pointer.keys[0], anew=True)

    repoint(lake, pointer.place, as_it_was)
    return lake.pointers(row_class)[0]


def rows(pointer: Pointer) -> list[dict[str, Any]]:
    return [row for batch in carried(pointer) for row in batch.to_pylist()]


def test_a_column_with_a_default_gets_it_and_the_others_stay(lake: Lake) -> None:
    pointer = older(lake, Balance, lambda table: table.drop_columns(["confirmed_by"]))
    assert (pointer.version, pointer.number, uncarried(pointer)) == (0, None, "")
    (row,) = rows(pointer)
    assert row["confirmed_by"] is None
    assert (row["amount"], row["source"]) == (7, "h")
    lake.carry(pointer)
    assert [row.confirmed_by for row in lake.rows(Balance)] == [None]
    assert lake.pointers(Balance)[0].number == Balance.VERSION


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("statement", "okx/okx_csv"),
        ("members", ["ab  file  f.csv"]),
        ("snapshot_day", date(2024, 3, 25)),
        ("container", None),
    ],
)
def test_a_column_is_what_other_columns_say_of_it(lake: Lake, column: str, value: object) -> None:
    (row,) = rows(older(lake, ReportFile, lambda table: table.drop_columns([column])))
    assert row[column] == value


@pytest.mark.parametrize(("word", "now"), [("stated", "printed"), ("tree", "tree"), ("printed", "printed")])
def test_a_word_that_a_column_had_before_is_the_one_of_now(lake: Lake, word: str, now: str) -> None:
    def changed(table: pa.Table) -> pa.Table:
        return table.set_column(table.schema.get_field_index("proof_kind"), "proof_kind", pa.array([word]))

    pointer = older(lake, Liability, changed)
    assert (pointer.version, uncarried(pointer)) == (1, "")
    lake.carry(pointer)
    assert [(row.proof_kind, row.owed) for row in lake.rows(Liability)] == [(now, 5)]
    assert lake.pointers(Liability)[0].number == Liability.VERSION == 2


@pytest.mark.parametrize(
    ("attestation", "day"),
    [
        ("okx/2024-03-25", date(2024, 3, 25)),
        ("okx/2024-03", date(2024, 3, 1)),
        ("okx/undated", None),
        ("okx/list", None),
    ],
)
def test_a_day_stands_in_the_id_of_an_attestation(lake: Lake, attestation: str, day: date | None) -> None:
    def changed(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index("attestation")
        return table.set_column(at, "attestation", pa.array([attestation])).drop_columns(["snapshot_day"])

    (row,) = rows(older(lake, ReportFile, changed))
    assert row["snapshot_day"] == day


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda table: table.drop_columns(["amount"]), "it lacks amount, and nothing says what that was"),
        (lambda table: table.append_column("more", pa.array([1])), "its column more is none of balance"),
        (
            lambda table: table.set_column(
                table.schema.get_field_index("height"), "height", table["height"].cast(pa.int32())
            ),
            "its height is int32, not int64",
        ),
    ],
)
def test_what_nothing_says_cannot_be_carried(lake: Lake, change: Callable[[pa.Table], pa.Table], why: str) -> None:
    pointer = older(lake, Balance, change)
    assert uncarried(pointer) == why
    with pytest.raises(ContractViolation, match=why):
        list(carried(pointer))


def test_bytes_that_are_not_those_of_the_pointer_are_not_carried(lake: Lake) -> None:
    pointer = older(lake, Balance, lambda table: table.drop_columns(["confirmed_by"]))
    lay(lake, pointer.keys[0], held(lake, pointer.keys[0])[:-1] + b"x")
    with pytest.raises(Damaged):
        list(carried(pointer))


def test_the_number_is_added_without_touching_the_rows_and_only_where_nothing_changed(lake: Lake) -> None:
    pointer = older(lake, Balance, lambda table: table)
    assert (pointer.version, pointer.number) == (1, None)
    lake.renumber(pointer)
    (now,) = lake.pointers(Balance)
    assert (now.number, now.content) == (1, pointer.content)
    lake.write(Balance, PLACES[Balance], [])
    repoint(lake, pointer.place, lambda content: content.pop("version") and None)
    lake.renumber(pointer)  # it speaks of what is no longer there
    assert [(now.rows, now.number) for now in lake.pointers(Balance)] == [(0, None)]


def test_a_partition_set_aside_is_not_seen_and_not_deleted(lake: Lake) -> None:
    pointer = older(lake, Balance, lambda table: table.drop_columns(["amount"]))
    lake.set_aside(pointer)
    assert lake.pointers(Balance) == []
    assert lake.store.holds(pointer.keys[0])
    kept = json.loads(held(lake, f"{pointer.place}/pointer-of-schema-0.json"))
    assert kept["folder"] == pointer.folder
    assert "amount" in schema(Balance).names
