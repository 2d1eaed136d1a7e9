"""`dbt` as one subprocess: in process it keeps the file locked. What its tests found is kept in the file."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from porlake.dbt_project import sql_folder
from porlake.errors import BuildError
from porlake.warehouse.database import OFFLINE, SETTINGS, quoted

KEPT = 4
"""Parsed projects that are kept: those of the SQL as it was last, and before."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a model or a test came to in one run of dbt: its kind, one of KINDS, its status in dbt's words (`success`,
    `pass`, `warn`, `fail`, `error`, `skipped`), the seconds that it took, the offending rows of a test.
    """

    kind: str
    name: str
    status: str
    seconds: str
    rows: int


def results_of(path: Path) -> tuple[Result, ...]:
    """What stands in dbt's run_results.json, models before tests, by name; nothing where it did not come so far."""
    try:
        found = json.loads(path.read_bytes())["results"]
    except (OSError, ValueError, KeyError):
        return ()
    told = [
        Result(_kind(one), one["unique_id"].split(".")[2], one["status"], f"{one['execution_time']:.2f}",
               int(one["failures"] or 0))
        for one in found
    ]  # fmt: skip
    return tuple(sorted(told, key=lambda one: (KINDS.index(one.kind), one.name)))


#: Kinds of what dbt runs, in the order in which a reader meets them.
KINDS = ("staging", "core", "marts", "test", "other")


def _kind(result: Mapping[str, Any]) -> str:
    """By the schema in which a model lies; marts lie in `main`."""
    sort, _, _ = str(result["unique_id"]).partition(".")
    if sort != "model":
        return sort if sort in KINDS else "other"
    schema = str(result.get("relation_name") or "").replace('"', "").split(".")[-2:-1]
    return "marts" if schema == ["main"] else schema[0] if schema and schema[0] in KINDS else "other"


def dbt(target: Path, folder: Path, *arguments: str, lock: int | None = None, memory: str = "") -> None:
    """One dbt run on a DuckDB file; its logs, artefacts and profile go to `folder`, never into sql/. Raises BuildError.
    `memory`: what DuckDB may hold, where that is not what SETTINGS say.

    It outlives a caller that is killed: with `lock`, the descriptor of a lock on the folder, nobody else works there
    before it has ended.
    """
    # relative to the folder, in which dbt works: a profile that is the same for each build lets dbt take over what it
    # parsed for the last one
    settings = SETTINGS | {"file_search_path": "."} | ({"memory_limit": memory} if memory else {})
    place = str(target.relative_to(folder))
    profile = {"type": "duckdb", "path": place, "schema": "main", "threads": 2, "settings": settings}
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
        # its own log lies in a folder that goes away with the build, and costs a tenth of its time
        | {"DBT_LOG_LEVEL_FILE": "none"}
    )
    parsed = _parsed()
    with suppress(OSError):  # the first build, or a home that cannot be read
        (folder / "target").mkdir(exist_ok=True)
        shutil.copyfile(parsed, folder / "target" / parsed.name)
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

    with suppress(OSError):  # a home that cannot be written: the next build parses again
        _keep_parsed(folder / "target" / parsed.name, parsed)


def _parsed() -> Path:
    """What dbt keeps of a parsed project, for these very files of it and this dbt: parsing takes longer than a build of
    a small lake.
    """
    digest = hashlib.sha256(f"{sys.version} {version('dbt-core')} {version('dbt-duckdb')}".encode())
    project = sql_folder()
    for path in sorted(path for path in project.rglob("*") if path.suffix in (".sql", ".yml")):
        digest.update(path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes())
    caches = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111 - no error
    return caches / "porlake" / "dbt" / digest.hexdigest()[:32] / "partial_parse.msgpack"


def _keep_parsed(made: Path, place: Path) -> None:
    """Whole or not at all, in the place of one that dbt could not take over; of older ones some stay."""
    content = made.read_bytes()
    if not place.is_absolute() or (place.exists() and place.read_bytes() == content):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f".{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)
    kept = sorted(place.parent.parent.iterdir(), key=lambda folder: folder.stat().st_mtime)
    for folder in kept[:-KEPT]:
        shutil.rmtree(folder)


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


def keep_results(target: Path, path: Path) -> dict[str, int]:
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


def describe(target: Path, manifest: Path) -> None:
    """Comments on tables and columns, from the dbt project, in DuckDB's catalogue, and core.mart_sql: what each mart
    was made by.
    """
    nodes = [node for node in json.loads(manifest.read_bytes())["nodes"].values() if node["resource_type"] == "model"]
    with duckdb.connect(str(target), config=OFFLINE) as connection:
        connection.begin()
        for node in nodes:
            table = f'{node["schema"]}."{node["alias"]}"'
            about = node["description"] or node["raw_code"].split("\n")[0].removeprefix("-- ")
            connection.execute(f"comment on table {table} is {quoted(about)}")
            for name, column in node["columns"].items():
                connection.execute(f'comment on column {table}."{name}" is {quoted(column["description"])}')
        connection.execute("create or replace table core.mart_sql (mart varchar, sql varchar)")
        made_by = sorted((node["alias"], node["compiled_code"]) for node in nodes if node["schema"] == "main")
        connection.executemany("insert into core.mart_sql values (?, ?)", made_by)
        connection.execute(
            "comment on table core.mart_sql is 'The statement by which the build made a mart. One row a mart.'"
        )
        connection.commit()
