"""What several test modules use: the bundled month, runs of the command line in a process of its own, the bytes of a
folder.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from porlake import pipeline, registry

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data" / "samples"
RECORDING = SAMPLES / "recording"
SAMPLE_ROWS = SAMPLES / "registry"  # they say that the sample's Bitcoin is a regtest
MONTH = [
    str(SAMPLES / name)
    for name in ("okx_por_2024032500.csv", "okx_liabilities_2024-03-25.csv", "published_history.csv")
]
#: All stages of it by the command line, but for the lake's place.
MONTH_RUN = [
    "run",
    "okx",
    *(word for name in MONTH for word in ("--report", name)),
    "--replay",
    str(RECORDING),
    "--registry",
    str(SAMPLE_ROWS),
]


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


@contextmanager
def own_rows(folder: Path) -> Iterator[None]:
    """Rows of a folder over the registry's, as PORLAKE_REGISTRY says it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(registry.OWN_ROWS, str(folder))
        yield


def named(folder: Path, **chains: str) -> Path:
    """A folder of rows that make a chain of each network's name: network="0:<hash> ..."."""
    rows = [registry.load().networks[network] for network in chains]
    with (folder / "networks.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([field.name for field in fields(registry.Network)])
        writer.writerows(astuple(replace(row, caip2="")) for row in rows)
    lines = [f"{network},{shows},made for a test\n" for network, shows in chains.items()]
    (folder / "identities.csv").write_text("network,shows,source\n" + "".join(lines), encoding="utf-8")
    return folder


def taken(chosen: pipeline.Session, exchange: str, source: Path | str, *, verified: bool = False) -> list[str]:
    """Archive and parse a file, and judge its signatures where it is to be `verified`; the reports."""
    found = pipeline.archive(chosen, exchange, str(source))
    for report in found:
        pipeline.parse(chosen, report)
        if verified:
            pipeline.verify(chosen, report)
    return found


def stages(lake: Path, sources: list[str], exchange: str = "okx", replay: Path = RECORDING) -> list[str]:
    """Everything before the build; the reports."""
    with own_rows(SAMPLE_ROWS):
        return _stages(lake, sources, exchange, replay)


def _stages(lake: Path, sources: list[str], exchange: str, replay: Path) -> list[str]:
    chosen = pipeline.session(lake, replay=replay, environ={})
    found = [report for source in sources for report in pipeline.archive(chosen, exchange, source)]
    for report in found:
        pipeline.parse(chosen, report)
        if pipeline.has_addresses(chosen, report):
            pipeline.verify(chosen, report)
            for network in pipeline.networks(chosen, report):
                pipeline.observe(chosen, report, network)
        if pipeline.is_proof(chosen, report):
            pipeline.prove(chosen, report)
    pipeline.price(chosen, pipeline.attestations(chosen, found))
    return found


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker of a run that asks for it makes, and all others read. Nothing is changed in it:
    whoever needs to takes a copy.
    """
    base = factory.getbasetemp()
    root = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "shared"
    root.mkdir(exist_ok=True)
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / f"{name}.done").exists():
            (root / name).mkdir()  # one that failed half-way fails for all
            make(root / name)
            (root / f"{name}.done").touch()
    return root / name


def nobody(path: Path, *, but: str = "") -> Path:
    """Settings by which no public endpoint is asked: each network's is a closed port of this machine."""
    closed = "".join(f'[{name}]\nurl = "http://127.0.0.1:9"\n' for name in registry.load().networks if name != but)
    path.write_text(closed, encoding="utf-8")
    return path


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PORLAKE_", "AIRFLOW"))}


def airflow_once(home: Path) -> dict[str, str]:
    """What is added to the environment of Airflow's processes, and of `python -c`, so that they fork from one that has
    imported Airflow (`tests/once`). `home` is the AIRFLOW_HOME of all of them.
    """
    if not os.environ.get("DBT_ONCE"):
        return {}
    place = Path(os.environ["DBT_ONCE"]).with_name(hashlib.sha256(str(home).encode()).hexdigest()[:12])
    return {"AIRFLOW_HOME": str(home), "AIRFLOW_ONCE": str(place)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "porlake", *arguments]


def reply(handler: BaseHTTPRequestHandler, status: int, data: bytes) -> None:
    """A whole answer of a handler."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


class LoopbackServer(ThreadingHTTPServer):
    request_queue_size = 128  # as a real server's: of the 5 that are the default more at once are turned away


@contextmanager
def on_loopback(handler: type[BaseHTTPRequestHandler], host: str = "127.0.0.1") -> Iterator[str]:
    """The URL of a server on loopback for as long as the block lasts; two addresses of this machine are two
    operators.
    """
    server = LoopbackServer((host, 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
