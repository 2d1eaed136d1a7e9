"""Statements over the last build that read and change nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from porlake.dbt_project import marts
from porlake.errors import BuildError, ConfigurationError, LakeError, MissingPartition
from porlake.lake import Lake
from porlake.warehouse.database import OFFLINE, SEARCH_PATH, database_of, explained, failed_of, quoted, search_path


def query(
    lake: Lake,
    sql: str,
    values: Mapping[str, Any] | None = None,
    *,
    failed: bool = False,
    attestation: str | None = None,
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(columns, rows) of one statement over the last build, or the one that failed.

    It can read the tables and the lake's files, and change nothing. With an `attestation`, views over single
    claims show that one only, at its cost. Raises BuildError, LakeError, MissingPartition.
    """
    with reading(failed_of(lake) if failed else database_of(lake), lake) as connection:
        try:
            if attestation is not None:
                connection.execute(f"set variable attestation = {quoted(attestation)}")
            _only_reads(connection, sql)
            if lake.store.shared:
                _fetch_read(lake, connection, sql)
            answer = connection.execute(sql, dict(values or {}))
            return [name for name, *_ in answer.description or []], answer.fetchall()
        except duckdb.Error as error:
            raise BuildError(f"DuckDB: {error}") from error
        except (OverflowError, ValueError) as error:
            raise BuildError(
                f"a value of the answer has no counterpart in Python; cast it to varchar: {error}"
            ) from error


#: Nodes of a parsed statement that read. DuckDB takes `copy ... to` and `insert` in a WITH clause of a SELECT: those
#: are others.
_READS = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
#: Functions that run a text which is not looked at here, read memory by its address, or change what DuckDB does.
_NO_READER = re.compile(
    r"query|json_execute_serialized_sql|python_map_function|(pandas|python_arrow|arrow)_scan(_dumb)?|\w*external_resource\w*|copy_database|import_database"
    r"|add_parquet_key|(enable|disable)_\w+|(force_)?checkpoint|truncate_duckdb_logs|write_log|read_duckdb|verify_\w+|set_config"
)
_BLANK = r"(?:\s|--[^\n]*\n|/\*.*?\*/)"
_EXPLAIN = re.compile(rf"\A{_BLANK}*explain\b({_BLANK}*analyze\b)?({_BLANK}*\([\w\s,]+\))?", re.IGNORECASE | re.DOTALL)


def _only_reads(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raises BuildError for a text that does anything but read.

    A read-only file and a closed file system are not enough: DuckDB lets COPY write wherever files may be read. So the
    statement is judged as DuckDB itself parses it.
    """
    (parsed,) = connection.execute("select json_serialize_sql(?)", [_EXPLAIN.sub("", sql, count=1)]).fetchone() or ("",)
    found = json.loads(parsed)
    if found["error"] and found.get("error_type") == "parser":
        raise BuildError(f"DuckDB: Parser Error: {found['error_message']}")
    if found["error"]:
        raise BuildError(
            "only statements that read are answered: select, from, with, values, describe, show, summarize, explain"
        )
    if not found["statements"]:
        raise BuildError("there is no statement in it")
    for node in _nodes(found["statements"]):
        kind, function = str(node.get("type", "")), str(node.get("function_name", ""))
        if kind.endswith("_NODE") and kind not in _READS:
            raise BuildError(
                f"only statements that read are answered; this one has a {kind.removesuffix('_QUERY_NODE').lower()} "
                f"in it"
            )
        if _NO_READER.fullmatch(function.lower()):
            raise BuildError(f"only statements that read are answered; {function}() does something else")


def _nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in a parsed statement."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def read(lake: Lake, mart: str) -> pa.Table:
    """A mart of the last build, its rows in a fixed order, its types as published. Raises ConfigurationError for a name
    that is no mart.
    """
    if mart not in marts():
        raise ConfigurationError(f"{mart!r} is no mart; there are {', '.join(marts())}")
    with (
        explained(LakeError, f"{database_of(lake)}: {mart} cannot be read"),
        reading(database_of(lake), lake) as connection,
    ):
        return connection.sql(f'select * from "{mart}" order by all').to_arrow_table()


def _paths_in_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The relative paths of files that views of the schema `lake` name, and may therefore be read."""
    views = connection.execute("select sql from duckdb_views() where schema_name = 'lake'").fetchall()
    return sorted({path for (sql,) in views for path in re.findall(r"'(lake/[^']+/part-\d+\.parquet)'", sql)})


def _fetch_read(lake: Lake, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Fetch the files behind the views that a statement names, or that these name, and those that it names itself.

    A name that stands for something else fetches more than is read, never less. Files that are there already are not
    fetched again.
    """
    views = dict(
        connection.execute(
            "select lower(view_name), string_agg(sql, ' ') from duckdb_views() where not internal group by all"
        ).fetchall()
    )
    texts, read = [sql], set[str]()
    while texts:
        named = {word.lower() for word in re.findall(r"\w+", texts.pop())} & set(views) - read
        read |= named
        texts += [views[name] for name in named]
    keys = {key for name in read for key in re.findall(r"'(lake/[^']+/part-\d+\.parquet)'", views[name])}
    itself = {key for key in re.findall(r"'((?:lake|marts|raw)(?:/[\w%=-][\w%=.-]*)+)'", sql) if lake.store.holds(key)}
    lake.at_once(lake.store.local, sorted(keys | itself))


@contextmanager
def reading(database: Path, lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reaches the tables and the files of the lake and nothing else.

    Raises MissingPartition, LakeError for a file that DuckDB cannot read.
    """
    if not database.exists():
        where = lake.where() if lake.store.shared else database
        raise MissingPartition(f"{where}: nothing is built yet; `porlake build` does it")
    with explained(LakeError, f"{database}: cannot be read as the tables of a build; `porlake build` makes them anew"):
        connection = duckdb.connect(
            str(database), read_only=True, config=OFFLINE | {"python_enable_replacements": "false"}
        )
    with connection:
        readable = ", ".join(quoted(str(lake.root / name)) for name in ("lake", "marts", "raw"))
        connection.execute(f"set allowed_directories = [{readable}]")
        connection.execute(f"set allowed_paths = [{', '.join(map(quoted, _paths_in_views(connection)))}]")
        connection.execute(f"set file_search_path = {quoted(search_path(lake.root))}")
        connection.execute("set enable_external_access = false")
        connection.execute("set timezone = 'UTC'")
        known = {
            name for (name,) in connection.execute("select schema_name from information_schema.schemata").fetchall()
        }
        connection.execute(f"set search_path = '{','.join(name for name in SEARCH_PATH.split(',') if name in known)}'")
        connection.execute("set lock_configuration = true")
        yield connection
