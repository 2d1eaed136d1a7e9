"""Publishers on loopback: what each URL of theirs answers, and sources that ask there by mirrors of their hosts.

The hosts that a source may ask stay as they are: a mirror is where a pinned host is asked.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler
from typing import Any

from porlake import sources
from porlake.transport import Recording, Web
from support import ROOT, on_loopback

#: How S3 says that a key is not there where nobody may list the bucket, and how a firewall says no.
NO_SUCH_KEY = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code></Error>'
PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>"


@dataclass(frozen=True)
class Given:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Answers = dict[str, "Given | Callable[[bytes], Given]"]


@dataclass(frozen=True)
class Case:
    """A whole publication: what it is found by in `month`, and the attestations that its files come to. `answers`: by
    URL; `unknown`: what the look says that it could not know.
    """

    month: str
    attestations: set[str]
    answers: Answers
    unknown: set[str] = field(default_factory=set)


def case(name: str) -> bytes:
    """A published file of a format's case, `<format>/<case>/<file>`."""
    return (ROOT / "tests" / "reports" / "cases" / name).read_bytes()


def as_json(value: object, status: int = 200) -> Given:
    return Given(json.dumps(value).encode(), status, {"Content-Type": "application/json"})


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


class Published:
    """What is published, by URL; `asked`: the URLs that were asked for, in their order."""

    def __init__(self, answers: Answers, place: str) -> None:
        self.answers, self.place = answers, place
        self.asked: list[str] = []

    @property
    def mirrors(self) -> dict[str, str]:
        return {host: f"{self.place}/{host}" for host in sources.hosts()}

    @property
    def setting(self) -> str:
        """As PORLAKE_MIRRORS has it."""
        return " ".join(f"{host}={place}" for host, place in self.mirrors.items())

    def web(self, exchange: str, recording: Recording | None = None) -> Web:
        hosts = sources.SOURCES[exchange].HOSTS
        return Web(f"sources.{exchange}", hosts, recording or Recording.off(), self.mirrors)

    def find(self, exchange: str, since: date | None = None) -> sources.Publications:
        return sources.SOURCES[exchange].find(self.web(exchange), since)


@contextmanager
def published(answers: Answers) -> Iterator[Published]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            url = f"https:/{self.path}"
            found.asked.append(url)
            given = found.answers.get(url, Given(NO_SUCH_KEY, 404))
            given = given(body) if callable(given) else given
            wanted, status = given.body, given.status
            if (part := self.headers.get("Range")) and status == 200:
                wanted, status = wanted[: int(part.rpartition("-")[2]) + 1], 206
            self.send_response(status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(wanted)))
            self.end_headers()
            self.wfile.write(wanted)

        def log_message(self, *_: Any) -> None:
            pass

    found = Published(answers, "")
    with on_loopback(Handler) as place:
        found.place = place
        yield found


def packets(*lines: str) -> bytes:
    """References as git's smart HTTP gives them."""

    def one(text: str) -> bytes:
        return f"{len(text.encode()) + 4:04x}{text}".encode()

    return one("# service=git-upload-pack\n") + b"0000" + b"".join(map(one, lines)) + b"0000"


def commit(sha: str, when: str, message: str) -> dict[str, Any]:
    return {"sha": sha, "commit": {"committer": {"date": when}, "message": message}}


def page_of(exchange: str) -> str:
    """The URL of a publisher's own list."""
    return str(sources.SOURCES[exchange].LIST)  # type: ignore[attr-defined]
