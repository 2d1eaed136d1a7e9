"""Published files that come too slowly, are too large or break off."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from porlake.errors import (
    TimedOut,
    TooBig,
)
from porlake.transport import Endpoint, connection, download, streamed
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


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_file_has_up_to_so_many_bytes(port: int, more: int, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(json.dumps(RIGHT))
    monkeypatch.setattr(connection, "DOWNLOAD_BYTES", size + more)
    out = io.BytesIO()
    if more < 0:
        with pytest.raises(TooBig, match=f"longer than {size - 1:,} bytes"):
            HttpSession(endpoint(port, named("right"))).fetch(out)
    else:
        HttpSession(endpoint(port, named("right"))).fetch(out)
        assert json.loads(out.getvalue()) == RIGHT


@pytest.mark.parametrize(("seconds", "size", "is_given_up"), [
    (60.0, 1, False), (60.5, 604_999, True), (60.5, 605_000, False), (60.5, 605_001, False), (59.0, 0, False),
])  # fmt: skip
def test_a_dump_is_given_up_below_its_slowest_rate_once_a_minute_was_waited_for(
    seconds: float, size: int, is_given_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([1_000.0, 1_000.0 + seconds])
    monkeypatch.setattr(download, "time", SimpleNamespace(monotonic=lambda: next(times)))
    body: Any = SimpleNamespace(read1=lambda _: b"x" * size)
    stream = download._Stream(body, Endpoint("http://host"))
    if is_given_up:
        with pytest.raises(TimedOut, match="slower than 10,000 bytes a second"):
            stream.readinto(bytearray(1 << 20))
    else:
        assert stream.readinto(bytearray(1 << 20)) == size
