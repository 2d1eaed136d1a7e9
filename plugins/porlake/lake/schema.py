"""The Parquet schema of a dataset, made from its class, and rows as record batches of it."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Any

import pyarrow as pa

from porlake.errors import ContractViolation
from porlake.model import Column

BATCH_ROWS = 16_384

PARQUET: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "version": "2.6"}


_ARROW: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
    list[str]: pa.list_(pa.string()),
}

_KINDS: dict[str, pa.DataType] = {
    "base_units": pa.decimal128(38, 0),  # whole base units: the widest exact type that DuckDB and Parquet share
    "usd": pa.decimal128(38, 2),
    "price": pa.decimal128(20, 12),  # units DECIMAL(28,8) times this stays within 38 digits
    "ratio": pa.decimal128(20, 12),
    "figure": pa.decimal128(38, 8),
}

_SCHEMAS: dict[type, pa.Schema] = {}
_OPTIONS: dict[type, Mapping[str, Any]] = {}


def schema(row_class: type) -> pa.Schema:
    """The Parquet schema of a dataset's class, or any whose columns are annotated as in `model`; meanings ride along as
    field metadata.
    """
    if row_class not in _SCHEMAS:
        _SCHEMAS[row_class] = _schema(row_class)
    return _SCHEMAS[row_class]


def _schema(row_class: type) -> pa.Schema:
    columns = typing.get_type_hints(row_class, include_extras=True)
    return pa.schema([_field(field.name, columns[field.name]) for field in fields(row_class)])


def parquet_options(row_class: type) -> Mapping[str, Any]:
    """How the files of a class are written: dictionaries where values repeat, as far as its columns say."""
    if row_class not in _OPTIONS:
        _OPTIONS[row_class] = _parquet_options(row_class)
    return _OPTIONS[row_class]


def _parquet_options(row_class: type) -> Mapping[str, Any]:
    columns = typing.get_type_hints(row_class, include_extras=True)
    repeating = [field for field in schema(row_class) if not column(columns[field.name])[1].varied]
    return PARQUET | {
        "use_dictionary": [
            f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in repeating
        ]
    }


def column(annotation: object) -> tuple[object, Column, bool]:
    """(Python type, meaning, may be null) of one column's annotation."""
    nullable = isinstance(annotation, UnionType) or typing.get_origin(annotation) is typing.Union
    if nullable:
        annotation = next(part for part in typing.get_args(annotation) if part is not type(None))
    kind, meaning = typing.get_args(annotation)
    return kind, meaning, nullable


def _field(name: str, annotation: object) -> pa.Field:
    kind, meaning, nullable = column(annotation)
    arrow = _KINDS[meaning.kind] if meaning.kind else _ARROW[kind]
    about = {"meaning": meaning.meaning} | ({"unit": meaning.unit} if meaning.unit else {})
    return pa.field(name, arrow, nullable=nullable, metadata=about)


def columns_of(made: pa.Schema) -> dict[str, str]:
    """Name and type of each column, as a pointer says them."""
    return {field.name: str(field.type) for field in made}


def record_batch(name: str, made: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    """Rows, as tuples in the order of the schema, as one record batch. Raises ContractViolation."""
    try:
        arrays = [
            pa.array(_exact(field, values), type=field.type)
            for field, values in zip(made, zip(*rows, strict=True), strict=True)
        ]
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise ContractViolation(f"{name}: a row does not fit the schema: {error}") from error
    return pa.RecordBatch.from_arrays(arrays, schema=made)


def _exact(field: pa.Field, values: Iterable[Any]) -> list[Any]:
    if not pa.types.is_decimal(field.type) or field.type.scale:
        return list(values)
    return [None if value is None else Decimal(value) for value in values]


def values_of(column: pa.Array) -> list[Any]:
    """The values of a column as the dataset's class has them: base units are whole numbers."""
    values: list[Any] = column.to_pylist()
    if pa.types.is_decimal(column.type) and column.type.scale == 0:
        return [None if value is None else int(value) for value in values]
    return values
