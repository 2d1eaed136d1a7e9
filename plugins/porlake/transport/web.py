"""What a publisher shows on the web: pages, listings, files. Asked of its own hosts and of no other; what an answer's
status and first bytes mean is for `sources` to say.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from types import MappingProxyType
from typing import Any, BinaryIO, cast
from urllib.parse import urljoin, urlsplit

from porlake.errors import BadAnswer, ConfigurationError, NotRecorded, TimedOut
from porlake.transport.connection import HttpSession
from porlake.transport.endpoint import Endpoint
from porlake.transport.limits import Bounds
from porlake.transport.recording import Recording
from porlake.transport.strict_json import dumps

#: Of one look at a publisher: seconds in all, of one answer, bytes of one answer, questions a second and host.
LOOK_SECONDS, ANSWER_SECONDS, PAGE_BYTES, PER_SECOND = 60.0, 30.0, 8 << 20, 2.5
#: Seconds before a question is put again; they double (`Endpoint.pause`).
PAUSE = 1.0
REDIRECTS = 3
#: Of an answer's headers these are kept: who answered, what, how old it is.
KEPT = ("age", "content-range", "content-type", "etag", "last-modified", "location", "server")
IN_MEMORY = 16 << 20


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of a publisher as it came. `url`: as it was asked; `body`: what of it was asked for, empty where it
    went to a file; `retrieved_at` in UTC, to the second.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    retrieved_at: datetime

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def sha256(self) -> str:
        return sha256(self.body).hexdigest()

    @property
    def age_seconds(self) -> int:
        """How long a cache on the way has held the answer, as its header says (RFC 9111, 5.1); 0 where none does."""
        told = self.headers.get("age", "").strip()
        return int(told) if re.fullmatch(r"[0-9]{1,9}", told) else 0


class Web:
    """A publisher's hosts, each whole or below a path (`host/bucket`), asked over https, a few questions a second, for
    `LOOK_SECONDS` in all (files aside).

    `mirrors`: for a host the URL below which it is asked instead, by which nobody else is let in: what may be asked is
    said by the hosts. Raises TransportError: BadAnswer for a URL or a redirect that leads elsewhere, TimedOut when the
    time for the look is over.
    """

    def __init__(
        self, name: str, hosts: Iterable[str], recording: Recording, mirrors: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._name, self._recording, self._mirrors = name, recording, mirrors
        self._below = {host: below for host, _, below in (one.partition("/") for one in hosts)}
        self._sessions: dict[str, HttpSession] = {}
        self._until: float | None = None

    def now(self) -> datetime:
        """The time in UTC; of a recording the time when it was made."""
        return self._recording.now()

    def get(self, url: str, *, first: int | None = None) -> Reply:
        """The answer to a GET; with `first` that many bytes of it."""
        return self._followed(url, None, first)

    def post(self, url: str, body: Mapping[str, Any]) -> Reply:
        """The answer to a POST of a JSON object."""
        return self._followed(url, body, None)

    @contextmanager
    def file(self, url: str, body: Mapping[str, Any] | None = None) -> Iterator[tuple[Reply, BinaryIO]]:
        """(answer, its bytes as a seekable stream): for files of any size. Of another status than 200 the bytes are the
        answer's alone.
        """
        with cast(BinaryIO, SpooledTemporaryFile(max_size=IN_MEMORY)) as out:
            reply = self._answer(url, body, None, out)
            if reply.status in _REDIRECTS:
                reply = self._answer(self._target(reply), body, None, out)
            out.seek(0)
            yield reply, out

    def _followed(self, url: str, body: Mapping[str, Any] | None, first: int | None) -> Reply:
        for _ in range(REDIRECTS + 1):
            reply = self._answer(url, body, first, None)
            if reply.status not in _REDIRECTS:
                return reply
            url = self._target(reply)
        raise BadAnswer(f"{reply.host}: more than {REDIRECTS} redirects")

    def _target(self, reply: Reply) -> str:
        try:
            target = urljoin(reply.url, reply.headers.get("location", ""))
            self._path(target)
        except (ValueError, BadAnswer) as error:
            raise BadAnswer(f"{reply.host}: redirects to {_host(reply)}, which is none of its publisher's") from error
        return target

    def _path(self, url: str) -> tuple[str, str]:
        """(host, path with its query) of a URL that may be asked. Raises BadAnswer."""
        try:
            parts = urlsplit(url)
            host, port, user = parts.hostname or "", parts.port, parts.username
        except ValueError as error:
            raise BadAnswer("a URL that cannot be read") from error
        below = self._below.get(host, "\0")
        is_below = not below or f"{parts.path}/".startswith(f"/{below}/")
        if parts.scheme != "https" or not is_below or port not in (None, 443) or user is not None:
            named = f"{parts.scheme}://{host}"[:100]
            raise BadAnswer(f"{named if named.isprintable() else 'a URL'} is not of https and of the publisher's hosts")
        return host, parts.path + (f"?{parts.query}" if parts.query else "")

    def _answer(self, url: str, body: Mapping[str, Any] | None, first: int | None, out: BinaryIO | None) -> Reply:
        host, path = self._path(url)
        params = {"url": url} | ({} if body is None else {"body": body}) | ({} if first is None else {"first": first})

        def ask() -> dict[str, Any]:
            status, headers, came = self._ask(host, path, body, first, out)
            kept = {name: headers[name] for name in KEPT if name in headers}
            told: dict[str, Any] = {"status": status, "headers": kept, "at": _now()}
            if out is not None and status == 200:
                return told | {"file": self._recording.keep_file(self._name, out)}
            return told | _text_of(came)

        verb = "get" if body is None else "post"
        answer, _ = self._recording.answer(self._name, verb if out is None else f"{verb}_file", params, host, ask)
        return self._read(url, answer, out)

    def _read(self, url: str, answer: Any, out: BinaryIO | None) -> Reply:
        """An answer as it came, or as a recording holds it. Raises NotRecorded."""
        try:
            if "file" in answer and out is not None and self._recording.replays:
                with self._recording.file(self._name, answer["file"]) as kept:
                    while chunk := kept.read(1 << 20):
                        out.write(chunk)
            body = _bytes_of(answer)
            if out is not None and "file" not in answer:
                out.seek(0)
                out.truncate()
                out.write(body)
            at = datetime.fromisoformat(answer["at"])
            return Reply(url, int(answer["status"]), dict(answer["headers"]), body, at)
        except (LookupError, TypeError, ValueError) as error:
            raise NotRecorded(f"{self._name}: an answer of the recording is not of the form of a web page") from error

    def _ask(
        self, host: str, path: str, body: Mapping[str, Any] | None, first: int | None, out: BinaryIO | None
    ) -> tuple[int, dict[str, str], bytes]:
        now = time.monotonic()
        self._until = self._until or now + LOOK_SECONDS
        left = self._until - now
        if left <= 0 and out is None:
            raise TimedOut(f"{host}: not asked any more: the {LOOK_SECONDS:g} s of this look are over")
        timeout = ANSWER_SECONDS if out is not None else max(0.001, min(left, ANSWER_SECONDS))
        sent = None if body is None else dumps(body)
        verb = "GET" if body is None else "POST"
        return self._session(host).exchange(
            verb, path, sent, Bounds(patient=False, timeout=timeout, answer_bytes=PAGE_BYTES), first=first, out=out
        )

    def _session(self, host: str) -> HttpSession:
        if host not in self._sessions:
            place = self._mirrors.get(host, f"https://{host}")
            endpoint = Endpoint(place, {"Accept-Language": "en-US"}, per_second=PER_SECOND, tries=3, pause=PAUSE)
            self._sessions[host] = HttpSession(endpoint)
        return self._sessions[host]


_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def check_mirror(place: str) -> None:
    """Raises ConfigurationError for a mirror whose URL is none, or holds what must not be shown."""
    parts = urlsplit(Endpoint(place).url)
    if parts.username is not None or parts.query:
        raise ConfigurationError("a mirror's URL holds no user and no query")


def _now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def _host(reply: Reply) -> str:
    try:
        name = urlsplit(urljoin(reply.url, reply.headers.get("location", ""))).hostname or ""
    except ValueError:
        name = ""
    return name[:100] if name.isprintable() and name else "a place that is none"


def _text_of(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _bytes_of(answer: Mapping[str, Any]) -> bytes:
    if "file" in answer:
        return b""
    return answer["text"].encode() if "text" in answer else base64.b64decode(answer["base64"], validate=True)
