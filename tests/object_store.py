"""A real object store for tests: SeaweedFS on loopback, one for a session, a place of its own for each test.

It keeps to `If-None-Match` and `If-Match` as S3 does; moto's server, as of 5.2, lets two of eight writers win.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

from porlake import warehouse
from porlake.lake import Lake
from porlake.lake.partition import partition_in
from ports import free_ports
from support import on_loopback

KEYS = {"access_key_id": "testkey", "secret_access_key": "a-secret-of-the-tests"}
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEYS["access_key_id"], "AWS_SECRET_ACCESS_KEY": KEYS["secret_access_key"]}
BUCKET = "porlake"


class SeaweedFS:
    """One server process below a folder: master, volumes, filer and S3."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ports = folder, free_ports(4, also=10_000)  # of gRPC
        identity = {"accessKey": KEYS["access_key_id"], "secretKey": KEYS["secret_access_key"]}
        rights = ["Admin", "Read", "Write", "List", "Tagging"]
        said = {"identities": [{"name": "tests", "credentials": [identity], "actions": rights}]}
        (folder / "s3.json").write_text(json.dumps(said))
        (folder / "data").mkdir()
        self.start()
        request = urllib.request.Request(f"http://127.0.0.1:{self._ports[2]}/buckets/{BUCKET}/", method="POST")
        urllib.request.urlopen(request, timeout=20).close()

    @property
    def port(self) -> int:
        return self._ports[3]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, prefix: str = "", endpoint: str = "") -> str:
        """The URL of a lake; without a prefix of one that nothing lies in."""
        return f"s3://{BUCKET}/{prefix or uuid4().hex}?endpoint={endpoint or self.endpoint}"

    def lake(self, cache: Path, prefix: str = "") -> Lake:
        return Lake(self.url(prefix), cache, KEYS)

    def start(self) -> None:
        master, volume, filer, s3 = self._ports
        weed = Path(sys.executable).with_name("weed")
        command = [
            str(weed), "server", f"-dir={self._folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            f"-master.port={master}", f"-volume.port={volume}", "-volume.max=200", "-master.telemetry=false",
            "-master.electionTimeout=1s",  # a master alone is elected by itself, 10 s after a start without it
            "-filer", f"-filer.port={filer}", "-s3", f"-s3.port={s3}", f"-s3.config={self._folder / 's3.json'}",
            "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64",
            f"-filer.localSocket={self._folder / 'filer.sock'}", f"-s3.localSocket={self._folder / 's3.sock'}",
        ]  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder, preexec_fn=_ends_with_us
            )
        until = time.monotonic() + 180
        while not (_answers(f"http://127.0.0.1:{filer}/") and _answers(self.endpoint)):
            if time.monotonic() > until or self._process.poll() is not None:
                raise AssertionError((self._folder / "log").read_text()[-2_000:])
            time.sleep(0.1)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)


Answer = Callable[[BaseHTTPRequestHandler], bool]


@contextmanager
def odd(answer: Answer) -> Iterator[str]:
    """The endpoint of a server of its own that answers each request by `answer`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer(self)

        do_PUT = do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)
        return True

    return answer


@contextmanager
def overtaken_at(
    store: SeaweedFS, dataset: str, write: Callable[[dict[str, str]], None]
) -> Iterator[tuple[str, list[str]]]:
    """A server in front of the store: its endpoint, and the keys at which a writer was overtaken. Once, when the first
    pointer of `dataset` is about to be swapped, `write` is given its partition and comes first.
    """
    told, once = list[str](), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm, wbufsize = True, 1 << 16  # an answer at once: in two parts the second waits 40 ms

        def setup(self) -> None:
            super().setup()
            self.there = http.client.HTTPConnection("127.0.0.1", store.port, timeout=60)

        def finish(self) -> None:
            super().finish()
            self.there.close()

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key = unquote(self.path).partition("?")[0]
            if self.command == "PUT" and f"/lake/{dataset}/" in key and key.endswith("/pointer.json"):
                with once:
                    if not told:
                        told.append(key)
                        write(partition_in(key))
            self.there.request(self.command, self.path, body, dict(self.headers))  # with the Host that was signed
            answer = self.there.getresponse()
            content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url, told


def differing(lake: Lake, local: Lake) -> list[str]:
    """Of all keys of datasets, published files, marts and manifest those that only one of two lakes has, or whose bytes
    differ.
    """
    marts = [
        f"marts/{mart}/{facts['folder']}/part-0.parquet"
        for mart, facts in warehouse.manifest_of(local)["marts"].items()
    ]
    assert len(marts) > 10
    keys, there = ([key for folder in ("lake", "raw") for key in one.store.list(folder)] for one in (local, lake))

    def content(key: str) -> bytes | None:
        found = lake.store.read(key)
        return found.content if found else None

    asked = [*keys, *marts, "marts/manifest.json"]
    wrong = [
        key
        for key, held in zip(asked, lake.at_once(content, asked), strict=True)
        if held != (local.root / key).read_bytes()
    ]
    return sorted({*wrong, *(set(keys) ^ set(there))})


def _ends_with_us() -> None:
    """A server whose tests were killed is killed too (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
