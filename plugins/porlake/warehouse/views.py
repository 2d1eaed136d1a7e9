"""Typed views over the lake's files, and the registry's tables, in a fresh DuckDB file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from porlake import lake as lake_room
from porlake import registry
from porlake.errors import LakeError
from porlake.model import DATASETS
from porlake.warehouse import keeping
from porlake.warehouse.database import connected, quoted


def prepare(
    target: Path, files: Mapping[str, Sequence[Path]], root: Path | None = None, build_id: str = "unknown"
) -> None:
    """A DuckDB file with a typed view over the files of each dataset, the registry's tables, and `lake.build_id()`.

    The views hold paths relative to `root`, where one is given: who reads them sets DuckDB's file_search_path to it.
    Raises ContractViolation for a file of another schema.
    """
    for dataset, paths in files.items():
        for path in paths:
            _check_schema(dataset, path)
    with connected(target, root) as connection:
        connection.begin()
        for schema in ("lake", "registry", "core", "staging", "failed_tests"):
            connection.execute(f"create schema if not exists {schema}")
        for dataset in DATASETS:
            view(connection, dataset, files[dataset], root)
        for table in registry.TABLES:
            connection.register("rows", _registry_rows(table))
            connection.execute(f"create table registry.{table.name} as select * from rows")
            connection.unregister("rows")
        keeping.prepare(connection)
        # a macro and no variable of dbt's, for which each build would have to parse the whole project anew
        connection.execute(f"create macro lake.build_id() as {quoted(build_id)}")
        connection.commit()


def _check_schema(dataset: str, path: Path) -> None:
    """Raises LakeError, ContractViolation."""
    try:
        with pq.ParquetFile(path) as parquet:
            lake_room.check_schema(DATASETS[dataset], parquet, str(path))
    except (OSError, pa.ArrowInvalid) as error:
        raise LakeError(f"{path}: cannot be read as Parquet: {error}") from error


def view(connection: duckdb.DuckDBPyConnection, dataset: str, paths: Sequence[Path], root: Path | None = None) -> None:
    made = lake_room.schema(DATASETS[dataset])
    if paths:
        relative = [path if root is None else path.relative_to(root) for path in paths]
        listed = ", ".join(quoted(path.as_posix()) for path in relative)
        query = f"select * from read_parquet([{listed}], hive_partitioning = false)"
    else:
        connection.register("nothing", made.empty_table())
        types = connection.execute("describe select * from nothing").fetchall()
        connection.unregister("nothing")
        columns = ", ".join(f'null::{kind} as "{name}"' for name, kind, *_ in types)
        query = f"select {columns} where false"
    connection.execute(f"create or replace view lake.{dataset} as {query}")
    about = " ".join((DATASETS[dataset].__doc__ or "").split("\n\n")[0].split())
    connection.execute(f"comment on view lake.{dataset} is {quoted(about)}")
    for field in made:
        meaning = field.metadata[b"meaning"].decode() + (
            f" [{field.metadata[b'unit'].decode()}]" if b"unit" in field.metadata else ""
        )
        connection.execute(f'comment on column lake.{dataset}."{field.name}" is {quoted(meaning)}')


def _registry_rows(table: registry.Table[Any]) -> pa.Table:
    kinds = {"int": pa.int64(), "bool": pa.bool_(), "date": pa.date32(), "date | None": pa.date32()}
    made = pa.schema([(field.name, kinds.get(str(field.type), pa.string())) for field in fields(table.row)])
    rows = registry.rows(table)
    return pa.table(
        {field.name: pa.array([getattr(row, field.name) for row in rows], field.type) for field in made}, schema=made
    )
