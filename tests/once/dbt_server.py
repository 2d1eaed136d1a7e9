"""dbt for the builds of lakes in one run of the tests: `dbt_server.py SOCKET PID`.

A build by dbt costs some 20 s of CPU, half of which is importing dbt and parsing the project. This process does both
once and forks for each build; the fork runs dbt's own command line with the arguments, environment, folder, streams and
locks of the process that asked, so that all but the parsing is done as it would have been. A project whose files differ
is parsed anew. It ends with the process PID, that of the test run.

The lake `published_month` is built by dbt alone: a test of `warehouse` compares what the server's build gives with it,
to the byte.

Of a test that says so (`TABLES_ONCE`: the fixture `tables_at_once`) the first build of a project is dbt's; the next are
made of the SQL that it compiled, as the materialisations make them, at a twentieth of the cost. What a build is tested
for itself, it is dbt's; a test of `warehouse` compares the two, tables, findings and comments.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import get_adapter, register_adapter, reset_adapters
from dbt.cli import requires
from dbt.cli.main import cli, dbtRunner
from dbt.context.providers import generate_runtime_macro_context
from dbt.context.query_header import generate_query_header_context
from dbt.mp_context import get_mp_context
from dbt.parser.manifest import write_manifest
from forks import Asked, serve

sys.path.insert(1, str(Path(__file__).parents[1]))
import made_tables

PARSED: dict[Any, Any] = {}
#: The arguments of a build of a lake, but for variables of the project.
BUILD = ["--no-use-colors", "--quiet", "build", "--exclude-resource-type", "unit_test"]


def _key(asked: Asked) -> Any:
    """The state of a project's files."""
    project = Path(asked["environment"]["DBT_PROJECT_DIR"])
    files = [path for path in sorted(project.rglob("*")) if path.is_file()]
    return (str(project), *((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files))


def _parsed(asked: Asked) -> Any:
    """The project's manifest, which dbt reads once for each state of its files; None where it cannot be parsed: the
    fork says why.
    """
    key = _key(asked)
    if key not in PARSED:
        before = dict(os.environ)
        with tempfile.TemporaryDirectory() as folder:
            try:
                os.environ.update(asked["environment"] | {"DBT_TARGET_PATH": folder})
                PARSED[key] = dbtRunner().invoke(["--no-use-colors", "--quiet", "parse"]).result
            finally:
                os.environ.clear()
                os.environ.update(before)
                reset_adapters()
        gc.collect()
        gc.freeze()
    return PARSED[key]


def _run(asked: Asked, parsed: Any) -> None:
    """dbt's command line; of a test that says so, one build of a project."""
    if not asked["environment"].get("TABLES_ONCE") or asked["arguments"][: len(BUILD)] != BUILD:
        _by_dbt(asked, parsed)
        return
    state = hashlib.sha256(repr((_key(asked), asked["arguments"])).encode()).hexdigest()[:16]
    compiled = Path(sys.argv[1]).with_name(f"{state}.json")
    target = Path(asked["environment"]["DBT_TARGET_PATH"])
    if compiled.exists():
        target.mkdir(exist_ok=True)
        shutil.copyfile(compiled, target / "manifest.json")
        _of_compiled(target)
        return
    try:
        _by_dbt(asked, parsed)
    except SystemExit as end:
        if not end.code:
            shutil.copyfile(target / "manifest.json", aside := compiled.with_suffix(f".{os.getpid()}"))
            aside.replace(compiled)
        raise


def _of_compiled(target: Path) -> None:
    """The tables of the manifest in `target` and what each data test finds, told as dbt tells it."""
    (output,) = json.loads((target.parent / "profiles.yml").read_bytes())["porlake"]["outputs"].values()
    with duckdb.connect(output["path"], config=made_tables.opened_with(output["settings"])) as connection:
        made_tables.settle(connection, output["settings"])
        made_tables.make(connection, target.parent)
        found = list(made_tables.findings(connection, target.parent))
    made = [
        (name, "success", None, node["relation_name"], "OK")
        for name, node in made_tables.nodes_of(target.parent).items()
    ]
    names = ("unique_id", "status", "failures", "relation_name", "message")
    results = [dict(zip(names, row, strict=True)) | {"execution_time": 0.0} for row in [*made, *found]]
    (target / "run_results.json").write_text(json.dumps({"results": results}))
    sys.exit(int(any(result["status"] == "fail" for result in results)))


def _by_dbt(asked: Asked, parsed: Any) -> None:
    sys.argv = ["-c", *asked["arguments"]]
    if parsed is not None:
        requires.parse_manifest = lambda config, _, write, write_json, __: _given(parsed, config, write, write_json)
    try:
        cli()
    finally:
        DuckDBConnectionManager.close_all_connections()  # as at the end of a process: nothing is left beside the file


def _given(parsed: Any, config: Any, write: bool, write_json: bool) -> Any:
    """As dbt.parser.manifest.parse_manifest ends, and as dbt takes a manifest that a caller gives it."""
    register_adapter(config, get_mp_context())
    adapter: Any = get_adapter(config)
    adapter.set_macro_context_generator(generate_runtime_macro_context)
    adapter.set_macro_resolver(parsed)
    adapter.connections.set_query_header(generate_query_header_context(adapter.config, parsed))
    if write and write_json:
        write_manifest(parsed, config.project_target_path)
    return parsed


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), _parsed, _run)
