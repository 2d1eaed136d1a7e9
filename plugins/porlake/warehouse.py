"""The build in DuckDB, and the published marts.

`build` makes a fresh DuckDB file aside: typed views over the lake, the registry as tables, then `dbt build` on it as one subprocess (run in
process, dbt keeps the file locked); the finished file takes the old one's place. `publish` writes the marts as Parquet and shows them all at once.

    <root>/porlake.duckdb                         schemas main (marts), core, staging, lake (views), registry
    <root>/failed_build.duckdb                    the last build that failed; what every test found, and the offending rows, in schema failed_tests
    <root>/marts/<mart>/<content>/part-0.parquet  immutable
    <root>/marts/manifest.json                    what is published now
    <root>/marts/latest/<mart>/part-0.parquet     a stable path for dashboards: `latest` is a link that is swapped
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from porlake import lake as lake_room
from porlake import registry
from porlake.dbt_project import marts as marts
from porlake.dbt_project import sql_folder as sql_folder
from porlake.errors import BuildError, ConfigurationError, Damaged, LakeError, MissingPartition
from porlake.lake import Lake
from porlake.model import DATASETS

SEARCH_PATH = "main,core,staging,lake,registry,failed_tests"
OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
# Of a build: a day is a day in UTC, order is told and never assumed, and what does not fit into this memory goes to disk beside the file (dbt
# sets these for each connection, and DuckDB refuses another temp_directory once it has used one). Files of the lake never change: the footers of
# hundreds of them are read once and not for each attestation.
SETTINGS = OFFLINE | {"TimeZone": "UTC", "preserve_insertion_order": "false", "memory_limit": "2500MB", "parquet_metadata_cache": "true"}
MARTS_VERSION = "1.2"  # a column added raises the second number, a column changed the first
TABLES = {
    "networks": registry.Network, "identities": registry.Identity, "assets": registry.Asset, "tokens": registry.Token, "exchanges": registry.Exchange,
    "exchange_tokens": registry.ExchangeToken, "collateral": registry.Collateral, "trackers": registry.TrackerToken,
    "sweeps": registry.SweptNetwork, "schemes": registry.SchemeRow, "labels": registry.LabelRow,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Built:
    """`warnings` names the tests that found something a reader should know and that stops nothing, with the number of their rows."""

    build_id: str
    database: Path
    warnings: Mapping[str, int]


def database_of(lake: Lake) -> Path:
    return lake.root / "porlake.duckdb"


def failed_of(lake: Lake) -> Path:
    return lake.root / "failed_build.duckdb"


# --- build ----------------------------------------------------------------------------------------------------------------
def build(lake: Lake) -> Built:
    """All tables anew. Raises BuildError with what failed; the old file stays, the failed one is kept beside it."""
    lake.root.mkdir(parents=True, exist_ok=True)
    with _aside(lake.root, ".building-") as (folder, lock):
        target, build_id = folder / "porlake.duckdb", identity(lake)
        prepare(lake, target)
        try:
            dbt(target, folder, "build", "--exclude-resource-type", "unit_test", "--vars", json.dumps(_variables(lake, build_id)), lock=lock)
        except BuildError:
            _keep_results(target, folder / "target" / "run_results.json")
            target.replace(failed_of(lake))
            raise
        warnings = _keep_results(target, folder / "target" / "run_results.json")
        _describe(target, folder / "target" / "manifest.json")
        target.replace(database_of(lake))
        failed_of(lake).unlink(missing_ok=True)
    return Built(build_id, database_of(lake), warnings)


def _variables(lake: Lake, build_id: str) -> dict[str, str | int]:
    """What the SQL cannot know when it is compiled: `most_attestations` of one exchange, in steps of 64."""
    named = {(pointer.partition["exchange"], pointer.partition["attestation"]) for pointer in lake.pointers("report_file")}
    most = max(Counter(exchange for exchange, _ in named).values(), default=1)
    return {"build_id": build_id, "most_attestations": -(-most // 64) * 64}


def identity(lake: Lake) -> str:
    """Hash of everything that a build is made of: the lake's pointers, the SQL, the registry."""
    digest = hashlib.sha256()
    for dataset in DATASETS:
        for pointer in lake.pointers(dataset):
            digest.update(f"{dataset} {dict(pointer.partition)} {pointer.content}\n".encode())
    rows = ((folder, "*.csv") for folder in (registry.FOLDER, *registry.own_folders()))
    for folder, pattern in ((sql_folder(), "**/*.sql"), (sql_folder(), "**/*.yml"), *rows):
        for path in sorted(folder.glob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def prepare(lake: Lake, target: Path) -> None:
    """A DuckDB file with a typed view over each dataset and the registry's tables. Raises ContractViolation for a file of another schema."""
    with duckdb.connect(str(target), config=OFFLINE) as connection:
        connection.begin()
        for schema in ("lake", "registry", "core", "staging", "failed_tests"):
            connection.execute(f"create schema if not exists {schema}")
        for dataset in DATASETS:
            _view(connection, lake, dataset)
        for name, row_class in TABLES.items():
            rows = _registry_rows(row_class)
            connection.register("rows", rows)
            connection.execute(f"create table registry.{name} as select * from rows")
            connection.unregister("rows")
        connection.commit()


def _view(connection: duckdb.DuckDBPyConnection, lake: Lake, dataset: str) -> None:
    made = lake_room.schema(dataset)
    paths = [path for pointer in lake.pointers(dataset) for path in pointer.checked()]
    for path in paths:
        with lake_room.checked_file(dataset, path):
            pass
    if paths:
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
        connection.execute(f"create view lake.{dataset} as select * from read_parquet([{listed}], hive_partitioning = false)")
    else:
        connection.register("nothing", made.empty_table())
        types = connection.execute("describe select * from nothing").fetchall()
        connection.unregister("nothing")
        columns = ", ".join(f'null::{kind} as "{name}"' for name, kind, *_ in types)
        connection.execute(f"create view lake.{dataset} as select {columns} where false")
    about = (DATASETS[dataset].__doc__ or "").split("\n")[0]
    connection.execute(f"comment on view lake.{dataset} is {_quoted(about)}")
    for field in made:
        meaning = field.metadata[b"meaning"].decode() + (f" [{field.metadata[b'unit'].decode()}]" if b"unit" in field.metadata else "")
        connection.execute(f'comment on column lake.{dataset}."{field.name}" is {_quoted(meaning)}')


def _registry_rows(row_class: type) -> pa.Table:
    kinds = {"int": pa.int64(), "date": pa.date32(), "date | None": pa.date32()}
    made = pa.schema([(field.name, kinds.get(str(field.type), pa.string())) for field in fields(row_class)])
    rows: list[Any] = registry.rows(row_class)
    return pa.table({field.name: pa.array([getattr(row, field.name) for row in rows], field.type) for field in made}, schema=made)


def dbt(target: Path, folder: Path, *arguments: str, lock: int | None = None) -> None:
    """One dbt run on a DuckDB file; its logs, artefacts and profile go to `folder`, never into sql/. Raises BuildError.

    It outlives a caller that is killed: with `lock`, the descriptor of a lock on the folder, nobody else works there before it has ended.
    """
    profile = {"type": "duckdb", "path": str(target), "schema": "main", "threads": 2, "settings": SETTINGS}
    (folder / "profiles.yml").write_text(json.dumps({"porlake": {"target": "build", "outputs": {"build": profile}}}), encoding="utf-8")
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors", "--quiet", *arguments]
    places = {
        "DBT_PROJECT_DIR": sql_folder(),
        "DBT_PROFILES_DIR": folder,
        "DBT_LOG_PATH": folder / "logs",
        "DBT_TARGET_PATH": folder / "target",
    }
    env = dict(os.environ) | {name: str(place) for name, place in places.items()} | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False, pass_fds=() if lock is None else (lock,))
    if done.returncode:
        raise BuildError(
            _failures(folder / "target" / "run_results.json") or f"dbt ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}"
        )


