"""What several test modules use: the bundled month, runs of the command line in a process of its own, the bytes of a folder."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from porlake import pipeline

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data" / "samples"
RECORDING = SAMPLES / "recording"
MONTH = [str(SAMPLES / name) for name in ("okx_por_2024032500.csv", "okx_liabilities_2024-03-25.csv", "published_history.csv")]


def tree(folder: Path, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """The content of every file, and the target of every link, by its path below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file() and not name.startswith(but or ("\0",)):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def stages(lake: Path, sources: list[str], exchange: str = "okx", replay: Path = RECORDING) -> list[str]:
    """Everything before the build; the reports."""
    chosen = pipeline.settings(lake, replay=replay, environ={})
    found = [report for source in sources for report in pipeline.archive(chosen, exchange, source)]
    for report in found:
        pipeline.parse(chosen, report)
        if pipeline.has_addresses(chosen, report):
            pipeline.verify(chosen, report)
            for network in pipeline.networks(chosen, report):
                pipeline.observe(chosen, report, network)
    pipeline.price(chosen, pipeline.attestations(chosen, found))
    return found


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PORLAKE_", "AIRFLOW"))}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "porlake", *arguments]


@contextmanager
def on_loopback(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The URL of a server on loopback for as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
