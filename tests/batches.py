"""Rows of evidence as record batches, and through `ownership.judge_batches`."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pyarrow as pa

from porlake import lake, ownership
from porlake.model import Evidence


def batch(rows: list[Evidence]) -> pa.RecordBatch:
    schema = lake.schema(Evidence)
    numbered = [replace(row, source_row=number) for number, row in enumerate(rows)]
    columns = [[getattr(row, column.name) for row in numbered] for column in fields(Evidence)]
    return pa.RecordBatch.from_arrays(
        [pa.array(values, kind.type) for values, kind in zip(columns, schema, strict=True)], schema=schema
    )


def judged(rows: list[Evidence], size: int = 2_048) -> list[tuple[Any, ...]]:
    """(verdict, reason, flags, signer, binds, account) of rows, in batches of `size`."""
    parts = ((batch(rows[start : start + size]), {}) for start in range(0, len(rows), size))
    return [
        row
        for _, part in ownership.judge_batches(parts)
        for row in zip(*(getattr(part, column.name) for column in fields(part)), strict=True)
    ]
