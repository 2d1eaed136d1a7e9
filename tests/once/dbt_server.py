"""dbt for the builds of lakes in one run of the tests: `dbt_server.py SOCKET PID`.

A build by dbt costs some 20 s of CPU, half of which is importing dbt and parsing the project. This process does both
once and forks for each build; the fork runs dbt's own command line with the arguments, environment, folder, streams and
locks of the process that asked, so that all but the parsing is done as it would have been. A project whose files differ
is parsed anew. It ends with the process PID, that of the test run.

The lake `published_month` is built by dbt alone: a test of `warehouse` compares what the server's build gives with it,
to the byte.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import get_adapter, register_adapter, reset_adapters
from dbt.cli import requires
from dbt.cli.main import cli, dbtRunner
from dbt.context.providers import generate_runtime_macro_context
from dbt.context.query_header import generate_query_header_context
from dbt.mp_context import get_mp_context
from dbt.parser.manifest import write_manifest
from forks import Asked, serve

PARSED: dict[Any, Any] = {}


def _parsed(asked: Asked) -> Any:
    """The project's manifest, which dbt reads once for each state of its files; None where it cannot be parsed: the
    fork says why.
    """
    project = Path(asked["environment"]["DBT_PROJECT_DIR"])
    files = [path for path in sorted(project.rglob("*")) if path.is_file()]
    key = (str(project), *((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files))
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
    """dbt's command line."""
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
