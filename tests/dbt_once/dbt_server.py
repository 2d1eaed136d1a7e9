"""dbt for the builds of lakes in one run of the tests: `dbt_server.py SOCKET PID`.

A build by dbt costs some 20 s of CPU, half of which is importing dbt and parsing the project. This process does both
once and forks for each build; the fork runs dbt's own command line with the arguments, environment, folder, streams and
locks of the process that asked, so that all but the parsing is done as it would have been. A project whose files differ
is parsed anew. It ends with the process PID, that of the test run.

The lake `published_month` is built by dbt alone: a test of `warehouse` compares what the server's build gives with it,
to the byte.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import traceback
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

PARSED: dict[Any, Any] = {}


def serve(place: str, of: int) -> None:
    tests = os.pidfd_open(of)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(place)
    listener.listen()
    while tests not in select.select([listener, tests], [], [])[0]:
        asker, _ = listener.accept()
        with asker:
            asked, handed = _request(asker)
            if asked is None:
                continue
            parsed = _parsed(asked)
            # two threads of native libraries wait for work here, and hold nothing that a fork would miss
            assert threading.active_count() == 1, "a process with threads of Python's must not fork"
            if os.fork() == 0:
                listener.close()
                _run(asker, asked, handed, parsed)
            for descriptor in handed:
                os.close(descriptor)


def _request(asker: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """What is asked, and the descriptors that came with it; nothing of an asker that is gone."""
    handed = array.array("i")
    head, extra, *_ = asker.recvmsg(8, socket.CMSG_LEN(64 * handed.itemsize))
    for _, _, data in extra:
        handed.frombytes(data[: len(data) - len(data) % handed.itemsize])
    message, length = b"", int.from_bytes(head, "big")
    while len(message) < length and (part := asker.recv(1 << 16)):
        message += part
    return (json.loads(message) if len(message) == length and head else None), list(handed)


def _parsed(asked: dict[str, Any]) -> Any:
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


def _run(asker: socket.socket, asked: dict[str, Any], handed: list[int], parsed: Any) -> None:
    """dbt's command line in this fork, which ends here."""
    code = 70
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, descriptor in enumerate(handed[:3]):
            os.dup2(descriptor, number)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        sys.argv = ["-c", *asked["arguments"]]
        if parsed is not None:
            requires.parse_manifest = lambda config, _, write, write_json, __: _given(parsed, config, write, write_json)
        try:
            cli()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        DuckDBConnectionManager.close_all_connections()  # as at the end of a process: nothing is left beside the file
    except BaseException:  # noqa: BLE001 (its text is what the asker shows)
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        with contextlib.suppress(OSError):
            asker.sendall(bytes([code & 255]))
        os._exit(code & 255)


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
    serve(sys.argv[1], int(sys.argv[2]))