def _failures(path: Path) -> str:
    try:
        results = json.loads(path.read_bytes())["results"]
    except (OSError, ValueError, KeyError):
        return ""
    failed = [result for result in results if result["status"] in ("error", "fail")]
    lines = [f"{result['unique_id'].split('.')[2]}: {result['failures'] or ''} {result['message'] or ''}".strip() for result in failed]
    return "the build failed, nothing was replaced. " + "; ".join(lines) if lines else ""


def _keep_results(target: Path, path: Path) -> dict[str, int]:
    """What every data test found, as the table failed_tests.results beside the offending rows; the tests that only warn, with their rows."""
    try:
        results = json.loads(path.read_bytes())["results"]
    except (OSError, ValueError, KeyError):
        return {}  # dbt did not come to its end; what it said is in the error
    tests = [result for result in results if result["unique_id"].startswith("test.")]
    rows = [
        (
            result["unique_id"].split(".")[2],
            "pass" if result["status"] == "pass" else "warn" if result["status"] == "warn" else "stop",
            result["failures"],
            (result.get("relation_name") or "").replace('"', "").partition(".")[2] or None,
            result["message"],
        )
        for result in sorted(tests, key=lambda result: str(result["unique_id"]))
    ]
    with duckdb.connect(str(target), config=OFFLINE) as connection:
        connection.execute("create schema if not exists failed_tests")
        columns = "test varchar, result varchar, rows bigint, offending varchar, message varchar"
        connection.execute(f"create or replace table failed_tests.results ({columns})")
        if rows:
            connection.executemany("insert into failed_tests.results values (?, ?, ?, ?, ?)", rows)
        connection.execute("comment on table failed_tests.results is 'What every data test found; `offending` is the table with its rows.'")
    return {test: int(found or 0) for test, result, found, *_ in rows if result == "warn"}


