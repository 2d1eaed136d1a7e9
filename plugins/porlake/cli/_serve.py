"""A page's folder on loopback, by the standard library: for a look at it, no server for strangers.

Only files of the page are given out, to GET and HEAD, whole or in one range; a folder is never listed. The answer to
any other name of this host is refused, so that no page of elsewhere reads it through a name that it owns. Where a lake
is at hand, the page may ask it (`_answers`): page.json comes with a header that says so, and only the page itself gets
an answer, for a browser tells who asks.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from porlake import served
from porlake.cli import _answers
from porlake.errors import ConfigurationError

_PARTS = 64 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.ASCII)


Asked = Callable[[str, str], tuple[HTTPStatus, dict[str, Any]]]
"""What answers a question of the page: (its name, its query) to the status and JSON of the answer."""
#: Says to the page that there is a lake to ask.
SAYS_SO = {"Porlake-Lake": "asks"}


def serve(folder: Path, port: int, say: Callable[[str], object], asked: Asked | None = None) -> None:
    """Until it is interrupted. Raises ConfigurationError where the port is taken."""
    with server(folder, port, asked) as running:
        say(f"http://127.0.0.1:{running.server_port}/  (Ctrl-C ends it)")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            say("")


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes its connection while it is read from is no fault."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def server(folder: Path, port: int, asked: Asked | None = None) -> ThreadingHTTPServer:
    """A server of a folder on 127.0.0.1 that has its port already. Raises ConfigurationError."""
    handler = type(
        "Handler", (_Handler,), {"folder": folder.resolve(), "asked": staticmethod(asked) if asked else None}
    )
    try:
        return _Server(("127.0.0.1", port), handler)
    except OSError as error:
        raise ConfigurationError(
            f"port {port} cannot be had: {error.strerror or error}; choose another (--serve 0: any that is free)"
        ) from error


class _Handler(BaseHTTPRequestHandler):
    folder: Path
    asked: Asked | None
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "porlake", ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        if not _LOOPBACK.fullmatch(self.headers.get("Host", "")):
            return self._refuse(HTTPStatus.FORBIDDEN)
        place, _, query = self.path.partition("?")
        if self.asked is not None and place.startswith(f"/{_answers.FOLDER}"):
            return self._tell(place.removeprefix(f"/{_answers.FOLDER}"), query, with_body)
        name = served.file_of(self.path)
        path = self.folder / name if name else None
        if name is None or path is None or not path.resolve().is_relative_to(self.folder) or not path.is_file():
            return self._refuse(HTTPStatus.NOT_FOUND)
        try:
            with path.open("rb") as stream:
                self._send(name, stream, path.stat().st_size, with_body)
        except FileNotFoundError:  # the page was made anew meanwhile
            self._refuse(HTTPStatus.NOT_FOUND)
        except (BrokenPipeError, ConnectionResetError):  # who asked has gone
            self.close_connection = True
        return None

    def _send(self, name: str, stream: BinaryIO, size: int, with_body: bool) -> None:
        first, last = 0, size - 1
        asked = self.headers.get("Range")
        found = _RANGE.fullmatch(asked.strip()) if asked else None
        if found and any(found.groups()):
            first, last = _bounds(found[1], found[2], size)
            if first > last:
                return self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"})
            self.send_response(HTTPStatus.PARTIAL_CONTENT)
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        else:
            self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", served.type_of(name) or "application/octet-stream")
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Accept-Ranges", "bytes")
        says = SAYS_SO if self.asked is not None and name == served.PAGE else {}
        self._end_headers(served.headers_of(name) | says)
        if not with_body:
            return None
        stream.seek(first)
        left = last - first + 1
        while left and (part := stream.read(min(_PARTS, left))):
            self.wfile.write(part)
            left -= len(part)
        if left:  # shorter than it was said to be
            self.close_connection = True
        return None

    def _tell(self, name: str, query: str, with_body: bool) -> None:
        """The answer of the lake, to nobody but a page of this server: a browser says where a question comes from."""
        own = f"http://{self.headers.get('Host', '')}"
        if self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin" or self.headers.get("Origin", own) != own:
            return self._refuse(HTTPStatus.FORBIDDEN)
        if not with_body or self.asked is None:
            return self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET"})
        status, said = self.asked(name, query)
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", served.TYPES[".json"])
        self.send_header("Content-Length", str(len(content)))
        self._end_headers(served.HEADERS | {"Cache-Control": "no-store"})
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(content)
        return None

    def _refuse(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self._end_headers(served.HEADERS | (headers or {}))

    def _end_headers(self, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a look at a page is no news."""


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """First and last byte of a range of which one side may be missing; first > last where there are no such bytes."""
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
