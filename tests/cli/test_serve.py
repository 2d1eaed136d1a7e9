"""The page on loopback: only its files, their types, ranges, and headers that keep strangers out."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.serving import ask
from porlake import served
from porlake.cli import _serve
from porlake.errors import ConfigurationError

FILES = {
    "index.html": b"<!doctype html>",
    "main.js": b"let a",
    "data/page.json": b"{}",
    "data/0123456789abcdef/a.parquet": bytes(range(100)),
    "secret.key": b"k",
    ".hidden.html": b"h",
}


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    folder = tmp_path / "page"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (tmp_path / "outside.html").write_text("outside")
    (folder / "link.html").symlink_to(tmp_path / "outside.html")
    running = _serve.server(folder, 0)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running.server_port
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html?x=1", "index.html", "text/html; charset=utf-8"),
        ("/main.js", "main.js", "text/javascript; charset=utf-8"),
        ("/data/page.json", "data/page.json", "application/json"),
        ("/data/0123456789abcdef/a.parquet", "data/0123456789abcdef/a.parquet", "application/vnd.apache.parquet"),
    ],
)
def test_a_file_has_its_bytes_its_type_and_the_headers(port: int, path: str, name: str, kind: str) -> None:
    status, headers, content = ask(port, path)
    assert (status, content, headers["Content-Type"]) == (200, FILES[name], kind)
    assert headers["Content-Length"] == str(len(content))
    assert headers["Accept-Ranges"] == "bytes"
    assert headers.items() >= served.HEADERS.items()
    assert headers["Cache-Control"] == ("max-age=31536000, immutable" if "0123" in name else "no-cache")
    status, of_head, nothing = ask(port, path, "HEAD")
    assert (status, nothing, of_head["Content-Length"]) == (200, b"", headers["Content-Length"])


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        ("bytes=0-0", 206, b"\x00", "bytes 0-0/100"),
        ("bytes=98-", 206, b"bc", "bytes 98-99/100"),
        ("bytes=99-99", 206, b"c", "bytes 99-99/100"),
        ("bytes=90-1000", 206, bytes(range(90, 100)), "bytes 90-99/100"),
        ("bytes=-3", 206, b"abc", "bytes 97-99/100"),
        ("bytes=-1000", 206, bytes(range(100)), "bytes 0-99/100"),
        ("bytes=100-", 416, b"", "bytes */100"),
        ("bytes=5-4", 416, b"", "bytes */100"),
        ("bytes=-0", 416, b"", "bytes */100"),
        ("bytes=0-1,4-5", 200, bytes(range(100)), None),  # several: the whole file is as good an answer
        ("bytes=-", 200, bytes(range(100)), None),
        ("rows=0-1", 200, bytes(range(100)), None),
    ],
)
def test_a_range(port: int, asked: str, status: int, content: bytes, told: str | None) -> None:
    found, headers, body = ask(port, "/data/0123456789abcdef/a.parquet", Range=asked)
    assert (found, body, headers.get("Content-Range")) == (status, content, told)
    assert headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize(
    "path",
    [
        "/data/", "/data", "/secret.key", "/.hidden.html", "/none.html", "/../outside.html", "/%2e%2e/outside.html",
        "/data/..%2f..%2foutside.html", "/link.html", "//etc/passwd", "/data//page.json", "/index.html%00.js",
        "/..%5coutside.html", "/exchange/.git/config.json", "/[", "/lake/rows", "*",
    ],
)  # fmt: skip
def test_nothing_else_is_given_out_and_no_folder_is_listed(port: int, path: str) -> None:
    status, headers, body = ask(port, path)
    assert (status, body) == (404, b"")
    assert headers.items() >= served.HEADERS.items()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_but_reading(port: int, method: str) -> None:
    assert ask(port, "/index.html", method)[0] == 501


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("localhost:80", 200), ("[::1]:8090", 200), ("evil.example", 403), ("127.0.0.1.evil.example",
     403), ("", 403)],
)  # fmt: skip
def test_a_name_that_somebody_else_owns_is_refused(port: int, host: str, status: int) -> None:
    assert ask(port, "/index.html", Host=host)[0] == status


@pytest.mark.parametrize(
    ("target", "told"),
    [(b"http://[", b"404"), (b"http://[::1/index.html", b"404"), (b"http://localhost/a.html", b"404"),
     (b"\xff", b"404"), (b"?", b"200")],
)  # fmt: skip
def test_what_is_no_path_is_not_found(port: int, target: bytes, told: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == told


def test_who_goes_away_is_no_fault(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    for said in (b"", b"GET /main.js HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset at its end
            connection.sendall(said)
    assert ask(port, "/index.html")[0] == 200
    time.sleep(0.3)
    assert "Traceback" not in capfd.readouterr().err


def test_a_port_that_is_taken_is_told(port: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"port {port} cannot be had: Address already in use; choose another"):
        _serve.server(tmp_path, port)
