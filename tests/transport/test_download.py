"""Published files that come too slowly, are too large or break off."""

from __future__ import annotations

import io
import json

import pytest

from porlake.errors import (
    TimedOut,
    TooBig,
)
from porlake.transport import connection, download, streamed
from porlake.transport.connection import HttpSession
from transport.faults import (
    endpoint,
    named,
)
from transport.stub import (
    PATIENT,
    RIGHT,
    STALL,
)


def test_a_file_that_comes_too_slowly_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TimedOut):
        HttpSession(endpoint(port, named("a body that drips"), timeout=PATIENT)).fetch(io.BytesIO(), STALL)
    monkeypatch.setattr(connection, "DOWNLOAD_BYTES", 1 << 20)
    with pytest.raises(TooBig):
        HttpSession(endpoint(port, named("a body without an end"))).fetch(io.BytesIO())


def test_a_dump_that_stops_or_crawls_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with streamed(endpoint(port, named("right")).url) as file:
        assert json.loads(file.read()) == RIGHT
    monkeypatch.setattr(download._Stream, "SLOWEST", 10**9)
    clock = iter(range(0, 10**6, 100))
    with (
        streamed(endpoint(port, named("a body without an end")).url) as file,
        pytest.raises(TimedOut, match="slower than"),
    ):
        monkeypatch.setattr("time.monotonic", lambda: float(next(clock)) + 10**9)
        file.read(10)
