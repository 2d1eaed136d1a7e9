"""The build in DuckDB, and the published marts.

`build` takes the lake's pointers first and holds the files that they name: a lake that is written meanwhile changes
nothing. It makes a fresh DuckDB file aside: typed views over these files, the registry as tables, then `dbt build` on
it as one subprocess (run in process, dbt keeps the file locked); the finished file takes the old one's place. `publish`
writes the marts as Parquet and shows them all at once.

    <root>/porlake.duckdb                         schemas main (marts), core, registry (tables); staging, lake (views)
    <root>/failed_build.duckdb                    the last build that failed, its offending rows in schema failed_tests
    <root>/marts/<mart>/<content>/part-0.parquet  immutable
    <root>/marts/manifest.json                    what is published now
    <root>/marts/latest/<mart>/part-0.parquet     a stable path for dashboards: `latest` is a link that is swapped
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from porlake.errors import BuildError, ConfigurationError, Damaged, LakeError, MissingPartition, PorlakeError
from porlake.lake import Lake, Pointer
from porlake.model import DATASETS

SEARCH_PATH = "main,core,staging,lake,registry,failed_tests"
OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
# Of a build: a day is a day in UTC, order is told and never assumed, and what does not fit into this memory goes to
# disk beside the file (dbt sets these for each connection, and DuckDB refuses another temp_directory once it has used
# one). Files of the lake never change: the footers of hundreds of them are read once and not for each attestation.
SETTINGS = OFFLINE | {
    "TimeZone": "UTC",
    "preserve_insertion_order": "false",
    "memory_limit": "2500MB",
    "parquet_metadata_cache": "true",
}
MARTS_VERSION = "2.0"  # a column added raises the second number, a column changed the first


@dataclass(frozen=True, slots=True)
class Built:
    """`warnings` names the tests that found something a reader should know and that stops nothing, with the number of
    their rows.
    """

    build_id: str
    database: Path
    warnings: Mapping[str, int]


def database_of(lake: Lake) -> Path:
    return lake.root / "porlake.duckdb"


def failed_of(lake: Lake) -> Path:
    return lake.root / "failed_build.duckdb"


# --- build ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class LinkedPartition:
    """A partition as it was when a build began; `paths` are links to its files, which no writer removes."""

    pointer: Pointer
    paths: list[Path]


State = Mapping[str, Sequence[LinkedPartition]]


def build(lake: Lake) -> Built:
    """All tables anew. Raises BuildError with what failed; the old file stays, the failed one is kept beside it."""
    with _explained(BuildError, f"{lake.root}: the build failed, nothing was replaced"):
        lake.root.mkdir(parents=True, exist_ok=True)
        with _aside(lake.root, ".building-") as (folder, lock):
            return _built(lake, folder, lock)


def _built(lake: Lake, folder: Path, lock: int) -> Built:
    target, state = folder / "porlake.duckdb", _linked(lake, folder / "lake")
    build_id = identity(lake, state)
    files = {dataset: [path for held in state[dataset] for path in held.paths] for dataset in DATASETS}
    prepare(target, files, root=folder)
    try:
        dbt(
            target,
            folder,
            "build",
            "--exclude-resource-type",
            "unit_test",
            "--vars",
            json.dumps(_variables(state, build_id)),
            lock=lock,
        )
    except BuildError:
        with suppress(OSError, duckdb.Error):  # on a full disk nothing can be kept: the first fault is told
            _keep_results(target, folder / "target" / "run_results.json")
            _point_views_at_lake(lake, target, state)
            target.replace(failed_of(lake))
        raise
    warnings = _keep_results(target, folder / "target" / "run_results.json")
    _describe(target, folder / "target" / "manifest.json")
    _point_views_at_lake(lake, target, state)
    target.replace(database_of(lake))
    failed_of(lake).unlink(missing_ok=True)
    return Built(build_id, database_of(lake), warnings)


def _linked(lake: Lake, folder: Path) -> State:
    """The lake's pointers as they are now, and links in `folder` to the files that they name."""
    folder.mkdir()
    return {
        dataset: [_link_partition(lake, pointer, folder) for pointer in lake.pointers(DATASETS[dataset])]
        for dataset in DATASETS
    }


