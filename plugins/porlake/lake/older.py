"""Rows of an older schema in that of now: by what other columns say, by a default, else null."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields
from datetime import date
from typing import Any

import pyarrow as pa

from porlake.errors import ContractViolation
from porlake.lake.partition import Pointer, parquet_of
from porlake.lake.schema import BATCH_ROWS, columns_of, schema
from porlake.model import Dataset, Liability, ReportFile

#: Columns that older rows lack and that others say: what makes one row's value of the row's other columns.
_SAID_BY_OTHERS: Mapping[tuple[type[Dataset], str], Callable[[Mapping[str, Any]], Any]] = {
    (ReportFile, "statement"): lambda row: f"{row['exchange']}/{row['format']}",
    (ReportFile, "members"): lambda row: [f"{row['report']}  file  {row['file_name']}"],
    (ReportFile, "snapshot_day"): lambda row: _day_in(row["attestation"]),
}
#: Words that a column had before, and what they are now.
_SAID_OTHERWISE: Mapping[tuple[type[Dataset], str], Mapping[str, str]] = {
    (Liability, "proof_kind"): {"stated": "printed"},
}


def _day_in(attestation: str) -> date | None:
    """The day that an attestation's id names, of a month its first."""
    day = attestation.partition("/")[2]
    with suppress(ValueError):
        return date.fromisoformat(day if day.count("-") == 2 else f"{day}-01")
    return None


def uncarried(pointer: Pointer) -> str:
    """Why an older partition cannot be given the schema of now, '' where it can."""
    made = schema(pointer.row_class)
    kinds, missing = columns_of(made), _missing(pointer)
    if gone := sorted(set(pointer.columns) - set(kinds)):
        return f"its column {gone[0]} is none of {pointer.dataset}"
    if other := [name for name, kind in pointer.columns.items() if kind != kinds[name]]:
        return f"its {other[0]} is {pointer.columns[other[0]]}, not {kinds[other[0]]}"
    said = {name for row_class, name in _SAID_BY_OTHERS if row_class is pointer.row_class}
    unsaid = [name for name in missing if name not in said and not _has_default(pointer.row_class, made.field(name))]
    return f"it lacks {unsaid[0]}, and nothing says what that was" if unsaid else ""


def _missing(pointer: Pointer) -> list[str]:
    return [name for name in schema(pointer.row_class).names if name not in pointer.columns]


def _has_default(row_class: type[Dataset], field: pa.Field) -> bool:
    return field.nullable or _default(row_class, field.name) is not MISSING


def _default(row_class: type[Dataset], column: str) -> Any:
    return next(field.default for field in fields(row_class) if field.name == column)  # type: ignore[arg-type]


def carried(pointer: Pointer) -> Iterator[pa.RecordBatch]:
    """The rows of an older partition in the schema of now: a column that they lack is what others say of it, else its
    default, else null. Raises Damaged, ContractViolation where `uncarried` says why.
    """
    if why := uncarried(pointer):
        raise ContractViolation(f"{pointer.store.where(pointer.place)}: cannot be carried: {why}")
    made = schema(pointer.row_class)
    for key in pointer.unharmed():
        with pointer.store.native(key) as file, parquet_of(pointer.store.where(key), file) as parquet:
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
                arrays = [
                    _said_now(pointer, field, batch)
                    if field.name in batch.schema.names
                    else _filled(pointer, field, batch)
                    for field in made
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=made)


def _said_now(pointer: Pointer, field: pa.Field, batch: pa.RecordBatch) -> pa.Array:
    held = batch.column(field.name)
    if words := _SAID_OTHERWISE.get((pointer.row_class, field.name)):
        return pa.array([words.get(word, word) for word in held.to_pylist()], field.type)
    return held


def _filled(pointer: Pointer, field: pa.Field, batch: pa.RecordBatch) -> pa.Array:
    if says := _SAID_BY_OTHERS.get((pointer.row_class, field.name)):
        return pa.array([says(row) for row in batch.to_pylist()], field.type)
    default = _default(pointer.row_class, field.name)
    return pa.array([None if default is MISSING else default] * batch.num_rows, field.type)