def _describe(target: Path, manifest: Path) -> None:
    """Comments on tables and columns, from the dbt project, in DuckDB's catalogue."""
    nodes = [node for node in json.loads(manifest.read_bytes())["nodes"].values() if node["resource_type"] == "model"]
    with duckdb.connect(str(target), config=OFFLINE) as connection:
        connection.begin()
        for node in nodes:
            table = f'{node["schema"]}."{node["alias"]}"'
            about = node["description"] or node["raw_code"].split("\n")[0].removeprefix("-- ")
            connection.execute(f"comment on table {table} is {_quoted(about)}")
            for name, column in node["columns"].items():
                connection.execute(f'comment on column {table}."{name}" is {_quoted(column["description"])}')
        connection.commit()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _aside(root: Path, prefix: str) -> Iterator[tuple[Path, int]]:
    """(folder to work in, alone; the lock on it); what a killed run left behind goes first."""
    with lake_room.alone(root, prefix) as lock:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
        try:
            yield folder, lock
        finally:
            shutil.rmtree(folder, ignore_errors=True)


# --- publish --------------------------------------------------------------------------------------------------------------
def publish(lake: Lake) -> Mapping[str, Any]:
    """The marts of the last build as Parquet, shown all at once; the manifest."""
    place = lake.root / "marts"
    place.mkdir(parents=True, exist_ok=True)
    with _aside(place, ".writing-") as (folder, _), _reading(database_of(lake), lake) as connection:
        published = {mart: _write_mart(connection, mart, folder, place) for mart in marts()}
        manifest = {"version": MARTS_VERSION, "build_id": _build_id(connection), "marts": published}
        before = _folders(place)
        _show(place, published)
        lake_room.replace_bytes(place / "manifest.json", lake_room.json_bytes(manifest))
        _forget(place, _folders(place) | before)
    return manifest


def _write_mart(connection: duckdb.DuckDBPyConnection, mart: str, folder: Path, place: Path) -> dict[str, Any]:
    """One mart as an immutable file in a folder named by its content. Raises LakeError for a type that Parquet would not keep exactly."""
    columns = {name: kind for name, kind, *_ in connection.execute(f'describe "{mart}"').fetchall()}
    if wide := [name for name, kind in columns.items() if kind in ("HUGEINT", "UHUGEINT")]:
        raise LakeError(f"{mart}.{wide[0]}: a HUGEINT, which would become a double")
    path = folder / f"{mart}.parquet"
    reader = connection.sql(f'select * from "{mart}" order by all').to_arrow_reader(65_536)
    with pq.ParquetWriter(path, reader.schema, **lake_room.PARQUET) as parquet:
        for batch in reader:
            parquet.write_batch(batch)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    target = place / mart / digest[:16] / "part-0.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)  # the same bytes where it was there already, unless those are damaged
    return {
        "folder": digest[:16],
        "sha256": digest,
        "rows": pq.read_metadata(target).num_rows,
        "bytes": target.stat().st_size,
        "schema": columns,
    }


def all_files(lake: Lake) -> Iterator[Callable[[], object]]:
    """For the DuckDB file and each published mart, what reads it and raises LakeError; what was never made is not missed."""
    if database_of(lake).exists():
        yield partial(_opened, lake)
    place = lake.root / "marts"
    if (place / "manifest.json").exists():
        yield partial(manifest_of, lake)
        with suppress(LakeError):  # told by the look at the manifest itself
            for mart, facts in manifest_of(lake)["marts"].items():
                yield partial(_check_mart, place / mart / facts["folder"] / "part-0.parquet", facts)


def manifest_of(lake: Lake) -> Mapping[str, Any]:
    """What is published now. Raises MissingPartition, Damaged."""
    path = lake.root / "marts" / "manifest.json"
    try:
        manifest = json.loads(path.read_bytes())
        if all(isinstance(facts["folder"] + facts["sha256"] + mart, str) for mart, facts in manifest["marts"].items()):
            return cast(Mapping[str, Any], manifest)
    except FileNotFoundError as error:
        raise MissingPartition(f"{path}: nothing is published yet; `porlake publish` does it") from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Damaged(f"{path}: not a manifest of porlake; `porlake publish` writes it anew") from error
    raise Damaged(f"{path}: not a manifest of porlake; `porlake publish` writes it anew")


