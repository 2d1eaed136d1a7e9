"""One endpoint over HTTP: pooled connections, each question bounded in time and size, retries, rate, concurrency.

urllib3 moves the bytes; its texts quote URLs, so that the cause of every error is left out.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from porlake.errors import BadAnswer, TimedOut, TooBig, TransportError, Unavailable
from porlake.transport import limits
from porlake.transport.causes import cause_of, is_untrusted
from porlake.transport.deadline import ConnectionPool, deadline, tls_context
from porlake.transport.endpoint import Endpoint
from porlake.transport.limits import Bounds, Retries, TransientFault, public_error
from porlake.transport.secrets import Redactor
from porlake.transport.status import check_status, is_json
from porlake.transport.strict_json import loads as loads_strictly

DOWNLOAD_BYTES, DOWNLOAD_SECONDS = 2 << 30, 3600.0
#: Headers of an answer that nobody reads: a session's, which are secret.
_NOT_TOLD = frozenset({"set-cookie", "set-cookie2"})


class HttpSession:
    """One endpoint over HTTP: its pool of connections."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._host, self.redactor = endpoint, endpoint.host, Redactor(endpoint)
        secure = {"ssl_context": tls_context()} if endpoint.url.lower().startswith("https") else {}
        self._pool = ConnectionPool(retries=False, maxsize=max(16, endpoint.in_flight), **secure)
        self._retries = Retries(endpoint)

    def ask(
        self,
        verb: str,
        path: str,
        body: bytes | None,
        read: Callable[[int, Any], Any],
        bounds: Bounds,
        loads: Callable[[bytes, str], Any] = loads_strictly,
        questions: int = 1,
    ) -> Any:
        """What `read` makes of an answer's status and JSON; `questions`: how many the body puts. Raises TransportError
        without a secret.
        """

        def once() -> Any:
            self._retries.turn(questions)
            response, answer = self._once(verb, path, body, bounds)
            return read(response.status, self.redactor.answer(answer, loads(answer, self._host)))

        return self._tried(once, bounds)

    def answered(
        self,
        verb: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        accept: Collection[int],
        read: Callable[[int, Any, dict[str, str]], Any],
    ) -> Any:
        """What `read` makes of an answer's status, JSON, and headers by their names in lower case, secrets blanked in
        all.

        `headers`: of this question alone; `accept`: statuses from 400 on that are answers where JSON comes with them.
        Raises TransportError without a secret.
        """
        bounds = Bounds()

        def once() -> Any:
            self._retries.turn()
            response, answer = self._once(verb, path, body, bounds, headers, accept)
            told = {name.lower(): value for name, value in response.headers.items() if name.lower() not in _NOT_TOLD}
            value = self.redactor.answer(answer, loads_strictly(answer, self._host))
            return read(response.status, value, self.redactor.data(told))

        return self._tried(once, bounds)

    def _tried(self, once: Callable[[], Any], bounds: Bounds) -> Any:
        try:
            return self._retries.run(once, patient=bounds.patient)
        except TransportError as error:
            self.redactor.error(error)
            raise

    def fetch(self, out: BinaryIO, seconds: float = DOWNLOAD_SECONDS) -> None:
        """The bytes behind the endpoint's URL, up to DOWNLOAD_BYTES. Raises TransportError without a secret."""
        until = time.monotonic() + seconds
        with self.opened(min(until, time.monotonic() + self._endpoint.timeout)) as response:
            if not copy_body(response, out.write, DOWNLOAD_BYTES, self._host, until, self._endpoint.timeout):
                raise BadAnswer(f"{self._host}: the file is empty")

    def exchange(
        self,
        verb: str,
        path: str,
        body: bytes | None,
        bounds: Bounds,
        *,
        first: int | None = None,
        out: BinaryIO | None = None,
        seconds: float = DOWNLOAD_SECONDS,
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers by their names in lower case, bytes) of an answer, whatever it says: for places where a
        status and the first bytes mean something of their own.

        `first`: so many bytes of it are asked for, and read. `out`: where a body of status 200 goes, up to
        DOWNLOAD_BYTES within `seconds`; it is empty again before each try. Faults that may be over are tried again.
        Raises TransportError.
        """

        def once() -> tuple[int, dict[str, str], bytes]:
            self._retries.turn()
            timeout = bounds.timeout or self._endpoint.timeout
            until, parts = time.monotonic() + timeout, list[bytes]()
            more = {} if first is None else {"Range": f"bytes=0-{first - 1}"}
            encoding = "gzip" if first is None and out is None else "identity"
            with self._response(verb, joined_url(self._endpoint.url, path), body, until, encoding, more) as response:
                status, limit = response.status, bounds.answer_bytes or self._endpoint.answer_bytes
                if status in (408, 413, 425, 429) or status >= 500:
                    check_status(response, self._host)
                if first is not None:
                    copy_first(response, parts.append, first, until)
                elif out is not None and status == 200:
                    out.seek(0)
                    out.truncate()
                    end = time.monotonic() + seconds
                    copy_body(response, out.write, DOWNLOAD_BYTES, self._host, end, timeout)
                else:
                    copy_body(response, parts.append, limit, self._host, until)
                return status, {name.lower(): value for name, value in response.headers.items()}, b"".join(parts)

        found: tuple[int, dict[str, str], bytes] = self._tried(once, bounds)
        return found

    @contextmanager
    def opened(self, until: float) -> Iterator[urllib3.BaseHTTPResponse]:
        """What lies behind the endpoint's URL, its headers read before `until`. Raises TransportError without a
        secret.
        """
        try:
            # Of a packed file nobody would see that it was cut off; of packed JSON its reader does.
            with self._response("GET", self._endpoint.url, None, until, "identity") as response:
                if response.status == 404:
                    raise Unavailable(f"{self._host}: HTTP 404")
                check_status(response, self._host)
                yield response
        except TransportError as error:
            raise self.redactor.error(public_error(error)) from None

    def _once(
        self,
        verb: str,
        path: str,
        body: bytes | None,
        bounds: Bounds,
        more: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> tuple[urllib3.BaseHTTPResponse, bytes]:
        parts: list[bytes] = []
        until = time.monotonic() + (bounds.timeout or self._endpoint.timeout)
        url = joined_url(self._endpoint.url, path)
        with self._response(verb, url, body, until, more=more) as response:
            copy_body(response, parts.append, bounds.answer_bytes or self._endpoint.answer_bytes, self._host, until)
            answer = b"".join(parts)
            if response.status not in accept or not is_json(answer):
                check_status(response, self._host, answer)
        return response, answer

    @contextmanager
    def _response(
        self,
        verb: str,
        url: str,
        body: bytes | None,
        until: float,
        encoding: str = "gzip",
        more: Mapping[str, str] | None = None,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """The response, its headers read before `until`, which is a time of the monotonic clock."""
        headers = {"Accept-Encoding": encoding, "User-Agent": "porlake", **self._endpoint.headers, **(more or {})}
        parts = urlsplit(url)
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + b64encode(user.encode()).decode()
            url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        if body is not None:
            headers["Content-Type"] = "application/json"
        response = self._opened(verb, url, body, headers, until)
        try:
            with deadline(until):
                yield response
        except (HTTPError, OSError) as error:
            if isinstance(error, ReadTimeoutError) or time.monotonic() >= until:
                raise TimedOut(f"{self._host}: the answer does not end in time") from None
            raise TransientFault(f"{self._host}: the answer broke off ({type(error).__name__})") from None
        finally:
            response.close()  # before it is given back: what is left of its body is no answer to the next question
            response.release_conn()

    def _opened(
        self, verb: str, url: str, body: bytes | None, headers: dict[str, str], until: float
    ) -> urllib3.BaseHTTPResponse:
        left = max(0.001, until - time.monotonic())
        timeout = urllib3.Timeout(connect=min(limits.CONNECT_SECONDS, left), read=left)
        # The cause of every error is left out: urllib3's texts quote the URL.
        try:
            with deadline(until):
                return self._pool.request(
                    verb, url, body=body, headers=headers, redirect=False, preload_content=False, timeout=timeout
                )
        except (NewConnectionError, NameResolutionError, MaxRetryError) as error:
            raise TransportError(f"{self._host}: {cause_of(error)}") from None
        except ReadTimeoutError:
            raise TimedOut(f"{self._host}: no answer within {left:.3g} s") from None
        except (HTTPError, OSError) as error:
            if time.monotonic() >= until and not isinstance(error, ConnectTimeoutError):
                raise TimedOut(f"{self._host}: no answer within {left:.3g} s") from None
            if is_untrusted(error):
                raise TransportError(f"{self._host}: its certificate is not trusted") from None
            raise TransientFault(f"{self._host}: {cause_of(error)}") from None


def joined_url(url: str, path: str) -> str:
    """A path below a URL, whose own query, often a key, goes with every path."""
    if not path:
        return url
    parts, (below, _, query) = urlsplit(url), path.partition("?")
    return parts._replace(
        path=parts.path.rstrip("/") + below, query="&".join(filter(None, (query, parts.query)))
    ).geturl()


def copy_body(
    response: urllib3.BaseHTTPResponse,
    write: Callable[[bytes], object],
    limit: int,
    host: str,
    until: float,
    stall: float | None = None,
) -> int:
    """The body, to the end: before `until`, and without a pause of `stall` seconds. Its size."""
    size = 0
    while True:
        now = time.monotonic()
        with deadline(until if stall is None else min(until, now + stall)):
            # read1 comes back with what has arrived: an answer that trickles in is seen to.
            chunk = response.read1(1 << 20, decode_content=True)
        if not chunk:
            return size
        size += len(chunk)
        if size > limit:
            raise TooBig(f"{host}: the answer is longer than {limit:,} bytes")
        if time.monotonic() > until:
            raise TimedOut(f"{host}: the answer does not end in time")
        write(chunk)


def copy_first(response: urllib3.BaseHTTPResponse, write: Callable[[bytes], object], size: int, until: float) -> None:
    """The first `size` bytes of a body, before `until`; fewer where it has no more."""
    while size > 0:
        with deadline(until):
            chunk = response.read1(size, decode_content=True)
        if not chunk:
            return
        write(chunk)
        size -= len(chunk)
