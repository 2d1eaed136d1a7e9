"""Published files: kept aside, or read as they come."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

import urllib3
from urllib3.exceptions import HTTPError

from porlake.errors import TimedOut, TransportError
from porlake.transport.connection import HttpSession
from porlake.transport.deadline import deadline
from porlake.transport.endpoint import Endpoint


@contextmanager
def fetched(url: str) -> Iterator[BinaryIO]:
    """The bytes behind a URL, seekable, up to DOWNLOAD_BYTES. Raises TransportError."""
    with cast(BinaryIO, SpooledTemporaryFile(max_size=16 << 20)) as out:
        HttpSession(Endpoint(url)).fetch(out)
        out.seek(0)
        yield out


@contextmanager
def streamed(url: str) -> Iterator[BinaryIO]:
    """The bytes behind a URL as they come, without end: for files too large to be kept. Raises Unavailable where there
    are none, TransportError.
    """
    endpoint = Endpoint(url)
    with HttpSession(endpoint).opened(time.monotonic() + endpoint.timeout) as response:
        yield cast(BinaryIO, _Stream(response, endpoint))


class _Stream(io.RawIOBase):
    """Something comes within each `timeout`, and once a minute was waited for, SLOWEST bytes a second did."""

    SLOWEST = 10_000

    def __init__(self, response: urllib3.BaseHTTPResponse, endpoint: Endpoint) -> None:
        self._response, self._host, self._timeout = response, endpoint.host, endpoint.timeout
        self._waited, self._size = 0.0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        try:
            with deadline(began + self._timeout):
                data = self._response.read1(len(buffer))
        except (HTTPError, OSError) as error:
            raise TransportError(f"{self._host}: the file broke off ({type(error).__name__})") from None
        self._waited, self._size = self._waited + time.monotonic() - began, self._size + len(data)
        if self._waited > 60 and self._size < self.SLOWEST * self._waited:
            raise TimedOut(f"{self._host}: the file comes slower than {self.SLOWEST:,} bytes a second")
        buffer[: len(data)] = data
        return len(data)