def _check_mart(path: Path, facts: Mapping[str, Any]) -> None:
    lake_room.check_bytes(path, facts["sha256"], "`porlake publish` writes it anew", anew=True)


def _opened(lake: Lake) -> None:
    """Every table of the DuckDB file read through. Raises Damaged."""
    path = database_of(lake)
    try:
        with duckdb.connect(str(path), read_only=True, config=OFFLINE) as connection:
            for schema, table in connection.execute("select schema_name, table_name from duckdb_tables() where not internal order by all").fetchall():
                connection.execute(f'select count(columns(*)) from "{schema}"."{table}"').fetchall()
    except duckdb.Error as error:
        raise Damaged(f"{path}: cannot be read; `porlake build` makes it anew ({str(error).splitlines()[0]})") from error


def _show(place: Path, published: Mapping[str, Mapping[str, Any]]) -> None:
    """A folder of links to the marts' folders, and the link `latest` swapped to it: a reader sees one publish, never two."""
    name = "shown-" + hashlib.sha256(lake_room.json_bytes(published)).hexdigest()[:16]
    shown = place / name
    if not shown.exists():
        made = Path(tempfile.mkdtemp(prefix=".writing-", dir=place))
        made.chmod(0o755)
        for mart, facts in published.items():
            (made / mart).symlink_to(Path("..") / mart / facts["folder"], target_is_directory=True)
        made.rename(shown)
    link = place / ".writing-latest"
    link.unlink(missing_ok=True)
    link.symlink_to(name, target_is_directory=True)
    link.replace(place / "latest")


def _folders(place: Path) -> set[Path]:
    """The folders that `latest` leads to now."""
    latest = place / "latest"
    if not latest.exists():
        return set()
    shown = latest.resolve()
    return {shown} | {link.resolve() for link in shown.iterdir()}


def _forget(place: Path, kept: set[Path]) -> None:
    """All but this publish and the one before it, which a reader may still have open."""
    for folder in [
        *place.glob("shown-*"),
        *place.glob("[a-z]*_[a-z]*/*"),
        *(path for mart in marts() for path in (place / mart).glob("*")),
    ]:
        if folder.is_dir() and not folder.is_symlink() and folder.resolve() not in kept and folder.exists():
            shutil.rmtree(folder)


def _build_id(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("select max(build_id) from asset_composition").fetchone()
    return str(row[0]) if row and row[0] else "empty"


# --- query ----------------------------------------------------------------------------------------------------------------
def query(
    lake: Lake, sql: str, values: Mapping[str, Any] | None = None, *, failed: bool = False, at_hand: str | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(columns, rows) of one statement over the last build, or the one that failed, read-only; files outside the lake are out of its reach.

    With an attestation `at_hand`, views over single claims show that one only, at its cost. Raises BuildError, MissingPartition.
    """
    with _reading(failed_of(lake) if failed else database_of(lake), lake) as connection:
        try:
            if at_hand is not None:
                connection.execute(f"set variable attestation = {_quoted(at_hand)}")
            answer = connection.execute(sql, dict(values or {}))
            return [name for name, *_ in answer.description or []], answer.fetchall()
        except duckdb.Error as error:
            raise BuildError(f"DuckDB: {error}") from error


def read(lake: Lake, mart: str) -> pa.Table:
    """A mart of the last build, its rows in a fixed order, its types as published. Raises ConfigurationError for a name that is no mart."""
    if mart not in marts():
        raise ConfigurationError(f"{mart!r} is no mart; there are {', '.join(marts())}")
    with _reading(database_of(lake), lake) as connection:
        return connection.sql(f'select * from "{mart}" order by all').to_arrow_table()


@contextmanager
def _reading(database: Path, lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    if not database.exists():
        raise MissingPartition(f"{database}: nothing is built yet; `porlake build` does it")
    with duckdb.connect(str(database), read_only=True, config=OFFLINE) as connection:
        connection.execute(f"set allowed_directories = ['{str(lake.root).replace(chr(39), chr(39) * 2)}']")
        connection.execute("set enable_external_access = false")
        connection.execute("set timezone = 'UTC'")
        known = {name for (name,) in connection.execute("select schema_name from information_schema.schemata").fetchall()}
        connection.execute(f"set search_path = '{','.join(name for name in SEARCH_PATH.split(',') if name in known)}'")
        connection.execute("set lock_configuration = true")
        yield connection