def _link_partition(lake: Lake, pointer: Pointer, folder: Path) -> LinkedPartition:
    for _ in range(3):
        held = folder / f"{pointer.dataset}-{hashlib.sha256(pointer.place.encode()).hexdigest()[:16]}-{pointer.folder}"
        held.mkdir(exist_ok=True)
        try:
            return LinkedPartition(pointer, [_link(lake, key, held) for key in pointer.checked()])
        except LakeError:
            (now,) = lake.pointers(pointer.row_class, **pointer.partition)
            if now == pointer:
                raise
            pointer = now  # it was written twice since its pointer was read
    raise LakeError(
        f"{lake.store.where(pointer.place)}: is written faster than it can be read; build again when the "
        "stage that writes it has ended"
    )


def _link(lake: Lake, key: str, held: Path) -> Path:
    target = held / key.rpartition("/")[2]
    lake.store.fetch(key, target)
    return target


def _variables(state: State, build_id: str) -> dict[str, str | int]:
    """What the SQL cannot know when it is compiled: `most_attestations` of one exchange, in steps of 64."""
    named = {
        (held.pointer.partition["exchange"], held.pointer.partition["attestation"]) for held in state["report_file"]
    }
    most = max(Counter(exchange for exchange, _ in named).values(), default=1)
    return {"build_id": build_id, "most_attestations": -(-most // 64) * 64}


def identity(lake: Lake, state: State | None = None) -> str:
    """Hash of everything that a build is made of: pointers, those of a build's state or the lake's of now, the SQL, the
    registry.
    """
    digest = hashlib.sha256()
    for dataset in DATASETS:
        for pointer in lake.pointers(DATASETS[dataset]) if state is None else [held.pointer for held in state[dataset]]:
            digest.update(f"{dataset} {dict(pointer.partition)} {pointer.content}\n".encode())
    rows = ((folder, "*.csv") for folder in (registry.FOLDER, *registry.own_folders()))
    for folder, pattern in ((sql_folder(), "**/*.sql"), (sql_folder(), "**/*.yml"), *rows):
        for path in sorted(folder.glob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def files_of(lake: Lake) -> dict[str, list[Path]]:
    """The files of every dataset, as the lake's pointers name them now. Raises Damaged."""
    return {
        dataset: [lake.store.local(key) for pointer in lake.pointers(row_class) for key in pointer.checked()]
        for dataset, row_class in DATASETS.items()
    }


def prepare(target: Path, files: Mapping[str, Sequence[Path]], root: Path | None = None) -> None:
    """A DuckDB file with a typed view over the files of each dataset, and the registry's tables.

    The views hold paths relative to `root`, where one is given: who reads them sets DuckDB's file_search_path to it.
    Raises ContractViolation for a file of another schema.
    """
    for dataset, paths in files.items():
        for path in paths:
            _check_schema(dataset, path)
    with _at(target, root) as connection:
        connection.begin()
        for schema in ("lake", "registry", "core", "staging", "failed_tests"):
            connection.execute(f"create schema if not exists {schema}")
        for dataset in DATASETS:
            _view(connection, dataset, files[dataset], root)
        for table in registry.TABLES:
            connection.register("rows", _registry_rows(table))
            connection.execute(f"create table registry.{table.name} as select * from rows")
            connection.unregister("rows")
        connection.commit()


def _check_schema(dataset: str, path: Path) -> None:
    """Raises LakeError, ContractViolation."""
    try:
        with pq.ParquetFile(path) as parquet:
            lake_room.check_schema(DATASETS[dataset], parquet, str(path))
    except (OSError, pa.ArrowInvalid) as error:
        raise LakeError(f"{path}: cannot be read as Parquet: {error}") from error


def _point_views_at_lake(lake: Lake, target: Path, state: State) -> None:
    """The views over the links that the build held, as views over the lake's own files."""
    with _at(target, lake.root) as connection:
        connection.begin()
        for dataset in DATASETS:
            paths = [path for held in state[dataset] for path in _files_now(lake, held.pointer)]
            _view(connection, dataset, paths, lake.root)
        connection.commit()


@contextmanager
def _at(target: Path, root: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which relative paths are found below `root`."""
    with duckdb.connect(str(target), config=OFFLINE) as connection:
        if root is not None:
            connection.execute(f"set file_search_path = {_quoted(search_path(root))}")
        yield connection


def search_path(root: Path) -> str:
    """A folder as DuckDB's file_search_path, which is a list parted by commas. Raises ConfigurationError."""
    if "," in str(root):
        raise ConfigurationError(
            f"{root}: DuckDB finds no files below a folder with a comma in its path; move the lake"
        )
    return str(root)


def _files_now(lake: Lake, pointer: Pointer) -> list[Path]:
    """The files that a pointer names; where it was written twice since they are gone, and those that took their place
    are named.
    """
    if all(map(lake.store.holds, pointer.keys)):
        return pointer.paths
    return [path for now in lake.pointers(pointer.row_class, **pointer.partition) for path in now.paths]


def _view(connection: duckdb.DuckDBPyConnection, dataset: str, paths: Sequence[Path], root: Path | None = None) -> None:
    made = lake_room.schema(DATASETS[dataset])
    if paths:
        relative = [path if root is None else path.relative_to(root) for path in paths]
        listed = ", ".join(_quoted(path.as_posix()) for path in relative)
        query = f"select * from read_parquet([{listed}], hive_partitioning = false)"
    else:
        connection.register("nothing", made.empty_table())
        types = connection.execute("describe select * from nothing").fetchall()
        connection.unregister("nothing")
        columns = ", ".join(f'null::{kind} as "{name}"' for name, kind, *_ in types)
        query = f"select {columns} where false"
    connection.execute(f"create or replace view lake.{dataset} as {query}")
    about = " ".join((DATASETS[dataset].__doc__ or "").split("\n\n")[0].split())
    connection.execute(f"comment on view lake.{dataset} is {_quoted(about)}")
    for field in made:
        meaning = field.metadata[b"meaning"].decode() + (
            f" [{field.metadata[b'unit'].decode()}]" if b"unit" in field.metadata else ""
        )
        connection.execute(f'comment on column lake.{dataset}."{field.name}" is {_quoted(meaning)}')


def _registry_rows(table: registry.Table[Any]) -> pa.Table:
    kinds = {"int": pa.int64(), "bool": pa.bool_(), "date": pa.date32(), "date | None": pa.date32()}
    made = pa.schema([(field.name, kinds.get(str(field.type), pa.string())) for field in fields(table.row)])
    rows = registry.rows(table)
    return pa.table(
        {field.name: pa.array([getattr(row, field.name) for row in rows], field.type) for field in made}, schema=made
    )


def dbt(target: Path, folder: Path, *arguments: str, lock: int | None = None) -> None:
    """One dbt run on a DuckDB file; its logs, artefacts and profile go to `folder`, never into sql/. Raises BuildError.

    It outlives a caller that is killed: with `lock`, the descriptor of a lock on the folder, nobody else works there
    before it has ended.
    """
    settings = SETTINGS | {"file_search_path": search_path(folder)}
    profile = {"type": "duckdb", "path": str(target), "schema": "main", "threads": 2, "settings": settings}
    (folder / "profiles.yml").write_text(
        json.dumps({"porlake": {"target": "build", "outputs": {"build": profile}}}), encoding="utf-8"
    )
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors", "--quiet", *arguments]
    places = {
        "DBT_PROJECT_DIR": sql_folder(),
        "DBT_PROFILES_DIR": folder,
        "DBT_LOG_PATH": folder / "logs",
        "DBT_TARGET_PATH": folder / "target",
    }
    env = (
        dict(os.environ)
        | {name: str(place) for name, place in places.items()}
        | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}
    )
    done = subprocess.run(
        command,
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        pass_fds=() if lock is None else (lock,),
    )
    if done.returncode:
        said = [line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
        raise BuildError(
            _failures(folder / "target" / "run_results.json")
            or f"the build failed, nothing was replaced. dbt ended with {done.returncode}: "
            f"{said[-1][:2000] if said else 'it said nothing'}"
        )


def _failures(path: Path) -> str:
    try:
        results = json.loads(path.read_bytes())["results"]
    except (OSError, ValueError, KeyError):
        return ""
    failed = [result for result in results if result["status"] in ("error", "fail")]
    lines = [
        f"{result['unique_id'].split('.')[2]}: {result['failures'] or ''} {result['message'] or ''}".strip()
        for result in failed
    ]
    return "the build failed, nothing was replaced. " + "; ".join(lines) if lines else ""


def _keep_results(target: Path, path: Path) -> dict[str, int]:
    """What every data test found, as the table failed_tests.results beside the offending rows; the tests that only
    warn, with their rows.
    """
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
        connection.execute(
            "comment on table failed_tests.results is 'What every data test found; `offending` is the table with its "
            "rows.'"
        )
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
def _explained(kind: type[PorlakeError], what: str) -> Iterator[None]:
    """What the machine refuses (a full disk, a folder that cannot be written, a file that is no DuckDB file) as an
    error of ours, its cause kept.
    """
    try:
        yield
    except OSError as error:
        raise kind(
            f"{what}: {error.filename or ''}{': ' if error.filename else ''}{error.strerror or error}"
        ) from error
    except duckdb.Error as error:
        raise kind(f"{what}: {str(error).partition(chr(10))[0]}") from error


@contextmanager
def _aside(root: Path, prefix: str) -> Iterator[tuple[Path, int]]:
    """(folder to work in, alone; the lock on it); what a killed run left behind goes first."""
    with lake_room.alone(root, prefix) as lock:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
        try:
            yield folder, lock
        finally:
            shutil.rmtree(folder, ignore_errors=True)


# --- publish ----------------------------------------------------------------------------------------------------------
def publish(lake: Lake) -> Mapping[str, Any]:
    """The marts of the last build as Parquet, shown all at once; the manifest. Raises LakeError; what was published
    before stays.
    """
    place = lake.root / "marts"
    with _explained(LakeError, f"{place}: the marts cannot be published, those of before stay"):
        place.mkdir(parents=True, exist_ok=True)
        with _aside(place, ".writing-") as (folder, _), _reading(database_of(lake), lake) as connection:
            published = {mart: _write_mart(connection, mart, folder, lake) for mart in marts()}
            manifest = {"version": MARTS_VERSION, "build_id": _build_id(connection), "marts": published}
            before = _folders(place)
            _show(place, published)
            _swap_manifest(lake, lake_room.json_bytes(manifest))
            _forget(place, _folders(place) | before)
    return manifest


MANIFEST = "marts/manifest.json"


def _swap_manifest(lake: Lake, content: bytes) -> None:
    """Raises LakeError where another publish was faster."""
    stored = lake.store.read(MANIFEST)
    if not lake.store.swap(MANIFEST, content, stored.tag if stored else None):
        raise LakeError(f"{lake.store.where(MANIFEST)}: another publish was faster; its marts stay")


def _write_mart(connection: duckdb.DuckDBPyConnection, mart: str, folder: Path, lake: Lake) -> dict[str, Any]:
    """One mart as an immutable file in a folder named by its content. Raises LakeError for a type that Parquet would
    not keep exactly.
    """
    columns = {name: kind for name, kind, *_ in connection.execute(f'describe "{mart}"').fetchall()}
    if wide := [name for name, kind in columns.items() if kind in ("HUGEINT", "UHUGEINT")]:
        raise LakeError(f"{mart}.{wide[0]}: a HUGEINT, which would become a double")
    path = folder / f"{mart}.parquet"
    reader = connection.sql(f'select * from "{mart}" order by all').to_arrow_reader(65_536)
    with pq.ParquetWriter(path, reader.schema, **lake_room.PARQUET) as parquet:
        for batch in reader:
            parquet.write_batch(batch)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    facts = {
        "folder": digest[:16],
        "sha256": digest,
        "rows": pq.read_metadata(path).num_rows,
        "bytes": path.stat().st_size,
        "schema": columns,
    }
    # the same bytes where it was there already, unless those are damaged
    lake.store.put_file(f"marts/{mart}/{digest[:16]}/part-0.parquet", path)
    return facts


def all_files(lake: Lake) -> Iterator[Callable[[], object]]:
    """For the DuckDB file and each published mart, what reads it and raises LakeError; what was never made is not
    missed.
    """
    if database_of(lake).exists():
        yield partial(_opened, lake)
    if lake.store.holds(MANIFEST):
        yield partial(manifest_of, lake)
        with suppress(LakeError):  # told by the look at the manifest itself
            for mart, facts in manifest_of(lake)["marts"].items():
                yield partial(_check_mart, lake, f"marts/{mart}/{facts['folder']}/part-0.parquet", facts)


def manifest_of(lake: Lake) -> Mapping[str, Any]:
    """What is published now. Raises MissingPartition, Damaged."""
    where, stored = lake.store.where(MANIFEST), lake.store.read(MANIFEST)
    if stored is None:
        raise MissingPartition(f"{where}: nothing is published yet; `porlake publish` does it")
    try:
        manifest = json.loads(stored.content)
        if all(isinstance(facts["folder"] + facts["sha256"] + mart, str) for mart, facts in manifest["marts"].items()):
            return cast(Mapping[str, Any], manifest)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Damaged(f"{where}: not a manifest of porlake; `porlake publish` writes it anew") from error
    raise Damaged(f"{where}: not a manifest of porlake; `porlake publish` writes it anew")


def _check_mart(lake: Lake, key: str, facts: Mapping[str, Any]) -> None:
    lake_room.check_bytes(lake.store, key, facts["sha256"], "`porlake publish` writes it anew", anew=True)


def _opened(lake: Lake) -> None:
    """Every table of the DuckDB file read through. Raises Damaged."""
    path = database_of(lake)
    try:
        with duckdb.connect(str(path), read_only=True, config=OFFLINE) as connection:
            for schema, table in connection.execute(
                "select schema_name, table_name from duckdb_tables() where not internal order by all"
            ).fetchall():
                connection.execute(f'select count(columns(*)) from "{schema}"."{table}"').fetchall()
    except duckdb.Error as error:
        raise Damaged(
            f"{path}: cannot be read; `porlake build` makes it anew ({str(error).splitlines()[0]})"
        ) from error


def _show(place: Path, published: Mapping[str, Mapping[str, Any]]) -> None:
    """A folder of links to the marts' folders, and the link `latest` swapped to it: a reader sees one publish, never
    two.
    """
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


# --- query ------------------------------------------------------------------------------------------------------------
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
    with _reading(failed_of(lake) if failed else database_of(lake), lake) as connection:
        try:
            if attestation is not None:
                connection.execute(f"set variable attestation = {_quoted(attestation)}")
            _only_reads(connection, sql)
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
        _explained(LakeError, f"{database_of(lake)}: {mart} cannot be read"),
        _reading(database_of(lake), lake) as connection,
    ):
        return connection.sql(f'select * from "{mart}" order by all').to_arrow_table()


def _paths_in_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The relative paths of files that views of the schema `lake` name, and may therefore be read."""
    views = connection.execute("select sql from duckdb_views() where schema_name = 'lake'").fetchall()
    return sorted({path for (sql,) in views for path in re.findall(r"'(lake/[^']+/part-\d+\.parquet)'", sql)})


@contextmanager
def _reading(database: Path, lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reaches the tables and the files of the lake and nothing else.

    Raises MissingPartition, LakeError for a file that DuckDB cannot read.
    """
    if not database.exists():
        raise MissingPartition(f"{database}: nothing is built yet; `porlake build` does it")
    with _explained(LakeError, f"{database}: cannot be read as the tables of a build; `porlake build` makes them anew"):
        connection = duckdb.connect(
            str(database), read_only=True, config=OFFLINE | {"python_enable_replacements": "false"}
        )
    with connection:
        readable = ", ".join(_quoted(str(lake.root / name)) for name in ("lake", "marts", "raw"))
        connection.execute(f"set allowed_directories = [{readable}]")
        connection.execute(f"set allowed_paths = [{', '.join(map(_quoted, _paths_in_views(connection)))}]")
        connection.execute(f"set file_search_path = {_quoted(search_path(lake.root))}")
        connection.execute("set enable_external_access = false")
        connection.execute("set timezone = 'UTC'")
        known = {
            name for (name,) in connection.execute("select schema_name from information_schema.schemata").fetchall()
        }
        connection.execute(f"set search_path = '{','.join(name for name in SEARCH_PATH.split(',') if name in known)}'")
        connection.execute("set lock_configuration = true")
        yield connection
